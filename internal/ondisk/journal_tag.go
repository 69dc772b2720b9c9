package ondisk

import "iter"

// Bits of JournalTag.Flags and JournalTag3.Flags (t_flags).
const (
	JournalTagEscape   = 1 // the block starts with JournalMagic, replaced by zeros in the log
	JournalTagSameUUID = 2 // no UUID follows the tag
	JournalTagDeleted  = 4 // the block was deleted by the transaction; recovery takes no notice
	JournalTagLast     = 8 // last tag of the descriptor block
)

// Sizes of tags in bytes.
const (
	journalTagSize  = 12 // journal_block_tag_t with the high half of the block number
	journalTag3Size = 16
	journalUUIDSize = 16
)

// JournalTag says where a data block of the log belongs (journal_block_tag_t): the form without checksum
// version 3. BlockHi is on disk only with the 64bit feature, and Padding only with checksum version 2.
type JournalTag struct {
	Block    uint32
	Checksum uint16 // low half of the block's CRC-32C, with checksum version 2
	Flags    uint16
	BlockHi  uint32
	Padding  uint16

	layout JournalIncompat
}

func (t *JournalTag) fields(c *codec) {
	c.u32("t_blocknr", &t.Block)
	c.u16("t_checksum", &t.Checksum)
	c.u16("t_flags", &t.Flags)
	if t.layout.Has(JournalIncompat64Bit) {
		c.u32("t_blocknr_high", &t.BlockHi)
	}
	if t.layout.Has(JournalIncompatCsumV2) {
		c.u16("t_padding", &t.Padding)
	}
}

// Decode reads a tag of a journal with the features f, TagSize bytes of b.
func (t *JournalTag) Decode(b []byte, f JournalIncompat) error {
	*t = JournalTag{layout: f}
	return decodeBig(t, b, f.TagSize())
}

// Encode writes the tag as a journal with the features f has it, TagSize bytes of b.
func (t *JournalTag) Encode(b []byte, f JournalIncompat) {
	t.layout = f
	encodeBig(t, b, f.TagSize())
}

// Describe lists the fields of the tag encoded in b.
func (t *JournalTag) Describe(b []byte, f JournalIncompat) ([]Field, error) {
	*t = JournalTag{layout: f}
	return describeBig(t, b, f.TagSize())
}

// JournalTag3 is the tag of checksum version 3 (journal_block_tag3_t).
type JournalTag3 struct {
	Block    uint32
	Flags    uint32
	BlockHi  uint32 // meaningful with the 64bit feature
	Checksum uint32 // CRC-32C of the block
}

func (t *JournalTag3) fields(c *codec) {
	c.u32("t_blocknr", &t.Block)
	c.u32("t_flags", &t.Flags)
	c.u32("t_blocknr_high", &t.BlockHi)
	c.u32("t_checksum", &t.Checksum)
}

// Decode reads a tag from the first 16 bytes of b.
func (t *JournalTag3) Decode(b []byte) error { return decodeBig(t, b, journalTag3Size) }

// Encode writes a tag to the first 16 bytes of b.
func (t *JournalTag3) Encode(b []byte) { encodeBig(t, b, journalTag3Size) }

// Describe lists the fields of the tag encoded in b.
func (t *JournalTag3) Describe(b []byte) ([]Field, error) { return describeBig(t, b, journalTag3Size) }

// TagSize is the size in bytes of a tag in a journal with these features, without the UUID that may follow it.
func (f JournalIncompat) TagSize() int {
	if f.Has(JournalIncompatCsumV3) {
		return journalTag3Size
	}
	n := journalTagSize
	if f.Has(JournalIncompatCsumV2) {
		n += 2
	}
	if !f.Has(JournalIncompat64Bit) {
		n -= 4
	}
	return n
}

// JournalPlace is the meaning of a tag, whatever its form: where one data block of the log belongs.
type JournalPlace struct {
	Block    Block  // home of the data
	Flags    uint16 // JournalTagEscape and so on
	Checksum uint32 // 16 bits with checksum version 2, 32 with version 3, else meaningless
}

// tag reads the meaning of the tag in b, which holds TagSize bytes.
func (f JournalIncompat) tag(b []byte) JournalPlace {
	var p JournalPlace
	var hi uint32
	if f.Has(JournalIncompatCsumV3) {
		var t JournalTag3
		t.fields(&codec{mode: reading, big: true, buf: b})
		p = JournalPlace{Block: Block(t.Block), Flags: uint16(t.Flags), Checksum: t.Checksum}
		hi = t.BlockHi
	} else {
		t := JournalTag{layout: f}
		t.fields(&codec{mode: reading, big: true, buf: b})
		p = JournalPlace{Block: Block(t.Block), Flags: t.Flags, Checksum: uint32(t.Checksum)}
		hi = t.BlockHi
	}
	if f.Has(JournalIncompat64Bit) {
		p.Block |= Block(hi) << 32
	}
	return p
}

// PutTag writes p to b as a tag of a journal with these features and returns its size in bytes. A UUID, where p's flags
// call for one, is the caller's to write after it. A block number beyond 32 bits needs the 64bit feature.
func (f JournalIncompat) PutTag(b []byte, p JournalPlace) int {
	lo, hi := split(uint64(p.Block))
	if f.Has(JournalIncompatCsumV3) {
		(&JournalTag3{Block: lo, Flags: uint32(p.Flags), BlockHi: hi, Checksum: p.Checksum}).Encode(b)
	} else {
		(&JournalTag{Block: lo, Checksum: uint16(p.Checksum), Flags: p.Flags, BlockHi: hi}).Encode(b, f)
	}
	return f.TagSize()
}

// Tags yields the tags of descriptor block b, a whole block, with the offset of each, until the one with JournalTagLast or
// the end of the room for tags. A block in which the last tag is nowhere marked has as many as fit, as in the kernel.
func (f JournalIncompat) Tags(b []byte) iter.Seq2[int, JournalPlace] {
	return func(yield func(int, JournalPlace) bool) {
		size, end := f.TagSize(), len(b)-f.tailSize()
		for off := JournalHeaderSize; off+size <= end; {
			p := f.tag(b[off : off+size])
			if !yield(off, p) || p.Flags&JournalTagLast != 0 {
				return
			}
			off += size
			if p.Flags&JournalTagSameUUID == 0 {
				off += journalUUIDSize
			}
		}
	}
}
