package disk

import (
	"io"
	"os"
)

// copyBuffer is the most that copyPlain holds in memory, in bytes.
const copyBuffer = 256 << 10

// Copier is implemented by devices that can be filled from a file faster than by
// reading and writing.
type Copier interface {
	// CopyFrom writes the n bytes at srcOff of src at dst, and returns how many
	// it wrote. When src ends too early the error wraps io.ErrUnexpectedEOF.
	// Holes in src may be written as zeros. The file's own offset stays.
	CopyFrom(dst int64, src *os.File, srcOff, n int64) (int64, error)
}

// CopyFrom writes n bytes of src to d as Copier says, on any device.
func CopyFrom(d Device, dst int64, src *os.File, srcOff, n int64) (int64, error) {
	if c, ok := d.(Copier); ok {
		return c.CopyFrom(dst, src, srcOff, n)
	}
	if err := checkRange("write", dst, n, d.Size()); err != nil {
		return 0, err
	}
	return copyPlain(d, dst, src, srcOff, n)
}

func copyPlain(d Device, dst int64, src *os.File, srcOff, n int64) (done int64, err error) {
	buf := make([]byte, min(n, copyBuffer))
	for done < n {
		r, err := src.ReadAt(buf[:min(n-done, copyBuffer)], srcOff+done)
		w, werr := d.WriteAt(buf[:r], dst+done)
		done += int64(w)
		switch {
		case werr != nil:
			return done, werr
		case err == io.EOF && done < n:
			return done, &os.PathError{Op: "copy", Path: src.Name(), Err: io.ErrUnexpectedEOF}
		case err != nil && err != io.EOF:
			return done, err
		}
	}
	return done, nil
}
