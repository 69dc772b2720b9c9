package extract

import "io"

// tarRecord is what an archive is padded to, in bytes, as tapes want it.
const tarRecord = 20 * tarBlockSize

// A tarWriter writes an archive. After an error it does nothing.
type tarWriter struct {
	w    io.Writer
	buf  []byte // not written yet
	size int64  // bytes of the archive so far
	err  error
}

func newTarWriter(w io.Writer) *tarWriter { return &tarWriter{w: w, buf: make([]byte, 0, chunk)} }

// write appends bytes.
func (t *tarWriter) write(p []byte) {
	t.size += int64(len(p))
	if len(t.buf)+len(p) > cap(t.buf) {
		t.flush()
	}
	if len(p) < cap(t.buf) {
		t.buf = append(t.buf, p...)
		return
	}
	t.send(p)
}

func (t *tarWriter) flush() {
	t.send(t.buf)
	t.buf = t.buf[:0]
}

func (t *tarWriter) send(p []byte) {
	if t.err == nil && len(p) > 0 {
		_, t.err = t.w.Write(p)
	}
}

// header begins a member.
func (t *tarWriter) header(h *tarHeader) {
	t.write(h.encode())
	t.write(h.sparse)
}

var zeroBlocks [64 << 10]byte

// zeros appends n zero bytes.
func (t *tarWriter) zeros(n int64) {
	for n > 0 && t.err == nil {
		part := min(n, int64(len(zeroBlocks)))
		t.write(zeroBlocks[:part])
		n -= part
	}
}

// pad ends the data of a member.
func (t *tarWriter) pad() { t.zeros(-t.size & (tarBlockSize - 1)) }

// close ends the archive.
func (t *tarWriter) close() error {
	t.zeros(2 * tarBlockSize)
	if rest := t.size % tarRecord; rest != 0 {
		t.zeros(tarRecord - rest)
	}
	t.flush()
	return t.err
}
