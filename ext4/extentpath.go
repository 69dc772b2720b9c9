package ext4

import (
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// extentPath leads from the root of an inode's extent tree to a leaf, for a change under one handle. The inode's maps lock is
// held exclusively. A step's node is what was read; it is changed after open and written by close.
type extentPath struct {
	n     *Inode
	h     *journal.Handle
	root  [ondisk.IBlockSize]byte // a copy: close writes it to the inode
	steps []extentStep            // the root first, the leaf last
	few   [3]extentStep           // the memory of most
}

// extentStep is one node of a path.
type extentStep struct {
	buf    *buffer.Buffer // nil for the root
	node   ondisk.ExtentNode
	bounds ondisk.ExtentBounds
	at     int // the entry that the path takes, of an index node
}

// extentPathTo walks down to the leaf that maps fb, or would. Where all entries of a node lie after fb it takes the first.
func (n *Inode) extentPathTo(h *journal.Handle, fb ondisk.FileBlock) (*extentPath, error) {
	p := &extentPath{n: n, h: h, root: n.core().disk.IBlock}
	p.steps = p.few[:0]
	step := extentStep{node: p.root[:], bounds: n.fs.sb.RootBounds()}
	if err := step.node.Check(step.bounds); err != nil {
		return nil, ondisk.Locate(err, n.ino, 0)
	}
	for step.node.Depth() > 0 {
		step.at = max(0, step.node.Find(fb))
		p.steps = append(p.steps, step)
		b, bounds := step.node.IndexAt(step.at).Leaf(), step.bounds.Below(step.node, step.at)
		buf, err := n.extentBuffer(b, bounds)
		if err != nil {
			return nil, err
		}
		step = extentStep{buf: buf, node: buf.Data(), bounds: bounds}
	}
	p.steps = append(p.steps, step)
	return p, nil
}

func (p *extentPath) leaf() ondisk.ExtentNode { return p.steps[len(p.steps)-1].node }

// open makes the node of step i ready to be changed.
func (p *extentPath) open(i int) (ondisk.ExtentNode, error) {
	s := &p.steps[i]
	if s.buf == nil {
		return s.node, nil
	}
	data, err := p.h.Access(s.buf)
	if err != nil {
		return nil, err
	}
	s.node = data
	return s.node, nil
}

// close writes the node of step i, which was changed.
func (p *extentPath) close(i int) error {
	s := &p.steps[i]
	if s.buf == nil {
		return p.n.update(p.h, func(e *edit) error {
			e.IBlock = p.root
			return nil
		})
	}
	p.n.sealNode(s.node)
	p.h.Dirty(s.buf)
	p.n.touched(p.h, true)
	return nil
}

// sealNode writes the checksum of a node with a block of its own.
func (n *Inode) sealNode(node ondisk.ExtentNode) {
	if n.fs.csum {
		node.SetCsum(n.core().seed)
	}
}

// change opens the leaf, lets f change it, and closes it. Where the first extent then starts elsewhere the nodes above are told.
func (p *extentPath) change(f func(leaf ondisk.ExtentNode)) error {
	last := len(p.steps) - 1
	leaf, err := p.open(last)
	if err != nil {
		return err
	}
	f(leaf)
	if err := p.close(last); err != nil || leaf.Len() == 0 {
		return err
	}
	return p.rekey(last, leaf.First(0))
}

// rekey makes the entries above step i say that what is below starts at first.
func (p *extentPath) rekey(i int, first ondisk.FileBlock) error {
	for i--; i >= 0; i-- {
		at := p.steps[i].at
		if p.steps[i].node.First(at) == first {
			return nil
		}
		node, err := p.open(i)
		if err != nil {
			return err
		}
		x := node.IndexAt(at)
		x.Block = uint32(first)
		node.SetIndex(at, x)
		if err := p.close(i); err != nil || at > 0 {
			return err
		}
	}
	return nil
}
