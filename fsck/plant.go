package fsck

import (
	"errors"

	"extant/internal/ondisk"
)

// A planter builds the map of a file anew, in blocks that nobody uses. Only where there are none left does it take those of the old map.
type planter struct {
	m     *mender
	seed  uint32
	spare []ondisk.Block
}

// plant gives an inode a map of runs, which are in ascending order. spare are blocks of the old map.
func (m *mender) plant(ino ondisk.Ino, runs []mapRun, spare []ondisk.Block) error {
	n, _, seed, err := m.getInode(ino)
	if err != nil {
		return err
	}
	p := planter{m: m, seed: seed, spare: spare}
	var block [ondisk.IBlockSize]byte
	if n.Has(ondisk.InodeExtents) {
		err = p.extents(block[:], joined(runs))
	} else {
		err = p.blockMap(block[:], runs)
	}
	if err != nil {
		return err
	}
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.IBlock = block })
}

// block takes a block for a node.
func (p *planter) block() (ondisk.Block, error) {
	b, err := p.m.allocateBlock()
	if errors.Is(err, ErrNoSpace) && len(p.spare) > 0 {
		b, err = p.spare[0], nil
		p.spare = p.spare[1:]
	}
	return b, err
}

// extents makes root the root of a tree of the runs.
func (p *planter) extents(root ondisk.ExtentNode, runs []mapRun) error {
	root.Init(0)
	extents := cutExtents(runs)
	if len(extents) <= root.Max() {
		for _, e := range extents {
			root.Append(e)
		}
		return nil
	}
	var level []ondisk.ExtentIndex
	for len(extents) > 0 {
		node := p.node(0)
		first := extents[0].First()
		for len(extents) > 0 && node.Append(extents[0]) {
			extents = extents[1:]
		}
		x, err := p.keep(node, first)
		if err != nil {
			return err
		}
		level = append(level, x)
	}
	depth := 1
	for ; len(level) > root.Max(); depth++ {
		up, err := p.index(level, depth)
		if err != nil {
			return err
		}
		level = up
	}
	root.Init(depth)
	for _, x := range level {
		root.AppendIndex(x)
	}
	return nil
}

// index makes a level of index nodes over another.
func (p *planter) index(level []ondisk.ExtentIndex, depth int) ([]ondisk.ExtentIndex, error) {
	var up []ondisk.ExtentIndex
	for len(level) > 0 {
		node := p.node(depth)
		first := level[0].First()
		for len(level) > 0 && node.AppendIndex(level[0]) {
			level = level[1:]
		}
		x, err := p.keep(node, first)
		if err != nil {
			return nil, err
		}
		up = append(up, x)
	}
	return up, nil
}

func (p *planter) node(depth int) ondisk.ExtentNode {
	n := make(ondisk.ExtentNode, p.m.c.bs)
	n.Init(depth)
	return n
}

// keep writes a node and returns the entry for it.
func (p *planter) keep(n ondisk.ExtentNode, first ondisk.FileBlock) (ondisk.ExtentIndex, error) {
	b, err := p.block()
	if err != nil {
		return ondisk.ExtentIndex{}, err
	}
	if p.m.c.csum {
		n.SetCsum(p.seed)
	}
	return ondisk.MakeExtentIndex(first, b), p.m.put(b, n)
}

// cutExtents makes extents of runs, several of one that is too long for an extent.
func cutExtents(runs []mapRun) []ondisk.Extent {
	var out []ondisk.Extent
	for _, r := range runs {
		most := uint64(ondisk.ExtentLenMax)
		if r.unwritten {
			most = ondisk.ExtentLenMaxUnwritten
		}
		for r.count > 0 {
			n := min(r.count, most)
			out = append(out, ondisk.MakeExtent(ondisk.FileBlock(r.file), r.start, uint32(n), r.unwritten))
			r.file, r.start, r.count = r.file+n, r.start+ondisk.Block(n), r.count-n
		}
	}
	return out
}

// blockMap makes root the i_block of a file with the runs.
func (p *planter) blockMap(root ondisk.BlockMap, runs []mapRun) error {
	s := &runCursor{runs: runs}
	for i := range ondisk.DirectBlocks {
		root.Set(i, s.at(uint64(i)))
	}
	first := uint64(ondisk.DirectBlocks)
	for level := range ondisk.TripleSlot - ondisk.IndirectSlot + 1 {
		b, err := p.indirect(s, level, first)
		if err != nil {
			return err
		}
		root.Set(ondisk.IndirectSlot+level, b)
		first += ondisk.IndirectSpan(level+1, p.m.c.bs)
	}
	return nil
}

// indirect makes the indirect block that maps file blocks from first on; 0 where none of them is mapped.
func (p *planter) indirect(s *runCursor, level int, first uint64) (ondisk.Block, error) {
	if !s.any(first, first+ondisk.IndirectSpan(level+1, p.m.c.bs)) {
		return 0, nil
	}
	numbers := make(ondisk.BlockMap, p.m.c.bs)
	span := ondisk.IndirectSpan(level, p.m.c.bs)
	for i := range numbers.Len() {
		fb := first + uint64(i)*span
		if level == 0 {
			numbers.Set(i, s.at(fb))
			continue
		}
		b, err := p.indirect(s, level-1, fb)
		if err != nil {
			return 0, err
		}
		numbers.Set(i, b)
	}
	b, err := p.block()
	if err != nil {
		return 0, err
	}
	return b, p.m.put(b, numbers)
}

// A runCursor looks runs up in ascending order of file blocks.
type runCursor struct{ runs []mapRun }

func (s *runCursor) skip(fb uint64) {
	for len(s.runs) > 0 && s.runs[0].end() <= fb {
		s.runs = s.runs[1:]
	}
}

// at is where a file block lies; 0 for nowhere.
func (s *runCursor) at(fb uint64) ondisk.Block {
	s.skip(fb)
	if len(s.runs) == 0 || s.runs[0].file > fb {
		return 0
	}
	return s.runs[0].start + ondisk.Block(fb-s.runs[0].file)
}

// any reports whether one of the file blocks from first up to, but without, end lies somewhere.
func (s *runCursor) any(first, end uint64) bool {
	s.skip(first)
	return len(s.runs) > 0 && s.runs[0].file < end
}
