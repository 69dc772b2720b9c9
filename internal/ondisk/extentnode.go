package ondisk

import "encoding/binary"

// ExtentNode is a node of an extent tree in place: an inode's i_block or a whole block. Its entries are searched where
// they lie, by direct offsets, because a lookup reads few of the hundreds that a node can have.
//
// The zero to eh_entries-1 that the methods take as an index are within the node once Check has passed.
type ExtentNode []byte

// ExtentBounds says what a node may map, which its place in the tree decides.
type ExtentBounds struct {
	Depth int       // eh_depth that the node above promises; -1 for a root, which may have any
	First FileBlock // first file block the node may map
	End   uint64    // the file block after the last it may map, FileBlocksMax at most

	BlockMin Block // first block of the device that may be pointed at
	BlockEnd Block // the block after the last that may be pointed at
}

// RootBounds are the bounds of the root of any file's tree.
func (s *Super) RootBounds() ExtentBounds {
	return ExtentBounds{Depth: -1, End: FileBlocksMax, BlockMin: Block(s.FirstDataBlock) + 1, BlockEnd: Block(s.Blocks())}
}

// Below are the bounds of the node that entry i of index node n points at.
func (w ExtentBounds) Below(n ExtentNode, i int) ExtentBounds {
	w.Depth = n.Depth() - 1
	w.First = n.First(i)
	if i+1 < n.Len() {
		w.End = uint64(n.First(i + 1))
	}
	return w
}

// Init makes an empty node of the given depth that fills the buffer, all of which it clears.
func (n ExtentNode) Init(depth int) {
	clear(n)
	h := ExtentHeader{Magic: ExtentMagic, Max: uint16(n.room()), Depth: uint16(depth)}
	h.Encode(n)
}

// room is the number of entries that fit the buffer.
func (n ExtentNode) room() int { return (len(n) - ExtentHeaderSize) / ExtentEntrySize }

// Len is the number of entries (eh_entries).
func (n ExtentNode) Len() int { return int(binary.LittleEndian.Uint16(n[2:])) }

// Max is the number of entries that the node says it has room for (eh_max).
func (n ExtentNode) Max() int { return int(binary.LittleEndian.Uint16(n[4:])) }

// Depth is the number of levels below the node; 0 is a leaf (eh_depth).
func (n ExtentNode) Depth() int { return int(binary.LittleEndian.Uint16(n[6:])) }

func (n ExtentNode) setLen(entries int) { binary.LittleEndian.PutUint16(n[2:], uint16(entries)) }

func (n ExtentNode) entry(i int) []byte {
	off := ExtentHeaderSize + i*ExtentEntrySize
	return n[off : off+ExtentEntrySize : off+ExtentEntrySize]
}

// First is the first file block of entry i, in leaves and index nodes alike.
func (n ExtentNode) First(i int) FileBlock {
	return FileBlock(binary.LittleEndian.Uint32(n.entry(i)))
}

// At is entry i of a leaf.
func (n ExtentNode) At(i int) Extent {
	b := n.entry(i)
	return Extent{
		Block:   binary.LittleEndian.Uint32(b),
		Len:     binary.LittleEndian.Uint16(b[4:]),
		StartHi: binary.LittleEndian.Uint16(b[6:]),
		StartLo: binary.LittleEndian.Uint32(b[8:]),
	}
}

// IndexAt is entry i of an index node.
func (n ExtentNode) IndexAt(i int) ExtentIndex {
	b := n.entry(i)
	return ExtentIndex{
		Block:  binary.LittleEndian.Uint32(b),
		LeafLo: binary.LittleEndian.Uint32(b[4:]),
		LeafHi: binary.LittleEndian.Uint16(b[8:]),
		Unused: binary.LittleEndian.Uint16(b[10:]),
	}
}

