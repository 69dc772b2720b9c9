package mkfs

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"extant/internal/ondisk"
)

// xattrSet numbers the sets of xattrs in a table; 0 is the empty set.
type xattrSet uint32

// An xattrTable keeps each set of xattrs once, however many files have it.
type xattrTable struct {
	arena  []byte   // sets, each as packXattrs writes them
	starts []uint32 // of the sets, from 1 on, in the arena
	index  map[uint64][]xattrSet
	seed   maphash.Seed
	packed []byte
}

// add returns the number of a set. The list is sorted on the way.
func (t *xattrTable) add(list []ondisk.Xattr) xattrSet {
	if len(list) == 0 {
		return 0
	}
	if t.index == nil {
		t.index, t.seed, t.starts = map[uint64][]xattrSet{}, maphash.MakeSeed(), []uint32{0}
	}
	slices.SortFunc(list, ondisk.CompareXattrs)
	t.packed = packXattrs(t.packed[:0], list)
	h := maphash.Bytes(t.seed, t.packed)
	for _, s := range t.index[h] {
		if bytes.Equal(t.bytes(s), t.packed) {
			return s
		}
	}
	t.starts = append(t.starts, uint32(len(t.arena)))
	t.arena = append(t.arena, t.packed...)
	s := xattrSet(len(t.starts) - 1)
	t.index[h] = append(t.index[h], s)
	return s
}

func (t *xattrTable) bytes(s xattrSet) []byte {
	end := len(t.arena)
	if int(s)+1 < len(t.starts) {
		end = int(t.starts[s+1])
	}
	return t.arena[t.starts[s]:end:end]
}

// list unpacks a set, in the order of entries in a block. Names and values alias the table.
func (t *xattrTable) list(s xattrSet) []ondisk.Xattr {
	if s == 0 {
		return nil
	}
	return unpackXattrs(t.bytes(s))
}

// packXattrs appends a list to b: for each, index, length of name, length of value, name, value.
func packXattrs(b []byte, list []ondisk.Xattr) []byte {
	for _, x := range list {
		b = append(b, x.Index, uint8(len(x.Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Value)))
		b = append(append(b, x.Name...), x.Value...)
	}
	return b
}

func unpackXattrs(b []byte) (list []ondisk.Xattr) {
	for len(b) > 0 {
		name := 6 + int(b[1])
		value := name + int(binary.LittleEndian.Uint32(b[2:]))
		list = append(list, ondisk.Xattr{Index: b[0], Name: b[6:name:name], Value: b[name:value:value], Size: uint32(value - name)})
		b = b[value:]
	}
	return list
}
