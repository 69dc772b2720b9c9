package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// markExtents makes the extents of file blocks first up to end, all of which are mapped, written ones, or unwritten ones. The maps
// lock is held exclusively.
func (n *Inode) markExtents(h *journal.Handle, first, end uint64, toUnwritten bool) error {
	for first < end {
		next, err := n.markExtent(h, first, end, toUnwritten)
		if err != nil {
			return err
		}
		first = next
	}
	return nil
}

// markExtent does what markExtents does for the extent that holds first, and returns the file block it got to. That is first itself where
// room had to be made.
func (n *Inode) markExtent(h *journal.Handle, first, end uint64, toUnwritten bool) (uint64, error) {
	p, err := n.extentPathTo(h, ondisk.FileBlock(first))
	if err != nil {
		return 0, err
	}
	leaf := p.leaf()
	i := leaf.Find(ondisk.FileBlock(first))
	if i < 0 || leaf.At(i).End() <= first {
		return 0, n.corrupt("extent tree", "file block %d is not mapped", first)
	}
	e := leaf.At(i)
	end = min(end, e.End())
	if e.Unwritten() == toUnwritten {
		return end, nil
	}
	if toUnwritten {
		end = min(end, first+ondisk.ExtentLenMaxUnwritten)
	}
	marked := part(e, first, end)
	marked.SetLength(marked.Length(), toUnwritten)
	before, after := uint64(e.First()) < first, e.End() > end
	left := !before && i > 0 && continues(leaf.At(i-1), marked)
	right := !after && i+1 < leaf.Len() && continues(marked, leaf.At(i+1))
	extra := 0
	if before {
		extra++
	}
	if after {
		extra++
	}
	if left || right {
		extra--
	}
	if leaf.Len()+extra > leaf.Max() {
		return first, p.makeRoom(e.First())
	}
	return end, p.change(func(leaf ondisk.ExtentNode) { replace(leaf, i, e, marked) })
}

// replace puts marked in the place of the part of entry i, which is e, that it covers, and joins it to what it continues.
func replace(leaf ondisk.ExtentNode, i int, e, marked ondisk.Extent) {
	first, end := uint64(marked.First()), marked.End()
	leaf.Remove(i, i+1)
	if e.End() > end {
		leaf.Insert(i, part(e, end, e.End()))
	}
	if uint64(e.First()) < first {
		leaf.Insert(i, part(e, uint64(e.First()), first))
		i++
	}
	if i > 0 && continues(leaf.At(i-1), marked) || i < leaf.Len() && continues(marked, leaf.At(i)) {
		join(leaf, i-1, marked)
		return
	}
	leaf.Insert(i, marked)
}

// splitExtent sees to it that no extent lies across file block first. The maps lock is held exclusively.
func (n *Inode) splitExtent(h *journal.Handle, first uint64) error {
	for {
		p, err := n.extentPathTo(h, ondisk.FileBlock(first))
		if err != nil {
			return err
		}
		leaf := p.leaf()
		i := leaf.Find(ondisk.FileBlock(first))
		if i < 0 || uint64(leaf.First(i)) == first || leaf.At(i).End() <= first {
			return nil
		}
		if leaf.Len() < leaf.Max() {
			e := leaf.At(i)
			return p.change(func(leaf ondisk.ExtentNode) {
				leaf.Set(i, part(e, uint64(e.First()), first))
				leaf.Insert(i+1, part(e, first, e.End()))
			})
		}
		if err := p.makeRoom(leaf.First(i)); err != nil {
			return err
		}
	}
}
