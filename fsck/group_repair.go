package fsck

import (
	"errors"

	"extant/internal/ondisk"
)

// restoreGroup writes the descriptor by which a group was judged, without what could not be believed of it: that something of the group
// was never used.
func (m *mender) restoreGroup(f *Finding) error {
	g := f.Place.Group
	if !m.once(task{action: RestoreGroup, group: g}) {
		return nil
	}
	return m.descriptor(g, func(d *ondisk.GroupDesc) { m.doubt(d) })
}

func (m *mender) doubt(d *ondisk.GroupDesc) {
	d.Flags &^= ondisk.GroupBlockUninit | ondisk.GroupInodeUninit
	if m.c.gdt {
		d.SetItableUnused(0)
	}
}

// fallBack takes the descriptor of a group from a copy that places everything where nothing else is; false where there is none.
func (m *mender) fallBack(g ondisk.Group) bool {
	var d ondisk.GroupDesc
	c := m.c
	if !c.copied(g, &d) {
		return false
	}
	own := &c.groups[g].desc
	if d.BlockBitmap() == own.BlockBitmap() && d.InodeBitmap() == own.InodeBitmap() && d.InodeTable() == own.InodeTable() {
		return false
	}
	for i := range c.groups {
		if o := &c.groups[i].desc; ondisk.Group(i) != g && m.overlap(&d, o) {
			return false
		}
	}
	*own = d
	return m.descriptor(g, func(d *ondisk.GroupDesc) { m.doubt(d) }) == nil
}

// overlap reports whether two descriptors place something in one block.
func (m *mender) overlap(a, b *ondisk.GroupDesc) bool {
	n := ondisk.Block(m.c.sb.ItableBlocks())
	spans := func(d *ondisk.GroupDesc) [3][2]ondisk.Block {
		return [3][2]ondisk.Block{{d.BlockBitmap(), d.BlockBitmap() + 1}, {d.InodeBitmap(), d.InodeBitmap() + 1}, {d.InodeTable(), d.InodeTable() + n}}
	}
	for _, s := range spans(a) {
		for _, t := range spans(b) {
			if s[0] < t[1] && t[0] < s[1] {
				return true
			}
		}
	}
	return false
}

// moveBlockBitmap gives the block bitmap of a group a place. What belongs in it is found out later.
func (m *mender) moveBlockBitmap(f *Finding) error {
	return m.move(f, 1, func(d *ondisk.GroupDesc, b ondisk.Block) error {
		d.SetBlockBitmap(b)
		return m.put(b, make([]byte, m.c.bs))
	})
}

// moveInodeBitmap gives the inode bitmap of a group a place.
func (m *mender) moveInodeBitmap(f *Finding) error {
	return m.move(f, 1, func(d *ondisk.GroupDesc, b ondisk.Block) error {
		d.SetInodeBitmap(b)
		return m.put(b, make([]byte, m.c.bs))
	})
}

// moveTable gives the inode table of a group a place, and takes along what can be read of it.
func (m *mender) moveTable(f *Finding) error {
	n := uint64(m.c.sb.ItableBlocks())
	return m.move(f, n, func(d *ondisk.GroupDesc, b ondisk.Block) error {
		from := d.InodeTable()
		d.SetInodeTable(b)
		for i := range ondisk.Block(n) {
			p := make([]byte, m.c.bs)
			if m.c.holds(from, n) && f.Code == GroupInodeTable {
				_ = m.c.read(from+i, p) // what cannot be read is lost, and zeros are unused inodes
			}
			if err := m.put(b+i, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// move finds n blocks for metadata of a group and tells place. A copy of the descriptor that makes sense makes that unnecessary.
func (m *mender) move(f *Finding, n uint64, place func(d *ondisk.GroupDesc, b ondisk.Block) error) error {
	c, g := m.c, f.Place.Group
	if m.done[task{action: RestoreGroup, group: g}] {
		return nil // by fallBack
	}
	if f.Code == BlockBitmapConflict || f.Code == InodeBitmapConflict || f.Code == InodeTableConflict {
		if m.fallBack(g) {
			m.done[task{action: RestoreGroup, group: g}] = true
			return nil
		}
	}
	lo := c.sb.GroupFirstBlock(g)
	b, err := m.allocateRun(n, lo, lo+ondisk.Block(c.sb.GroupBlocks(g)))
	if err != nil && c.sb.HasIncompat(ondisk.IncompatFlexBG) {
		b, err = m.allocateRun(n, 0, c.end)
	}
	if err != nil {
		return err
	}
	m.r.moved[g] = true
	var fault error
	err = m.descriptor(g, func(d *ondisk.GroupDesc) {
		m.doubt(d)
		fault = place(d, b)
	})
	return errors.Join(err, fault)
}

// copyDescriptors writes the descriptors of groups whose metadata has moved to all copies, whose places are wrong by now.
func (m *mender) copyDescriptors() {
	s := &m.c.sb
	for g := range m.r.moved {
		at, off := s.DescriptorBlock(g)
		b := make([]byte, s.DescriptorSize())
		if readAt(m.d, b, int64(at)*int64(m.c.bs)+int64(off)) != nil {
			continue
		}
		for copied := range s.DescriptorCopies(int(g) / s.DescriptorsPerBlock()) {
			if copied != at && copied < m.c.end {
				_, _ = m.d.WriteAt(b, int64(copied)*int64(m.c.bs)+int64(off)) // a copy that cannot be read stays as it is
			}
		}
	}
}
