package ondisk

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
)

// XattrArea is a place that holds xattrs: the end of an inode's slot, or a block. Entries lie one after another at its start,
// up to four zero bytes, and values at its end:
//
//	header | entry name | entry name | 0 0 0 0 |   free   | value | value
//
// Every entry has been walked once when BodyXattrs or BlockXattrs returns the area. The zero area is empty.
type XattrArea struct {
	structure string
	base      []byte // what e_value_offs counts from
	first     int    // offset of the first entry
	end       int    // offset of the zero bytes
}

// BodyXattrs is the area in an inode's slot, given the bytes from Inode.XattrStart to the slot's end. Without the magic number
// there are no xattrs. The error is a *CorruptError.
func BodyXattrs(b []byte) (XattrArea, error) {
	if len(b) < XattrBodyHeaderSize || binary.LittleEndian.Uint32(b) != XattrMagic {
		return XattrArea{structure: "xattrs in the inode"}, nil
	}
	a := XattrArea{structure: "xattrs in the inode", base: b[XattrBodyHeaderSize:]}
	err := a.scan()
	return a, err
}

// BlockXattrs is the area in a block. The error is a *CorruptError.
func BlockXattrs(b []byte) (XattrArea, error) {
	var h XattrHeader
	a := XattrArea{structure: "xattr block", base: b, first: XattrHeaderSize}
	switch {
	case h.Decode(b) != nil:
		return XattrArea{}, Corrupt(a.structure, "%d bytes, less than a header", len(b))
	case h.Magic != XattrMagic:
		return XattrArea{}, Corrupt(a.structure, "magic %#08x, not %#08x", h.Magic, uint32(XattrMagic))
	case h.Blocks != 1:
		return XattrArea{}, Corrupt(a.structure, "spans %d blocks, not 1", h.Blocks)
	}
	err := a.scan()
	return a, err
}

// scan finds the end of the entries, and leaves the area empty where that is not in it.
func (a *XattrArea) scan() error {
	for off := a.first; ; {
		next, err := a.next(off)
		if err != nil {
			a.base, a.first, a.end = nil, 0, 0
			return err
		}
		if next == off {
			a.end = off
			return nil
		}
		off = next
	}
}

// next is the offset of what follows the entry at off; off itself where that is the end of the entries.
func (a *XattrArea) next(off int) (int, error) {
	b := a.base[off:]
	if len(b) < xattrEnd {
		return 0, Corrupt(a.structure, "no end of entries in %d bytes", len(a.base))
	}
	if binary.LittleEndian.Uint32(b) == 0 {
		return off, nil
	}
	size := xattrEntrySize(int(b[0]))
	if size+xattrEnd > len(b) {
		return 0, Corrupt(a.structure, "entry at byte %d with a name of %d bytes passes the end at %d", off, b[0], len(a.base))
	}
	return off + size, nil
}

// xattrEntrySize is the size of an entry with a name of n bytes.
func xattrEntrySize(n int) int { return XattrEntrySize + pad4(n) }

func pad4(n int) int { return (n + 3) &^ 3 }

// All yields the xattrs in the order of their entries, and stops after an error, which is a *CorruptError.
func (a XattrArea) All() iter.Seq2[Xattr, error] {
	return func(yield func(Xattr, error) bool) {
		for off := a.first; off < a.end; {
			x, err := a.at(off)
			if !yield(x, err) || err != nil {
				return
			}
			off += xattrEntrySize(len(x.Name))
		}
	}
}

// at is the xattr whose entry is at byte off.
func (a *XattrArea) at(off int) (Xattr, error) {
	b := a.base[off:a.end]
	size := binary.LittleEndian.Uint32(b[8:])
	x := Xattr{
		Index:    b[1],
		Name:     b[XattrEntrySize : XattrEntrySize+int(b[0]) : XattrEntrySize+int(b[0])],
		ValueIno: Ino(binary.LittleEndian.Uint32(b[4:])),
		Size:     size,
		Hash:     binary.LittleEndian.Uint32(b[12:]),
	}
	switch {
	case x.Index == 0 && len(x.Name) == 0:
		// It could not be written again: without a value of its own it would be the end of the entries.
		return Xattr{}, Corrupt(a.structure, "entry at byte %d with neither a name nor an index", off)
	case bytes.IndexByte(x.Name, 0) >= 0:
		return Xattr{}, Corrupt(a.structure, "zero byte in name %q", x.Name)
	case size > XattrSizeMax:
		return Xattr{}, Corrupt(a.structure, "value of %q has %d bytes, over %d", x.Name, size, XattrSizeMax)
	case x.ValueIno != 0 && size == 0:
		return Xattr{}, Corrupt(a.structure, "value of %q in inode %d has no bytes", x.Name, x.ValueIno)
	case x.ValueIno != 0:
		return x, nil
	case size == 0:
		x.Value = a.base[a.end:a.end:a.end]
		return x, nil
	}
	from := int(binary.LittleEndian.Uint16(b[2:]))
	to := from + int(size)
	if from < a.end+xattrEnd || from+pad4(int(size)) > len(a.base) {
		return Xattr{}, Corrupt(a.structure, "value of %q at bytes %d to %d, outside %d to %d", x.Name, from, to, a.end+xattrEnd, len(a.base))
	}
	x.Value = a.base[from:to:to]
	return x, nil
}

// Find is the xattr of a name; false says that there is none. A fault in the entries before it is an error, a *CorruptError.
func (a XattrArea) Find(index uint8, name string) (Xattr, bool, error) {
	for x, err := range a.All() {
		if err != nil {
			return Xattr{}, false, err
		}
		if x.Is(index, name) {
			return x, true, nil
		}
	}
	return Xattr{}, false, nil
}

// Check says what is wrong with the entries and values that All would not stop at: values that overlap each other, a name that is there
// twice, a value of no bytes at a place that there is not. The error, All's included, is a *CorruptError.
func (a XattrArea) Check() error {
	var all []Xattr
	type span struct{ from, to int }
	var spans []span
	for off := a.first; off < a.end; {
		x, err := a.at(off)
		if err != nil {
			return err
		}
		switch from := int(binary.LittleEndian.Uint16(a.base[off+2:])); {
		case len(x.Value) > 0:
			spans = append(spans, span{from, from + len(x.Value)})
		case x.ValueIno == 0 && from > len(a.base):
			return Corrupt(a.structure, "value of %q, of no bytes, at byte %d of %d", x.Name, from, len(a.base))
		}
		all = append(all, x)
		off += xattrEntrySize(len(x.Name))
	}
	slices.SortFunc(spans, func(s, t span) int { return cmp.Compare(s.from, t.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return Corrupt(a.structure, "two values share byte %d", spans[i].from)
		}
	}
	slices.SortFunc(all, CompareXattrs)
	for i := 1; i < len(all); i++ {
		if CompareXattrs(all[i-1], all[i]) == 0 {
			return Corrupt(a.structure, "name %q with index %d is there twice", all[i].Name, all[i].Index)
		}
	}
	return nil
}

// Free is the number of bytes between the end of the entries and the first value: what further entries and values may take.
func (a XattrArea) Free() int {
	low := len(a.base)
	for off := a.first; off < a.end; {
		if x, err := a.at(off); err == nil && len(x.Value) > 0 {
			low = min(low, int(binary.LittleEndian.Uint16(a.base[off+2:])))
		}
		off += xattrEntrySize(int(a.base[off]))
	}
	return max(0, low-a.end-xattrEnd)
}
