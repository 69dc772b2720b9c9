package ondisk

// What this program knows of each feature. Bits that are in no table are unknown.
const (
	// readIncompat are the incompat features that reading knows.
	readIncompat = IncompatFileType | IncompatNeedsRecovery | IncompatMetaBG | IncompatExtents | Incompat64Bit | IncompatMMP |
		IncompatFlexBG | IncompatEAInode | IncompatCsumSeed | IncompatLargeDir | IncompatInlineData | IncompatEncrypt | IncompatCasefold

	// writeROCompat are the ro_compat features that writing knows.
	writeROCompat = ROCompatSparseSuper | ROCompatLargeFile | ROCompatBtreeDir | ROCompatHugeFile | ROCompatUninitBG | ROCompatDirNlink |
		ROCompatExtraIsize | ROCompatQuota | ROCompatBigAlloc | ROCompatMetadataCsum | ROCompatProject | ROCompatVerity | ROCompatOrphanPresent

	// readOnlyCompat are compat features that reading may ignore, and writing would damage.
	readOnlyCompat = CompatImagicInodes | CompatLazyBG | CompatExcludeBitmap

	// knownCompat are the compat features that have a meaning, which a checker must know.
	knownCompat = CompatDirPrealloc | CompatHasJournal | CompatExtAttr | CompatResizeInode | CompatDirIndex | CompatSparseSuper2 |
		CompatFastCommit | CompatStableInodes | CompatOrphanFile
)

// ReadSupport says which features stand in the way of reading; the error is an *UnsupportedError. Unknown compat and
// ro_compat features never do.
func (s *Super) ReadSupport() error {
	in := Incompat(s.FeatureIncompat)
	switch bad := in &^ readIncompat; {
	case in&IncompatJournalDev != 0:
		return &UnsupportedError{Features: IncompatJournalDev.Names(), Detail: "this is an external journal, not a file system"}
	case bad != 0:
		return &UnsupportedError{Features: bad.Names()}
	}
	return nil
}

// WriteSupport says which features stand in the way of writing; the error is an *UnsupportedError. What may be written may be read.
func (s *Super) WriteSupport() error {
	if err := s.ReadSupport(); err != nil {
		return err
	}
	bad := (Compat(s.FeatureCompat) & readOnlyCompat).Names()
	bad = append(bad, (ROCompat(s.FeatureROCompat) &^ writeROCompat).Names()...)
	if len(bad) > 0 {
		return &UnsupportedError{Features: bad, Detail: "can be opened for reading only"}
	}
	return nil
}

// CheckSupport says which features stand in the way of a checker, which has to know all that lies on the device; the error
// is an *UnsupportedError.
func (s *Super) CheckSupport() error {
	if err := s.ReadSupport(); err != nil {
		return err
	}
	bad := (Compat(s.FeatureCompat) &^ knownCompat).Names()
	// Blocks shared between files and a mark against writing change nothing in what lies where.
	bad = append(bad, (ROCompat(s.FeatureROCompat) &^ (writeROCompat | ROCompatReadOnly | ROCompatSharedBlocks)).Names()...)
	if len(bad) > 0 {
		return &UnsupportedError{Features: bad, Detail: "cannot be checked"}
	}
	return nil
}
