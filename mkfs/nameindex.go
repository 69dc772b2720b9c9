package mkfs

import (
	"bytes"
	"hash/maphash"
)

// A nameIndex finds the entries of a growing tree by directory and name. It keeps four bytes for an entry, in a table with
// open addressing that is never more than half full.
type nameIndex struct {
	t     *tree
	seed  maphash.Seed
	slots []uint32 // 1 + index of an entry; 0: free
	used  int
}

const nameIndexMin = 1 << 10

func newNameIndex(t *tree) *nameIndex {
	return &nameIndex{t: t, seed: maphash.MakeSeed(), slots: make([]uint32, nameIndexMin)}
}

// slot is where a name is, or where it belongs.
func (x *nameIndex) slot(dir nodeID, name []byte) int {
	mask := len(x.slots) - 1
	i := int(maphash.Bytes(x.seed, name)^uint64(dir)*0x9E3779B97F4A7C15) & mask
	for ; x.slots[i] != 0; i = (i + 1) & mask {
		e := &x.t.entries[x.slots[i]-1]
		if e.dir == dir && bytes.Equal(x.t.entryName(e), name) {
			break
		}
	}
	return i
}

// find returns the entry of a name in a directory, or nil. It is valid until the next entry is made.
func (x *nameIndex) find(dir nodeID, name []byte) *entry {
	if s := x.slots[x.slot(dir, name)]; s != 0 {
		return &x.t.entries[s-1]
	}
	return nil
}

// add takes in the entry with an index in tree.entries, whose name is new.
func (x *nameIndex) add(i int) {
	if 2*(x.used+1) > len(x.slots) {
		x.grow()
	}
	e := &x.t.entries[i]
	x.slots[x.slot(e.dir, x.t.entryName(e))] = uint32(i) + 1
	x.used++
}

func (x *nameIndex) grow() {
	old := x.slots
	x.slots = make([]uint32, 2*len(old))
	for _, s := range old {
		if s != 0 {
			e := &x.t.entries[s-1]
			x.slots[x.slot(e.dir, x.t.entryName(e))] = s
		}
	}
}
