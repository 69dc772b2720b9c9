package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// shiftExtents moves what is mapped from first on by delta file blocks, one leaf of it, and returns where to go on. Downwards it begins with the
// first leaf and upwards with the last, so that the tree is in order between any two steps. The room it moves to is
// a hole, and no extent lies across first. bound is where the step before got to: at the start first downwards, FileBlocksMax
// upwards. done says that nothing is left. The maps lock is held exclusively.
func (n *Inode) shiftExtents(h *journal.Handle, first, bound uint64, delta int64) (next uint64, done bool, err error) {
	at := bound
	if delta > 0 {
		at--
	}
	p, err := n.extentPathTo(h, ondisk.FileBlock(at))
	if err != nil {
		return bound, false, err
	}
	w, start := p.steps[len(p.steps)-1].bounds, p.leafFirst()
	low, high := bound, w.End // what of the leaf is to move
	if delta > 0 {
		low, high = first, bound
	}
	change := func(leaf ondisk.ExtentNode) {
		for i := range leaf.Len() {
			if e := leaf.At(i); uint64(e.First()) >= low && uint64(e.First()) < high {
				e.Block = uint32(int64(e.Block) + delta)
				leaf.Set(i, e)
			}
		}
	}
	if err := p.change(change); err != nil {
		return bound, false, err
	}
	if delta < 0 {
		return w.End, w.End >= ondisk.FileBlocksMax, nil
	}
	return start, start <= first, nil
}
