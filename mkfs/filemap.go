package mkfs

import (
	"encoding/binary"
	"slices"
	"syscall"

	"extant/internal/ondisk"
)

// A piece is part of a file in one place on the device.
type piece struct {
	at        ondisk.FileBlock
	run       run
	unwritten bool
}

// pieces lays the runs one after another from the start of a file of n blocks; what the last run has beyond
// that stays unmapped.
func pieces(runs []run, n uint64) []piece {
	var out []piece
	at := uint64(0)
	for _, r := range runs {
		r.n = min(r.n, n-at)
		if r.n > 0 {
			out = append(out, piece{at: ondisk.FileBlock(at), run: r})
		}
		at += r.n
	}
	return out
}

// mapFile points an inode at its data, in ascending order of file blocks: i_block, the flag for extents, and
// i_blocks, to which it adds the data and the blocks of the map. Those it takes after the data and writes; the inode's generation must be
// set, since they are sealed with it.
func (im *image) mapFile(n *ondisk.Inode, ino ondisk.Ino, data []piece) error {
	for _, p := range data {
		im.addBlocks(n, im.space.whole(p.run).n)
	}
	if im.geo.has(extents) {
		return im.mapExtents(n, ino, data)
	}
	return im.mapIndirect(n, data)
}

// addBlocks adds blocks to i_blocks.
func (im *image) addBlocks(n *ondisk.Inode, blocks uint64) {
	n.SetBlocks(n.Blocks() + blocks*uint64(im.geo.BlockSize/512))
}

// takeMapBlock takes a block for the map of a file; with clusters, a cluster.
func (im *image) takeMapBlock(n *ondisk.Inode) (ondisk.Block, error) {
	r, err := im.space.allocRun(1)
	if err != nil {
		return 0, err
	}
	im.addBlocks(n, r.n)
	return r.start, nil
}

// mapExtents builds an extent tree from its leaves up.
func (im *image) mapExtents(n *ondisk.Inode, ino ondisk.Ino, data []piece) error {
	n.Flags |= ondisk.InodeExtents
	list := extentList(data)
	root := ondisk.ExtentNode(n.IBlock[:])
	root.Init(0)
	if len(list) <= root.Max() {
		for _, e := range list {
			root.Append(e)
		}
		return nil
	}
	t := extentTree{im: im, inode: n, seed: ondisk.InodeSeed(im.seed, ino, n.Generation), w: &im.meta}
	level, err := t.leaves(list)
	depth := 1
	for ; err == nil && len(level) > root.Max(); depth++ {
		level, err = t.indexes(level, depth)
	}
	if err != nil {
		return err
	}
	root.Init(depth)
	for _, x := range level {
		root.AppendIndex(x)
	}
	return t.w.flush()
}

// extentList cuts pieces to the length that one extent can have.
func extentList(data []piece) []ondisk.Extent {
	list := make([]ondisk.Extent, 0, len(data))
	for _, p := range data {
		most := uint64(ondisk.ExtentLenMax)
		if p.unwritten {
			most = ondisk.ExtentLenMaxUnwritten
		}
		for done := uint64(0); done < p.run.n; {
			n := min(most, p.run.n-done)
			list = append(list, ondisk.MakeExtent(p.at+ondisk.FileBlock(done), p.run.start+ondisk.Block(done), uint32(n), p.unwritten))
			done += n
		}
	}
	return list
}

// extentTree writes the nodes of one tree that have blocks of their own.
type extentTree struct {
	im    *image
	inode *ondisk.Inode
	seed  uint32 // of the nodes' checksums
	w     *metaWriter
}

// node takes and writes one node, which fill fills.
func (t *extentTree) node(depth int, fill func(ondisk.ExtentNode)) (ondisk.Block, error) {
	at, err := t.im.takeMapBlock(t.inode)
	if err != nil {
		return 0, err
	}
	b, err := t.w.block(at)
	if err != nil {
		return 0, err
	}
	node := ondisk.ExtentNode(b)
	node.Init(depth)
	fill(node)
	if t.im.geo.has(metadataCsum) {
		node.SetCsum(t.seed)
	}
	return at, nil
}

