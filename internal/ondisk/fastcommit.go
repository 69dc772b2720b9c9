package ondisk

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// FastCommitTag is the kind of a record in the fast-commit area of a journal (fc_tag). Unlike the rest of the journal the
// area is little-endian.
type FastCommitTag uint16

// Kinds of fast-commit record.
const (
	FCAddRange FastCommitTag = 1 // FastCommitAddRange
	FCDelRange FastCommitTag = 2 // FastCommitDelRange
	FCCreat    FastCommitTag = 3 // FastCommitDentry: a name and its new inode
	FCLink     FastCommitTag = 4 // FastCommitDentry: a name for an old inode
	FCUnlink   FastCommitTag = 5 // FastCommitDentry
	FCInode    FastCommitTag = 6 // FastCommitInode
	FCPad      FastCommitTag = 7
	FCTail     FastCommitTag = 8 // FastCommitTail: ends a fast commit
	FCHead     FastCommitTag = 9 // FastCommitHead: starts the area
)

func (t FastCommitTag) String() string {
	names := [...]string{"", "add_range", "del_range", "creat", "link", "unlink", "inode", "pad", "tail", "head"}
	if t == 0 || int(t) >= len(names) {
		return fmt.Sprintf("fast-commit tag %d", uint16(t))
	}
	return names[t]
}

// Sizes of fast-commit structures in bytes.
const (
	FastCommitTLSize       = 4 // fc_tag and fc_len, before each value
	FastCommitHeadSize     = 8
	FastCommitTailSize     = 8
	FastCommitAddRangeSize = 16
	FastCommitDelRangeSize = 12
	FastCommitDentrySize   = 8 // the name follows
	FastCommitInodeSize    = 4 // the inode follows
)

// fastCommitNameMax is the longest name a directory entry has.
const fastCommitNameMax = 255

// FastCommitTL comes before each value of the area (struct ext4_fc_tl).
type FastCommitTL struct {
	Tag uint16
	Len uint16 // bytes of the value; of a tail, up to the end of its block
}

func (t *FastCommitTL) fields(c *codec) {
	c.u16("fc_tag", &t.Tag)
	c.u16("fc_len", &t.Len)
}

// Decode reads the tag and the length from the first FastCommitTLSize bytes of b.
func (t *FastCommitTL) Decode(b []byte) error { return decode(t, b, FastCommitTLSize) }

// Encode writes the tag and the length to the first FastCommitTLSize bytes of b.
func (t *FastCommitTL) Encode(b []byte) { encode(t, b, FastCommitTLSize) }

// Describe lists the fields encoded in b.
func (t *FastCommitTL) Describe(b []byte) ([]Field, error) { return describe(t, b, FastCommitTLSize) }

// FastCommitHead starts the area (struct ext4_fc_head).
type FastCommitHead struct {
	Features uint32 // none is defined
	TID      uint32 // transaction that the fast commits stand in for
}

func (h *FastCommitHead) fields(c *codec) {
	c.u32("fc_features", &h.Features)
	c.u32("fc_tid", &h.TID)
}

// Decode reads the head from the first FastCommitHeadSize bytes of b.
func (h *FastCommitHead) Decode(b []byte) error { return decode(h, b, FastCommitHeadSize) }

// Encode writes the head to the first FastCommitHeadSize bytes of b.
func (h *FastCommitHead) Encode(b []byte) { encode(h, b, FastCommitHeadSize) }

// Describe lists the fields of the head encoded in b.
func (h *FastCommitHead) Describe(b []byte) ([]Field, error) {
	return describe(h, b, FastCommitHeadSize)
}

// FastCommitTail ends a fast commit (struct ext4_fc_tail).
type FastCommitTail struct {
	TID uint32
	CRC uint32 // CRC-32C, from 0, of all since the last tail, up to and with TID
}

func (t *FastCommitTail) fields(c *codec) {
	c.u32("fc_tid", &t.TID)
	c.u32("fc_crc", &t.CRC)
}

// Decode reads the tail from the first FastCommitTailSize bytes of b.
func (t *FastCommitTail) Decode(b []byte) error { return decode(t, b, FastCommitTailSize) }

// Encode writes the tail to the first FastCommitTailSize bytes of b.
func (t *FastCommitTail) Encode(b []byte) { encode(t, b, FastCommitTailSize) }

// Describe lists the fields of the tail encoded in b.
func (t *FastCommitTail) Describe(b []byte) ([]Field, error) {
	return describe(t, b, FastCommitTailSize)
}

// FastCommitAddRange maps blocks into a file (struct ext4_fc_add_range).
type FastCommitAddRange struct {
	Ino    uint32
	Extent [12]byte // as in a leaf of an extent tree
}

func (r *FastCommitAddRange) fields(c *codec) {
	c.u32("fc_ino", &r.Ino)
	c.bytes("fc_ex", r.Extent[:])
}

// Decode reads the record from the first FastCommitAddRangeSize bytes of b.
func (r *FastCommitAddRange) Decode(b []byte) error { return decode(r, b, FastCommitAddRangeSize) }

// Encode writes the record to the first FastCommitAddRangeSize bytes of b.
func (r *FastCommitAddRange) Encode(b []byte) { encode(r, b, FastCommitAddRangeSize) }

// Describe lists the fields of the record encoded in b.
func (r *FastCommitAddRange) Describe(b []byte) ([]Field, error) {
	return describe(r, b, FastCommitAddRangeSize)
}

// FastCommitDelRange unmaps blocks from a file (struct ext4_fc_del_range).
type FastCommitDelRange struct {
	Ino   uint32
	Block uint32 // first, within the file
	Len   uint32 // blocks
}

