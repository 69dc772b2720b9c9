package ext4

import (
	"slices"
	"syscall"

	"extant/internal/ondisk"
)

// inlineData is what the slot holds of the file's content.
func (c *core) inlineData() (ondisk.InlineData, error) {
	body, err := ondisk.BodyXattrs(c.slot[c.disk.XattrStart(len(c.slot)):])
	if err != nil {
		return ondisk.InlineData{}, err
	}
	return c.disk.InlineData(body)
}

// inlineRoom is the most data that the inode can hold, in bytes; 0 where it cannot hold any. The inode's xattrs are locked.
func (n *Inode) inlineRoom() (int, error) {
	c := n.core()
	if !n.fs.sb.HasIncompat(ondisk.IncompatInlineData) {
		return 0, nil
	}
	list, err := xattrsBeside(c.slot, &c.disk)
	if err != nil {
		return 0, ondisk.Locate(err, n.ino, 0)
	}
	start := c.disk.XattrStart(len(c.slot))
	return ondisk.InlineMax(len(c.slot)-start, list), nil
}

// xattrsBeside is a copy of the xattrs in a slot, system.data left out.
func xattrsBeside(slot []byte, d *ondisk.Inode) ([]ondisk.Xattr, error) {
	area, err := ondisk.BodyXattrs(slot[d.XattrStart(len(slot)):])
	if err != nil {
		return nil, err
	}
	var list []ondisk.Xattr
	for x, err := range area.All() {
		if err != nil {
			return nil, err
		}
		if !x.Is(ondisk.XattrSystem, ondisk.XattrInlineDataName) {
			x.Name, x.Value = slices.Clone(x.Name), slices.Clone(x.Value)
			list = append(list, x)
		}
	}
	return list, nil
}

// storeInline makes data the content of the inode, which holds it from now on. syscall.ENOSPC says that there is no room.
func (e *edit) storeInline(data []byte) error {
	list, err := xattrsBeside(e.slot, &e.Inode)
	if err != nil {
		return err
	}
	var head [ondisk.IBlockSize]byte
	list = append(list, ondisk.SplitInline(data, &head))
	if !ondisk.PutBodyXattrs(e.slot[e.XattrStart(len(e.slot)):], list) {
		return syscall.ENOSPC
	}
	e.IBlock = head
	e.Flags = e.Flags&^ondisk.InodeExtents | ondisk.InodeInlineData
	return nil
}

// dropInline takes the content out of the inode, and leaves it with a map that has nothing in it.
func (e *edit) dropInline(extents bool) error {
	list, err := xattrsBeside(e.slot, &e.Inode)
	if err != nil {
		return err
	}
	ondisk.PutBodyXattrs(e.slot[e.XattrStart(len(e.slot)):], list)
	e.Flags &^= ondisk.InodeInlineData
	e.IBlock = [ondisk.IBlockSize]byte{}
	if extents {
		e.Flags |= ondisk.InodeExtents
		ondisk.ExtentNode(e.IBlock[:]).Init(0)
	}
	return nil
}

// extents reports whether files get extent trees.
func (l *layout) extents() bool { return l.sb.HasIncompat(ondisk.IncompatExtents) }
