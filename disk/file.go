package disk

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// File is a Device in a regular file or a block device of the system. What is
// discarded reads as zeros; in a regular file it becomes a hole.
type File struct {
	f         *os.File // immutable
	path      string   // immutable
	size      int64    // immutable
	sector    int64    // immutable; bytes of a logical sector
	granule   int64    // immutable; what can be discarded is a multiple of it
	block     bool     // immutable; a block device
	writeable bool     // immutable
}

var (
	_ Device = (*File)(nil)
	_ Sparse = (*File)(nil)
	_ Copier = (*File)(nil)
)

// newFile makes a File of f, which is locked as flags say.
func newFile(f *os.File, path string, block bool, flags Flag) (*File, error) {
	d := &File{f: f, path: path, block: block, sector: 512, writeable: flags&ReadWrite != 0}
	var err error
	if block {
		d.size, d.sector, err = blockGeometry(f)
	} else {
		d.size, err = fileSize(f)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	d.granule = punchGranule(f)
	if block {
		d.granule = d.sector
	}
	return d, nil
}

func fileSize(f *os.File) (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

// Name returns the path the file was opened by.
func (d *File) Name() string { return d.path }

// SectorSize is the size of a logical sector in bytes: what a block device says,
// 512 for a regular file.
func (d *File) SectorSize() int64 { return d.sector }

// ReadAt implements Device. A file that somebody has cut shorter since it was
// opened gives io.ErrUnexpectedEOF.
func (d *File) ReadAt(p []byte, off int64) (int, error) {
	q, end := clip(p, off, d.size)
	if len(q) == 0 {
		return 0, end
	}
	n, err := d.f.ReadAt(q, off)
	switch {
	case n == len(q):
		return n, end
	case err == io.EOF:
		return n, d.fail("read", fmt.Errorf("shorter than when it was opened: %w", io.ErrUnexpectedEOF))
	}
	return n, err
}

// WriteAt implements Device.
func (d *File) WriteAt(p []byte, off int64) (int, error) {
	if err := d.mayWrite("write", off, int64(len(p))); err != nil {
		return 0, err
	}
	return d.f.WriteAt(p, off)
}

// mayWrite refuses to change n bytes at off when the device is read-only or
// does not have them.
func (d *File) mayWrite(op string, off, n int64) error {
	if !d.writeable {
		return d.fail(op, fmt.Errorf("opened read-only: %w", syscall.EROFS))
	}
	return checkRange(op, off, n, d.size)
}

func (d *File) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: d.path, Err: err}
}

// Size implements Device.
func (d *File) Size() int64 { return d.size }

// Flush implements Device with fdatasync or what the system has for it. After an
// error the system may have forgotten what it could not write: a second Flush
// that succeeds proves nothing.
func (d *File) Flush() error {
	if !d.writeable {
		return nil
	}
	if err := datasync(d.f); err != nil {
		return d.fail("flush", err)
	}
	return nil
}

// Close implements Device and gives up the lock.
func (d *File) Close() error {
	unlock(d.f)
	return d.f.Close()
}

// Discard implements Device. The range reads as zeros afterwards. Whole granules
// (of a block device the sectors, of some file systems the blocks) are given
// back to the system, what is left at the ends is overwritten.
func (d *File) Discard(off, n int64) error {
	if err := d.mayWrite("discard", off, n); err != nil {
		return err
	}
	first := (off + d.granule - 1) / d.granule * d.granule
	end := (off + n) / d.granule * d.granule
	if first >= end {
		return d.zero(off, n)
	}
	if err := punch(d.f, first, end-first); err != nil {
		return d.fail("discard", err)
	}
	if err := d.zero(off, first-off); err != nil {
		return err
	}
	return d.zero(end, off+n-end)
}

// zero overwrites n bytes, less than two granules, with zeros.
func (d *File) zero(off, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := d.f.WriteAt(make([]byte, n), off)
	return err
}

// NextData implements Sparse. Where the system cannot tell, all is data.
func (d *File) NextData(off int64) (start, end int64, err error) {
	return NextFileData(d.f, off, d.size)
}

// Allocated implements Sparse: for a regular file the space that it takes, for a
// block device its size.
func (d *File) Allocated() (int64, error) {
	if d.block {
		return d.size, nil
	}
	fi, err := d.f.Stat()
	if err != nil {
		return 0, err
	}
	return allocated(fi), nil
}

// CopyFrom implements Copier.
func (d *File) CopyFrom(dst int64, src *os.File, srcOff, n int64) (int64, error) {
	if err := d.mayWrite("write", dst, n); err != nil {
		return 0, err
	}
	done := copyRange(d.f, dst, src, srcOff, n)
	more, err := copyPlain(d, dst+done, src, srcOff+done, n-done)
	return done + more, err
}
