package mkfs

import (
	"encoding/binary"

	"extant/internal/ondisk"
)

// layResize writes the resize inode, which owns the blocks reserved behind the descriptors. Its double
// indirect block lists those of group 0; each of them, as an indirect block, lists its backups in the other groups.
func (im *image) layResize() error {
	g := im.geo
	if !g.has(resizeInode) {
		return nil
	}
	r, err := im.space.allocRun(1)
	if err != nil {
		return err
	}
	refs := uint64(g.BlockSize / 4)
	n := im.newInode(ondisk.ModeRegular | 0o600)
	n.SetSize((directBlocks + refs + refs*refs) * uint64(g.BlockSize))
	if n.Size() > largeFileMax { // with blocks of 4 KiB
		im.super.FeatureROCompat |= uint32(largeFile.ROCompat)
	}
	binary.LittleEndian.PutUint32(n.IBlock[4*(directBlocks+1):], uint32(r.start))
	groups := g.superGroups()
	reserved := uint64(g.Super.ReservedGDTBlocks)
	// With clusters each block counts as one, though they share them.
	n.SetBlocks((1 + reserved*uint64(len(groups))) * g.Ratio * uint64(g.BlockSize/512))
	im.keep(ondisk.ResizeIno, &n)

	first := g.superBlock(0) + 1 + ondisk.Block(g.DescBlocks)
	dind := make([]byte, g.BlockSize)
	for i := range reserved {
		at := (g.DescBlocks + i) % refs
		binary.LittleEndian.PutUint32(dind[4*at:], uint32(first)+uint32(i))
	}
	if err := im.write(r.start, dind); err != nil {
		return err
	}
	return im.writeReserved(first, groups[1:])
}

// writeReserved writes the blocks reserved in group 0, each with the places of its backups, which are as far into their groups as it is into its own. With
// clusters of blocks of 1 KiB, where group 0 alone has a block for booting, that is a block more than what stands before them.
func (im *image) writeReserved(first ondisk.Block, backups []uint64) error {
	g, w := im.geo, &im.meta
	for i := range ondisk.Block(g.Super.ReservedGDTBlocks) {
		b, err := w.block(first + i)
		if err != nil {
			return err
		}
		for k, group := range backups {
			at := first + i + ondisk.Block(group*uint64(g.Super.BlocksPerGroup))
			binary.LittleEndian.PutUint32(b[4*k:], uint32(at))
		}
	}
	return w.flush()
}
