package ext4

import (
	"encoding/binary"

	"extant/internal/ondisk"
)

// The block map of an ext2 or ext3 file: i_block has the numbers of twelve blocks and then those of an indirect, a double and a
// triple indirect block, the roots of trees one, two and three levels deep. 0 stands for a hole, whatever would be below it.
const (
	mapDirect  = 12
	mapTrees   = 3
	mapPtrSize = 4
)

// blockMapRun finds file block fb in the inode's block map.
func (n *Inode) blockMapRun(fb ondisk.FileBlock) (run, error) {
	at := uint64(fb)
	if at < mapDirect {
		return n.pointerRun(n.disk.IBlock[:mapDirect*mapPtrSize], 0, at)
	}
	first, perBlock := uint64(mapDirect), uint64(n.fs.blockSize/mapPtrSize)
	span := perBlock // of the tree, in file blocks
	for tree := range uint64(mapTrees) {
		if at-first < span {
			return n.mapTreeRun(tree, first, span, at)
		}
		first, span = first+span, span*perBlock
	}
	return run{first: first, count: ondisk.FileBlocksMax - first}, nil
}

// mapTreeRun walks down a tree of tree+1 levels that maps span file blocks from first on.
func (n *Inode) mapTreeRun(tree, first, span, fb uint64) (run, error) {
	ptrs, i := n.disk.IBlock[:], mapDirect+tree
	for {
		b := pointerAt(ptrs, i)
		if b == 0 {
			return run{first: first, count: span}, nil
		}
		buf, err := n.fs.metaBlock("indirect block", b)
		if err != nil {
			return run{}, ondisk.Locate(err, n.ino, b)
		}
		ptrs, span = buf.Data(), span/uint64(n.fs.blockSize/mapPtrSize)
		if span == 1 {
			return n.pointerRun(ptrs, first, fb)
		}
		i = (fb - first) / span
		first += i * span
	}
}

// pointerRun is the run around file block fb among the pointers to data, of which the first maps file block first.
func (n *Inode) pointerRun(ptrs []byte, first, fb uint64) (run, error) {
	i, end := fb-first, uint64(len(ptrs)/mapPtrSize)
	r := run{first: fb, count: 1, start: pointerAt(ptrs, i), state: written}
	step := ondisk.Block(1)
	if r.start == 0 {
		r.state, step = hole, 0
	}
	for b := r.start + step; i+r.count < end && pointerAt(ptrs, i+r.count) == b; b += step {
		r.count++
	}
	if r.state == hole {
		return r, nil
	}
	return r, n.fs.checkRange("block map", r.start, r.count)
}

func pointerAt(ptrs []byte, i uint64) ondisk.Block {
	return ondisk.Block(binary.LittleEndian.Uint32(ptrs[i*mapPtrSize:]))
}
