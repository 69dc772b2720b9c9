package disk

import (
	"io"
	"os"
)

// window is a part of a Device. It hands operations on with another offset, and
// is as good at holes and copies as the device is.
type window struct {
	dev  Device // immutable
	off  int64  // immutable
	size int64  // immutable
}

var (
	_ Sparse = (*window)(nil)
	_ Copier = (*window)(nil)
)

// Window returns the n bytes of dev at off as a device. They must lie within dev,
// else the error is a *RangeError. Flush flushes all of dev. Close does not close
// dev, which other windows may be using.
func Window(dev Device, off, n int64) (Device, error) {
	if err := checkRange("window", off, n, dev.Size()); err != nil {
		return nil, err
	}
	return &window{dev, off, n}, nil
}

func (w *window) Size() int64  { return w.size }
func (w *window) Flush() error { return w.dev.Flush() }
func (w *window) Close() error { return nil }

func (w *window) ReadAt(p []byte, off int64) (int, error) {
	q, end := clip(p, off, w.size)
	if len(q) == 0 {
		return 0, end
	}
	n, err := readFull(w.dev, q, w.off+off)
	if err == nil {
		err = end
	}
	return n, err
}

func (w *window) WriteAt(p []byte, off int64) (int, error) {
	if err := checkRange("write", off, int64(len(p)), w.size); err != nil {
		return 0, err
	}
	return w.dev.WriteAt(p, w.off+off)
}

func (w *window) Discard(off, n int64) error {
	if err := checkRange("discard", off, n, w.size); err != nil {
		return err
	}
	return w.dev.Discard(w.off+off, n)
}

func (w *window) NextData(off int64) (start, end int64, err error) {
	if start, end, err = allData(off, w.size); err != nil {
		return start, end, err
	}
	start, end, err = NextData(w.dev, w.off+off)
	switch {
	case err != nil:
		return 0, 0, err
	case start-w.off >= w.size:
		return 0, 0, io.EOF
	}
	return start - w.off, min(end-w.off, w.size), nil
}

// Allocated counts the data of the window: the device knows only its own sum.
func (w *window) Allocated() (sum int64, err error) {
	for off := int64(0); ; {
		start, end, err := w.NextData(off)
		if err == io.EOF {
			return sum, nil
		}
		if err != nil {
			return 0, err
		}
		sum += end - start
		off = end
	}
}

func (w *window) CopyFrom(dst int64, src *os.File, srcOff, n int64) (int64, error) {
	if err := checkRange("write", dst, n, w.size); err != nil {
		return 0, err
	}
	return CopyFrom(w.dev, w.off+dst, src, srcOff, n)
}
