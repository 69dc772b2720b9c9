package fsck

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// A salvage collects what is sound of an extent tree: every extent that maps blocks which a file may have, and does not contradict one before it.
type salvage struct {
	m     *mender
	ino   ondisk.Ino
	runs  []mapRun
	nodes []ondisk.Block // that were read
	seen  map[ondisk.Block]bool
}

// salvageExtents collects what is sound of the tree of an inode, in ascending order of file blocks.
func (m *mender) salvageExtents(ino ondisk.Ino, n *ondisk.Inode) *salvage {
	s := &salvage{m: m, ino: ino, seen: make(map[ondisk.Block]bool)}
	s.node(n.IBlock[:], -1, 0, ondisk.FileBlocksMax)
	slices.SortStableFunc(s.runs, func(a, b mapRun) int { return cmp.Compare(a.file, b.file) })
	next, kept := uint64(0), s.runs[:0]
	for _, r := range s.runs {
		if r.file >= next {
			kept, next = append(kept, r), r.end()
		}
	}
	s.runs = m.avoidMetadata(kept)
	return s
}

// node collects from a node that may map file blocks from first up to, but without, end. depth is what the node above says of it; -1 for
// the root.
func (s *salvage) node(n ondisk.ExtentNode, depth int, first, end uint64) {
	var h ondisk.ExtentHeader
	if h.Decode(n) != nil {
		return
	}
	room := (len(n) - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
	whole := int(h.Max) == room && int(h.Entries) <= room && h.Depth <= ondisk.ExtentDepthMax
	if h.Magic != ondisk.ExtentMagic && !whole {
		return
	}
	if depth < 0 {
		depth = int(h.Depth)
	}
	if depth > ondisk.ExtentDepthMax {
		return
	}
	for i := range min(int(h.Entries), room) {
		if depth == 0 {
			s.extent(n.At(i), first, end)
			continue
		}
		x, until := n.IndexAt(i), end
		if i+1 < min(int(h.Entries), room) && n.First(i+1) > x.First() {
			until = min(end, uint64(n.First(i+1)))
		}
		s.below(x.Leaf(), depth-1, first, until)
	}
}

func (s *salvage) extent(e ondisk.Extent, first, end uint64) {
	n := uint64(e.Length())
	if n > 0 && s.m.c.holds(e.Start(), n) && uint64(e.Block) >= first && e.End() <= end {
		s.runs = append(s.runs, mapRun{uint64(e.Block), e.Start(), n, e.Unwritten()})
	}
}

// below goes on with the node in a block.
func (s *salvage) below(b ondisk.Block, depth int, first, end uint64) {
	c := s.m.c
	if !c.holds(b, 1) || s.seen[b] || c.base.has(c.cluster(b)) {
		return
	}
	s.seen[b] = true
	p, err := s.m.get(b)
	if err != nil {
		return
	}
	s.nodes = append(s.nodes, b)
	s.node(p, depth, first, end)
}

// avoidMetadata leaves out what lies in the file system's own metadata.
func (m *mender) avoidMetadata(runs []mapRun) []mapRun {
	c := m.c
	var out []mapRun
	for _, r := range runs {
		from := c.cluster(r.start)
		if !c.base.any(from, c.cluster(r.start+ondisk.Block(r.count)-1)+1-from) {
			out = append(out, r)
			continue
		}
		for i := range r.count {
			if b := r.start + ondisk.Block(i); !c.base.has(c.cluster(b)) {
				out = appendRun(out, mapRun{r.file + i, b, 1, r.unwritten})
			}
		}
	}
	return out
}

// appendRun adds a run, to the last one where it continues that.
func appendRun(runs []mapRun, r mapRun) []mapRun {
	if n := len(runs) - 1; n >= 0 {
		if l := &runs[n]; l.end() == r.file && l.start+ondisk.Block(l.count) == r.start && l.unwritten == r.unwritten {
			l.count += r.count
			return runs
		}
	}
	return append(runs, r)
}

// joined is the runs with those joined that continue each other.
func joined(runs []mapRun) []mapRun {
	out := make([]mapRun, 0, len(runs))
	for _, r := range runs {
		out = appendRun(out, r)
	}
	return out
}
