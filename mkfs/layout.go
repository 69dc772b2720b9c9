package mkfs

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// A tableSet is where the tables of one group lie.
type tableSet struct {
	blockBitmap ondisk.Block
	inodeBitmap ondisk.Block
	inodeTable  ondisk.Block
}

// head is the run at the start of a group that its copy of super block and descriptors takes; empty for
// most groups.
func (g *Geometry) head(group uint64) run {
	s := &g.Super
	r := run{start: s.GroupFirstBlock(ondisk.Group(group))}
	if s.HasBackup(ondisk.Group(group)) {
		r.n = 1
		if !g.has(metaBG) {
			r.n += g.DescBlocks + uint64(s.ReservedGDTBlocks)
		}
	}
	if g.has(metaBG) && g.holdsMetaDesc(group) {
		r.n++
	}
	if r.start == 0 && g.BlockSize == blockSizeMin {
		r.n++ // the boot block comes before the super block
	}
	return r
}

// holdsMetaDesc reports whether a group holds, under meta_bg, the descriptors of its meta group: the first, the second
// and the last do.
func (g *Geometry) holdsMetaDesc(group uint64) bool {
	at := group % g.descsPerBlock()
	return at <= 1 || at == g.descsPerBlock()-1
}

func (g *Geometry) descsPerBlock() uint64 {
	return uint64(g.BlockSize / g.Super.DescriptorSize())
}

// place finds a place for the tables of every group.
func (g *Geometry) place() {
	g.tables = make([]tableSet, g.Groups)
	p := placer{g: g}
	step := g.FlexGroups
	if g.opts.Extended.PackedMetaBlocks && g.has(flexBG) {
		step = g.Groups
	}
	for first := uint64(0); first < g.Groups; first += step {
		p.tables(first, min(first+step, g.Groups))
	}
	p.finish()
}

// A placer walks over the device once, skipping the heads of groups, and lays the tables where there
// is room.
type placer struct {
	g    *Geometry
	at   ondisk.Block
	runs []run // what was placed, in order
}

// tables places the tables of groups lo to hi-1 together: all block bitmaps, all inode bitmaps, all inode
// tables. Where they do not fit in those groups that way, each group takes its own.
func (p *placer) tables(lo, hi uint64) {
	g := p.g
	set := g.tables[lo:hi]
	before := p.mark()
	p.at = g.head(lo).end()
	if g.FlexGroups == 1 {
		p.at = p.striped(lo)
	}
	p.together(set)
	if hi-lo == 1 || p.at <= p.end(hi-1) {
		return
	}
	p.back(before)
	for i := range set {
		p.at = g.head(lo + uint64(i)).end()
		p.together(set[i : i+1])
	}
}

func (p *placer) together(set []tableSet) {
	for i := range set {
		set[i].blockBitmap = p.next(1)
	}
	for i := range set {
		set[i].inodeBitmap = p.next(1)
	}
	for i := range set {
		set[i].inodeTable = p.next(p.g.TableBlocks)
	}
}

// A mark remembers what had been placed.
type mark struct {
	runs int
	last run
}

func (p *placer) mark() mark {
	m := mark{runs: len(p.runs)}
	if m.runs > 0 {
		m.last = p.runs[m.runs-1]
	}
	return m
}

// back forgets what was placed since m.
func (p *placer) back(m mark) {
	p.runs = p.runs[:m.runs]
	if m.runs > 0 {
		p.runs[m.runs-1] = m.last
	}
}

// end is the block after the last of a group.
func (p *placer) end(group uint64) ondisk.Block {
	s := &p.g.Super
	return s.GroupFirstBlock(ondisk.Group(group)) + ondisk.Block(s.GroupBlocks(ondisk.Group(group)))
}

// striped is where the bitmaps of a group go on a RAID array without flex_bg: each on the next disk, if the group has
// the room behind it.
func (p *placer) striped(group uint64) ondisk.Block {
	g := p.g
	h := g.head(group)
	size := uint64(g.Super.GroupBlocks(ondisk.Group(group)))
	room := size - min(size, h.n+g.TableBlocks+2)
	stride := uint64(g.opts.Extended.Stride)
	if stride == 0 || room == 0 {
		return h.end()
	}
	return h.end() + ondisk.Block(stride*group%room)
}

// next takes the next n consecutive blocks that no head of a group interrupts.
func (p *placer) next(n uint64) ondisk.Block {
	b := p.clear(p.at, n)
	p.at = b + ondisk.Block(n)
	if last := len(p.runs) - 1; last >= 0 && p.runs[last].end() == b {
		p.runs[last].n += n
	} else {
		p.runs = append(p.runs, run{b, n})
	}
	return b
}

// clear returns the first place at or after b with n blocks before the next head.
func (p *placer) clear(b ondisk.Block, n uint64) ondisk.Block {
	g := p.g
	group := p.groupOf(b)
	for ; group < g.Groups; group++ {
		h := g.head(group)
		if h.start >= b+ondisk.Block(n) {
			break
		}
		if h.n > 0 {
			b = max(b, h.end())
		}
	}
	return b
}

func (p *placer) groupOf(b ondisk.Block) uint64 {
	s := &p.g.Super
	return (uint64(b) - min(uint64(b), uint64(s.FirstDataBlock))) / uint64(s.BlocksPerGroup)
}

// finish lists the fixed metadata in ascending order.
func (p *placer) finish() {
	g := p.g
	for group := range g.Groups {
		if h := g.head(group); h.n > 0 {
			p.runs = append(p.runs, h)
		}
	}
	slices.SortFunc(p.runs, func(a, b run) int { return cmp.Compare(a.start, b.start) })
	g.meta = merge(p.runs)
}

// merge joins sorted runs that touch.
func merge(runs []run) []run {
	out := runs[:0]
	for _, r := range runs {
		if n := len(out); n > 0 && out[n-1].end() == r.start {
			out[n-1].n += r.n
		} else {
			out = append(out, r)
		}
	}
	return slices.Clip(out)
}
