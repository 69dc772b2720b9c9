package fsck

import (
	"bytes"

	"extant/internal/ondisk"
)

// checkInline judges an inode whose data is in it. Its entries, where it is a directory, are looked at with all others.
func (w *worker) checkInline(body ondisk.XattrArea) {
	f := &w.file
	n := &f.inode
	switch t := n.Type(); {
	case t != ondisk.ModeRegular && t != ondisk.ModeDir && t != ondisk.ModeSymlink:
		w.fault(InlineTypeless, Place{}, "mode %#o, i_flags %#x", n.Mode, n.Flags).want(ondisk.InodeInlineData)
		return
	case n.ExtraIsize == 0:
		w.fault(InlineExtra, Place{}, "i_extra_isize is 0, i_flags %#x", n.Flags).want(ondisk.InodeInlineData)
		return
	}
	if n.Has(ondisk.InodeExtents) {
		w.fault(InlineExtents, Place{}, "i_flags is %#x", n.Flags).want(ondisk.InodeExtents).show(n.IBlock[:])
		return
	}
	data, err := n.InlineData(body)
	if err != nil {
		w.fault(InlineNoXattr, Place{}, "%v", err).want(ondisk.InodeInlineData)
		return
	}
	switch n.Type() {
	case ondisk.ModeRegular:
		w.checkInlineFile(body, data)
	case ondisk.ModeDir:
		if n.Size() != uint64(data.Len()) {
			w.fault(InlineDirSize, Place{}, "i_size is %d, the data has %d bytes", n.Size(), data.Len()).want(uint64(data.Len()))
		}
		f.group.dirs = append(f.group.dirs, dir{ino: f.ino, generation: n.Generation, flags: n.Flags})
	default:
		w.checkInlineSymlink(data)
	}
}

// checkInlineFile holds a regular file to what makes later reads and extensions safe: its size is within what the inode can hold,
// and what lies past its end is zeros, which truncating up would show.
func (w *worker) checkInlineFile(body ondisk.XattrArea, data ondisk.InlineData) {
	f := &w.file
	size := f.inode.Size()
	if most := uint64(w.inlineMax(body)); size > most {
		w.fault(InlineSize, Place{}, "i_size is %d, the inode has room for %d and holds %d", size, most, data.Len()).want(uint64(data.Len()))
		return
	}
	if size >= uint64(data.Len()) {
		return
	}
	rest := make([]byte, data.Len()-int(size))
	data.CopyTo(rest, int64(size))
	if k := len(bytes.TrimRight(rest, "\x00")); k > 0 {
		w.fault(InlineTail, Place{Offset: int(size)}, "i_size is %d, but there are bytes up to %d", size, int(size)+k).show(rest)
	}
}

// inlineMax is the most data that the inode can hold beside its other xattrs.
func (w *worker) inlineMax(body ondisk.XattrArea) int {
	var others []ondisk.Xattr
	for x, err := range body.All() {
		if err == nil && !x.Is(ondisk.XattrSystem, ondisk.XattrInlineDataName) {
			others = append(others, x)
		}
	}
	return ondisk.InlineMax(w.c.slot-w.file.inode.XattrStart(w.c.slot), others)
}

// checkInlineSymlink judges a symlink that an old kernel made with inline data.
func (w *worker) checkInlineSymlink(data ondisk.InlineData) {
	size := w.file.inode.Size()
	if size > uint64(data.Len()) {
		w.fault(SymlinkTarget, Place{}, "i_size is %d, the data has %d bytes", size, data.Len()).want(uint64(data.Len()))
		return
	}
	b := make([]byte, size)
	data.CopyTo(b, 0)
	w.checkTarget(b)
}