// perNode is the number of entries of a node with a block of its own.
func (t *extentTree) perNode() int {
	return (t.im.geo.BlockSize - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
}

// leaves writes the leaves and returns the entries of the level above.
func (t *extentTree) leaves(list []ondisk.Extent) (level []ondisk.ExtentIndex, err error) {
	for part := range slices.Chunk(list, t.perNode()) {
		at, err := t.node(0, func(node ondisk.ExtentNode) {
			for _, e := range part {
				node.Append(e)
			}
		})
		if err != nil {
			return nil, err
		}
		level = append(level, ondisk.MakeExtentIndex(part[0].First(), at))
	}
	return level, nil
}

// indexes writes the index nodes over a level and returns the entries of the next.
func (t *extentTree) indexes(below []ondisk.ExtentIndex, depth int) (level []ondisk.ExtentIndex, err error) {
	for part := range slices.Chunk(below, t.perNode()) {
		at, err := t.node(depth, func(node ondisk.ExtentNode) {
			for _, x := range part {
				node.AppendIndex(x)
			}
		})
		if err != nil {
			return nil, err
		}
		level = append(level, ondisk.MakeExtentIndex(part[0].First(), at))
	}
	return level, nil
}

// directBlocks is how many blocks i_block maps itself where there are no extents.
const directBlocks = 12

// mapIndirect builds a map of direct and indirect blocks.
func (im *image) mapIndirect(n *ondisk.Inode, data []piece) error {
	m := blockMap{im: im, inode: n, data: data, w: &im.meta}
	for i := range uint64(directBlocks) {
		m.setRoot(int(i), m.block(i))
	}
	single, err := m.indirects()
	if err != nil {
		return err
	}
	var double []uint32
	if len(single) > 0 {
		m.setRoot(directBlocks, single[0])
		if double, err = m.level(single[1:]); err != nil {
			return err
		}
	}
	if len(double) > 0 {
		m.setRoot(directBlocks+1, double[0])
		triple, err := m.level(double[1:])
		if err != nil {
			return err
		}
		if len(triple) > 1 {
			return syscall.EFBIG
		}
		if len(triple) == 1 {
			m.setRoot(directBlocks+2, triple[0])
		}
	}
	return m.w.flush()
}

// blockMap writes the indirect blocks of one file.
type blockMap struct {
	im    *image
	inode *ondisk.Inode
	data  []piece // not yet passed
	w     *metaWriter
}

func (m *blockMap) setRoot(i int, b uint32) {
	binary.LittleEndian.PutUint32(m.inode.IBlock[4*i:], b)
}

// block is where a file block lies, 0 for a hole. It is asked for ascending file blocks.
func (m *blockMap) block(at uint64) uint32 {
	for len(m.data) > 0 && uint64(m.data[0].at)+m.data[0].run.n <= at {
		m.data = m.data[1:]
	}
	if len(m.data) == 0 || uint64(m.data[0].at) > at {
		return 0
	}
	return uint32(uint64(m.data[0].run.start) + at - uint64(m.data[0].at))
}

// end is the file block after the last that is mapped.
func (m *blockMap) end() uint64 {
	if len(m.data) == 0 {
		return 0
	}
	last := m.data[len(m.data)-1]
	return uint64(last.at) + last.run.n
}

// indirects writes the blocks that map everything past the direct ones and returns where they lie; 0 where all is a
// hole.
func (m *blockMap) indirects() (level []uint32, err error) {
	per := uint64(m.im.geo.BlockSize / 4)
	refs := make([]uint32, per)
	for at, end := uint64(directBlocks), m.end(); at < end; at += per {
		if m.block(at) == 0 && uint64(m.data[0].at) >= at+per { // a long hole
			level = append(level, 0)
			continue
		}
		for i := range refs {
			refs[i] = m.block(at + uint64(i))
		}
		b, err := m.refBlock(refs)
		if err != nil {
			return nil, err
		}
		level = append(level, b)
	}
	return level, nil
}

// level writes the blocks that refer to those below.
func (m *blockMap) level(below []uint32) (level []uint32, err error) {
	for part := range slices.Chunk(below, m.im.geo.BlockSize/4) {
		b, err := m.refBlock(part)
		if err != nil {
			return nil, err
		}
		level = append(level, b)
	}
	return level, nil
}

// refBlock writes one block of references, unless all are holes.
func (m *blockMap) refBlock(refs []uint32) (uint32, error) {
	if !slices.ContainsFunc(refs, func(r uint32) bool { return r != 0 }) {
		return 0, nil
	}
	at, err := m.im.takeMapBlock(m.inode)
	if err != nil {
		return 0, err
	}
	b, err := m.w.block(at)
	if err != nil {
		return 0, err
	}
	for i, r := range refs {
		binary.LittleEndian.PutUint32(b[4*i:], r)
	}
	return uint32(at), nil
}
