package ondisk

import (
	"cmp"
	"encoding/binary"
	"io"
	"iter"
	"slices"
)

// The tree of a quota file has four levels of index blocks, each with a reference for every value of one byte of
// the id, the highest first, and below them leaves with entries in no order.
const (
	quotaDepth = 4
	quotaRefs  = QuotaBlockSize / 4
)

func quotaRefIndex(id uint32, level int) int { return int(id >> (8 * (quotaDepth - 1 - level)) & 0xFF) }

// QuotaEntries yields the entries of a quota file of size bytes in ascending order of id. After an error it yields nothing more.
// It reads each index block once and each leaf at most once per entry found there, whatever the file holds.
func QuotaEntries(file io.ReaderAt, size int64, kind QuotaKind) iter.Seq2[QuotaEntry, error] {
	return func(yield func(QuotaEntry, error) bool) {
		r := quotaReader{file: file, seen: make(map[uint32]struct{}), yield: yield}
		if err := r.open(size, kind); err != nil {
			yield(QuotaEntry{}, err)
			return
		}
		r.index(QuotaTreeRoot, 0, 0)
	}
}

// quotaReader is one walk over a tree.
type quotaReader struct {
	file   io.ReaderAt
	blocks uint32 // those that header and file agree to exist
	yield  func(QuotaEntry, error) bool

	seen   map[uint32]struct{} // index blocks met: each has one parent
	leaf   [QuotaBlockSize]byte
	leafAt uint32 // number of the block in leaf; 0 for none
}

func (r *quotaReader) open(size int64, kind QuotaKind) error {
	var b [QuotaHeaderSize]byte
	if size < QuotaBlockSize*(QuotaTreeRoot+1) {
		return Corrupt("quota file", "%d bytes leave no room for a tree", size)
	}
	if err := r.read(0, b[:]); err != nil {
		return err
	}
	var h QuotaHeader
	if err := h.Decode(b[:]); err != nil {
		return err
	}
	if err := h.Check(kind); err != nil {
		return err
	}
	r.blocks = uint32(min(int64(h.Blocks), size/QuotaBlockSize))
	return nil
}

func (r *quotaReader) read(block uint32, b []byte) error {
	n, err := r.file.ReadAt(b, int64(block)*QuotaBlockSize)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return Corrupt("quota file", "ends within block %d", block)
	}
	return err
}

// fail yields an error and ends the walk.
func (r *quotaReader) fail(err error) bool {
	r.yield(QuotaEntry{}, err)
	return false
}

// index walks an index block whose ids begin with prefix. It reports whether the walk goes on, as do the rest.
func (r *quotaReader) index(block uint32, level int, prefix uint32) bool {
	if _, ok := r.seen[block]; ok {
		return r.fail(Corrupt("quota tree", "index block %d has two parents", block))
	}
	r.seen[block] = struct{}{}
	var b [QuotaBlockSize]byte
	if err := r.read(block, b[:]); err != nil {
		return r.fail(err)
	}
	for i := range uint32(quotaRefs) {
		if ref := binary.LittleEndian.Uint32(b[4*i:]); ref != 0 && !r.follow(block, ref, level, prefix<<8|i) {
			return false
		}
	}
	return true
}

// follow walks what a reference in an index block at the given level leads to.
func (r *quotaReader) follow(from, ref uint32, level int, prefix uint32) bool {
	if ref <= QuotaTreeRoot || ref >= r.blocks {
		return r.fail(Corrupt("quota tree", "index block %d refers to block %d of %d", from, ref, r.blocks))
	}
	if level < quotaDepth-1 {
		return r.index(ref, level+1, prefix)
	}
	e, err := r.find(ref, prefix)
	return r.yield(e, err) && err == nil
}

// find looks for the entry of an id in a leaf.
func (r *quotaReader) find(block, id uint32) (QuotaEntry, error) {
	if block != r.leafAt {
		r.leafAt = 0
		if err := r.read(block, r.leaf[:]); err != nil {
			return QuotaEntry{}, err
		}
		r.leafAt = block
	}
	for i := range quotaLeafEntries {
		var e QuotaEntry
		if err := e.Decode(r.leaf[quotaLeafHeader+i*QuotaEntrySize:]); err != nil {
			return QuotaEntry{}, err
		}
		if e.ID == id && e != (QuotaEntry{}) {
			return e.meant(), nil
		}
	}
	return QuotaEntry{}, Corrupt("quota tree", "leaf %d has no entry of id %d", block, id)
}

// QuotaFile builds a whole quota file, a multiple of QuotaBlockSize bytes, from entries in any order with distinct ids. The
// same entries give the same bytes. The grace times are a week.
func QuotaFile(kind QuotaKind, entries []QuotaEntry) []byte {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b QuotaEntry) int { return cmp.Compare(a.ID, b.ID) })
	w := quotaWriter{b: make([]byte, (QuotaTreeRoot+1)*QuotaBlockSize)}
	for _, e := range sorted {
		w.insert(e)
	}
	h := QuotaHeader{
		Magic:      kind.Magic(),
		Version:    QuotaVersion,
		BlockGrace: QuotaGrace,
		InodeGrace: QuotaGrace,
		Blocks:     uint32(len(w.b) / QuotaBlockSize),
		FreeEntry:  w.leaf,
	}
	h.Encode(w.b)
	return w.b
}

// quotaWriter is a quota file that grows at its end. Only its last leaf has room.
type quotaWriter struct {
	b    []byte
	leaf uint32 // number of the leaf with room; 0 for none
	used int    // entries in it
}

// extend adds a block of zeros and returns its number.
func (w *quotaWriter) extend() uint32 {
	n := uint32(len(w.b) / QuotaBlockSize)
	w.b = append(w.b, make([]byte, QuotaBlockSize)...)
	return n
}

func (w *quotaWriter) insert(e QuotaEntry) {
	at := uint32(QuotaTreeRoot)
	for level := range quotaDepth - 1 {
		at = w.descend(at, quotaRefIndex(e.ID, level))
	}
	leaf := w.put(e.stored())
	binary.LittleEndian.PutUint32(w.ref(at, quotaRefIndex(e.ID, quotaDepth-1)), leaf)
}

// descend returns the block that reference i of an index block leads to, which it makes where there is none.
func (w *quotaWriter) descend(block uint32, i int) uint32 {
	if next := binary.LittleEndian.Uint32(w.ref(block, i)); next != 0 {
		return next
	}
	next := w.extend()
	binary.LittleEndian.PutUint32(w.ref(block, i), next)
	return next
}

func (w *quotaWriter) ref(block uint32, i int) []byte {
	return w.b[int(block)*QuotaBlockSize+4*i:]
}

// put adds an entry to the leaf with room and returns the leaf's number.
func (w *quotaWriter) put(e QuotaEntry) uint32 {
	if w.leaf == 0 {
		w.leaf, w.used = w.extend(), 0
	}
	leaf := w.leaf
	b := w.b[int(leaf)*QuotaBlockSize:]
	e.Encode(b[quotaLeafHeader+w.used*QuotaEntrySize:])
	w.used++
	h := QuotaLeaf{Entries: uint16(w.used)}
	h.Encode(b)
	if w.used == quotaLeafEntries {
		w.leaf = 0
	}
	return leaf
}
