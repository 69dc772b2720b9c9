package ext4

import (
	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// extentRun finds file block fb in the inode's extent tree. The walk ends: each node's check makes sure that it is one level
// nearer to the leaves than the node above.
func (n *Inode) extentRun(fb ondisk.FileBlock) (run, error) {
	w := n.fs.sb.RootBounds()
	node := ondisk.ExtentNode(n.core().disk.IBlock[:])
	if err := node.Check(w); err != nil {
		return run{}, err
	}
	for node.Depth() > 0 {
		i := node.Find(fb)
		if i < 0 {
			return run{first: uint64(w.First), count: uint64(node.First(0) - w.First)}, nil
		}
		b := node.IndexAt(i).Leaf()
		w = w.Below(node, i)
		var err error
		if node, err = n.extentNode(b, w); err != nil {
			return run{}, err
		}
	}
	return leafRun(node, w, fb), nil
}

// extentNode reads the node in block b, which may map what w says.
func (n *Inode) extentNode(b ondisk.Block, w ondisk.ExtentBounds) (ondisk.ExtentNode, error) {
	buf, err := n.extentBuffer(b, w)
	if err != nil {
		return nil, err
	}
	return buf.Data(), nil
}

// extentBuffer is the buffer of a node that may map what w says, checked.
func (n *Inode) extentBuffer(b ondisk.Block, w ondisk.ExtentBounds) (*buffer.Buffer, error) {
	buf, err := n.fs.metaBlock("extent node", b)
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, b)
	}
	use := buffer.Use{What: useExtentNode, Ino: n.ino, From: uint64(w.First)<<8 | uint64(w.Depth), To: w.End}
	if buf.GoodFor(use) {
		return buf, nil
	}
	node := ondisk.ExtentNode(buf.Data())
	err = node.Check(w)
	if err == nil && n.fs.csum {
		err = node.CheckCsum(n.core().seed)
	}
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, b)
	}
	buf.SetGoodFor(use)
	return buf, nil
}

// leafRun is the extent of a leaf that holds fb, or the hole around it.
func leafRun(leaf ondisk.ExtentNode, w ondisk.ExtentBounds, fb ondisk.FileBlock) run {
	i := leaf.Find(fb)
	first, end := uint64(w.First), w.End
	if i >= 0 {
		e := leaf.At(i)
		if uint64(fb) < e.End() {
			return extentAsRun(e)
		}
		first = e.End()
	}
	if i+1 < leaf.Len() {
		end = uint64(leaf.First(i + 1))
	}
	return run{first: first, count: end - first}
}

func extentAsRun(e ondisk.Extent) run {
	r := run{first: uint64(e.First()), count: uint64(e.Length()), start: e.Start(), state: written}
	if e.Unwritten() {
		r.state = unwritten
	}
	return r
}
