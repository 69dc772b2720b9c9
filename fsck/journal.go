package fsck

import (
	"encoding/binary"
	"errors"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// replayed finds the journal, and where it holds something to be replayed, goes on with the file system as it would be after that.
func (c *checker) replayed() error {
	s := &c.sb
	recover := s.HasIncompat(ondisk.IncompatNeedsRecovery)
	if !s.HasCompat(ondisk.CompatHasJournal) {
		if s.JournalInum != 0 || s.JournalDev != 0 || s.JournalUUID != [16]byte{} {
			c.add(JournalUnexpected, Place{Ino: ondisk.Ino(s.JournalInum)}, "s_journal_inum is %d, s_journal_dev %d and s_journal_uuid %x", s.JournalInum, s.JournalDev, s.JournalUUID)
		}
		if recover {
			c.add(JournalRecoverSet, Place{}, "s_feature_incompat is %#x", s.FeatureIncompat).want(uint64(ondisk.IncompatNeedsRecovery))
		}
		return nil
	}
	if s.JournalInum == 0 && s.JournalUUID == [16]byte{} {
		c.add(JournalInode, Place{}, "s_journal_inum is 0, s_journal_dev %d, and s_journal_uuid is all zeros", s.JournalDev)
		return nil
	}
	if s.JournalInum == 0 {
		c.add(JournalExternal, Place{}, "it is %x on device %#x", s.JournalUUID, s.JournalDev)
		return nil
	}
	f, err := c.openJournal()
	if err != nil {
		c.told(err, JournalInode)
		return nil
	}
	log, err := c.openLog(f)
	if err != nil {
		c.told(err, JournalSuper)
		return nil
	}
	c.judgeLog(log, recover)
	if !recover || log.Empty() {
		return nil
	}
	over, err := log.Recover()
	if err != nil {
		c.told(err, JournalSuper)
		return nil
	}
	c.lookThrough(over)
	return nil
}

// told makes a finding of an error that says what is wrong with the journal.
func (c *checker) told(err error, code Code) {
	var corrupt *ondisk.CorruptError
	var unsupported *ondisk.UnsupportedError
	ino := ondisk.Ino(c.sb.JournalInum)
	switch {
	case errors.As(err, &unsupported):
		c.add(JournalUnsupported, Place{Ino: ino}, "%v", err)
	case errors.As(err, &corrupt):
		c.add(code, Place{Ino: ino, Block: corrupt.Block}, "%s", corrupt.Detail)
	default:
		c.add(BlockUnreadable, Place{Ino: ino}, "journal: %v", err)
	}
}

// openJournal finds where the journal lies, from its inode or else from the copy in the super block.
func (c *checker) openJournal() (*sysFile, error) {
	s := &c.sb
	ino := ondisk.Ino(s.JournalInum)
	f := &sysFile{im: &c.image, ino: ino, left: uint64(c.end)}
	at, err := c.rawInodeAt(ino)
	if err != nil {
		return nil, err
	}
	slot := make([]byte, c.slot)
	if err := readAt(c.raw, slot, at); err != nil {
		return nil, err
	}
	if err := f.inode.Decode(slot); err != nil {
		return nil, err
	}
	c.judgeCopy(&f.inode)
	err = f.open()
	if err == nil || !hasJournalCopy(s) {
		return f, err
	}
	g := &sysFile{im: &c.image, ino: ino, left: uint64(c.end), inode: journalCopy(s)}
	if g.open() != nil {
		return nil, err
	}
	c.told(err, JournalInode)
	return g, nil
}

// rawInodeAt is where an inode's slot is on the device, found before the descriptors were read.
func (c *checker) rawInodeAt(ino ondisk.Ino) (int64, error) {
	s := &c.sb
	if ino == 0 || uint32(ino) > s.InodesCount {
		return 0, ondisk.Corrupt("super block", "s_journal_inum is %d", ino)
	}
	g, i := s.InodeGroup(ino)
	at, off := s.DescriptorBlock(g)
	b := make([]byte, s.DescriptorSize())
	if err := readAt(c.raw, b, int64(at)*int64(c.bs)+int64(off)); err != nil {
		return 0, err
	}
	var d ondisk.GroupDesc
	if err := d.Decode(b); err != nil {
		return 0, err
	}
	if !c.holds(d.InodeTable(), uint64(s.ItableBlocks())) {
		return 0, ondisk.Corrupt("group descriptor", "group %d has its inode table at block %d", g, d.InodeTable())
	}
	return int64(d.InodeTable())*int64(c.bs) + int64(i)*int64(c.slot), nil
}

// journalBlocks is s_jnl_backup_type where s_jnl_blocks holds i_block of the journal and both halves of its size.
const journalBlocks = 1

func hasJournalCopy(s *ondisk.Super) bool { return s.JnlBackupType == journalBlocks }

// journalCopy is an inode made of the copy.
func journalCopy(s *ondisk.Super) ondisk.Inode {
	n := ondisk.Inode{Mode: ondisk.ModeRegular, LinksCount: 1, SizeLo: s.JnlBlocks[16], SizeHi: s.JnlBlocks[15]}
	for i, v := range s.JnlBlocks[:15] {
		binary.LittleEndian.PutUint32(n.IBlock[4*i:], v)
	}
	if uint16(s.JnlBlocks[0]) == ondisk.ExtentMagic {
		n.Flags = ondisk.InodeExtents
	}
	return n
}

func (c *checker) judgeCopy(n *ondisk.Inode) {
	k := journalCopy(&c.sb)
	if !hasJournalCopy(&c.sb) || k.IBlock != n.IBlock || k.Size() != n.Size() {
		c.add(JournalCopy, Place{Ino: ondisk.Ino(c.sb.JournalInum)}, "s_jnl_backup_type is %d", c.sb.JnlBackupType)
	}
}

// openLog opens the journal that lies in a file.
func (c *checker) openLog(f *sysFile) (*journal.Log, error) {
	var extents []journal.Extent
	next, blocks := uint64(0), c.blocksOf(f.inode.Size())
	for _, r := range f.runs {
		if r.file >= blocks {
			break
		}
		if r.file != next || r.unwritten {
			return nil, ondisk.Corrupt("journal", "no data for its block %d", next)
		}
		extents = append(extents, journal.Extent{Start: r.start, Count: uint32(min(r.count, blocks-r.file))})
		next = r.end()
	}
	return journal.Open(c.raw, journal.Config{BlockSize: c.bs, Blocks: uint64(c.end), Extents: extents})
}

func (c *checker) judgeLog(log *journal.Log, recover bool) {
	s := log.Super()
	place := Place{Ino: ondisk.Ino(c.sb.JournalInum)}
	if !recover && !log.Empty() {
		c.add(JournalDirty, place, "s_start is %d", s.Start)
	}
	if s.Errno != 0 {
		c.add(JournalAborted, place, "s_errno is %d", int32(s.Errno))
	}
}

// lookThrough goes on with the device as it would be after a replay.
func (c *checker) lookThrough(over *journal.Overlay) {
	place := Place{Ino: ondisk.Ino(c.sb.JournalInum)}
	if d := over.Damage(); d != nil {
		c.add(JournalDamage, Place{Ino: place.Ino, Block: d.Block}, "%s", d.Detail)
	}
	c.replay = true
	c.add(JournalReplay, place, "%d blocks", over.Len())
	view := c.throughFast(over, over.View(c.raw))
	if c.backup == nil && !c.rereadSuper(view) {
		return
	}
	c.dev = view
}

// throughFast is view, which is the device as the full commits leave it, as it is after the fast commits.
func (c *checker) throughFast(over *journal.Overlay, view disk.Device) disk.Device {
	place := Place{Ino: ondisk.Ino(c.sb.JournalInum)}
	if !over.HasFastCommits() {
		return view
	}
	if c.o.FastCommits == nil {
		c.add(JournalFastCommits, place, "there are fast commits after transaction %d; the file system was judged as it is before them", uint32(over.End())-1)
		return view
	}
	after := disk.NewOverlay(view)
	if err := c.o.FastCommits(after, over.FastCommits()); err != nil {
		c.add(JournalFastDamage, place, "those after transaction %d: %v", uint32(over.End())-1, err)
		return view
	}
	c.add(JournalFastCommits, place, "there are fast commits after transaction %d", uint32(over.End())-1)
	return after
}

// rereadSuper takes the super block as a replay leaves it; false where that makes no sense.
func (c *checker) rereadSuper(view disk.Device) bool {
	var b [ondisk.SuperSize]byte
	var s ondisk.Super
	err := readAt(view, b[:], ondisk.SuperOffset)
	if err == nil {
		err = s.Decode(b[:])
	}
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		c.told(err, JournalSuper)
		return false
	}
	c.setSuper(&s, c.raw.Size())
	return true
}
