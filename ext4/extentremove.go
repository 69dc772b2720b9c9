package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// removeExtents unmaps file blocks from first up to end, as many as one leaf holds, beginning with the last, and frees their blocks. It
// returns the file block before which nothing has been unmapped: first when all is done. The maps lock is held exclusively. A way down that cannot be
// read leaves nothing half done.
func (n *Inode) removeExtents(h *journal.Handle, first, end uint64) (uint64, error) {
	p, err := n.extentPathTo(h, ondisk.FileBlock(end-1))
	if err != nil {
		return end, err
	}
	next, err := p.removeLast(first, end)
	return next, half(err)
}

// removeLast unmaps what the leaf has of a range that ends there.
func (p *extentPath) removeLast(first, end uint64) (uint64, error) {
	n, leaf := p.n, p.leaf()
	to := leaf.Find(ondisk.FileBlock(end-1)) + 1 // entries before it start before end
	from := to
	for from > 0 && leaf.At(from-1).End() > first {
		from--
	}
	rest := max(first, p.leafFirst())
	if from == to {
		return rest, nil
	}
	low := leaf.At(from)
	if from == to-1 && uint64(low.First()) < first && low.End() > end {
		if leaf.Len() == leaf.Max() {
			return end, p.makeRoom(low.First())
		}
		err := p.change(func(leaf ondisk.ExtentNode) {
			leaf.Insert(to, part(low, end, low.End()))
			leaf.Set(from, part(low, uint64(low.First()), first))
		})
		if err == nil {
			err = n.freeRuns(p.h, []run{within(low, first, end)})
		}
		return first, err
	}
	gone := make([]run, 0, to-from)
	for i := from; i < to; i++ {
		gone = append(gone, within(leaf.At(i), first, end))
	}
	if err := p.cut(from, to, first, end); err != nil {
		return end, err
	}
	return rest, n.freeRuns(p.h, gone)
}

// leafFirst is the first file block that the leaf may map. Before the first leaf there is nothing.
func (p *extentPath) leafFirst() uint64 {
	for _, s := range p.steps {
		if s.at > 0 {
			return uint64(p.steps[len(p.steps)-1].bounds.First)
		}
	}
	return 0
}

// cut takes the entries from up to to out of the leaf but for what lies before first and after end.
func (p *extentPath) cut(from, to int, first, end uint64) error {
	err := p.change(func(leaf ondisk.ExtentNode) {
		low, high := leaf.At(from), leaf.At(to-1)
		if high.End() > end {
			to--
			leaf.Set(to, part(high, end, high.End()))
		}
		if uint64(low.First()) < first {
			leaf.Set(from, part(low, uint64(low.First()), first))
			from++
		}
		leaf.Remove(from, to)
	})
	if err != nil || p.leaf().Len() > 0 {
		return err
	}
	return p.prune()
}

// part is what e maps of the file blocks from first up to end, which lie within it.
func part(e ondisk.Extent, first, end uint64) ondisk.Extent {
	skip := first - uint64(e.First())
	return ondisk.MakeExtent(ondisk.FileBlock(first), e.Start()+ondisk.Block(skip), uint32(end-first), e.Unwritten())
}

// within is what e maps of file blocks first up to end, some of which it holds.
func within(e ondisk.Extent, first, end uint64) run {
	return extentAsRun(e).clip(max(first, uint64(e.First())), end)
}

// prune takes the leaf, which is empty, out of the tree, and each node above that becomes empty by that. A root without entries becomes a leaf.
func (p *extentPath) prune() error {
	for i := len(p.steps) - 1; i > 0; i-- {
		if err := p.n.freeMetaBlock(p.h, p.steps[i].buf); err != nil {
			return err
		}
		node, err := p.open(i - 1)
		if err != nil {
			return err
		}
		at := p.steps[i-1].at
		node.Remove(at, at+1)
		if node.Len() > 0 {
			if err := p.close(i - 1); err != nil || at > 0 {
				return err
			}
			return p.rekey(i-1, node.First(0))
		}
	}
	ondisk.ExtentNode(p.root[:]).Init(0)
	return p.close(0)
}

// shrinkTree makes the tree shallower where the root has one entry, and what that points at fits the root.
func (n *Inode) shrinkTree(h *journal.Handle) error {
	for {
		p, err := n.extentPathTo(h, 0)
		if err != nil {
			return err
		}
		root := ondisk.ExtentNode(p.root[:])
		if root.Depth() == 0 || root.Len() != 1 || p.steps[1].node.Len() > root.Max() {
			return nil
		}
		child := p.steps[1].node
		root.Init(child.Depth())
		for i := range child.Len() {
			appendEntry(root, child, i)
		}
		if err := p.close(0); err != nil {
			return err
		}
		if err := n.freeMetaBlock(h, p.steps[1].buf); err != nil {
			return err
		}
	}
}
