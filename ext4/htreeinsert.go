package ext4

import (
	"syscall"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// addIndexed adds an entry to an indexed directory. Each step leaves a sound index: while there is no room it splits one block and looks
// again, so that it takes as many steps as the index has levels.
func (n *Inode) addIndexed(h *journal.Handle, m *nameMatch, e newEntry) error {
	for range indexStepsMax {
		root, p, err := n.probeName(m)
		if err != nil {
			return err
		}
		data, err := n.dirBlock(p.leaf())
		if err != nil {
			return err
		}
		off, err := ondisk.DirentRoom(data, n.fs.dirTail(), len(e.name))
		switch {
		case err != nil:
			return ondisk.Locate(err, n.ino, 0)
		case off >= 0:
			return n.addAt(h, p.leaf(), off, e)
		}
		if err := n.makeRoom(h, root, &p); err != nil {
			return err
		}
	}
	return n.corrupt("directory index", "no room after %d splits", indexStepsMax)
}

// indexStepsMax is more than the splits that one name can need: one of the leaf for each halving of a block down to one entry, and those of the
// nodes above.
const indexStepsMax = 32

// makeRoom splits the leaf that p leads to, or what stands in the way of that: the lowest full node whose parent has room for one more entry,
// or the root.
func (n *Inode) makeRoom(h *journal.Handle, root ondisk.DxRoot, p *dxPath) error {
	level := p.last
	for level >= 0 && p.at[level].node.Count() >= p.at[level].node.Limit() {
		level--
	}
	switch {
	case level < 0:
		return n.deepen(h, root)
	case level < p.last:
		return n.splitNode(h, p.at[level], p.at[level+1])
	}
	return n.splitLeaf(h, root, p)
}

// deepen gives the index one more level below a full root.
func (n *Inode) deepen(h *journal.Handle, root ondisk.DxRoot) error {
	most := ondisk.DxLevelsMax
	if n.fs.bigDirs() {
		most = ondisk.DxLevelsMaxLarge
	}
	if int(root.IndirectLevels) >= most {
		return syscall.ENOSPC
	}
	fb, below, data, err := n.growDir(h)
	if err != nil {
		return err
	}
	top, rootData, err := n.accessDir(h, 0)
	if err != nil {
		return err
	}
	node := ondisk.DxInnerNode(data)
	ondisk.DxRootNode(rootData).MoveDown(n.dxFormat(), node, ondisk.FileBlock(fb))
	ondisk.SetDxLevels(rootData, int(root.IndirectLevels)+1)
	n.finishNode(h, below, node)
	n.finishNode(h, top, ondisk.DxRootNode(rootData))
	return nil
}

// splitNode halves a full node below a parent that has room.
func (n *Inode) splitNode(h *journal.Handle, parent, full dxPlace) error {
	fb, right, data, err := n.growDir(h)
	if err != nil {
		return err
	}
	left, leftData, err := n.accessDir(h, uint64(full.fb))
	if err != nil {
		return err
	}
	node := ondisk.DxInnerNode(data)
	hash := ondisk.DxInnerNode(leftData).MoveUpper(n.dxFormat(), node)
	n.finishNode(h, right, node)
	n.finishNode(h, left, ondisk.DxInnerNode(leftData))
	return n.point(h, parent, hash, fb)
}

// point puts an entry for block fb after the one of parent.
func (n *Inode) point(h *journal.Handle, parent dxPlace, hash uint32, fb uint64) error {
	buf, data, err := n.accessDir(h, uint64(parent.fb))
	if err != nil {
		return err
	}
	node := ondisk.DxInnerNode(data)
	if parent.fb == 0 {
		node = ondisk.DxRootNode(data)
	}
	if !node.Insert(parent.i+1, hash, ondisk.FileBlock(fb)) {
		return n.corrupt("directory index", "no room in block %d for the entry of block %d", parent.fb, fb)
	}
	n.finishNode(h, buf, node)
	return nil
}

// splitLeaf halves a full leaf below a node that has room.
func (n *Inode) splitLeaf(h *journal.Handle, root ondisk.DxRoot, p *dxPath) error {
	fb, right, data, err := n.growDir(h)
	if err != nil {
		return err
	}
	left, leftData, err := n.accessDir(h, p.leaf())
	if err != nil {
		return err
	}
	hash, err := ondisk.SplitDirLeaf(leftData, data, n.fs.dirTail(), n.majorHash(root.HashVersion))
	if err != nil {
		return ondisk.Locate(err, n.ino, left.Block())
	}
	n.finishLeaf(h, right, data)
	n.finishLeaf(h, left, leftData)
	return n.point(h, p.at[p.last], hash, fb)
}

// majorHash returns what the index sorts names in the leaves by.
func (n *Inode) majorHash(version uint8) func(ondisk.Dirent) (uint32, error) {
	hash := n.entryHash(n.fs.sb.HashVersion(version))
	return func(d ondisk.Dirent) (uint32, error) {
		h, err := hash(d, nil)
		return h.Major, err
	}
}

// makeIndex gives a directory of one full block an index: its entries move to a block of their own, and the root takes their place. The
// directory is locked by who inserts.
//
// +checklocksignore
func (n *Inode) makeIndex(h *journal.Handle) error {
	parent, err := n.lookupLocked("..")
	if err != nil {
		return err
	}
	fb, leaf, leafData, err := n.growDir(h)
	if err != nil {
		return err
	}
	top, data, err := n.accessDir(h, 0)
	if err != nil {
		return err
	}
	w := ondisk.NewDirWriter(leafData, n.fs.dirTail())
	for d, err := range ondisk.Dirents(data[:len(data)-n.fs.dirTail()]) {
		if err != nil {
			return ondisk.Locate(err, n.ino, top.Block())
		}
		if d.Ino != 0 && !isDot(d.Name) {
			w.Add(d.Ino, d.Name, d.Type)
		}
	}
	n.finishLeaf(h, leaf, leafData)
	if err := n.update(h, func(e *edit) error {
		e.Flags |= ondisk.InodeIndex
		return nil
	}); err != nil {
		return err
	}
	n.putRoot(h, top, data, parent, fb)
	return nil
}

// putRoot makes the root of an index with one leaf.
func (n *Inode) putRoot(h *journal.Handle, top *buffer.Buffer, data []byte, parent ondisk.Ino, leaf uint64) {
	kind := uint8(ondisk.FileUnknown)
	if n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
		kind = ondisk.FileDir
	}
	node := ondisk.DxRootNode(data)
	node.Init(n.dxFormat(), ondisk.FileBlock(leaf))
	root := ondisk.MakeDxRoot(n.ino, parent, kind, n.fs.blockSize, n.fs.sb.HashVersion(n.fs.sb.DefHashVersion), 0)
	root.Encode(data)
	top.SetGoodForNothing()
	n.finishNode(h, top, node)
}
