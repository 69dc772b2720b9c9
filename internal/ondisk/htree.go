package ondisk

import "encoding/binary"

// Sizes of the parts of a directory index, in bytes.
const (
	DxRootSize     = 32 // what opens block 0 of an indexed directory, before the index entries
	DxRootInfoSize = 8  // info_length
	DxEntrySize    = 8
	DxTailSize     = 8

	dxLevelsOffset = 30 // of indirect_levels in the root

	dxNodeEntries = DirentHeaderSize // where the entries of a node lie, after an entry not in use that spans the block
	dxBlockMask   = 1<<28 - 1        // of dx_entry.block; the upper bits were meant for a fill level
)

// Most levels of nodes between the root of an index and the directory's leaves (indirect_levels).
const (
	DxLevelsMax      = 1
	DxLevelsMaxLarge = 2 // with large_dir
)

// DxRoot opens block 0 of an indexed directory (struct dx_root): entries for "." and "..", the second of which
// hides all that follows from readers that know no indexes, and what the index is like.
type DxRoot struct {
	Dot        DirentHeader
	DotName    [4]byte
	DotDot     DirentHeader
	DotDotName [4]byte

	Zero           uint32
	HashVersion    uint8 // see Super.HashVersion
	InfoLength     uint8 // DxRootInfoSize
	IndirectLevels uint8 // of nodes between the root and the leaves
	UnusedFlags    uint8
}

func (r *DxRoot) fields(c *codec) {
	r.Dot.fields(c)
	c.bytes("dot_name", r.DotName[:])
	r.DotDot.fields(c)
	c.bytes("dotdot_name", r.DotDotName[:])
	c.u32("reserved_zero", &r.Zero)
	c.u8("hash_version", &r.HashVersion)
	c.u8("info_length", &r.InfoLength)
	c.u8("indirect_levels", &r.IndirectLevels)
	c.u8("unused_flags", &r.UnusedFlags)
}

// Decode reads the root from the start of a directory's block 0.
func (r *DxRoot) Decode(b []byte) error { return decode(r, b, DxRootSize) }

// Encode writes the root to the start of a directory's block 0.
func (r *DxRoot) Encode(b []byte) { encode(r, b, DxRootSize) }

// Describe lists the fields of the root at the start of a directory's block 0.
func (r *DxRoot) Describe(b []byte) ([]Field, error) { return describe(r, b, DxRootSize) }

// MakeDxRoot is the root of directory ino in parent. dirType is FileDir, or FileUnknown without the filetype feature. A hash
// version with signed and unsigned variants is stored as the signed one, for Super.HashVersion to tell.
func MakeDxRoot(ino, parent Ino, dirType uint8, blockSize int, v HashVersion, levels int) DxRoot {
	if v >= HashLegacyUnsigned && v <= HashTEAUnsigned {
		v -= hashUnsignedDistance
	}
	return DxRoot{
		Dot:            DirentHeader{Inode: uint32(ino), RecLen: DirentSizeMin, NameLen: 1, FileType: dirType},
		DotName:        [4]byte{'.'},
		DotDot:         DirentHeader{Inode: uint32(parent), RecLen: rawRecLen(blockSize - DirentSizeMin), NameLen: 2, FileType: dirType},
		DotDotName:     [4]byte{'.', '.'},
		HashVersion:    uint8(v),
		InfoLength:     DxRootInfoSize,
		IndirectLevels: uint8(levels),
	}
}

