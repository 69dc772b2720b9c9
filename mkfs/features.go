package mkfs

import (
	"strings"

	"extant/internal/ondisk"
)

// Features is a set of features of all three kinds.
type Features struct {
	Compat   ondisk.Compat
	Incompat ondisk.Incompat
	ROCompat ondisk.ROCompat
}

func (f Features) with(g Features) Features {
	return Features{f.Compat | g.Compat, f.Incompat | g.Incompat, f.ROCompat | g.ROCompat}
}

func (f Features) without(g Features) Features {
	return Features{f.Compat &^ g.Compat, f.Incompat &^ g.Incompat, f.ROCompat &^ g.ROCompat}
}

func (f Features) both(g Features) Features {
	return Features{f.Compat & g.Compat, f.Incompat & g.Incompat, f.ROCompat & g.ROCompat}
}

// has reports whether all of g are in f.
func (f Features) has(g Features) bool { return f.both(g) == g }

func (f Features) empty() bool { return f == Features{} }

// Names lists the features by mke2fs's names, as dumpe2fs orders them.
func (f Features) Names() []string {
	return append(append(f.Compat.Names(), f.Incompat.Names()...), f.ROCompat.Names()...)
}

func (f Features) String() string { return strings.Join(f.Names(), ",") }

// Sets of one feature, for the tables below and the rules between features.
var (
	hasJournal   = Features{Compat: ondisk.CompatHasJournal}
	extAttr      = Features{Compat: ondisk.CompatExtAttr}
	resizeInode  = Features{Compat: ondisk.CompatResizeInode}
	dirIndex     = Features{Compat: ondisk.CompatDirIndex}
	sparseSuper2 = Features{Compat: ondisk.CompatSparseSuper2}
	fastCommit   = Features{Compat: ondisk.CompatFastCommit}
	stableInodes = Features{Compat: ondisk.CompatStableInodes}
	orphanFile   = Features{Compat: ondisk.CompatOrphanFile}
	filetype     = Features{Incompat: ondisk.IncompatFileType}
	metaBG       = Features{Incompat: ondisk.IncompatMetaBG}
	extents      = Features{Incompat: ondisk.IncompatExtents}
	is64bit      = Features{Incompat: ondisk.Incompat64Bit}
	mmp          = Features{Incompat: ondisk.IncompatMMP}
	flexBG       = Features{Incompat: ondisk.IncompatFlexBG}
	eaInode      = Features{Incompat: ondisk.IncompatEAInode}
	csumSeed     = Features{Incompat: ondisk.IncompatCsumSeed}
	largeDir     = Features{Incompat: ondisk.IncompatLargeDir}
	inlineData   = Features{Incompat: ondisk.IncompatInlineData}
	encrypt      = Features{Incompat: ondisk.IncompatEncrypt}
	casefold     = Features{Incompat: ondisk.IncompatCasefold}
	sparseSuper  = Features{ROCompat: ondisk.ROCompatSparseSuper}
	largeFile    = Features{ROCompat: ondisk.ROCompatLargeFile}
	hugeFile     = Features{ROCompat: ondisk.ROCompatHugeFile}
	uninitBG     = Features{ROCompat: ondisk.ROCompatUninitBG}
	dirNlink     = Features{ROCompat: ondisk.ROCompatDirNlink}
	extraIsize   = Features{ROCompat: ondisk.ROCompatExtraIsize}
	quota        = Features{ROCompat: ondisk.ROCompatQuota}
	bigalloc     = Features{ROCompat: ondisk.ROCompatBigAlloc}
	metadataCsum = Features{ROCompat: ondisk.ROCompatMetadataCsum}
	project      = Features{ROCompat: ondisk.ROCompatProject}
	verity       = Features{ROCompat: ondisk.ROCompatVerity}
)

func union(sets ...Features) (all Features) {
	for _, f := range sets {
		all = all.with(f)
	}
	return all
}

// settable is what -O may set; the rest is either set by the kernel, or nothing that anybody writes today.
var settable = union(
	hasJournal, extAttr, resizeInode, dirIndex, sparseSuper2, fastCommit, stableInodes, orphanFile,
	filetype, metaBG, extents, is64bit, mmp, flexBG, eaInode, csumSeed, largeDir, inlineData, encrypt, casefold,
	sparseSuper, largeFile, hugeFile, uninitBG, dirNlink, extraIsize, quota, bigalloc, metadataCsum, project, verity)

// defaults are the features that each type starts from.
func (t Type) defaults() Features {
	base := union(sparseSuper, largeFile, filetype, resizeInode, dirIndex, extAttr)
	switch t {
	case Ext2:
		return base
	case Ext3:
		return base.with(hasJournal)
	}
	return base.with(union(hasJournal, extents, hugeFile, flexBG, metadataCsum, csumSeed, is64bit, dirNlink, extraIsize, orphanFile))
}

// FeatureEdits is what -O asks for: changes to the defaults of the type.
type FeatureEdits struct {
	None  bool // start from nothing
	Set   Features
	Clear Features
}

// set and clear change the edits as one word of -O does; the last word about a feature counts.
func (e *FeatureEdits) set(f Features)   { e.Set, e.Clear = e.Set.with(f), e.Clear.without(f) }
func (e *FeatureEdits) clear(f Features) { e.Set, e.Clear = e.Set.without(f), e.Clear.with(f) }

// apply returns the features after the edits.
func (e FeatureEdits) apply(f Features) Features {
	if e.None {
		f = Features{}
	}
	return f.with(e.Set).without(e.Clear)
}

// ParseFeatures reads the argument of -O: names separated by commas or blanks, a caret before those to leave out,
// "none" for leaving out all that came before.
func ParseFeatures(s string) (FeatureEdits, error) {
	var e FeatureEdits
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		if strings.EqualFold(word, "none") {
			e = FeatureEdits{None: true}
			continue
		}
		name, cleared := strings.CutPrefix(word, "^")
		f, err := featureNamed(name)
		switch {
		case err != nil:
			return e, err
		case cleared:
			e.clear(f)
		default:
			e.set(f)
		}
	}
	return e, nil
}

// featureNamed finds a feature that -O may set by its name.
func featureNamed(name string) (Features, error) {
	switch name = strings.ToLower(name); name {
	case "extents":
		name = "extent"
	case "gdt_csum":
		name = "uninit_bg"
	}
	f := Features{
		Compat:   ondisk.Compat(bitNamed(ondisk.CompatNames, name)),
		Incompat: ondisk.Incompat(bitNamed(ondisk.IncompatNames, name)),
		ROCompat: ondisk.ROCompat(bitNamed(ondisk.ROCompatNames, name)),
	}
	switch {
	case f.empty():
		return f, invalid("-O", "unknown feature %q", name)
	case !settable.has(f):
		return f, invalid("-O", "feature %q is not one to set when a file system is made", name)
	}
	return f, nil
}

func bitNamed(names []ondisk.FeatureName, name string) uint32 {
	for _, n := range names {
		if n.Name == name {
			return n.Bit
		}
	}
	return 0
}
