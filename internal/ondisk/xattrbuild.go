package ondisk

import (
	"encoding/binary"
	"slices"
)

// beside is the value where it lies beside its entry.
func (x *Xattr) beside() []byte {
	if x.ValueIno != 0 {
		return nil
	}
	return x.Value
}

// XattrsSize is the number of bytes that entries and values of the list take, headers left out.
func XattrsSize(list []Xattr) int {
	n := xattrEnd
	for i := range list {
		n += xattrEntrySize(len(list[i].Name)) + pad4(len(list[i].beside()))
	}
	return n
}

// PutBodyXattrs fills the end of an inode's slot, from Inode.XattrStart on, with the list in its order, or with zeros where
// the list is empty; false says that it does not fit, and changes nothing. Of each xattr, Size is taken
// where ValueIno is set, and Hash, which is XattrInodeHash; else Value. The list does not alias b.
func PutBodyXattrs(b []byte, list []Xattr) bool {
	if XattrBodyHeaderSize+XattrsSize(list) > len(b)&^3 && len(list) > 0 {
		return false
	}
	clear(b)
	if len(list) > 0 {
		binary.LittleEndian.PutUint32(b, XattrMagic)
		putXattrs(b[XattrBodyHeaderSize:], 0, list, false)
	}
	return true
}

// PutBlockXattrs makes a block of the list, which it sorts by name; false says that the list does not fit, and changes nothing else.
// The list is used as in PutBodyXattrs. One inode refers to the block; its checksum is left for SetXattrBlockCsum.
func PutBlockXattrs(b []byte, list []Xattr) bool {
	if XattrHeaderSize+XattrsSize(list) > len(b) {
		return false
	}
	slices.SortFunc(list, CompareXattrs)
	clear(b)
	putXattrs(b, XattrHeaderSize, list, true)
	h := XattrHeader{Magic: XattrMagic, Refcount: 1, Blocks: 1}
	h.Encode(b)
	if a, err := BlockXattrs(b); err == nil {
		h.Hash, _ = a.BlockHash()
	}
	h.Encode(b)
	return true
}

// putXattrs lays the entries out from byte off of base and the values down from its end.
func putXattrs(base []byte, off int, list []Xattr, hashed bool) {
	top := len(base) &^ 3
	for i := range list {
		x := &list[i]
		e := XattrEntry{NameLen: uint8(len(x.Name)), NameIndex: x.Index, ValueSize: uint32(len(x.Value))}
		switch {
		case x.ValueIno != 0:
			e.ValueInum, e.ValueSize, e.Hash = uint32(x.ValueIno), x.Size, x.Hash
		case hashed:
			e.Hash = XattrHash(x.Name, x.Value)
		}
		if v := x.beside(); len(v) > 0 {
			top -= pad4(len(v))
			copy(base[top:], v)
			e.ValueOffs = uint16(top)
		}
		e.Encode(base[off:])
		copy(base[off+XattrEntrySize:], x.Name)
		off += xattrEntrySize(len(x.Name))
	}
}