// Check says what is wrong with the root of an index in a block of the given size. A hash version that cannot be computed is
// no fault here: HashName refuses it.
func (r *DxRoot) Check(blockSize int, largeDir bool) error {
	most := DxLevelsMax
	if largeDir {
		most = DxLevelsMaxLarge
	}
	switch {
	case r.Dot.RecLen != DirentSizeMin || r.Dot.NameLen != 1 || r.DotName[0] != '.':
		return Corrupt("directory index", "the first entry is not \".\" in a record of 12 bytes")
	case RecLen(r.DotDot.RecLen, blockSize) != blockSize-DirentSizeMin || r.DotDot.NameLen != 2 || string(r.DotDotName[:2]) != "..":
		return Corrupt("directory index", "the second entry is not \"..\" in the rest of the block")
	case r.Zero != 0:
		return Corrupt("directory index", "reserved_zero is %#x", r.Zero)
	case r.InfoLength != DxRootInfoSize:
		return Corrupt("directory index", "info_length is %d, not %d", r.InfoLength, DxRootInfoSize)
	case r.UnusedFlags&1 != 0:
		return Corrupt("directory index", "unused_flags is %#x", r.UnusedFlags)
	case int(r.IndirectLevels) > most:
		return Corrupt("directory index", "%d levels of nodes, over %d", r.IndirectLevels, most)
	}
	return nil
}

// DxEntry is an entry of an index: names hashed to Hash or more are in Block, up to the next entry's (struct dx_entry).
// The first entry of a node has no hash: its place holds a DxCountLimit.
type DxEntry struct {
	Hash  uint32 // bit 0 set says that names of this very hash are in the block before, too
	Block uint32 // of the directory: a leaf, or a node of the level below
}

func (e *DxEntry) fields(c *codec) {
	c.u32("hash", &e.Hash)
	c.u32("block", &e.Block)
}

// Decode reads the entry from the first DxEntrySize bytes of b.
func (e *DxEntry) Decode(b []byte) error { return decode(e, b, DxEntrySize) }

// Encode writes the entry to the first DxEntrySize bytes of b.
func (e *DxEntry) Encode(b []byte) { encode(e, b, DxEntrySize) }

// Describe lists the fields of the entry encoded in b.
func (e *DxEntry) Describe(b []byte) ([]Field, error) { return describe(e, b, DxEntrySize) }

// DxCountLimit lies over the hash of a node's first entry (struct dx_countlimit).
type DxCountLimit struct {
	Limit uint16 // entries that the node has room for
	Count uint16 // entries in use, the first included
}

func (l *DxCountLimit) fields(c *codec) {
	c.u16("limit", &l.Limit)
	c.u16("count", &l.Count)
}

// Decode reads the counts from the first 4 bytes of b.
func (l *DxCountLimit) Decode(b []byte) error { return decode(l, b, 4) }

// Encode writes the counts to the first 4 bytes of b.
func (l *DxCountLimit) Encode(b []byte) { encode(l, b, 4) }

// Describe lists the fields of the counts encoded in b.
func (l *DxCountLimit) Describe(b []byte) ([]Field, error) { return describe(l, b, 4) }

// DxTail follows the last entry that a node has room for, under metadata_csum (struct dx_tail).
type DxTail struct {
	Reserved uint32
	Checksum uint32
}

func (t *DxTail) fields(c *codec) {
	c.u32("dt_reserved", &t.Reserved)
	c.u32("dt_checksum", &t.Checksum)
}

// Decode reads the tail from the first DxTailSize bytes of b.
func (t *DxTail) Decode(b []byte) error { return decode(t, b, DxTailSize) }

// Encode writes the tail to the first DxTailSize bytes of b.
func (t *DxTail) Encode(b []byte) { encode(t, b, DxTailSize) }

// Describe lists the fields of the tail encoded in b.
func (t *DxTail) Describe(b []byte) ([]Field, error) { return describe(t, b, DxTailSize) }

// DxFormat is what a node of an index depends on beyond its bytes.
type DxFormat struct {
	Csum       bool   // metadata_csum
	StoredHash bool   // the directory is both encrypted and casefolded
	Blocks     uint32 // that the directory has
}

// DxNode is a block of a directory index in place: the root or a node. Its entries are searched where they lie.
//
// The zero to Count()-1 that the methods take as an index are within the node once Check has passed.
type DxNode struct {
	block   []byte
	entries int // where they start
}

// DxRootNode is the index in block 0 of a directory.
func DxRootNode(block []byte) DxNode { return DxNode{block, DxRootSize} }

