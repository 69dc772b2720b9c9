package fsck

import (
	"math"
	"sort"

	"extant/internal/ondisk"
)

// index is the index of a directory, flattened: what it says of each block.
type index struct {
	version ondisk.HashVersion
	blocks  []indexBlock // by file block; empty without an index
	bad     bool         // it is to be built anew, so what it does not point at is no news
}

// An indexBlock is what an index says of a block.
type indexBlock struct {
	kind     indexKind
	min, max uint32 // hashes that names in a leaf may have
}

type indexKind uint8

const (
	indexNowhere indexKind = iota // nothing points at it
	indexNode
	indexLeaf
)

// at is what the index says of a block; nil where there is no index.
func (x *index) at(fb ondisk.FileBlock) *indexBlock {
	if uint64(fb) >= uint64(len(x.blocks)) {
		return nil
	}
	return &x.blocks[fb]
}

// readIndex reads the index of the directory at hand.
func (w *worker) readIndex(runs []mapRun) {
	c, e := w.c, &w.entry
	last, have := runs[len(runs)-1].end(), uint64(0)
	for _, r := range runs {
		have += r.count
	}
	if last != have || have > uint64(c.end) {
		e.index.bad = true // has holes, or blocks more than once: what the index says is of little use
		return
	}
	b, ok := w.indexBlockAt(runs, 0, 0)
	if !ok {
		return
	}
	var root ondisk.DxRoot
	if err := root.Decode(b); err != nil {
		return
	}
	e.place = Place{Ino: e.d.ino, Block: runs[0].start}
	if err := root.Check(c.bs, c.sb.HasIncompat(ondisk.IncompatLargeDir)); err != nil {
		w.add(IndexRoot, e.place, "%v", err).show(b)
		return
	}
	e.index.version = c.sb.HashVersion(root.HashVersion)
	sip := e.d.folds() && e.d.secret()
	if e.index.version > ondisk.HashTEAUnsigned && !(sip && e.index.version == ondisk.HashSip) {
		w.add(IndexHash, e.place, "hash_version is %d", root.HashVersion)
		return
	}
	e.index.blocks = noIndex(e.index.blocks, int(have))
	e.index.blocks[0].kind = indexNode
	w.readNodes(runs, ondisk.DxRootNode(b), int(root.IndirectLevels), 0, math.MaxUint32)
}

// noIndex is the state of n blocks that nothing points at yet, in the memory of s where there is enough.
func noIndex(s []indexBlock, n int) []indexBlock {
	if cap(s) < n {
		return make([]indexBlock, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// indexBlockAt reads a block of the directory at hand for a level of its index.
func (w *worker) indexBlockAt(runs []mapRun, fb uint64, level int) ([]byte, bool) {
	c := w.c
	i := sort.Search(len(runs), func(i int) bool { return runs[i].end() > fb })
	if i == len(runs) || runs[i].unwritten {
		return nil, false
	}
	at := runs[i].start + ondisk.Block(fb-runs[i].file)
	b := buf(&w.nodeBufs[level], c.bs)
	w.nodeBufs[level] = b
	w.entry.place = Place{Ino: w.entry.d.ino, Block: at, File: ondisk.FileBlock(fb)}
	if err := c.read(at, b); err != nil {
		return nil, false // eachBlock says so
	}
	return b, true
}

// readNodes notes what a node and those below it point at. level is how many levels of nodes are below it; its names hash to min
// up to max.
func (w *worker) readNodes(runs []mapRun, n ondisk.DxNode, level int, min, max uint32) {
	e := &w.entry
	if !w.checkNode(n) {
		e.index.bad = true
		return
	}
	place := e.place
	before := uint32(0)
	for i := range n.Count() {
		lo, hi := min, max
		if i > 0 {
			lo = n.Hash(i) &^ 1
		}
		if i+1 < n.Count() {
			hi = lastHash(n.Hash(i + 1))
		}
		if i > 0 && n.Hash(i) < before || i > 0 && (lo < min || lo > max) {
			w.add(IndexOrder, place, "entry %d has hash %#x, after %#x and between %#x and %#x", i, n.Hash(i), before, min, max)
			e.index.bad = true
			return
		}
		before = n.Hash(i)
		w.follow(runs, place, n.Block(i), level, lo, hi)
	}
}

// lastHash is the largest hash before an entry's: that very hash where bit 0 says that a run of equal hashes goes on with it.
func lastHash(next uint32) uint32 {
	if next&1 != 0 {
		return next &^ 1
	}
	return next - 1
}

// follow notes that a node points at a block.
func (w *worker) follow(runs []mapRun, from Place, fb ondisk.FileBlock, level int, min, max uint32) {
	e := &w.entry
	x := e.index.at(fb)
	switch {
	case x == nil || fb == 0:
		w.add(IndexBlock, from, "it points at block %d of a directory of %d", fb, len(e.index.blocks))
		e.index.bad = true
		return
	case x.kind != indexNowhere:
		w.add(IndexTwice, Place{Ino: e.d.ino, File: fb}, "file block %d of the index points at it, too", from.File)
		e.index.bad = true
		return
	}
	*x = indexBlock{indexLeaf, min, max}
	if level == 0 {
		return
	}
	b, ok := w.indexBlockAt(runs, uint64(fb), level)
	if !ok {
		return
	}
	if !spansBlock(b) {
		w.add(IndexNodeShape, e.place, "it does not start with an empty entry that spans the block").show(b)
		e.index.bad = true
		return
	}
	x.kind = indexNode
	w.readNodes(runs, ondisk.DxInnerNode(b), level-1, min, max)
}

// checkNode judges the counts and the checksum of a node at w.entry.place; false for one that cannot be read.
func (w *worker) checkNode(n ondisk.DxNode) bool {
	c, e := w.c, &w.entry
	f := ondisk.DxFormat{Csum: c.csum, StoredHash: e.d.folds() && e.d.secret(), Blocks: uint32(len(e.index.blocks))}
	switch limit, count := n.Limit(), n.Count(); {
	case limit != n.Room(f):
		w.add(IndexLimit, e.place, "limit is %d, not %d", limit, n.Room(f)).want(uint64(n.Room(f)))
		return false
	case count < 1 || count > limit:
		w.add(IndexCount, e.place, "count is %d of %d", count, limit)
		return false
	}
	if c.csum {
		if err := n.CheckCsum(e.seed); err != nil {
			w.add(IndexChecksum, e.place, "%v", err).want(uint64(n.Csum(e.seed)))
		}
	}
	return true
}

// indexHash is the hash of an entry by the index of the directory at hand; false where there is none.
func (w *worker) indexHash(d *ondisk.Dirent, key []byte) (ondisk.NameHash, bool) {
	e := &w.entry
	if e.index.version == ondisk.HashSip {
		h, ok := d.StoredHash(e.area)
		return ondisk.NameHash{Major: h.Hash, Minor: h.Minor}, ok
	}
	h, err := ondisk.HashName(e.index.version, w.c.sb.HashSeed, key)
	return h, err == nil
}

// checkReferenced looks for blocks that the index of the directory at hand does not point at.
func (w *worker) checkReferenced() {
	e := &w.entry
	if e.index.bad {
		return
	}
	for fb := range e.index.blocks {
		if e.index.blocks[fb].kind == indexNowhere {
			w.add(IndexUnreferenced, Place{Ino: e.d.ino, File: ondisk.FileBlock(fb)}, "the directory has %d blocks", len(e.index.blocks))
		}
	}
}
