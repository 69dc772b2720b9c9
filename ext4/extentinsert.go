package ext4

import (
	"syscall"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// insertExtent maps a range of file blocks that lies in a hole. What can be joined to a neighbour is. The maps lock is held exclusively.
func (n *Inode) insertExtent(h *journal.Handle, e ondisk.Extent) error {
	for {
		p, err := n.extentPathTo(h, e.First())
		if err != nil {
			return err
		}
		leaf := p.leaf()
		i := leaf.Find(e.First())
		if i >= 0 && leaf.At(i).End() > uint64(e.First()) || i+1 < leaf.Len() && e.End() > uint64(leaf.First(i+1)) {
			return n.corrupt("extent tree", "file blocks %d to %d are mapped already", e.First(), e.End()-1)
		}
		switch {
		case p.joinNeighbours(i, e):
			return p.change(func(leaf ondisk.ExtentNode) { join(leaf, i, e) })
		case leaf.Len() < leaf.Max():
			return p.change(func(leaf ondisk.ExtentNode) { leaf.Insert(i+1, e) })
		}
		if err := p.makeRoom(e.First()); err != nil {
			return err
		}
	}
}

// joinNeighbours reports whether e continues entry i of the leaf, or entry i+1 continues e.
func (p *extentPath) joinNeighbours(i int, e ondisk.Extent) bool {
	leaf := p.leaf()
	return i >= 0 && continues(leaf.At(i), e) || i+1 < leaf.Len() && continues(e, leaf.At(i+1))
}

// join adds e to entry i, to entry i+1, or to both, which then become one.
func join(leaf ondisk.ExtentNode, i int, e ondisk.Extent) {
	if i >= 0 && continues(leaf.At(i), e) {
		leaf.Set(i, joined(leaf.At(i), e))
	} else {
		i++
		leaf.Set(i, joined(e, leaf.At(i)))
	}
	if i+1 < leaf.Len() && continues(leaf.At(i), leaf.At(i+1)) {
		leaf.Set(i, joined(leaf.At(i), leaf.At(i+1)))
		leaf.Remove(i+1, i+2)
	}
}

// continues reports whether b continues a, in the file and on the device, and one extent can hold both.
func continues(a, b ondisk.Extent) bool {
	longest := uint32(ondisk.ExtentLenMax)
	if a.Unwritten() {
		longest = ondisk.ExtentLenMaxUnwritten
	}
	return a.Unwritten() == b.Unwritten() && a.End() == uint64(b.First()) &&
		a.Start()+ondisk.Block(a.Length()) == b.Start() && a.Length()+b.Length() <= longest
}

func joined(a, b ondisk.Extent) ondisk.Extent {
	return ondisk.MakeExtent(a.First(), a.Start(), a.Length()+b.Length(), a.Unwritten())
}

// makeRoom splits the leaf, or the lowest full node above it whose parent has room, or makes the tree deeper, to the end that the leaf gets
// room for extents at fb. The path is of no use afterwards.
func (p *extentPath) makeRoom(fb ondisk.FileBlock) error {
	i := len(p.steps) - 2
	for i >= 0 && p.steps[i].node.Len() >= p.steps[i].node.Max() {
		i--
	}
	if i < 0 {
		return p.grow()
	}
	return p.split(i+1, fb)
}

// grow moves the content of the root to a block of its own.
func (p *extentPath) grow() error {
	root := ondisk.ExtentNode(p.root[:])
	if root.Depth() >= ondisk.ExtentDepthMax {
		return syscall.EFBIG
	}
	child, err := p.newNode(root.Depth())
	if err != nil {
		return err
	}
	for i := range root.Len() {
		appendEntry(child.node, root, i)
	}
	first := root.First(0)
	root.Init(root.Depth() + 1)
	root.AppendIndex(ondisk.MakeExtentIndex(first, p.seal(child)))
	return p.close(0)
}

// split moves the upper part of the node of step i to a new one beside it. Its parent has room. At the end of the tree, where files grow,
// one entry moves, so that nodes become full.
func (p *extentPath) split(i int, fb ondisk.FileBlock) error {
	old := p.steps[i].node
	from := old.Len() / 2
	if old.First(old.Len()-1) <= fb {
		from = old.Len() - 1
	}
	fresh, err := p.newNode(old.Depth())
	if err != nil {
		return err
	}
	for k := from; k < old.Len(); k++ {
		appendEntry(fresh.node, old, k)
	}
	first, b := old.First(from), p.seal(fresh)
	if old, err = p.open(i); err != nil {
		return err
	}
	old.Remove(from, old.Len())
	if err := p.close(i); err != nil {
		return err
	}
	parent, err := p.open(i - 1)
	if err != nil {
		return err
	}
	parent.InsertIndex(p.steps[i-1].at+1, ondisk.MakeExtentIndex(first, b))
	return p.close(i - 1)
}

// appendEntry copies entry i of from, a node of the same depth, to the end of to.
func appendEntry(to, from ondisk.ExtentNode, i int) {
	if from.Depth() > 0 {
		to.AppendIndex(from.IndexAt(i))
	} else {
		to.Append(from.At(i))
	}
}

// newNode allocates a block for a node and makes it an empty one.
func (p *extentPath) newNode(depth int) (freshNode, error) {
	buf, data, err := p.n.newMetaBlock(p.h)
	if err != nil {
		return freshNode{}, err
	}
	f := freshNode{buf, data}
	f.node.Init(depth)
	return f, nil
}

// freshNode is a node that no other points at yet.
type freshNode struct {
	buf  *buffer.Buffer
	node ondisk.ExtentNode
}

// seal writes the node.
func (p *extentPath) seal(f freshNode) ondisk.Block {
	p.n.sealNode(f.node)
	p.h.Dirty(f.buf)
	return f.buf.Block()
}