// DxInnerNode is an index block below the root.
func DxInnerNode(block []byte) DxNode { return DxNode{block, dxNodeEntries} }

// Room is the number of entries that the node has room for in the given format.
func (n DxNode) Room(f DxFormat) int {
	room := len(n.block) - n.entries
	if f.StoredHash && n.entries == dxNodeEntries {
		room -= direntHashSize
	}
	if f.Csum {
		room -= DxTailSize
	}
	return room / DxEntrySize
}

// Init clears the block and makes it a node of one entry, for block first of the directory. In a root, the DxRoot is left
// for the caller to encode.
func (n DxNode) Init(f DxFormat, first FileBlock) {
	clear(n.block)
	if n.entries == dxNodeEntries {
		putRecLen(n.block, len(n.block))
	}
	l := DxCountLimit{Limit: uint16(n.Room(f)), Count: 1}
	l.Encode(n.block[n.entries:])
	binary.LittleEndian.PutUint32(n.entry(0)[4:], uint32(first))
}

func (n DxNode) entry(i int) []byte {
	off := n.entries + i*DxEntrySize
	return n.block[off : off+DxEntrySize : off+DxEntrySize]
}

// Limit is the number of entries that the node says it has room for.
func (n DxNode) Limit() int { return int(binary.LittleEndian.Uint16(n.block[n.entries:])) }

// Count is the number of entries in use.
func (n DxNode) Count() int { return int(binary.LittleEndian.Uint16(n.block[n.entries+2:])) }

func (n DxNode) setCount(count int) {
	binary.LittleEndian.PutUint16(n.block[n.entries+2:], uint16(count))
}

// Hash is the hash of entry i, with bit 0 as stored; 0 for the first.
func (n DxNode) Hash(i int) uint32 {
	if i == 0 {
		return 0
	}
	return binary.LittleEndian.Uint32(n.entry(i))
}

// Block is the block of the directory that entry i points at.
func (n DxNode) Block(i int) FileBlock {
	return FileBlock(binary.LittleEndian.Uint32(n.entry(i)[4:]) & dxBlockMask)
}

