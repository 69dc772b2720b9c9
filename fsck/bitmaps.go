package fsck

import (
	"bytes"

	"extant/internal/ondisk"
)

// checkBitmaps compares what is in use with the bitmaps, group by group.
func (c *checker) checkBitmaps() error {
	return c.each("bitmaps", len(c.groups), func(w *worker, unit int) {
		g := ondisk.Group(unit)
		w.checkBlockBitmap(g)
		w.checkInodeBitmap(g)
	})
}

// clusters is the number of clusters of a group.
func (c *checker) clusters(g ondisk.Group) int {
	return int((uint64(c.sb.GroupBlocks(g)) + c.ratio - 1) / c.ratio)
}

// inUse is the bitmap of the clusters of a group that are in use; nil for none.
func (w *worker) inUse(g ondisk.Group) ondisk.Bitmap {
	used, base := w.c.used.groups[g], w.c.base.groups[g]
	switch {
	case used == nil:
		return base
	case base == nil:
		return used
	}
	for i, b := range base {
		used[i] |= b
	}
	return used
}

// checkBlockBitmap compares the block bitmap and the count of free blocks of a group with what is in use.
func (w *worker) checkBlockBitmap(g ondisk.Group) {
	c := w.c
	gr := &c.groups[g]
	n := c.clusters(g)
	gr.outside = gr.uninit && c.used.groups[g] != nil && c.used.groups[g].NextSet(0, n) < n
	want := w.inUse(g)
	gr.freeClusters = uint32(n - want.Count(0, n))
	if gr.freeClusters != gr.desc.FreeClusters() {
		w.add(GroupFreeBlocks, Place{Group: g}, "bg_free_blocks_count is %d, not %d", gr.desc.FreeClusters(), gr.freeClusters).want(uint64(gr.freeClusters))
	}
	switch {
	case gr.outside:
		w.add(BlockUninit, Place{Group: g}, "%d blocks are in use", want.Count(0, n))
		return
	case gr.uninit || gr.noBlockBitmap:
		return
	}
	place := Place{Group: g, Block: gr.desc.BlockBitmap()}
	have, ok := w.readBitmap(place)
	if !ok {
		return
	}
	if c.csum {
		if err := gr.desc.CheckBlockBitmap(c.seed, have, c.sb.ClustersPerGroup, c.sb.DescriptorSize()); err != nil {
			w.add(BlockBitmapChecksum, place, "%v", err).want(uint64(ondisk.BitmapCsum(c.seed, have, c.sb.ClustersPerGroup)))
		}
	}
	first := uint64(c.sb.GroupFirstBlock(g))
	w.compareBitmaps(want, have, n, func(i, end int, marked bool) {
		code := BlockUnmarked
		if marked {
			code = BlockMarked
		}
		w.add(code, Place{Group: g, Block: ondisk.Block(first + uint64(i)*c.ratio)}, "blocks %d to %d", first+uint64(i)*c.ratio, first+uint64(end)*c.ratio-1)
	})
	if !have.Padded(n) {
		w.add(BlockPadding, place, "bit %d is clear, of %d that count", have.NextClear(n, have.Len()), n)
	}
}

// readBitmap reads the bitmap at a place.
func (w *worker) readBitmap(place Place) (ondisk.Bitmap, bool) {
	b := buf(&w.block, w.c.bs)
	w.block = b
	if err := w.c.read(place.Block, b); err != nil {
		w.add(BlockUnreadable, place, "bitmap: %v", err)
		return nil, false
	}
	return b, true
}

// compareBitmaps tells differ of every range, among the first n bits, in which have marks what want does not, or the other way round.
// want may be nil for nothing.
func (w *worker) compareBitmaps(want, have ondisk.Bitmap, n int, differ func(i, end int, marked bool)) {
	whole := n / 8
	if want != nil && bytes.Equal(want[:whole], have[:whole]) && n%8 == 0 {
		return
	}
	in := func(m ondisk.Bitmap, i int) bool { return m != nil && m.Test(i) }
	for i := 0; i < n; {
		if i%8 == 0 && i+8 <= n && have[i/8] == byteOf(want, i/8) {
			i += 8
			continue
		}
		marked := have.Test(i)
		if marked == in(want, i) {
			i++
			continue
		}
		end := i + 1
		for end < n && have.Test(end) == marked && in(want, end) != marked {
			end++
		}
		differ(i, end, marked)
		i = end
	}
}