// Find is the index of the last entry that starts at fb or before it, or -1 where all start after it. In a leaf
// the extent may end before fb: then fb lies in a hole.
func (n ExtentNode) Find(fb FileBlock) int {
	lo, hi := 0, n.Len()
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if n.First(mid) <= fb {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// Set writes entry i of a leaf.
func (n ExtentNode) Set(i int, e Extent) { e.Encode(n.entry(i)) }

// SetIndex writes entry i of an index node.
func (n ExtentNode) SetIndex(i int, x ExtentIndex) { x.Encode(n.entry(i)) }

// Insert puts an extent before entry i of a leaf; false says that the node is full.
func (n ExtentNode) Insert(i int, e Extent) bool {
	if !n.open(i) {
		return false
	}
	n.Set(i, e)
	return true
}

// InsertIndex puts an entry before entry i of an index node; false says that the node is full.
func (n ExtentNode) InsertIndex(i int, x ExtentIndex) bool {
	if !n.open(i) {
		return false
	}
	n.SetIndex(i, x)
	return true
}

// Append puts an extent after the last of a leaf; false says that the node is full.
func (n ExtentNode) Append(e Extent) bool { return n.Insert(n.Len(), e) }

// AppendIndex puts an entry after the last of an index node; false says that the node is full.
func (n ExtentNode) AppendIndex(x ExtentIndex) bool { return n.InsertIndex(n.Len(), x) }

// open makes room for an entry before entry i.
func (n ExtentNode) open(i int) bool {
	used := n.Len()
	if used >= n.Max() {
		return false
	}
	from := ExtentHeaderSize + i*ExtentEntrySize
	copy(n[from+ExtentEntrySize:], n[from:ExtentHeaderSize+used*ExtentEntrySize])
	n.setLen(used + 1)
	return true
}

// Remove takes out the entries from i up to, but without, j, and clears the room they leave.
func (n ExtentNode) Remove(i, j int) {
	used := n[:ExtentHeaderSize+n.Len()*ExtentEntrySize]
	k := ExtentHeaderSize + i*ExtentEntrySize
	k += copy(used[k:], used[ExtentHeaderSize+j*ExtentEntrySize:])
	n.setLen(n.Len() - (j - i))
	clear(used[k:])
}

// Check says what is wrong with the node, as a *CorruptError: header, order, lengths, and what entries map or point at.
// The other methods that read entries rely on it.
func (n ExtentNode) Check(w ExtentBounds) error {
	if err := n.checkHeader(w.Depth); err != nil {
		return err
	}
	if n.Depth() > 0 {
		return n.checkIndex(w)
	}
	return n.checkLeaf(w)
}

func (n ExtentNode) checkHeader(depth int) error {
	var h ExtentHeader
	if err := h.Decode(n); err != nil {
		return Corrupt("extent node", "%d bytes, less than a header", len(n))
	}
	switch {
	case h.Magic != ExtentMagic:
		return Corrupt("extent node", "magic %#04x, not %#04x", h.Magic, ExtentMagic)
	case h.Depth > ExtentDepthMax:
		return Corrupt("extent node", "depth %d, over %d", h.Depth, ExtentDepthMax)
	case depth >= 0 && int(h.Depth) != depth:
		return Corrupt("extent node", "depth %d, but the node above is one of depth %d", h.Depth, depth+1)
	case h.Max == 0 || int(h.Max) > n.room():
		return Corrupt("extent node", "claims room for %d entries, has it for %d", h.Max, n.room())
	case h.Entries > h.Max:
		return Corrupt("extent node", "%d entries in a node for %d", h.Entries, h.Max)
	case h.Entries == 0 && h.Depth > 0:
		return Corrupt("extent node", "no entries at depth %d", h.Depth)
	}
	return nil
}

func (n ExtentNode) checkLeaf(w ExtentBounds) error {
	next := uint64(w.First)
	for i := range n.Len() {
		e := n.At(i)
		switch {
		case e.Length() == 0:
			return Corrupt("extent node", "extent %d at file block %d has no length", i, e.Block)
		case uint64(e.Block) < next:
			return Corrupt("extent node", "extent %d starts at file block %d, before %d", i, e.Block, next)
		case e.End() > w.End:
			return Corrupt("extent node", "extent %d, file blocks %d to %d, passes %d", i, e.Block, e.End()-1, w.End)
		case !w.holds(e.Start(), uint64(e.Length())):
			return Corrupt("extent node", "extent %d points at blocks %d to %d, outside %d to %d",
				i, e.Start(), uint64(e.Start())+uint64(e.Length())-1, w.BlockMin, w.BlockEnd-1)
		}
		next = e.End()
	}
	return nil
}

func (n ExtentNode) checkIndex(w ExtentBounds) error {
	next := uint64(w.First)
	for i := range n.Len() {
		x := n.IndexAt(i)
		switch {
		case uint64(x.Block) < next:
			return Corrupt("extent node", "index entry %d starts at file block %d, before %d", i, x.Block, next)
		case uint64(x.Block) >= w.End:
			return Corrupt("extent node", "index entry %d starts at file block %d, past %d", i, x.Block, w.End)
		case !w.holds(x.Leaf(), 1):
			return Corrupt("extent node", "index entry %d points at block %d, outside %d to %d", i, x.Leaf(), w.BlockMin, w.BlockEnd-1)
		}
		next = uint64(x.Block) + 1
	}
	return nil
}

// holds reports whether the device has the n blocks from b on. Extents point at 48-bit numbers, so nothing overflows.
func (w ExtentBounds) holds(b Block, n uint64) bool {
	return b >= w.BlockMin && uint64(b)+n <= uint64(w.BlockEnd)
}

// tailOffset is where the tail of a node that is a whole block lies; false where it has no room for one.
func (n ExtentNode) tailOffset() (int, bool) {
	if len(n) < ExtentHeaderSize {
		return 0, false
	}
	off := ExtentHeaderSize + n.Max()*ExtentEntrySize
	return off, off+ExtentTailSize <= len(n)
}

// Csum is the checksum that belongs in the tail of a node with a block of its own; seed is the inode's. It is 0 where
// eh_max leaves no room for a tail.
func (n ExtentNode) Csum(seed uint32) uint32 {
	off, ok := n.tailOffset()
	if !ok {
		return 0
	}
	return CRC32C(seed, n[:off])
}

// SetCsum writes the tail.
func (n ExtentNode) SetCsum(seed uint32) {
	if off, ok := n.tailOffset(); ok {
		binary.LittleEndian.PutUint32(n[off:], n.Csum(seed))
	}
}

// CheckCsum compares the tail with the node, and returns a *CorruptError where they differ.
func (n ExtentNode) CheckCsum(seed uint32) error {
	off, ok := n.tailOffset()
	if !ok {
		return Corrupt("extent node", "no room for a checksum in %d bytes", len(n))
	}
	return checkCsum("extent node", binary.LittleEndian.Uint32(n[off:]), n.Csum(seed))
}
