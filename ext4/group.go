package ext4

import (
	"cmp"
	"slices"

	"extant/internal/alloc"
	"extant/internal/ondisk"
)

// allocator is who owns the descriptors while the file system is mounted to write; nil otherwise.
func (fs *FS) allocator() *alloc.Allocator {
	if w := fs.rw.Load(); w != nil {
		return w.alloc
	}
	return nil
}

// Group reads the descriptor of group g.
func (fs *FS) Group(g ondisk.Group) (ondisk.GroupDesc, error) {
	if a := fs.allocator(); a != nil {
		return a.Desc(g)
	}
	d, raw, b, err := fs.readDesc(g)
	if err != nil {
		return d, err
	}
	if err := fs.checkDesc(g, &d, raw); err != nil {
		return d, ondisk.Locate(err, 0, b)
	}
	return d, nil
}

// readDesc reads the descriptor of a group unchecked, and returns its bytes and the block they lie in as well.
func (fs *FS) readDesc(g ondisk.Group) (d ondisk.GroupDesc, raw []byte, b ondisk.Block, err error) {
	if uint64(g) >= fs.groups {
		return d, nil, 0, ondisk.Corrupt("group number", "%d of %d groups", g, fs.groups)
	}
	b, off := fs.descPlace(g)
	buf, err := fs.metaBlock("group descriptor", b)
	if err != nil {
		return d, nil, b, err
	}
	raw = buf.Data()[off : off+fs.descSize]
	return d, raw, b, d.Decode(raw)
}

// inodeTable is where the inode table of a group begins. The descriptor may have a wrong checksum and its bitmaps anywhere: a kernel that
// mounts to read believes such a one, too. Inodes have checks of their own, and all of a group's would be lost.
func (fs *FS) inodeTable(g ondisk.Group) (ondisk.Block, error) {
	if !fs.constant {
		return fs.findInodeTable(g)
	}
	if t := fs.table.Load(); t != nil && t.group == g {
		return t.at, nil
	}
	at, err := fs.findInodeTable(g)
	if err == nil {
		fs.table.Store(&groupTable{g, at})
	}
	return at, err
}

// groupTable is where the inode table of a group begins.
type groupTable struct {
	group ondisk.Group
	at    ondisk.Block
}

func (fs *FS) findInodeTable(g ondisk.Group) (at ondisk.Block, err error) {
	b, _ := fs.descPlace(g)
	if a := fs.allocator(); a != nil {
		at, err = a.InodeTable(g)
	} else {
		var d ondisk.GroupDesc
		d, _, b, err = fs.readDesc(g)
		at = d.InodeTable()
	}
	if err == nil {
		err = fs.checkDescPart(g, "inode table", at, uint64(fs.sb.ItableBlocks()))
	}
	return at, ondisk.Locate(err, 0, b)
}

// descPlace is where the descriptor of a group lies: a block, and the byte within it. Under a backup super block it is a backup, too.
func (l *layout) descPlace(g ondisk.Group) (ondisk.Block, int) {
	b, off := l.sb.DescriptorBlock(g)
	nr := int(g) / l.sb.DescriptorsPerBlock()
	switch {
	case l.superBlock == l.sb.SuperBlock():
		return b, off
	case !l.sb.HasIncompat(ondisk.IncompatMetaBG) || nr < int(l.sb.FirstMetaBG):
		return l.superBlock + 1 + ondisk.Block(nr), off
	}
	copies := slices.Collect(l.sb.DescriptorCopies(nr))
	return copies[min(1, len(copies)-1)], off
}

// checkDesc verifies the checksum of a descriptor and that its bitmaps and inode table lie in the file system.
func (fs *FS) checkDesc(g ondisk.Group, d *ondisk.GroupDesc, raw []byte) error {
	if want, ok := fs.descCsum(g, raw); ok && d.Checksum != want {
		return ondisk.Corrupt("group descriptor", "group %d: checksum %#04x, not %#04x", g, d.Checksum, want)
	}
	return cmp.Or(
		fs.checkDescPart(g, "block bitmap", d.BlockBitmap(), 1),
		fs.checkDescPart(g, "inode bitmap", d.InodeBitmap(), 1),
		fs.checkDescPart(g, "inode table", d.InodeTable(), uint64(fs.sb.ItableBlocks())))
}

// checkDescPart verifies that a part of a group lies in the file system.
func (l *layout) checkDescPart(g ondisk.Group, what string, first ondisk.Block, blocks uint64) error {
	if uint64(first) <= uint64(l.sb.FirstDataBlock) || uint64(first) >= l.blocks || blocks > l.blocks-uint64(first) {
		return ondisk.Corrupt("group descriptor", "group %d: %s in block %d, outside the file system of %d", g, what, first, l.blocks)
	}
	return nil
}

// descCsum is the checksum that belongs in a descriptor; false where descriptors have none.
func (l *layout) descCsum(g ondisk.Group, raw []byte) (uint16, bool) {
	switch {
	case l.csum:
		return ondisk.GroupDescCsum(l.seed, g, raw), true
	case l.sb.HasROCompat(ondisk.ROCompatUninitBG):
		return ondisk.GroupDescCRC16(l.sb.UUID, g, raw), true
	}
	return 0, false
}

// descFlags reports whether the flags of descriptors mean anything: without a checksum they do not.
func (l *layout) descFlags() bool { return l.csum || l.sb.HasROCompat(ondisk.ROCompatUninitBG) }
