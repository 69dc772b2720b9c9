package ondisk

import (
	"encoding/binary"
	"iter"
)

// JournalRevokeSize is the size of a JournalRevokeHeader in bytes; records follow it.
const JournalRevokeSize = 16

// JournalRevokeHeader starts a block of revoke records (jbd2_journal_revoke_header_t).
type JournalRevokeHeader struct {
	Header JournalHeader
	Count  uint32 // bytes in use, this header included
}

func (r *JournalRevokeHeader) fields(c *codec) {
	r.Header.fields(c)
	c.u32("r_count", &r.Count)
}

// Decode reads the header from the first JournalRevokeSize bytes of b.
func (r *JournalRevokeHeader) Decode(b []byte) error { return decodeBig(r, b, JournalRevokeSize) }

// Encode writes the header to the first JournalRevokeSize bytes of b.
func (r *JournalRevokeHeader) Encode(b []byte) { encodeBig(r, b, JournalRevokeSize) }

// Describe lists the fields of the header encoded in b.
func (r *JournalRevokeHeader) Describe(b []byte) ([]Field, error) {
	return describeBig(r, b, JournalRevokeSize)
}

// RevokeSize is the size in bytes of a revoke record in a journal with these features.
func (f JournalIncompat) RevokeSize() int {
	if f.Has(JournalIncompat64Bit) {
		return 8
	}
	return 4
}

// CheckRevokes says what is wrong with the count of revoke block b, a whole block; nil for nothing.
func (f JournalIncompat) CheckRevokes(b []byte) error {
	var h JournalRevokeHeader
	if err := h.Decode(b); err != nil {
		return err
	}
	if room := len(b) - f.tailSize(); uint64(h.Count) > uint64(room) {
		return Corrupt("revoke block", "r_count is %d, the block has room for %d", h.Count, room)
	}
	return nil
}

// Revokes yields the blocks that revoke block b, a whole block, revokes. A count larger than the block is cut to it.
func (f JournalIncompat) Revokes(b []byte) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		var h JournalRevokeHeader
		if h.Decode(b) != nil {
			return
		}
		end := int(min(uint64(h.Count), uint64(max(0, len(b)-f.tailSize()))))
		size := f.RevokeSize()
		for off := JournalRevokeSize; off+size <= end; off += size {
			if !yield(f.revoke(b[off:])) {
				return
			}
		}
	}
}

func (f JournalIncompat) revoke(b []byte) Block {
	if f.Has(JournalIncompat64Bit) {
		return Block(binary.BigEndian.Uint64(b))
	}
	return Block(binary.BigEndian.Uint32(b))
}

// PutRevoke writes a record to b and returns its size in bytes.
func (f JournalIncompat) PutRevoke(b []byte, n Block) int {
	if f.Has(JournalIncompat64Bit) {
		binary.BigEndian.PutUint64(b, uint64(n))
	} else {
		binary.BigEndian.PutUint32(b, uint32(n))
	}
	return f.RevokeSize()
}
