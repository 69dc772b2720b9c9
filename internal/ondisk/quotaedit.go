package ondisk

import "encoding/binary"

// QuotaDepth is how many levels of index blocks stand above the leaves of a quota file.
const QuotaDepth = quotaDepth

// QuotaEntriesMax is how many entries a leaf holds.
const QuotaEntriesMax = quotaLeafEntries

// QuotaIndex is an index block of a quota file in place, QuotaBlockSize long.
type QuotaIndex []byte

// Ref is the block that an id's way leads to from an index block at the given level, the root's being 0; 0 for none.
func (x QuotaIndex) Ref(id uint32, level int) uint32 {
	return binary.LittleEndian.Uint32(x[4*quotaRefIndex(id, level):])
}

// SetRef sets it.
func (x QuotaIndex) SetRef(id uint32, level int, ref uint32) {
	binary.LittleEndian.PutUint32(x[4*quotaRefIndex(id, level):], ref)
}

// QuotaSlots is a leaf of a quota file in place, QuotaBlockSize long. Its slots are numbered from 0 up to QuotaEntriesMax.
type QuotaSlots []byte

// slot is the bytes of a slot.
func (s QuotaSlots) slot(i int) []byte { return s[quotaLeafHeader+i*QuotaEntrySize:][:QuotaEntrySize] }

// Header is the leaf's header.
func (s QuotaSlots) Header() (h QuotaLeaf) {
	_ = h.Decode(s)
	return h
}

// SetHeader writes the leaf's header.
func (s QuotaSlots) SetHeader(h QuotaLeaf) { h.Encode(s) }

// Find is the slot with the entry of an id, and the entry; false if there is none.
func (s QuotaSlots) Find(id uint32) (slot int, e QuotaEntry, ok bool) {
	for i := range quotaLeafEntries {
		b := s.slot(i)
		if binary.LittleEndian.Uint32(b) != id || zero(b) {
			continue
		}
		_ = e.Decode(b)
		return i, e.meant(), true
	}
	return 0, QuotaEntry{}, false
}

// Room is the first empty slot; false if there is none.
func (s QuotaSlots) Room() (slot int, ok bool) {
	for i := range quotaLeafEntries {
		if zero(s.slot(i)) {
			return i, true
		}
	}
	return 0, false
}

// Put writes an entry to a slot.
func (s QuotaSlots) Put(slot int, e QuotaEntry) {
	e = e.stored()
	e.Encode(s.slot(slot))
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
