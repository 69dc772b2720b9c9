package disk

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// NextData finds data on any device as Sparse says. On a device that is not
// Sparse all is data.
func NextData(d Device, off int64) (start, end int64, err error) {
	if s, ok := d.(Sparse); ok {
		return s.NextData(off)
	}
	return allData(off, d.Size())
}

// NextFileData finds data in the first size bytes of a file as Sparse says. The
// file's own offset may change. Where the system cannot tell, all is data.
func NextFileData(f *os.File, off, size int64) (start, end int64, err error) {
	if _, _, err := allData(off, size); err != nil {
		return 0, 0, err
	}
	start, end, err = seekData(f, off)
	switch {
	case errors.Is(err, syscall.ENXIO) || err == nil && start >= size:
		return 0, 0, io.EOF
	case err != nil || start < off || end <= start:
		return off, size, nil
	}
	return start, min(end, size), nil
}

// allData is NextData on size bytes without holes.
func allData(off, size int64) (start, end int64, err error) {
	switch {
	case off < 0:
		return 0, 0, &RangeError{"read", off, 0, size}
	case off >= size:
		return 0, 0, io.EOF
	}
	return off, size, nil
}