// Find is the index of the entry whose block is the first that may hold names of a hash: the last entry with a hash
// not above it. Where entries after it satisfy Continues, names of that hash may be in their blocks as well.
func (n DxNode) Find(hash uint32) int {
	lo, hi := 1, n.Count()
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if n.Hash(mid) <= hash {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// Continues reports whether the block of entry i goes on with names of a hash that the block before it has. Bit 0 of
// hash is clear, as in all hashes of names.
func (n DxNode) Continues(i int, hash uint32) bool { return n.Hash(i) == hash|1 }

// Insert puts an entry before entry i, which is not 0; false says that the node is full.
func (n DxNode) Insert(i int, hash uint32, b FileBlock) bool {
	count := n.Count()
	if count >= n.Limit() {
		return false
	}
	at := n.entries + i*DxEntrySize
	copy(n.block[at+DxEntrySize:], n.block[at:n.entries+count*DxEntrySize])
	e := DxEntry{Hash: hash, Block: uint32(b)}
	e.Encode(n.entry(i))
	n.setCount(count + 1)
	return true
}

// Append puts an entry after the last; false says that the node is full.
func (n DxNode) Append(hash uint32, b FileBlock) bool { return n.Insert(n.Count(), hash, b) }

// Truncate leaves the first count entries, one at least, and clears the others.
func (n DxNode) Truncate(count int) {
	clear(n.block[n.entries+count*DxEntrySize : n.entries+n.Count()*DxEntrySize])
	n.setCount(count)
}

// Check says what is wrong with the node, as a *CorruptError: counts, order of hashes, blocks that the directory
// does not have. The other methods that read entries rely on it.
func (n DxNode) Check(f DxFormat) error {
	if len(n.block) < n.entries+DxEntrySize+DxTailSize {
		return Corrupt("directory index", "block of %d bytes", len(n.block))
	}
	limit, count := n.Limit(), n.Count()
	switch {
	case n.entries == dxNodeEntries && !n.hidden():
		return Corrupt("directory index", "node does not start with an entry not in use that spans the block")
	case limit != n.Room(f):
		return Corrupt("directory index", "claims room for %d entries, has it for %d", limit, n.Room(f))
	case count < 1 || count > limit:
		return Corrupt("directory index", "%d entries in a node for %d", count, limit)
	}
	for i := range count {
		if i > 0 && n.Hash(i) < n.Hash(i-1) {
			return Corrupt("directory index", "entry %d has hash %#x, after %#x", i, n.Hash(i), n.Hash(i-1))
		}
		if b := uint32(n.Block(i)); b == 0 || b >= f.Blocks {
			return Corrupt("directory index", "entry %d points at block %d of a directory of %d", i, b, f.Blocks)
		}
	}
	return nil
}

// hidden reports whether readers that know no indexes see nothing in the node.
func (n DxNode) hidden() bool {
	var h DirentHeader
	return h.Decode(n.block) == nil && h.Inode == 0 && RecLen(h.RecLen, len(n.block)) == len(n.block)
}

// tailOffset is where the tail lies; false where the node's limit leaves no room for one.
func (n DxNode) tailOffset() (int, bool) {
	if len(n.block) < n.entries+DxEntrySize {
		return 0, false
	}
	off := n.entries + n.Limit()*DxEntrySize
	return off, off+DxTailSize <= len(n.block) && n.Count() <= n.Limit()
}

// Csum is the checksum that belongs in the tail; seed is the inode's. It covers the block up to the last entry in
// use and then the tail, its own field taken as zeros, but nothing between them. It is 0 where there is no room for a tail.
func (n DxNode) Csum(seed uint32) uint32 {
	off, ok := n.tailOffset()
	if !ok {
		return 0
	}
	crc := CRC32C(seed, n.block[:n.entries+n.Count()*DxEntrySize])
	crc = CRC32C(crc, n.block[off:off+4])
	return CRC32C(crc, zeros[:4])
}

// SetCsum writes the tail's checksum.
func (n DxNode) SetCsum(seed uint32) {
	if off, ok := n.tailOffset(); ok {
		binary.LittleEndian.PutUint32(n.block[off+4:], n.Csum(seed))
	}
}

// CheckCsum compares the tail with the node, and returns a *CorruptError where they differ.
func (n DxNode) CheckCsum(seed uint32) error {
	off, ok := n.tailOffset()
	if !ok {
		return Corrupt("directory index", "no room for a checksum")
	}
	return checkCsum("directory index", binary.LittleEndian.Uint32(n.block[off+4:]), n.Csum(seed))
}

// MoveUpper moves the upper half of the entries to another node, which it makes, and returns the hash of the first, for the entry above
// that is to point there. The node has two entries at least.
func (n DxNode) MoveUpper(f DxFormat, to DxNode) uint32 {
	count := n.Count()
	half := count / 2
	to.Init(f, n.Block(half))
	copy(to.block[to.entries+DxEntrySize:], n.block[n.entries+(half+1)*DxEntrySize:n.entries+count*DxEntrySize])
	to.setCount(count - half)
	hash := n.Hash(half)
	n.Truncate(half)
	return hash
}

// MoveDown moves all entries of a root to a node of one more level, which it makes in block fb of the directory. The levels in the root are
// left for the caller.
func (n DxNode) MoveDown(f DxFormat, to DxNode, fb FileBlock) {
	count := n.Count()
	to.Init(f, n.Block(0))
	copy(to.block[to.entries+DxEntrySize:], n.block[n.entries+DxEntrySize:n.entries+count*DxEntrySize])
	to.setCount(count)
	n.Truncate(1)
	binary.LittleEndian.PutUint32(n.entry(0)[4:], uint32(fb))
}

// SetDxLevels sets the number of levels in the root of an index.
func SetDxLevels(root []byte, levels int) { root[dxLevelsOffset] = uint8(levels) }
