package fsck

import (
	"extant/internal/ondisk"
)

// writeGroup writes both bitmaps of a group from what is in use, and the counts that belong to them.
func (m *mender) writeGroup(f *Finding) error {
	c, g := m.c, f.Place.Group
	if f.Place.Ino != 0 {
		g, _ = c.sb.InodeGroup(f.Place.Ino)
	}
	if !m.once(task{action: WriteBitmap, group: g}) {
		return nil
	}
	w := c.workers[0]
	gr := &c.groups[g]
	n := c.clusters(g)
	blocks := make(ondisk.Bitmap, c.bs)
	copy(blocks, w.inUse(g))
	blocks.Pad(n)
	uninit := gr.uninit && !gr.outside
	if !uninit && !gr.noBlockBitmap {
		if err := m.put(gr.desc.BlockBitmap(), blocks); err != nil {
			return err
		}
	}
	inodes := make(ondisk.Bitmap, c.bs)
	copy(inodes, w.inodesInUse(g))
	inodes.Pad(int(c.sb.InodesPerGroup))
	unread := c.gdt && gr.desc.Flags&ondisk.GroupInodeUninit != 0 && gr.unused == c.sb.InodesPerGroup
	if !unread && !gr.noInodeBitmap {
		if err := m.put(gr.desc.InodeBitmap(), inodes); err != nil {
			return err
		}
	}
	return m.descriptor(g, func(d *ondisk.GroupDesc) {
		d.SetFreeClusters(gr.freeClusters)
		d.SetFreeInodes(gr.freeInodes)
		d.SetUsedDirs(c.inodes[g].nDirs)
		if !uninit {
			d.Flags &^= ondisk.GroupBlockUninit
		}
		if !uninit && c.csum {
			d.SetBlockBitmapCsum(ondisk.BitmapCsum(c.seed, blocks, c.sb.ClustersPerGroup))
		}
		if !unread {
			d.Flags &^= ondisk.GroupInodeUninit
		}
		if !unread && c.csum {
			d.SetInodeBitmapCsum(ondisk.BitmapCsum(c.seed, inodes, c.sb.InodesPerGroup))
		}
	})
}
