package fsck

import (
	"extant/internal/ondisk"
)

// makeResize makes the resize inode anew: its double indirect block, where it has to have a new one, lists the blocks reserved for
// descriptors, and each of those its copies.
func (m *mender) makeResize(*Finding) error {
	if !m.once(task{action: RemakeFile, ino: ondisk.ResizeIno}) {
		return nil
	}
	s, bs := &m.c.sb, m.c.bs
	old, _, _, err := m.getInode(ondisk.ResizeIno)
	if err != nil {
		return err
	}
	dind := ondisk.BlockMap(old.IBlock[:]).At(ondisk.DoubleSlot)
	if k := m.c.cluster(dind); !m.c.holds(dind, 1) || m.c.base.has(k) || m.c.dup.has(k) || old.Has(ondisk.InodeExtents) || old.Type() != ondisk.ModeRegular {
		if dind, err = m.allocateBlock(); err != nil {
			return err
		}
	}
	per := uint64(bs / 4)
	list := make(ondisk.BlockMap, bs)
	copies := uint64(0)
	for i := range uint64(s.ReservedGDTBlocks) {
		at := s.SuperBlock() + 1 + ondisk.Block(s.DescriptorBlocks()+i)
		list.Set(int((s.DescriptorBlocks()+i)%per), at)
		if copies, err = m.writeReserved(at); err != nil {
			return err
		}
	}
	if err := m.put(dind, list); err != nil {
		return err
	}
	return m.inode(ondisk.ResizeIno, func(n *ondisk.Inode, slot []byte) {
		m.resetInode(n, slot)
		n.SetSize((ondisk.DirectBlocks + per + per*per) * uint64(bs))
		n.SetBlocks((1 + uint64(s.ReservedGDTBlocks)*(1+copies)) * m.c.ratio * uint64(bs/512))
		ondisk.BlockMap(n.IBlock[:]).Set(ondisk.DoubleSlot, dind)
	})
}

// writeReserved lists the copies of a reserved block of group 0 in it, and returns how many they are.
func (m *mender) writeReserved(at ondisk.Block) (uint64, error) {
	s := &m.c.sb
	list, n := make(ondisk.BlockMap, m.c.bs), 0
	for g := range s.BackupGroups() {
		if g > 0 && n < list.Len() {
			list.Set(n, at+ondisk.Block(uint64(g)*uint64(s.BlocksPerGroup)))
			n++
		}
	}
	return uint64(n), m.put(at, list)
}
