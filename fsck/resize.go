package fsck

import (
	"extant/internal/ondisk"
)

// checkResize judges the inode that owns the blocks reserved for descriptors. Its double indirect block, the only one that is not fixed
// metadata, lists those of group 0, each of which, as an indirect block, lists its copies in the groups with backups.
func (w *worker) checkResize() bool {
	f, s := &w.file, &w.c.sb
	n := &f.inode
	if !s.HasCompat(ondisk.CompatResizeInode) {
		if n.Mode != 0 || n.LinksCount != 0 || n.Blocks() != 0 {
			w.fault(ResizeNotClear, Place{}, "mode %#o, %d links, %d sectors, and the feature resize_inode is off", n.Mode, n.LinksCount, n.Blocks())
		}
		return false
	}
	root := ondisk.BlockMap(n.IBlock[:])
	dind := root.At(ondisk.DoubleSlot)
	if n.Type() != ondisk.ModeRegular || n.LinksCount == 0 || n.Has(ondisk.InodeExtents) || !w.c.holds(dind, 1) {
		w.fault(ResizeInode, Place{}, "mode %#o, %d links, flags %#x, double indirect block %d", n.Mode, n.LinksCount, n.Flags, dind)
		return false
	}
	for i := range root.Len() {
		if b := root.At(i); b != 0 && i != ondisk.DoubleSlot {
			w.fault(ResizeInode, Place{}, "i_block[%d] is %d", i, b)
			return false
		}
	}
	w.checkLarge(n)
	w.claim(dind, 1)
	f.clusters = w.resizeBlocks(dind)
	return false
}

// resizeBlocks compares the map with the reserved blocks and returns how many blocks the inode has, its map included.
func (w *worker) resizeBlocks(dind ondisk.Block) uint64 {
	s, im := &w.c.sb, &w.c.image
	per := im.bs / 4
	list := ondisk.BlockMap(buf(&w.nodeBufs[0], im.bs))
	w.nodeBufs[0] = list
	if err := im.read(dind, list); err != nil {
		w.fault(BlockUnreadable, Place{Block: dind}, "%v", err)
		return 0
	}
	total := uint64(1)
	used := s.DescriptorBlocks()
	first := s.SuperBlock() + 1
	for i := range uint64(s.ReservedGDTBlocks) {
		slot := int((used + i) % uint64(per))
		want := first + ondisk.Block(used+i)
		if got := list.At(slot); got != want {
			w.fault(ResizeInode, Place{Block: dind, Offset: 4 * slot}, "reserved block %d is %d, not %d", i, got, want).want(uint64(want))
			return 0
		}
		n, ok := w.resizeCopies(want)
		if !ok {
			return 0
		}
		total += 1 + n
	}
	w.resizeRest(list, dind, func(slot int) bool {
		at := (uint64(slot) + uint64(per) - used%uint64(per)) % uint64(per)
		return at >= uint64(s.ReservedGDTBlocks)
	})
	return total
}

// resizeRest looks for numbers in slots of a list, in block at, that have to be empty.
func (w *worker) resizeRest(list ondisk.BlockMap, at ondisk.Block, empty func(slot int) bool) {
	for slot := range list.Len() {
		if b := list.At(slot); b != 0 && empty(slot) {
			w.fault(ResizeInode, Place{Block: at, Offset: 4 * slot}, "slot %d holds %d, which is no reserved block", slot, b).want(0)
			return
		}
	}
}

// resizeCopies compares a reserved block of group 0 with the places of its copies: as far into their groups as it is into its own.
func (w *worker) resizeCopies(at ondisk.Block) (n uint64, ok bool) {
	s, im := &w.c.sb, &w.c.image
	list := ondisk.BlockMap(buf(&w.nodeBufs[1], im.bs))
	w.nodeBufs[1] = list
	if err := im.read(at, list); err != nil {
		w.fault(BlockUnreadable, Place{Block: at}, "%v", err)
		return 0, false
	}
	for g := range s.BackupGroups() {
		if g == 0 {
			continue
		}
		if int(n) == list.Len() {
			break
		}
		want := at + ondisk.Block(uint64(g)*uint64(s.BlocksPerGroup))
		if got := list.At(int(n)); got != want {
			w.fault(ResizeInode, Place{Block: at, Offset: 4 * int(n)}, "its copy in group %d is at %d, not %d", g, got, want).want(uint64(want))
			return 0, false
		}
		n++
	}
	w.resizeRest(list, at, func(slot int) bool { return slot >= int(n) })
	return n, true
}
