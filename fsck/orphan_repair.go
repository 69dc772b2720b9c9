package fsck

import (
	"extant/internal/ondisk"
)

// finishOrphan deletes or truncates a file as the kernel would at the next mount. Once all are done, the lists are cleared.
func (m *mender) finishOrphan(f *Finding) error {
	if m.done[task{action: ClearOrphans}] {
		return nil
	}
	if left, err := m.orphansLeft(); err != nil {
		return err
	} else if !left {
		return m.forgetOrphans(f)
	}
	n, _, _, err := m.getInode(f.Place.Ino)
	if err != nil {
		return err
	}
	if n.LinksCount > 0 {
		return m.truncate(f.Place.Ino)
	}
	return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) {
		n.IBlock, n.Flags = [ondisk.IBlockSize]byte{}, 0
		n.SetSize(0)
		n.SetBlocks(0)
		n.SetFileACL(0)
	})
}

// orphansLeft reports whether something is left to be taken from any orphan.
func (m *mender) orphansLeft() (bool, error) {
	for ino := range m.c.orphans {
		if done, err := m.orphanDone(ino); err != nil || !done {
			return true, err
		}
	}
	return false, nil
}

// orphanDone reports whether nothing is left to be taken from an orphan.
func (m *mender) orphanDone(ino ondisk.Ino) (bool, error) {
	n, _, _, err := m.getInode(ino)
	switch {
	case err != nil:
		return false, err
	case n.LinksCount == 0:
		return n.Blocks() == 0 && n.Size() == 0 && n.Flags == 0, nil
	case !m.mapped(&n):
		return true, nil
	}
	v := &pastEnd{end: m.c.blocksOf(n.Size()), left: uint64(m.c.end)}
	m.walk(ino, &n, v)
	return !v.beyond, nil
}

// pastEnd is a visitor of a map that notes whether there are blocks past the file's end.
type pastEnd struct {
	end    uint64 // in blocks
	beyond bool
	left   uint64 // nodes that may still be read
}

func (p *pastEnd) node(ondisk.Block) bool {
	p.left--
	return p.left > 0
}

func (p *pastEnd) data(r mapRun) { p.beyond = p.beyond || r.end() > p.end }

func (p *pastEnd) mapFault(Code, Place, string, ...any) *Finding { return &Finding{} }

// forgetOrphans clears the list, and every block of the orphan file.
func (m *mender) forgetOrphans(*Finding) error {
	if !m.once(task{action: ClearOrphans}) {
		return nil
	}
	if m.c.sb.HasCompat(ondisk.CompatOrphanFile) {
		if f, err := m.c.openFile(ondisk.Ino(m.c.sb.OrphanFileInum)); err == nil {
			if err := m.clearOrphanBlocks(f); err != nil {
				return err
			}
		}
	}
	return m.super(func(s *ondisk.Super) {
		s.LastOrphan = 0
		s.FeatureROCompat &^= uint32(ondisk.ROCompatOrphanPresent)
	})
}

func (m *mender) clearOrphanBlocks(f *sysFile) error {
	for _, r := range f.runs {
		for i := range r.count {
			if err := m.emptyOrphans(f.ino, &f.inode, r.start+ondisk.Block(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *mender) emptyOrphans(ino ondisk.Ino, n *ondisk.Inode, at ondisk.Block) error {
	b := make(ondisk.OrphanBlock, m.c.bs)
	b.Init()
	if m.c.csum {
		t := ondisk.OrphanTail{Magic: ondisk.OrphanMagic, Checksum: b.Csum(m.c.inodeSeed(ino, n), at)}
		t.Encode(b.TailBytes())
	}
	return m.put(at, b)
}

// orphanFileBlocks is the size of an orphan file that is made anew, in blocks.
const orphanFileBlocks = 32

// remakeOrphanFile makes the orphan file's inode one, with what it maps where that can be read, and else with new blocks.
func (m *mender) remakeOrphanFile(f *Finding) error {
	ino := ondisk.Ino(m.c.sb.OrphanFileInum)
	if !m.once(task{action: RemakeFile, ino: ino}) {
		return nil
	}
	if ino < m.c.sb.FirstFreeIno() || uint32(ino) > m.c.sb.InodesCount {
		return m.super(func(s *ondisk.Super) {
			s.OrphanFileInum = 0
			s.FeatureCompat &^= uint32(ondisk.CompatOrphanFile)
			s.FeatureROCompat &^= uint32(ondisk.ROCompatOrphanPresent)
		})
	}
	own, err := m.ownFile(ino)
	if err == nil && m.readable(own) && own.inode.Size() == own.blocks*uint64(m.c.bs) {
		return nil // its mode was all that was wrong
	}
	runs, err := m.newRuns(orphanFileBlocks)
	if err != nil {
		return err
	}
	if err := m.setFile(ino, runs, orphanFileBlocks*uint64(m.c.bs), 0); err != nil {
		return err
	}
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	return m.clearOrphanBlocks(&sysFile{ino: ino, inode: n, runs: runs})
}
