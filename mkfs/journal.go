package mkfs

import (
	"extant/internal/ondisk"
)

// layJournal makes an empty journal: its blocks read as zeros but for the super block. The features are those that
// a kernel would switch on at the first mount.
func (im *image) layJournal() error {
	g := im.geo
	if g.JournalBlocks == 0 {
		return nil
	}
	runs, err := im.journalRuns()
	if err != nil {
		return err
	}
	im.journal = runs
	n := im.newInode(ondisk.ModeRegular | 0o600)
	n.SetSize(g.JournalBlocks * uint64(g.BlockSize))
	if err := im.mapFile(&n, ondisk.JournalIno, pieces(runs, g.JournalBlocks)); err != nil {
		return err
	}
	im.keep(ondisk.JournalIno, &n)
	im.backUpJournal(&n)
	if !g.opts.Extended.LazyJournalInit {
		for _, r := range runs {
			if err := im.zero(r); err != nil {
				return err
			}
		}
	}
	return im.write(runs[0].start, im.journalSuper())
}

// journalRuns takes the blocks of the journal, where -J location says or next.
func (im *image) journalRuns() ([]run, error) {
	g, at := im.geo, im.geo.opts.Journal.Location
	if at == nil {
		return im.space.alloc(g.JournalBlocks)
	}
	b := at.in(g.BlockSize)
	if b >= g.Blocks {
		return nil, invalid("-J location", "block %d lies outside the file system", b)
	}
	return im.space.allocAt(ondisk.Block(b), g.JournalBlocks)
}

// journalSuper is the first block of the journal.
func (im *image) journalSuper() []byte {
	g := im.geo
	s := ondisk.JournalSuper{
		Header:      ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize:   uint32(g.BlockSize),
		MaxLen:      uint32(g.JournalBlocks),
		First:       1,
		Sequence:    1,
		UUID:        im.super.UUID,
		NrUsers:     1,
		NumFCBlocks: uint32(g.FastCommitBlocks),
	}
	var f ondisk.JournalIncompat
	if g.has(is64bit) {
		f |= ondisk.JournalIncompat64Bit
	}
	if g.has(metadataCsum) {
		f |= ondisk.JournalIncompatCsumV3
		s.ChecksumType = ondisk.JournalCRC32C
	}
	if g.has(fastCommit) {
		f |= ondisk.JournalIncompatFastCommit
	}
	s.FeatureIncompat = uint32(f)
	b := make([]byte, g.BlockSize)
	s.Encode(b)
	if f.Sums() {
		s.Checksum = ondisk.JournalSuperCsum(b)
		s.Encode(b)
	}
	return b
}