func (r *FastCommitDelRange) fields(c *codec) {
	c.u32("fc_ino", &r.Ino)
	c.u32("fc_lblk", &r.Block)
	c.u32("fc_len", &r.Len)
}

// Decode reads the record from the first FastCommitDelRangeSize bytes of b.
func (r *FastCommitDelRange) Decode(b []byte) error { return decode(r, b, FastCommitDelRangeSize) }

// Encode writes the record to the first FastCommitDelRangeSize bytes of b.
func (r *FastCommitDelRange) Encode(b []byte) { encode(r, b, FastCommitDelRangeSize) }

// Describe lists the fields of the record encoded in b.
func (r *FastCommitDelRange) Describe(b []byte) ([]Field, error) {
	return describe(r, b, FastCommitDelRangeSize)
}

// FastCommitDentry adds or removes a name (struct ext4_fc_dentry_info). The name follows it to the end of the value.
type FastCommitDentry struct {
	ParentIno uint32
	Ino       uint32
}

func (d *FastCommitDentry) fields(c *codec) {
	c.u32("fc_parent_ino", &d.ParentIno)
	c.u32("fc_ino", &d.Ino)
}

// Decode reads the record from the first FastCommitDentrySize bytes of b.
func (d *FastCommitDentry) Decode(b []byte) error { return decode(d, b, FastCommitDentrySize) }

// Encode writes the record to the first FastCommitDentrySize bytes of b.
func (d *FastCommitDentry) Encode(b []byte) { encode(d, b, FastCommitDentrySize) }

// Describe lists the fields of the record encoded in b.
func (d *FastCommitDentry) Describe(b []byte) ([]Field, error) {
	return describe(d, b, FastCommitDentrySize)
}

// FastCommitInode replaces an inode but for its mapping (struct ext4_fc_inode). The inode follows it, at least
// InodeSizeMin bytes and with all that its i_extra_isize covers, to the end of the value.
type FastCommitInode struct {
	Ino uint32
}

func (n *FastCommitInode) fields(c *codec) { c.u32("fc_ino", &n.Ino) }

// Decode reads the record from the first FastCommitInodeSize bytes of b.
func (n *FastCommitInode) Decode(b []byte) error { return decode(n, b, FastCommitInodeSize) }

// Encode writes the record to the first FastCommitInodeSize bytes of b.
func (n *FastCommitInode) Encode(b []byte) { encode(n, b, FastCommitInodeSize) }

// Describe lists the fields of the record encoded in b.
func (n *FastCommitInode) Describe(b []byte) ([]Field, error) {
	return describe(n, b, FastCommitInodeSize)
}

// FastCommitRecord is one record of the area: its kind, and its value, which aliases the block it was read from.
type FastCommitRecord struct {
	Tag    FastCommitTag
	Offset int    // of the tag, in the block
	Value  []byte // for the structure of the tag to decode
}

// Encode writes tag, length and value to b and returns the number of bytes written.
func (r FastCommitRecord) Encode(b []byte) int {
	(&FastCommitTL{Tag: uint16(r.Tag), Len: uint16(len(r.Value))}).Encode(b)
	return FastCommitTLSize + copy(b[FastCommitTLSize:], r.Value)
}

// FastCommitRecords yields the records of block b of the area. What has no meaning there, an unknown kind or a
// length that its kind does not have, is an error and ends the block.
func FastCommitRecords(b []byte) iter.Seq2[FastCommitRecord, error] {
	return func(yield func(FastCommitRecord, error) bool) {
		for off := 0; off+FastCommitTLSize <= len(b); {
			tag, n := binary.LittleEndian.Uint16(b[off:]), int(binary.LittleEndian.Uint16(b[off+2:]))
			r := FastCommitRecord{Tag: FastCommitTag(tag), Offset: off}
			if off += FastCommitTLSize; n > len(b)-off {
				yield(r, Corrupt("fast commit", "%v at %d has %d bytes, %d are left", r.Tag, r.Offset, n, len(b)-off))
				return
			}
			r.Value = b[off : off+n : off+n]
			if !r.fits() {
				yield(r, Corrupt("fast commit", "%v at %d has %d bytes", r.Tag, r.Offset, n))
				return
			}
			if !yield(r, nil) {
				return
			}
			off += n
		}
	}
}

// fits reports whether the value has a length that the kind can have.
func (r FastCommitRecord) fits() bool {
	n := len(r.Value)
	switch r.Tag {
	case FCAddRange:
		return n == FastCommitAddRangeSize
	case FCDelRange:
		return n == FastCommitDelRangeSize
	case FCCreat, FCLink, FCUnlink:
		return n > FastCommitDentrySize && n <= FastCommitDentrySize+fastCommitNameMax
	case FCInode:
		return n >= FastCommitInodeSize+InodeSizeMin && n <= FastCommitInodeSize+InodeSizeMax
	case FCHead:
		return n == FastCommitHeadSize
	case FCTail:
		return n >= FastCommitTailSize
	}
	return r.Tag == FCPad
}

// FastCommitCRC continues the CRC of a fast commit over record r of block b. The first value is 0. Of a tail only
// what comes before its CRC counts.
func FastCommitCRC(crc uint32, b []byte, r FastCommitRecord) uint32 {
	n := FastCommitTLSize + len(r.Value)
	if r.Tag == FCTail {
		n = FastCommitTLSize + 4
	}
	return CRC32C(crc, b[r.Offset:r.Offset+n])
}
