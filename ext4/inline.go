package ext4

import (
	"encoding/binary"
	"iter"

	"extant/internal/ondisk"
)

// Inline data is the bytes of i_block and then the value of the hidden xattr system.data, which is always there, if only empty.

// inlineValue is the value of system.data.
func (n *Inode) inlineValue() ([]byte, error) {
	body, err := n.bodyXattrs()
	if err != nil {
		return nil, err
	}
	x, ok, err := body.Find(ondisk.XattrSystem, ondisk.XattrInlineDataName)
	switch {
	case err != nil:
		return nil, ondisk.Locate(err, n.ino, 0)
	case !ok:
		return nil, n.corrupt("inline data", "the inode has no system.data")
	case x.ValueIno != 0:
		return nil, n.corrupt("inline data", "system.data is in inode %d", x.ValueIno)
	}
	return x.Value, nil
}

// readInline fills p with the content at off. What i_size has beyond the stored bytes reads as zeros.
func (n *Inode) readInline(p []byte, off int64) (int, error) {
	value, err := n.inlineValue()
	if err != nil {
		return 0, err
	}
	done := 0
	for _, part := range [][]byte{n.disk.IBlock[:], value} {
		if off < int64(len(part)) {
			c := copy(p[done:], part[off:])
			done += c
			off += int64(c)
		}
		off -= int64(len(part))
	}
	clear(p[done:])
	return len(p), nil
}

// An inline directory is the number of the parent, which stands for "..", and then two areas of entries, of which the second is the
// value of system.data. "." and ".." are not stored; they get an area of their own, so that cookies are as in any directory.
const (
	inlineParentSize = 4
	inlineDotsSize   = 24
)

// inlineAreas yields the areas of an inline directory.
func (n *Inode) inlineAreas() iter.Seq2[dirArea, error] {
	return func(yield func(dirArea, error) bool) {
		parent := ondisk.Ino(binary.LittleEndian.Uint32(n.disk.IBlock[:]))
		first := n.disk.IBlock[inlineParentSize:]
		if !yield(n.dots(parent), nil) || !yield(dirArea{first, inlineDotsSize}, nil) {
			return
		}
		value, err := n.inlineValue()
		if err != nil || len(value) > 0 {
			yield(dirArea{value, inlineDotsSize + Cookie(len(first))}, err)
		}
	}
}

// freshAreas yields what a directory holds that was made since the last full commit: its names are in
// the fast commits, but for the first two.
func (n *Inode) freshAreas() iter.Seq2[dirArea, error] {
	return func(yield func(dirArea, error) bool) {
		yield(n.dots(n.fs.fast.parent(n.ino)), nil)
	}
}

// dots is an area with the entries "." and "..".
func (n *Inode) dots(parent ondisk.Ino) dirArea {
	area := make([]byte, inlineDotsSize)
	w := ondisk.NewDirWriter(area, 0)
	w.Add(n.ino, []byte("."), ondisk.FileDir)
	w.Add(parent, []byte(".."), ondisk.FileDir)
	return dirArea{data: area}
}
