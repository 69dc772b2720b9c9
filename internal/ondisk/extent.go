package ondisk

// Sizes of the structures of an extent tree, in bytes, and the format's limits.
const (
	ExtentHeaderSize = 12
	ExtentEntrySize  = 12 // of an Extent and of an ExtentIndex alike
	ExtentTailSize   = 4

	ExtentMagic    = 0xF30A
	ExtentDepthMax = 5 // levels of index nodes above a leaf (EXT4_MAX_EXTENT_DEPTH)

	ExtentLenMax          = 1 << 15   // blocks in the longest written extent (EXT_INIT_MAX_LEN)
	ExtentLenMaxUnwritten = 1<<15 - 1 // blocks in the longest unwritten extent (EXT_UNWRITTEN_MAX_LEN)
)

// FileBlocksMax is the most blocks a file can have, and so the first number that is no block of any file (EXT_MAX_BLOCKS).
const FileBlocksMax = 1<<32 - 1

// ExtentHeader opens every node of an extent tree (struct ext4_extent_header).
type ExtentHeader struct {
	Magic      uint16
	Entries    uint16 // in use
	Max        uint16 // that the node has room for
	Depth      uint16 // 0 for a leaf
	Generation uint32
}

func (h *ExtentHeader) fields(c *codec) {
	c.u16("eh_magic", &h.Magic)
	c.u16("eh_entries", &h.Entries)
	c.u16("eh_max", &h.Max)
	c.u16("eh_depth", &h.Depth)
	c.u32("eh_generation", &h.Generation)
}

// Decode reads the header from the start of a node.
func (h *ExtentHeader) Decode(b []byte) error { return decode(h, b, ExtentHeaderSize) }

// Encode writes the header to the start of a node.
func (h *ExtentHeader) Encode(b []byte) { encode(h, b, ExtentHeaderSize) }

// Describe lists the fields of the header at the start of a node.
func (h *ExtentHeader) Describe(b []byte) ([]Field, error) { return describe(h, b, ExtentHeaderSize) }

// Extent is an entry of a leaf: a run of file blocks that lie side by side on the device (struct ext4_extent).
type Extent struct {
	Block   uint32 // first file block
	Len     uint16 // in blocks; above 32768 it is unwritten, and 32768 too long
	StartHi uint16
	StartLo uint32
}

func (e *Extent) fields(c *codec) {
	c.u32("ee_block", &e.Block)
	c.u16("ee_len", &e.Len)
	c.u16("ee_start_hi", &e.StartHi)
	c.u32("ee_start_lo", &e.StartLo)
}

// Decode reads the extent from the first ExtentEntrySize bytes of b.
func (e *Extent) Decode(b []byte) error { return decode(e, b, ExtentEntrySize) }

// Encode writes the extent to the first ExtentEntrySize bytes of b.
func (e *Extent) Encode(b []byte) { encode(e, b, ExtentEntrySize) }

// Describe lists the fields of the extent encoded in b.
func (e *Extent) Describe(b []byte) ([]Field, error) { return describe(e, b, ExtentEntrySize) }

// MakeExtent is the extent that maps n blocks of a file from first on to those from start on. n is from 1 to
// ExtentLenMax, or ExtentLenMaxUnwritten where it is unwritten.
func MakeExtent(first FileBlock, start Block, n uint32, unwritten bool) Extent {
	e := Extent{Block: uint32(first)}
	e.SetStart(start)
	e.SetLength(n, unwritten)
	return e
}

// First is the first file block.
func (e Extent) First() FileBlock { return FileBlock(e.Block) }

// End is the file block after the last; it may lie past what a FileBlock holds.
func (e Extent) End() uint64 { return uint64(e.Block) + uint64(e.Length()) }

// Start is the block on the device that holds the first file block.
func (e Extent) Start() Block { return Block(e.StartHi)<<32 | Block(e.StartLo) }

// SetStart sets both halves of ee_start, which has 48 bits.
func (e *Extent) SetStart(b Block) { e.StartLo, e.StartHi = uint32(b), uint16(b>>32) }

// Length is the number of blocks.
func (e Extent) Length() uint32 {
	if e.Unwritten() {
		return uint32(e.Len) - ExtentLenMax
	}
	return uint32(e.Len)
}

// Unwritten reports whether the blocks are allocated but read as zeros.
func (e Extent) Unwritten() bool { return e.Len > ExtentLenMax }

// SetLength sets the number of blocks and whether they are unwritten.
func (e *Extent) SetLength(n uint32, unwritten bool) {
	if unwritten {
		n += ExtentLenMax
	}
	e.Len = uint16(n)
}

// ExtentIndex is an entry of an index node: where the node below lies (struct ext4_extent_idx).
type ExtentIndex struct {
	Block  uint32 // first file block that the node below maps
	LeafLo uint32
	LeafHi uint16
	Unused uint16
}

func (x *ExtentIndex) fields(c *codec) {
	c.u32("ei_block", &x.Block)
	c.u32("ei_leaf_lo", &x.LeafLo)
	c.u16("ei_leaf_hi", &x.LeafHi)
	c.u16("ei_unused", &x.Unused)
}

// Decode reads the index entry from the first ExtentEntrySize bytes of b.
func (x *ExtentIndex) Decode(b []byte) error { return decode(x, b, ExtentEntrySize) }

// Encode writes the index entry to the first ExtentEntrySize bytes of b.
func (x *ExtentIndex) Encode(b []byte) { encode(x, b, ExtentEntrySize) }

// Describe lists the fields of the index entry encoded in b.
func (x *ExtentIndex) Describe(b []byte) ([]Field, error) { return describe(x, b, ExtentEntrySize) }

// MakeExtentIndex is the entry for the node in block leaf, which maps from first on.
func MakeExtentIndex(first FileBlock, leaf Block) ExtentIndex {
	x := ExtentIndex{Block: uint32(first)}
	x.SetLeaf(leaf)
	return x
}

// First is the first file block that the node below maps.
func (x ExtentIndex) First() FileBlock { return FileBlock(x.Block) }

// Leaf is the block that holds the node below.
func (x ExtentIndex) Leaf() Block { return Block(x.LeafHi)<<32 | Block(x.LeafLo) }

// SetLeaf sets both halves of ei_leaf, which has 48 bits.
func (x *ExtentIndex) SetLeaf(b Block) { x.LeafLo, x.LeafHi = uint32(b), uint16(b>>32) }

// ExtentTail follows the last entry that a node in a block of its own has room for (struct ext4_extent_tail).
type ExtentTail struct {
	Checksum uint32
}

func (t *ExtentTail) fields(c *codec) { c.u32("et_checksum", &t.Checksum) }

// Decode reads the tail from the first ExtentTailSize bytes of b.
func (t *ExtentTail) Decode(b []byte) error { return decode(t, b, ExtentTailSize) }

// Encode writes the tail to the first ExtentTailSize bytes of b.
func (t *ExtentTail) Encode(b []byte) { encode(t, b, ExtentTailSize) }

// Describe lists the fields of the tail encoded in b.
func (t *ExtentTail) Describe(b []byte) ([]Field, error) { return describe(t, b, ExtentTailSize) }
