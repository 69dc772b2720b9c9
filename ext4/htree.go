package ext4

import (
	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// indexed reports whether the directory has an htree.
func (n *Inode) indexed() bool {
	return n.core().disk.Has(ondisk.InodeIndex) && n.fs.sb.HasCompat(ondisk.CompatDirIndex) && !n.inline()
}

// dxFormat is what the nodes of the directory's index depend on.
func (n *Inode) dxFormat() ondisk.DxFormat {
	return ondisk.DxFormat{
		Csum:       n.fs.csum,
		StoredHash: n.core().disk.Has(ondisk.InodeEncrypt | ondisk.InodeCasefold),
		Blocks:     uint32(min(n.blocksOfSize(), ondisk.FileBlocksMax)),
	}
}

// indexRoot reads the root of the directory's index, block 0.
func (n *Inode) indexRoot() (ondisk.DxRoot, ondisk.DxNode, error) {
	var root ondisk.DxRoot
	data, err := n.indexBlock(0)
	if err == nil {
		err = root.Decode(data)
	}
	return root, ondisk.DxRootNode(data), err
}

// indexNode reads the node in block fb of an indexed directory.
func (n *Inode) indexNode(fb ondisk.FileBlock) (ondisk.DxNode, error) {
	data, err := n.indexBlock(uint64(fb))
	return ondisk.DxInnerNode(data), err
}

// indexBlock reads a block of the index and checks all of it.
func (n *Inode) indexBlock(fb uint64) ([]byte, error) {
	b, err := n.dirBlockPlace(fb)
	if err != nil {
		return nil, err
	}
	use := buffer.Use{What: useIndexBlock, Ino: n.ino, From: fb}
	return n.fs.checkedBlock("directory index", b, use, func(data []byte) error { return n.checkIndexBlock(fb, data) })
}

func (n *Inode) checkIndexBlock(fb uint64, data []byte) error {
	node := ondisk.DxInnerNode(data)
	if fb == 0 {
		var root ondisk.DxRoot
		if err := root.Decode(data); err != nil {
			return err
		}
		if err := root.Check(n.fs.blockSize, n.fs.bigDirs()); err != nil {
			return err
		}
		node = ondisk.DxRootNode(data)
	}
	if err := node.Check(n.dxFormat()); err != nil || !n.fs.csum {
		return err
	}
	return node.CheckCsum(n.core().seed)
}

// dxPath is the way from the root of an index to the entry of one leaf.
type dxPath struct {
	n    *Inode
	hash uint32
	at   [ondisk.DxLevelsMaxLarge + 1]dxPlace // from the root down
	last int                                  // the place in at of the entry of the leaf
}

type dxPlace struct {
	fb   ondisk.FileBlock // holds the node
	node ondisk.DxNode
	i    int
}

// below is the block that the entry leads to.
func (p dxPlace) below() ondisk.FileBlock { return p.node.Block(p.i) }

// probe walks down to the first leaf that may hold names of a hash. With an error, the path ends where that was met.
func (n *Inode) probe(root ondisk.DxRoot, node ondisk.DxNode, hash uint32) (dxPath, error) {
	p := dxPath{n: n, hash: hash, last: int(root.IndirectLevels)}
	p.at[0] = dxPlace{0, node, node.Find(hash)}
	for level := range p.last {
		fb := p.at[level].below()
		node, err := n.indexNode(fb)
		if err != nil {
			p.last = level
			return p, err
		}
		p.at[level+1] = dxPlace{fb, node, node.Find(hash)}
	}
	return p, nil
}

// leaf is the block of the directory that the path leads to.
func (p *dxPath) leaf() uint64 { return uint64(p.at[p.last].below()) }

// start is the lowest hash in what the path leads to, and end the one that what comes after begins with, 1<<32 where nothing does, both with bit 0
// as stored.
func (p *dxPath) start() uint64 {
	for level := p.last; level >= 0; level-- {
		if at := p.at[level]; at.i > 0 {
			return uint64(at.node.Hash(at.i))
		}
	}
	return 0
}

func (p *dxPath) end() uint64 {
	for level := p.last; level >= 0; level-- {
		if at := p.at[level]; at.i+1 < at.node.Count() {
			return uint64(at.node.Hash(at.i + 1))
		}
	}
	return hashesEnd
}

// next moves to the leaf after, if that one goes on with names of the same hash.
func (p *dxPath) next() (bool, error) {
	level := p.last
	for level >= 0 && p.at[level].i+1 >= p.at[level].node.Count() {
		level--
	}
	if level < 0 || !p.at[level].node.Continues(p.at[level].i+1, p.hash) {
		return false, nil
	}
	p.at[level].i++
	for ; level < p.last; level++ {
		fb := p.at[level].below()
		node, err := p.n.indexNode(fb)
		if err != nil {
			return false, err
		}
		p.at[level+1] = dxPlace{fb, node, 0}
	}
	return true, nil
}

// probeName is probe for the hash of a name.
func (n *Inode) probeName(m *nameMatch) (ondisk.DxRoot, dxPath, error) {
	root, node, err := n.indexRoot()
	if err != nil {
		return root, dxPath{}, err
	}
	hash, err := m.hash(n.fs.sb.HashVersion(root.HashVersion), n.fs.sb.HashSeed)
	if err != nil {
		return root, dxPath{}, err
	}
	p, err := n.probe(root, node, hash)
	return root, p, err
}

// indexFind looks a name up by way of the index. Leaves that share the hash are visited in turn, but never more of them than the
// directory can have.
func (n *Inode) indexFind(m *nameMatch) (entryPlace, error) {
	_, p, err := n.probeName(m)
	if err != nil {
		return entryPlace{}, err
	}
	for range min(n.blocksOfSize(), n.fs.blocks) {
		data, err := n.dirBlock(p.leaf())
		if err != nil {
			return entryPlace{}, err
		}
		if d, err := m.find(data); d.Ino != 0 || err != nil {
			return placeOf(d, Cookie(p.leaf()<<n.fs.blockBits)), ondisk.Locate(err, n.ino, 0)
		}
		if more, err := p.next(); !more || err != nil {
			return entryPlace{}, err
		}
	}
	return entryPlace{}, n.corrupt("directory index", "hash %#x goes on through more leaves than there are", p.hash)
}
