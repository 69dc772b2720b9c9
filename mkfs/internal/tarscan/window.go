package tarscan

import "io"

const (
	windowMin = 4 << 10
	windowMax = 128 << 10
)

// window reads an archive a piece at a time. Where headers lie close together it reads ever larger pieces; where files
// are long it reads little more than the headers.
type window struct {
	r    io.ReaderAt
	size int64

	buf  []byte
	off  int64 // of buf in the archive
	want int   // bytes to read next
}

// at returns n bytes at off, or fewer where the archive ends. They are valid until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), w.size-off))
	if n <= 0 {
		return nil, nil
	}
	if end := w.off + int64(len(w.buf)); off < w.off || off+int64(n) > end {
		if err := w.fill(off, n, off >= w.off && off <= end); err != nil {
			return nil, err
		}
	}
	return w.buf[off-w.off:][:n], nil
}

// fill reads at least n bytes at off. near says that what was read last reached this place.
func (w *window) fill(off int64, n int, near bool) error {
	w.want = windowMin
	if near {
		w.want = min(max(windowMin, 2*len(w.buf)), windowMax)
	}
	want := int(min(int64(max(n, w.want)), w.size-off))
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	w.buf, w.off = w.buf[:want], off
	if got, err := w.r.ReadAt(w.buf, off); got < want {
		w.buf = w.buf[:0]
		if err == io.EOF || err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}
