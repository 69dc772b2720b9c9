package fsck

import (
	"extant/internal/ondisk"
)

// A mapRun is a row of file blocks that lie side by side on the device.
type mapRun struct {
	file      uint64
	start     ondisk.Block
	count     uint64
	unwritten bool
}

func (r mapRun) end() uint64 { return r.file + r.count }

// A mapVisitor is told what a map says.
type mapVisitor interface {
	// node is told of a block that holds a part of the map before it is read; false says not to read it.
	node(b ondisk.Block) bool
	// data is told of blocks that the device has, in ascending order of file blocks.
	data(r mapRun)
	// mapFault is told what is wrong. What it returns is written to and not looked at again.
	mapFault(c Code, at Place, format string, args ...any) *Finding
}

// nodeLevels is the number of blocks between an inode and its data that a walk holds at a time, at most.
const nodeLevels = ondisk.ExtentDepthMax + 1

// A mapper walks over the map of one inode.
type mapper struct {
	im   *image
	ino  ondisk.Ino
	seed uint32 // of the inode
	v    mapVisitor
	bufs *[nodeLevels][]byte
}

// walk tells v all of the map.
func (m *mapper) walk(n *ondisk.Inode) {
	if n.Has(ondisk.InodeExtents) {
		m.extents(n.IBlock[:], 0, extentBounds{depth: -1, end: ondisk.FileBlocksMax})
		return
	}
	m.blockMap(n.IBlock[:])
}

func (m *mapper) fault(c Code, at Place, format string, args ...any) *Finding {
	at.Ino = m.ino
	return m.v.mapFault(c, at, format, args...)
}

// readNode reads a block of the map for a level below the inode; false where there is nothing to read.
func (m *mapper) readNode(b ondisk.Block, level int) ([]byte, bool) {
	if !m.v.node(b) {
		return nil, false
	}
	p := buf(&m.bufs[level], m.im.bs)
	m.bufs[level] = p
	if err := m.im.read(b, p); err != nil {
		m.fault(BlockUnreadable, Place{Block: b}, "%v", err)
		return nil, false
	}
	return p, true
}

// extentBounds is what a node may map: its place in the tree decides.
type extentBounds struct {
	depth int // -1 for the root
	first uint64
	end   uint64
	exact bool // an index entry says that the first file block is first
}

// extents walks over a node that lies in block at; 0 for the root.
func (m *mapper) extents(n ondisk.ExtentNode, at ondisk.Block, w extentBounds) {
	if !m.extentHeader(n, at, w.depth) {
		return
	}
	if at != 0 && m.im.csum {
		if err := n.CheckCsum(m.seed); err != nil {
			m.fault(ExtentChecksum, Place{Block: at}, "%v", err)
		}
	}
	if w.exact && uint64(n.First(0)) != w.first {
		m.fault(ExtentIndexStart, Place{Block: at}, "the node starts at file block %d, its index entry at %d", n.First(0), w.first).want(uint64(n.First(0)))
	}
	if n.Depth() > 0 {
		m.extentIndex(n, at, w)
		return
	}
	m.extentLeaf(n, at, w)
}

