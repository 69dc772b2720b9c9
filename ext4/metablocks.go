package ext4

import (
	"iter"

	"extant/internal/ondisk"
)

// A MetaBlock is a block that holds metadata of one inode.
type MetaBlock struct {
	Kind  MetaKind
	Block ondisk.Block
	Level int              // of a tree's node: 0 for one that maps data
	File  ondisk.FileBlock // the first that an extent node or indirect block maps; of a directory's block, its own number
}

// MetaKind says what a MetaBlock holds.
type MetaKind uint8

// The kinds of blocks that hold metadata of an inode.
const (
	ExtentNode    MetaKind = iota + 1 // of an extent tree
	IndirectBlock                     // of a block map
	DirBlock                          // of a directory: linear, or a leaf of an htree
	IndexBlock                        // of a directory: root or node of an htree
	XattrBlock                        // i_file_acl
)

func (k MetaKind) String() string {
	return [...]string{"", "extent node", "indirect block", "directory block", "directory index", "xattr block"}[k]
}

// MetaBlocks yields the blocks that hold the inode's metadata: its xattr block, then the nodes of its tree from the root down,
// then the blocks of a directory. After an error it goes on with what does not depend on the block in question.
func (n *Inode) MetaBlocks() iter.Seq2[MetaBlock, error] {
	return func(yield func(MetaBlock, error) bool) {
		if b := n.XattrBlock(); b != 0 && !yield(MetaBlock{Kind: XattrBlock, Block: b}, nil) {
			return
		}
		w := &metaWalk{n: n, yield: yield, left: n.fs.blocks}
		if !n.hasBlocks() || !w.tree() || !n.IsDir() {
			return
		}
		for r, err := range n.runs(0, n.blocksOfSize()) {
			if err != nil {
				yield(MetaBlock{}, err)
				return
			}
			for i := uint64(0); r.state == written && i < r.count; i++ {
				if !w.dirBlock(r.first+i, r.start+ondisk.Block(i)) {
					return
				}
			}
		}
	}
}

// metaWalk is a walk over an inode's metadata. A tree that has more blocks than the file system is one that bites its tail.
type metaWalk struct {
	n     *Inode
	yield func(MetaBlock, error) bool
	left  uint64
}

// tree yields the nodes below i_block; false says that the caller wants no more.
func (w *metaWalk) tree() bool {
	if w.n.core().disk.Has(ondisk.InodeExtents) {
		node, bounds := ondisk.ExtentNode(w.n.core().disk.IBlock[:]), w.n.fs.sb.RootBounds()
		if err := node.Check(bounds); err != nil {
			return w.yield(MetaBlock{}, ondisk.Locate(err, w.n.ino, 0))
		}
		return w.extents(node, bounds)
	}
	first, root := uint64(ondisk.DirectBlocks), ondisk.BlockMap(w.n.core().disk.IBlock[:])
	for i := ondisk.IndirectSlot; i < root.Len(); i++ {
		level := i - ondisk.IndirectSlot
		if !w.indirect(root.At(i), level, first) {
			return false
		}
		first += ondisk.IndirectSpan(level+1, w.n.fs.blockSize)
	}
	return true
}

// extents yields the nodes below an index node. Each is one level nearer to the leaves.
func (w *metaWalk) extents(node ondisk.ExtentNode, bounds ondisk.ExtentBounds) bool {
	for i := 0; node.Depth() > 0 && i < node.Len(); i++ {
		x, below := node.IndexAt(i), bounds.Below(node, i)
		if more, ok := w.visit(MetaBlock{ExtentNode, x.Leaf(), below.Depth, x.First()}); !more || !ok {
			return more
		}
		child, err := w.n.extentNode(x.Leaf(), below)
		if err != nil && !w.yield(MetaBlock{}, err) || err == nil && !w.extents(child, below) {
			return false
		}
	}
	return true
}

// indirect yields an indirect block, which maps file blocks from first on, and those below it. level 0 maps data.
func (w *metaWalk) indirect(b ondisk.Block, level int, first uint64) bool {
	if b == 0 || first >= ondisk.FileBlocksMax {
		return true
	}
	if more, ok := w.visit(MetaBlock{IndirectBlock, b, level, ondisk.FileBlock(first)}); !more || !ok {
		return more
	}
	m, err := w.n.indirectBlock(b)
	if err != nil {
		return w.yield(MetaBlock{}, err)
	}
	for i := 0; level > 0 && i < m.Len(); i++ {
		if !w.indirect(m.At(i), level-1, first) {
			return false
		}
		first += ondisk.IndirectSpan(level, w.n.fs.blockSize)
	}
	return true
}

// visit yields a node; ok says that the walk may go below it.
func (w *metaWalk) visit(m MetaBlock) (more, ok bool) {
	if w.left == 0 {
		w.yield(MetaBlock{}, w.n.corrupt(m.Kind.String(), "more of them than the file system has blocks"))
		return false, false
	}
	w.left--
	return w.yield(m, nil), true
}

func (w *metaWalk) dirBlock(fb uint64, b ondisk.Block) bool {
	m := MetaBlock{Kind: DirBlock, Block: b, File: ondisk.FileBlock(fb)}
	data, err := w.n.dirBlockAt(fb, b)
	if w.n.indexed() && (fb == 0 || err == nil && isIndexNode(data)) {
		m.Kind = IndexBlock
	}
	return w.yield(m, err)
}
