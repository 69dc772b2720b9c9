package ext4

import (
	"extant/internal/ondisk"
)

// Group reads the descriptor of group g.
func (fs *FS) Group(g ondisk.Group) (ondisk.GroupDesc, error) {
	var d ondisk.GroupDesc
	if uint64(g) >= fs.groups {
		return d, ondisk.Corrupt("group number", "%d of %d groups", g, fs.groups)
	}
	b := fs.descBlock(uint64(g) / fs.descPerBlock)
	buf, err := fs.metaBlock("group descriptor", b)
	if err != nil {
		return d, err
	}
	off := int(uint64(g)%fs.descPerBlock) * fs.descSize
	raw := buf.Data()[off : off+fs.descSize]
	if err := d.Decode(raw); err != nil {
		return d, err
	}
	if err := fs.checkDesc(g, &d, raw); err != nil {
		return d, ondisk.Locate(err, 0, b)
	}
	return d, nil
}

// descBlock is the block that holds descriptor block i: in one table after the super block, or, from the first
// meta group on, in the meta group itself. Under a backup super block it is the backup of that block.
func (l *layout) descBlock(i uint64) ondisk.Block {
	if !l.sb.HasIncompat(ondisk.IncompatMetaBG) || i < uint64(l.sb.FirstMetaBG) {
		return l.superBlock + 1 + ondisk.Block(i)
	}
	g := i * l.descPerBlock
	if l.onBackup() && g+1 < l.groups {
		g++
	}
	b := l.sb.GroupFirstBlock(ondisk.Group(g))
	if l.sb.HasBackup(ondisk.Group(g)) {
		b++
	}
	if g == 0 && l.blockSize == ondisk.SuperOffset && l.sb.FirstDataBlock == 0 {
		b++ // the boot block has a block to itself, but is not counted
	}
	return b
}

// onBackup reports whether the super block in use is a copy.
func (l *layout) onBackup() bool {
	return l.superBlock != ondisk.Block(ondisk.SuperOffset/l.blockSize)
}

// checkDesc verifies the checksum of a descriptor and that its bitmaps and inode table lie in the file system.
func (fs *FS) checkDesc(g ondisk.Group, d *ondisk.GroupDesc, raw []byte) error {
	if want, ok := fs.descCsum(g, raw); ok && d.Checksum != want {
		return ondisk.Corrupt("group descriptor", "group %d: checksum %#04x, not %#04x", g, d.Checksum, want)
	}
	for _, part := range []struct {
		what   string
		first  ondisk.Block
		blocks uint64
	}{
		{"block bitmap", d.BlockBitmap(), 1},
		{"inode bitmap", d.InodeBitmap(), 1},
		{"inode table", d.InodeTable(), fs.tableBlocks()},
	} {
		if uint64(part.first) <= uint64(fs.sb.FirstDataBlock) || uint64(part.first) >= fs.blocks || part.blocks > fs.blocks-uint64(part.first) {
			return ondisk.Corrupt("group descriptor", "group %d: %s in block %d, outside the file system of %d", g, part.what, part.first, fs.blocks)
		}
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

// tableBlocks is the length of each group's inode table in blocks.
func (l *layout) tableBlocks() uint64 {
	return uint64(l.sb.InodesPerGroup) / uint64(l.blockSize/l.inodeSize)
}
