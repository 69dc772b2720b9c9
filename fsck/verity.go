package fsck

import (
	"extant/internal/ondisk"
)

// checkVerity judges the shape of what fs-verity keeps past the end of the file at hand: a descriptor in the last block.
func (w *worker) checkVerity() {
	f, c := &w.file, w.c
	if !f.inode.Has(ondisk.InodeVerity) || !c.sb.HasROCompat(ondisk.ROCompatVerity) || f.faults > 0 {
		return
	}
	if why := w.verityFault(); why != nil {
		w.fault(InodeVerity, Place{}, "%v", why).want(ondisk.InodeVerity)
	}
}

func (w *worker) verityFault() error {
	f, c := &w.file, w.c
	if f.last == 0 {
		return ondisk.Corrupt("verity descriptor", "the file has no blocks")
	}
	file, err := c.openFile(f.ino)
	if err != nil {
		return err
	}
	size := f.inode.Size()
	end := f.last * uint64(c.bs)
	file.inode.SetSize(end)
	var trailer [ondisk.VerityTrailerSize]byte
	if _, err := file.ReadAt(trailer[:], int64(end)-int64(len(trailer))); err != nil {
		return err
	}
	at, stored, err := ondisk.FindVerityDescriptor(end, trailer[:], c.bs)
	if err != nil {
		return err
	}
	var b [ondisk.VerityDescriptorSize]byte
	if _, err := file.ReadAt(b[:], int64(at)); err != nil {
		return err
	}
	var d ondisk.VerityDescriptor
	if err := d.Decode(b[:]); err != nil {
		return err
	}
	return d.Check(size, stored)
}
