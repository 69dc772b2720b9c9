package disk

import (
	"fmt"
	"io"
	"syscall"
)

// Device is a block device: an array of Size bytes that does not grow.
//
// Offsets and lengths are in bytes and need no alignment. An offset below zero,
// and a write or discard that does not lie wholly within the device, fails with
// a *RangeError and changes nothing.
type Device interface {
	// ReadAt reads as io.ReaderAt says. Where the device ends before p does, it
	// returns what there is and io.EOF; a read up to the last byte returns nil.
	io.ReaderAt

	// WriteAt writes as io.WriterAt says, but all within the device or not at
	// all. After any other error the range written holds, byte by byte, old
	// content or new.
	io.WriterAt

	// Size is the number of bytes, the same for the life of the device.
	Size() int64

	// Flush returns nil when every write and discard that had returned before
	// Flush was called is durable.
	Flush() error

	// Discard says that the n bytes at off are no longer needed. When it returns
	// nil they read as whatever the implementation documents, the same at every
	// read until they are written. A device that cannot discard returns an error
	// that wraps syscall.EOPNOTSUPP and changes nothing.
	Discard(off, n int64) error

	// Close gives up the device. It does not flush. The device must not be
	// used afterwards.
	Close() error
}

// Sparse is implemented by devices that know where their holes are.
type Sparse interface {
	// NextData returns the first range of data at or after off: bytes start to
	// end may be other than zero, bytes off to start read as zeros. When only a
	// hole follows, or off is at the end of the device, it returns io.EOF.
	// Data may be reported where there are only zeros, never the reverse.
	NextData(off int64) (start, end int64, err error)

	// Allocated is the number of bytes of storage that the content takes.
	Allocated() (int64, error)
}

// RangeError is an operation outside the device.
type RangeError struct {
	Op   string // "read", "write", "discard" or "window"
	Off  int64  // in bytes
	Len  int64  // in bytes
	Size int64  // of the device, in bytes
}

func (e *RangeError) Error() string {
	if e.Off < 0 || e.Len < 0 {
		return fmt.Sprintf("%s of %d bytes at %d: negative offset or length", e.Op, e.Len, e.Off)
	}
	return fmt.Sprintf("%s of %d bytes at %d: beyond the end of a device of %d bytes", e.Op, e.Len, e.Off, e.Size)
}

// Unwrap returns syscall.EINVAL for a negative offset or length and
// syscall.EIO for a range beyond the end, as Linux answers.
func (e *RangeError) Unwrap() error {
	if e.Off < 0 || e.Len < 0 {
		return syscall.EINVAL
	}
	return syscall.EIO
}

// checkRange refuses n bytes at off unless they lie within size bytes.
func checkRange(op string, off, n, size int64) error {
	if off < 0 || n < 0 || n > size || off > size-n {
		return &RangeError{op, off, n, size}
	}
	return nil
}

// clip cuts a read of p at off to a device of size bytes. The error is what the
// read must return when it got all of the shorter slice.
func clip(p []byte, off, size int64) ([]byte, error) {
	switch {
	case off < 0:
		return nil, &RangeError{"read", off, int64(len(p)), size}
	case len(p) == 0:
		return nil, nil
	case off >= size:
		return nil, io.EOF
	case int64(len(p)) > size-off:
		return p[:size-off], io.EOF
	}
	return p, nil
}

// readFull reads all of p, which lies within dev: to get less is an error.
func readFull(dev io.ReaderAt, p []byte, off int64) (int, error) {
	n, err := dev.ReadAt(p, off)
	switch {
	case n == len(p):
		return n, nil
	case err == nil || err == io.EOF:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
