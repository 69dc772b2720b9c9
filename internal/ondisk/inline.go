package ondisk

import "encoding/binary"

// inlineDotDot is the number of bytes before the entries of an inline directory, which hold its parent's number.
const inlineDotDot = 4

// InlineDirMin is the size in bytes of an inline directory without a second area: all of i_block.
const InlineDirMin = IBlockSize

// InlineData is what a file with InodeInlineData set keeps in its inode: the bytes of i_block first, and then the value of the
// xattr system.data, which is always there. For a directory each of the two is an area of its own:
//
//	Head   parent's inode number, 4 bytes | entries, 56 bytes |
//	Tail   entries                                            |
//
// "." and ".." are not stored, no entry crosses from one area to the other, and the last record of each reaches its end.
type InlineData struct {
	Head []byte // IBlockSize bytes
	Tail []byte
}

// Inline reports whether the file's data is in the inode. Without extra fields there is no place for xattrs, so the
// flag then means nothing.
func (n *Inode) Inline() bool { return n.Has(InodeInlineData) && n.ExtraIsize != 0 }

// InlineData is the data of an inode for which Inline holds; body is its BodyXattrs. The error is a *CorruptError.
func (n *Inode) InlineData(body XattrArea) (InlineData, error) {
	if n.Has(InodeExtents) {
		return InlineData{}, Corrupt("inline data", "the inode has an extent tree as well")
	}
	x, ok, err := body.Find(XattrSystem, XattrInlineDataName)
	switch {
	case err != nil:
		return InlineData{}, err
	case !ok:
		return InlineData{}, Corrupt("inline data", "no xattr system.data")
	case x.ValueIno != 0:
		return InlineData{}, Corrupt("inline data", "xattr system.data is in inode %d", x.ValueIno)
	}
	return InlineData{Head: n.IBlock[:], Tail: x.Value}, nil
}

// Len is the number of bytes there are, which for a directory is its size. A regular file may be shorter, or longer: the rest of
// it reads as zeros.
func (d InlineData) Len() int { return len(d.Head) + len(d.Tail) }

// CopyTo fills p with the bytes from off on, and with zeros past the last one.
func (d InlineData) CopyTo(p []byte, off int64) {
	k := 0
	if off < int64(len(d.Head)) {
		k = copy(p, d.Head[off:])
	}
	if at := off + int64(k) - int64(len(d.Head)); k < len(p) && at < int64(len(d.Tail)) {
		k += copy(p[k:], d.Tail[at:])
	}
	clear(p[k:])
}

// Store overwrites the bytes there are with data and then zeros; false says that data is longer, and changes nothing.
func (d InlineData) Store(data []byte) bool {
	if len(data) > d.Len() {
		return false
	}
	k := copy(d.Head, data)
	clear(d.Head[k:])
	clear(d.Tail[copy(d.Tail, data[k:]):])
	return true
}

// Areas are the two areas with a directory's entries, for Dirents and its kin; the second may be empty.
func (d InlineData) Areas() [2][]byte { return [2][]byte{d.Head[inlineDotDot:], d.Tail} }

// AreaOffset is where the entries of area i start within the directory's data.
func (d InlineData) AreaOffset(i int) int {
	if i == 0 {
		return inlineDotDot
	}
	return len(d.Head)
}

// Parent is the inode number of a directory's parent.
func (d InlineData) Parent() Ino { return Ino(binary.LittleEndian.Uint32(d.Head)) }

// SetParent sets the inode number of a directory's parent.
func (d InlineData) SetParent(ino Ino) { binary.LittleEndian.PutUint32(d.Head, uint32(ino)) }

// CheckDir says what is wrong with an inline directory of the given size (i_size), as a *CorruptError.
func (d InlineData) CheckDir(size uint64) error {
	if size != uint64(d.Len()) {
		return Corrupt("inline directory", "size %d, but there are %d bytes", size, d.Len())
	}
	for _, area := range d.Areas() {
		for _, err := range Dirents(area) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// InlineMax is the most data that an inode can hold, in bytes: i_block and the largest value of system.data that fits beside the
// other xattrs in the body. room is the number of bytes from Inode.XattrStart to the slot's end. It is 0 where the entry for
// system.data does not fit at all.
func InlineMax(room int, others []Xattr) int {
	value := room&^3 - XattrBodyHeaderSize - XattrsSize(others) - xattrInlineEntrySize
	if value < 0 {
		return 0
	}
	return IBlockSize + value
}

var inlineDataName = []byte(XattrInlineDataName)

// SplitInline puts the first bytes of data into head, an inode's i_block, and returns the xattr that holds the rest, aliasing data.
func SplitInline(data []byte, head *[IBlockSize]byte) Xattr {
	k := copy(head[:], data)
	clear(head[k:])
	return InlineXattr(data[k:])
}

// InlineXattr is the xattr system.data with a value.
func InlineXattr(value []byte) Xattr {
	return Xattr{Index: XattrSystem, Name: inlineDataName, Value: value, Size: uint32(len(value))}
}
