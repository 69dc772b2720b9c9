package fsck

import (
	"bytes"

	"extant/internal/ondisk"
)

// checkSymlink judges a symlink whose target is in i_block or in a block.
func (w *worker) checkSymlink() {
	f, c := &w.file, w.c
	n := &f.inode
	size := n.Size()
	if size < ondisk.IBlockSize && !n.Has(ondisk.InodeExtents) && f.fast() {
		w.checkTarget(n.IBlock[:])
		return
	}
	if size < ondisk.IBlockSize && n.Has(ondisk.InodeExtents) && size > 0 && le32(n.IBlock[:])&0xFFFF != ondisk.ExtentMagic {
		w.fault(SymlinkExtent, Place{}, "i_flags is %#x, %d bytes", n.Flags, size).want(ondisk.InodeExtents)
		w.checkTarget(n.IBlock[:])
		return
	}
	f.dir = true // keeps its pieces
	w.walkMap()
	runs := f.group.runs[f.runs:]
	f.group.runs = f.group.runs[:f.runs]
	if len(runs) != 1 || runs[0].file != 0 || runs[0].count != 1 || runs[0].unwritten || size > uint64(c.bs) {
		if f.faults == 0 {
			w.fault(SymlinkTarget, Place{}, "%d bytes in %d pieces, %d blocks", size, len(runs), f.last)
		}
		return
	}
	b := buf(&w.block, c.bs)
	w.block = b
	if err := c.read(runs[0].start, b); err != nil {
		w.fault(BlockUnreadable, Place{Block: runs[0].start}, "%v", err)
		return
	}
	w.checkTarget(b)
}

// fast reports whether the symlink at hand has no blocks of its own but that of its xattrs.
func (f *fileState) fast() bool {
	return f.inode.Blocks() == 0 || f.inode.FileACL() != 0 || f.values > 0
}

// checkTarget compares the target with the size.
func (w *worker) checkTarget(b []byte) {
	n := &w.file.inode
	size := n.Size()
	if n.Has(ondisk.InodeEncrypt) {
		if _, err := ondisk.CryptSymlink(b[:min(size, uint64(len(b)))]); err != nil {
			w.fault(SymlinkTarget, Place{}, "%v", err).show(b)
		}
		return
	}
	length := bytes.IndexByte(b, 0)
	if length < 0 {
		length = len(b)
	}
	if size == 0 || uint64(length) != size {
		w.fault(SymlinkTarget, Place{}, "i_size is %d, the target has %d bytes", size, length).want(uint64(length)).show(b)
	}
}