func byteOf(m ondisk.Bitmap, i int) byte {
	if m == nil {
		return 0
	}
	return m[i]
}

// checkInodeBitmap compares the inode bitmap and the counts of inodes of a group with what is in use.
func (w *worker) checkInodeBitmap(g ondisk.Group) {
	c := w.c
	gr, in := &c.groups[g], &c.inodes[g]
	per := int(c.sb.InodesPerGroup)
	want := w.inodesInUse(g)
	gr.freeInodes = uint32(per - want.Count(0, per))
	if gr.freeInodes != gr.desc.FreeInodes() {
		w.add(GroupFreeInodes, Place{Group: g}, "bg_free_inodes_count is %d, not %d", gr.desc.FreeInodes(), gr.freeInodes).want(uint64(gr.freeInodes))
	}
	if in.nDirs != gr.desc.UsedDirs() {
		w.add(GroupDirs, Place{Group: g}, "bg_used_dirs_count is %d, not %d", gr.desc.UsedDirs(), in.nDirs).want(uint64(in.nDirs))
	}
	if gr.noInodeBitmap || c.gdt && gr.unused == c.sb.InodesPerGroup && gr.desc.Flags&ondisk.GroupInodeUninit != 0 {
		return
	}
	place := Place{Group: g, Block: gr.desc.InodeBitmap()}
	have, ok := w.readBitmap(place)
	if !ok {
		return
	}
	if c.csum {
		if err := gr.desc.CheckInodeBitmap(c.seed, have, c.sb.InodesPerGroup, c.sb.DescriptorSize()); err != nil {
			w.add(InodeBitmapChecksum, place, "%v", err).want(uint64(ondisk.BitmapCsum(c.seed, have, c.sb.InodesPerGroup)))
		}
	}
	first := uint64(g)*uint64(per) + 1
	w.compareBitmaps(want, have, per, func(i, end int, marked bool) {
		code := InodeUnmarked
		if marked {
			code = InodeMarked
		}
		w.add(code, Place{Group: g, Ino: ondisk.Ino(first + uint64(i)), Block: place.Block}, "inodes %d to %d", first+uint64(i), first+uint64(end)-1)
	})
	if !have.Padded(per) {
		w.add(InodePadding, place, "bit %d is clear, of %d that count", have.NextClear(per, have.Len()), per)
	}
}

// inodesInUse is the bitmap of the inodes of a group that are in use, reserved ones included; nil for none.
func (w *worker) inodesInUse(g ondisk.Group) ondisk.Bitmap {
	c := w.c
	kinds := c.inodes[g].kinds
	per := uint64(c.sb.InodesPerGroup)
	before := uint64(g) * per
	reserved := min(max(uint64(c.sb.FirstFreeIno())-1, before)-before, per) // a group may have no more than eight inodes
	if kinds == nil && reserved == 0 {
		return nil
	}
	m := ondisk.Bitmap(buf(&w.table, int(c.sb.InodesPerGroup+7)/8))
	w.table = m
	clear(m)
	for i, k := range kinds {
		if k != kindUnused {
			m.Set(i)
		}
	}
	m.SetRange(0, int(reserved))
	return m
}

// checkCounts compares the sums over all groups with the super block's. After a replay they are what the kernel computes at the mount.
func (c *checker) checkCounts() error {
	clusters, inodes := uint64(0), uint64(0)
	for i := range c.groups {
		g := &c.groups[i]
		clusters += uint64(g.freeClusters)
		inodes += uint64(g.freeInodes)
		c.usage.Clusters += uint64(c.clusters(ondisk.Group(i))) - uint64(g.freeClusters)
	}
	if c.replay || c.backup != nil {
		return nil
	}
	if got, want := c.sb.BlocksFree(), clusters*c.ratio; got != want {
		c.add(SuperFreeBlocks, Place{}, "s_free_blocks_count is %d, not %d", got, want).want(want)
	}
	if got := uint64(c.sb.FreeInodesCount); got != inodes {
		c.add(SuperFreeInodes, Place{}, "s_free_inodes_count is %d, not %d", got, inodes).want(inodes)
	}
	return nil
}
