package mkfs

import "extant/internal/ondisk"

// A blockWriter gathers blocks that lie side by side into large writes, for one task.
type blockWriter struct {
	im  *image
	at  ondisk.Block // of the first byte in buf
	buf []byte
}

// raw returns room for the blocks from at on, as many as are asked for or less, one at least. What is put there is written
// later; until then the room holds anything.
func (w *blockWriter) raw(at ondisk.Block, blocks int64) ([]byte, error) {
	bs := w.im.geo.BlockSize
	if w.buf == nil {
		w.buf = make([]byte, 0, chunk)
	}
	next := w.at + ondisk.Block(len(w.buf)/bs)
	if len(w.buf) > 0 && (at != next || len(w.buf) == cap(w.buf)) {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	if len(w.buf) == 0 {
		w.at = at
	}
	n := len(w.buf)
	w.buf = w.buf[:n+int(min(int64(cap(w.buf)-n), blocks*int64(bs)))]
	return w.buf[n:len(w.buf):len(w.buf)], nil
}

// space is raw for room that is all zeros.
func (w *blockWriter) space(at ondisk.Block, blocks int64) ([]byte, error) {
	b, err := w.raw(at, blocks)
	clear(b)
	return b, err
}

// flush writes what was gathered.
func (w *blockWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.im.write(w.at, w.buf)
	w.buf = w.buf[:0]
	return err
}
