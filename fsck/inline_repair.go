package fsck

import (
	"extant/internal/ondisk"
)

// addInlineXattr gives an inode with inline data the xattr that belongs to it, empty: what is in i_block is kept. Where there is no room for
// that, or i_block is no place for such data, the file loses its content.
func (m *mender) addInlineXattr(f *Finding) error {
	ino := f.Place.Ino
	n, slot, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	list, _ := m.bodyList(&n, slot)
	list = append(list, ondisk.InlineXattr(nil))
	from := n.XattrStart(len(slot))
	if from < len(slot) && ondisk.PutBodyXattrs(slot[from:], list) {
		size := min(n.Size(), ondisk.IBlockSize)
		if n.Type() == ondisk.ModeDir {
			size = ondisk.IBlockSize
		}
		return m.inode(ino, func(n *ondisk.Inode, p []byte) {
			copy(p[from:], slot[from:])
			n.SetSize(size)
			if n.Type() != ondisk.ModeDir {
				clear(n.IBlock[size:])
			}
		})
	}
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) {
		n.Flags &^= ondisk.InodeInlineData
		n.IBlock = [ondisk.IBlockSize]byte{}
		n.SetSize(0)
		m.emptyMap(n)
	})
}

// emptyMap makes i_block the map of an empty file.
func (m *mender) emptyMap(n *ondisk.Inode) {
	if m.c.sb.HasIncompat(ondisk.IncompatExtents) {
		n.Flags |= ondisk.InodeExtents
		ondisk.ExtentNode(n.IBlock[:]).Init(0)
	}
}

// makeExtra gives an inode with inline data the fields after which its xattrs are; where inodes have no room for any, its data cannot be there.
func (m *mender) makeExtra(f *Finding) error {
	if m.c.slot == ondisk.InodeSizeMin {
		return clearFlags.mend(m, f)
	}
	return m.reshape(f.Place.Ino, extraIsizeUsual)
}

// chooseInline decides which of two flags a file is to keep: the one that i_block looks like.
func (m *mender) chooseInline(f *Finding) error {
	n, slot, _, err := m.getInode(f.Place.Ino)
	if err != nil {
		return err
	}
	list, _ := m.bodyList(&n, slot)
	inline := false
	for i := range list {
		inline = inline || list[i].Is(ondisk.XattrSystem, ondisk.XattrInlineDataName)
	}
	flag := uint32(ondisk.InodeExtents)
	if holdsExtents(&n) || !inline {
		flag = ondisk.InodeInlineData
	}
	return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) { n.Flags &^= flag })
}

// clearInlineTail clears what lies past the end of inline data.
func (m *mender) clearInlineTail(f *Finding) error {
	return m.inlineData(f.Place.Ino, func(n *ondisk.Inode, d ondisk.InlineData) {
		size := int(min(n.Size(), uint64(d.Len())))
		if size < len(d.Head) {
			clear(d.Head[size:])
		}
		clear(d.Tail[min(max(size-len(d.Head), 0), len(d.Tail)):])
	})
}

// inlineData edits the data in an inode.
func (m *mender) inlineData(ino ondisk.Ino, edit func(n *ondisk.Inode, d ondisk.InlineData)) error {
	var fault error
	err := m.inode(ino, func(n *ondisk.Inode, slot []byte) {
		body, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
		if err != nil {
			fault = err
			return
		}
		d, err := n.InlineData(body)
		if err != nil {
			fault = err
			return
		}
		edit(n, d)
	})
	if fault != nil {
		return fault
	}
	return err
}
