package fsck

import (
	"encoding/binary"
	"errors"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// replayJournal replays the journal, as e2fsck does before it looks at anything else, and notes that nothing is left to be recovered.
func (m *mender) replayJournal(*Finding) error {
	if !m.once(task{action: ReplayJournal}) {
		return nil
	}
	log, _, err := m.openLog()
	if err != nil {
		return err
	}
	over, err := log.Recover()
	if err != nil {
		return err
	}
	opt := journal.ReplayOptions{Damaged: func(*ondisk.CorruptError) {}}
	if apply := m.c.o.FastCommits; apply != nil {
		opt.FastCommits = func(dev disk.Device) error {
			if m.c.counts[JournalFastDamage] > 0 {
				return nil // they are given up
			}
			return apply(dev, over.FastCommits())
		}
	}
	if err := over.Replay(opt); err != nil {
		return err
	}
	return m.super(func(s *ondisk.Super) { s.FeatureIncompat &^= uint32(ondisk.IncompatNeedsRecovery) })
}

// openLog opens the journal on the draft.
func (m *mender) openLog() (*journal.Log, *sysFile, error) {
	k := checker{ctx: m.c.ctx, o: m.c.o, raw: m.d}
	k.findings.max = m.c.findings.max
	if m.c.backup != nil {
		k.o.Backup, k.o.BlockSize = m.c.sb.GroupFirstBlock(*m.c.backup), m.c.bs
	}
	if err := k.findSuper(); err != nil {
		return nil, nil, err
	}
	f, err := k.openJournal()
	if err != nil {
		return nil, nil, err
	}
	log, err := k.openLog(f)
	return log, f, err
}

// remakeJournal makes the journal's inode one again: from the copy of its map in the super block, by giving it the mode of a file, or with a
// journal of its own.
func (m *mender) remakeJournal(*Finding) error {
	s := &m.c.sb
	if !m.once(task{action: RemakeJournal}) {
		return nil
	}
	ino := ondisk.Ino(s.JournalInum)
	if ino != ondisk.JournalIno { // that of no journal is where it should be
		return m.super(func(s *ondisk.Super) { s.JournalInum, s.JournalDev = uint32(ondisk.JournalIno), 0 })
	}
	if k := journalCopy(s); hasJournalCopy(s) {
		g := &sysFile{im: &m.c.image, ino: ino, left: uint64(m.c.end), inode: k}
		if g.open() == nil && m.readable(g) {
			return m.inode(ino, func(n *ondisk.Inode, _ []byte) {
				n.Mode, n.LinksCount, n.DTime, n.IBlock = ownMode, 1, 0, k.IBlock
				n.Flags = n.Flags&^(ondisk.InodeExtents|ondisk.InodeInlineData) | k.Flags
				n.SetSize(k.Size())
			})
		}
	}
	if f, err := m.ownFile(ino); err == nil && m.readable(f) {
		if _, err := m.c.openLog(f); err == nil {
			return nil
		}
	}
	return m.newJournal(ino)
}

// Sizes of a journal that is made anew, in blocks.
const (
	journalShare = 64 // of the file system, one block in so many
	journalMost  = 32768
)

// newJournal gives the journal's inode a new journal.
func (m *mender) newJournal(ino ondisk.Ino) error {
	n := min(max(uint64(m.c.end)/journalShare, ondisk.JournalBlocksMin), journalMost)
	runs, err := m.newRuns(n)
	if err != nil {
		return m.super(func(s *ondisk.Super) { dropJournal(s) })
	}
	if err := m.setFile(ino, runs, n*uint64(m.c.bs), 0); err != nil {
		return err
	}
	if err := m.writeJournal(runs[0].start, n); err != nil {
		return err
	}
	k, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	return m.super(func(s *ondisk.Super) {
		s.FeatureIncompat &^= uint32(ondisk.IncompatNeedsRecovery)
		s.JournalInum = uint32(ino)
		keepJournalCopy(s, &k)
	})
}

// dropJournal leaves a file system that has no room for a journal without one.
func dropJournal(s *ondisk.Super) {
	s.FeatureCompat &^= uint32(ondisk.CompatHasJournal)
	s.FeatureIncompat &^= uint32(ondisk.IncompatNeedsRecovery)
	s.JournalInum, s.JnlBackupType, s.JnlBlocks = 0, 0, [17]uint32{}
}

// resetJournal writes an empty journal into the blocks that the journal has.
func (m *mender) resetJournal(f *Finding) error {
	if m.done[task{action: RemakeJournal}] {
		return nil
	}
	file, err := m.c.openFile(ondisk.Ino(m.c.sb.JournalInum))
	if err != nil {
		return err
	}
	n := min(file.blocks, m.c.blocksOf(file.inode.Size()))
	if !m.readable(file) || n < ondisk.JournalBlocksMin {
		return m.newJournal(ondisk.Ino(m.c.sb.JournalInum))
	}
	if err := m.writeJournal(file.runs[0].start, n); err != nil {
		return err
	}
	return m.super(func(s *ondisk.Super) { s.FeatureIncompat &^= uint32(ondisk.IncompatNeedsRecovery) })
}

// writeJournal writes the super block of an empty journal of n blocks. What is in its blocks from other times must not be taken for its next
// transaction, so its numbers start where none of those is likely to be.
func (m *mender) writeJournal(at ondisk.Block, n uint64) error {
	s := ondisk.JournalSuper{
		Header:    ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize: uint32(m.c.bs), MaxLen: uint32(n), First: 1, Sequence: m.sequence(), NrUsers: 1, UUID: m.c.sb.UUID,
	}
	var f ondisk.JournalIncompat
	if m.c.sb.HasIncompat(ondisk.Incompat64Bit) {
		f |= ondisk.JournalIncompat64Bit
	}
	if m.c.csum {
		f |= ondisk.JournalIncompatCsumV3
		s.ChecksumType = ondisk.JournalCRC32C
	}
	s.FeatureIncompat = uint32(f)
	b := make([]byte, m.c.bs)
	s.Encode(b)
	if f.Sums() {
		s.Checksum = ondisk.JournalSuperCsum(b)
		s.Encode(b)
	}
	return m.put(at, b)
}

func (m *mender) sequence() uint32 {
	var b [4]byte
	putLE32(b[:], m.now())
	return ondisk.CRC32C(ondisk.CRC32C(m.c.sb.Checksum, m.c.sb.UUID[:]), b[:]) | 1
}

// forgetAbort clears the number of the error for which the kernel gave the journal up.
func (m *mender) forgetAbort(*Finding) error {
	log, file, err := m.openLog()
	if err != nil {
		return err
	}
	at, ok := file.block(0)
	if !ok {
		return errors.New("the journal has no first block")
	}
	s := log.Super()
	return m.block(at, func(p []byte) {
		s.Errno = 0
		s.Encode(p)
		if s.Incompat().Sums() {
			s.Checksum = ondisk.JournalSuperCsum(p)
			s.Encode(p)
		}
	})
}

// copyJournal copies the map of the journal's inode into the super block.
func (m *mender) copyJournal(*Finding) error {
	n, _, _, err := m.getInode(ondisk.Ino(m.c.sb.JournalInum))
	if err != nil {
		return err
	}
	return m.super(func(s *ondisk.Super) { keepJournalCopy(s, &n) })
}

func keepJournalCopy(s *ondisk.Super, n *ondisk.Inode) {
	s.JnlBackupType = journalBlocks
	for i := range s.JnlBlocks[:15] {
		s.JnlBlocks[i] = binary.LittleEndian.Uint32(n.IBlock[4*i:])
	}
	s.JnlBlocks[15], s.JnlBlocks[16] = n.SizeHi, n.SizeLo
}
