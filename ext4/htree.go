package ext4

import (
	"extant/internal/ondisk"
)

// indexed reports whether the directory has an htree.
func (n *Inode) indexed() bool {
	return n.disk.Has(ondisk.InodeIndex) && n.fs.sb.HasCompat(ondisk.CompatDirIndex) && !n.inline()
}

// dxFormat is what the nodes of the directory's index depend on.
func (n *Inode) dxFormat() ondisk.DxFormat {
	return ondisk.DxFormat{
		Csum:       n.fs.csum,
		StoredHash: n.disk.Has(ondisk.InodeEncrypt | ondisk.InodeCasefold),
		Blocks:     uint32(min(n.blocksOfSize(), ondisk.FileBlocksMax)),
	}
}

// indexRoot reads block 0 of an indexed directory.
func (n *Inode) indexRoot() (ondisk.DxRoot, ondisk.DxNode, error) {
	var root ondisk.DxRoot
	data, err := n.dirBlock(0)
	if err != nil {
		return root, ondisk.DxNode{}, err
	}
	if err := root.Decode(data); err != nil {
		return root, ondisk.DxNode{}, err
	}
	node := ondisk.DxRootNode(data)
	if err := root.Check(n.fs.blockSize, n.fs.bigDirs()); err != nil {
		return root, node, ondisk.Locate(err, n.ino, 0)
	}
	return root, node, ondisk.Locate(node.Check(n.dxFormat()), n.ino, 0)
}

// indexNode reads the node in block fb of an indexed directory.
func (n *Inode) indexNode(fb ondisk.FileBlock) (ondisk.DxNode, error) {
	data, err := n.dirBlock(uint64(fb))
	if err != nil {
		return ondisk.DxNode{}, err
	}
	node := ondisk.DxInnerNode(data)
	return node, ondisk.Locate(node.Check(n.dxFormat()), n.ino, 0)
}

// dxPath is the way from the root of an index to the entry of one leaf.
type dxPath struct {
	n    *Inode
	hash uint32
	at   []dxPlace // from the root down
}

type dxPlace struct {
	node ondisk.DxNode
	i    int
}

// probe walks down to the first leaf that may hold names of a hash.
func (n *Inode) probe(root ondisk.DxRoot, node ondisk.DxNode, hash uint32) (*dxPath, error) {
	p := &dxPath{n: n, hash: hash, at: make([]dxPlace, 1, ondisk.DxLevelsMaxLarge+1)}
	p.at[0] = dxPlace{node, node.Find(hash)}
	for range root.IndirectLevels {
		last := p.at[len(p.at)-1]
		below, err := n.indexNode(last.node.Block(last.i))
		if err != nil {
			return nil, err
		}
		p.at = append(p.at, dxPlace{below, below.Find(hash)})
	}
	return p, nil
}

// leaf is the block of the directory that the path leads to.
func (p *dxPath) leaf() uint64 {
	last := p.at[len(p.at)-1]
	return uint64(last.node.Block(last.i))
}

// next moves to the leaf after, if that one goes on with names of the same hash.
func (p *dxPath) next() (bool, error) {
	level := len(p.at) - 1
	for level >= 0 && p.at[level].i+1 >= p.at[level].node.Count() {
		level--
	}
	if level < 0 || !p.at[level].node.Continues(p.at[level].i+1, p.hash) {
		return false, nil
	}
	p.at[level].i++
	for ; level+1 < len(p.at); level++ {
		node, err := p.n.indexNode(p.at[level].node.Block(p.at[level].i))
		if err != nil {
			return false, err
		}
		p.at[level+1] = dxPlace{node, 0}
	}
	return true, nil
}

// indexFind looks a name up by way of the index. Leaves that share the hash are visited in turn, but never more of them than the
// directory can have.
func (n *Inode) indexFind(m *nameMatch) (ondisk.Ino, error) {
	root, node, err := n.indexRoot()
	if err != nil {
		return 0, err
	}
	hash, err := m.hash(n.fs.sb.HashVersion(root.HashVersion), n.fs.sb.HashSeed)
	if err != nil {
		return 0, err
	}
	p, err := n.probe(root, node, hash)
	if err != nil {
		return 0, err
	}
	for range min(n.blocksOfSize(), n.fs.blocks) {
		data, err := n.dirBlock(p.leaf())
		if err != nil {
			return 0, err
		}
		if ino, err := m.find(data); ino != 0 || err != nil {
			return ino, ondisk.Locate(err, n.ino, 0)
		}
		if more, err := p.next(); !more || err != nil {
			return 0, err
		}
	}
	return 0, n.corrupt("directory index", "hash %#x goes on through more leaves than there are", hash)
}
