package ext4

import (
	"iter"

	"extant/internal/ondisk"
)

// inlineData is what the inode holds of its content.
func (n *Inode) inlineData() (ondisk.InlineData, error) {
	d, err := n.core().inlineData()
	return d, ondisk.Locate(err, n.ino, 0)
}

// readInline fills p with the content at off. What i_size has beyond the stored bytes reads as zeros.
func (n *Inode) readInline(p []byte, off int64) (int, error) {
	d, err := n.inlineData()
	if err != nil {
		return 0, err
	}
	d.CopyTo(p, off)
	return len(p), nil
}

// "." and ".." are not stored in an inline directory. They get an area of their own before the other two, and cookies are those that the entries
// have in a block, which they are moved to as they lie: who reads the directory meanwhile goes on where it was.
const inlineDotsSize = 24

// inlineBase is the cookie of the first byte of area i of an inline directory.
func inlineBase(d ondisk.InlineData, i int) Cookie {
	return inlineDotsSize + Cookie(d.AreaOffset(i)-d.AreaOffset(0))
}

// inlineAreas yields the areas of an inline directory.
func (n *Inode) inlineAreas() iter.Seq2[dirArea, error] {
	return func(yield func(dirArea, error) bool) {
		d, err := n.inlineData()
		if err != nil {
			yield(dirArea{}, err)
			return
		}
		if !yield(n.dots(d.Parent()), nil) {
			return
		}
		for i, area := range d.Areas() {
			if !yield(dirArea{area, inlineBase(d, i)}, nil) {
				return
			}
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