func (m *mapper) extentHeader(n ondisk.ExtentNode, at ondisk.Block, depth int) bool {
	var h ondisk.ExtentHeader
	if h.Decode(n) != nil {
		return false
	}
	room := (len(n) - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
	why := ""
	switch {
	case h.Magic != ondisk.ExtentMagic:
		why = "no magic number"
	case h.Depth > ondisk.ExtentDepthMax || depth >= 0 && int(h.Depth) != depth:
		why = "wrong depth"
	case h.Max == 0 || int(h.Max) > room:
		why = "claims room that it has not"
	case h.Entries > h.Max:
		why = "more entries than room"
	case h.Entries == 0 && (h.Depth > 0 || at != 0):
		why = "no entries"
	}
	if why == "" {
		return true
	}
	m.fault(ExtentHeader, Place{Block: at}, "%s: magic %#04x, depth %d, %d entries of %d, room for %d", why, h.Magic, h.Depth, h.Entries, h.Max, room).show(n)
	return false
}

// extentIndex walks over what an index node points at.
func (m *mapper) extentIndex(n ondisk.ExtentNode, at ondisk.Block, w extentBounds) {
	next := w.first
	for i := range n.Len() {
		x := n.IndexAt(i)
		place := Place{Block: at, Offset: ondisk.ExtentHeaderSize + i*ondisk.ExtentEntrySize}
		switch {
		case uint64(x.Block) < next || uint64(x.Block) >= w.end:
			m.fault(ExtentOrder, place, "index entry %d starts at file block %d, not from %d to %d", i, x.Block, next, w.end-1)
			continue
		case !m.im.holds(x.Leaf(), 1):
			m.fault(ExtentIndexRange, place, "index entry %d points at block %d", i, x.Leaf())
			continue
		}
		next = uint64(x.Block) + 1
		below := extentBounds{depth: n.Depth() - 1, first: uint64(x.Block), end: w.end, exact: true}
		if i+1 < n.Len() && uint64(n.First(i+1)) > below.first {
			below.end = min(w.end, uint64(n.First(i+1)))
		}
		if b, ok := m.readNode(x.Leaf(), n.Depth()-1); ok {
			m.extents(b, x.Leaf(), below)
		}
	}
}

func (m *mapper) extentLeaf(n ondisk.ExtentNode, at ondisk.Block, w extentBounds) {
	next := w.first
	for i := range n.Len() {
		e := n.At(i)
		if m.extentFaulty(&e, i, at, next, w.end) {
			continue
		}
		if m.im.ratio > 1 && uint64(e.Block)%m.im.ratio != uint64(e.Start())%m.im.ratio {
			m.fault(ExtentMisaligned, Place{Block: at, File: e.First()}, "file block %d is at block %d, with %d blocks in a cluster", e.Block, e.Start(), m.im.ratio)
		}
		next = e.End()
		m.v.data(mapRun{uint64(e.Block), e.Start(), uint64(e.Length()), e.Unwritten()})
	}
}

// extentFaulty reports whether entry i of a leaf is one to be left out.
func (m *mapper) extentFaulty(e *ondisk.Extent, i int, at ondisk.Block, next, end uint64) bool {
	place := Place{Block: at, File: e.First(), Offset: ondisk.ExtentHeaderSize + i*ondisk.ExtentEntrySize}
	n := uint64(e.Length())
	switch {
	case n == 0:
		m.fault(ExtentLength, place, "extent %d at file block %d has no length", i, e.Block)
	case !m.im.holds(e.Start(), n):
		m.fault(ExtentRange, place, "extent %d is at blocks %d to %d", i, e.Start(), uint64(e.Start())+n-1)
	case uint64(e.Block) < next:
		m.fault(ExtentOrder, place, "extent %d starts at file block %d, before %d", i, e.Block, next)
	case e.End() > end:
		m.fault(ExtentBounds, place, "extent %d ends at file block %d, past %d", i, e.End()-1, end-1)
	default:
		return false
	}
	return true
}

// blockMap walks over the numbers in i_block.
func (m *mapper) blockMap(root ondisk.BlockMap) {
	m.numbers(root, 0, ondisk.DirectBlocks, 0, 0)
	first := uint64(ondisk.DirectBlocks)
	for level := range ondisk.TripleSlot - ondisk.IndirectSlot + 1 {
		m.indirect(root.At(ondisk.IndirectSlot+level), level, first, 0)
		first += ondisk.IndirectSpan(level+1, m.im.bs)
	}
}

// indirect walks over what an indirect block maps, from file block first on. level 0 maps data; the number of b lies in block at.
func (m *mapper) indirect(b ondisk.Block, level int, first uint64, at ondisk.Block) {
	switch {
	case b == 0:
		return
	case !m.im.holds(b, 1):
		m.fault(MapRange, Place{Block: at, File: ondisk.FileBlock(first)}, "indirect block %d", b)
		return
	case first >= ondisk.FileBlocksMax:
		m.fault(MapTooBig, Place{Block: at}, "indirect block %d maps from file block %d on", b, first)
		return
	}
	p, ok := m.readNode(b, level)
	if !ok {
		return
	}
	numbers := ondisk.BlockMap(p)
	if level == 0 {
		m.numbers(numbers, 0, numbers.Len(), first, b)
		return
	}
	span := ondisk.IndirectSpan(level, m.im.bs)
	for i := range numbers.Len() {
		m.indirect(numbers.At(i), level-1, first+uint64(i)*span, b)
	}
}

// numbers tells of the runs among the numbers from i up to end, which map file blocks from first on.
func (m *mapper) numbers(p ondisk.BlockMap, i, end int, first uint64, at ondisk.Block) {
	for n := 0; i < end; i, first = i+n, first+uint64(n) {
		n = p.Run(i, end)
		b := p.At(i)
		switch {
		case b == 0:
		case !m.im.holds(b, uint64(n)):
			n = 1
			if m.im.holds(b, 1) {
				m.v.data(mapRun{file: first, start: b, count: 1})
				continue
			}
			m.fault(MapRange, Place{Block: at, File: ondisk.FileBlock(first)}, "file block %d is at block %d", first, b)
		case first+uint64(n) > ondisk.FileBlocksMax:
			m.fault(MapTooBig, Place{Block: at}, "blocks %d to %d are file blocks from %d on", b, uint64(b)+uint64(n)-1, first)
		default:
			m.v.data(mapRun{file: first, start: b, count: uint64(n)})
		}
	}
}
