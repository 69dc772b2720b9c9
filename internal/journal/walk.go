package journal

import "extant/internal/ondisk"

// A walker reads the log block by block from its tail, once round at most. It is how every pass goes.
type walker struct {
	l *Log // immutable

	at   uint32 // journal block in buf
	next uint32 // journal block to be read next
	left uint32 // blocks until the walk has been round
	buf  []byte
}

func (l *Log) walk() *walker {
	return &walker{l: l, next: l.super.Start, left: l.end - l.super.First, buf: make([]byte, l.c.BlockSize)}
}

// read brings the next block into buf; false when the walk has been round.
func (w *walker) read() (bool, error) {
	if w.left == 0 {
		return false, nil
	}
	w.at = w.next
	w.skip(1)
	return true, w.l.read(w.at, w.buf)
}

// skip passes over n blocks; false when that would be more than round.
func (w *walker) skip(n uint32) bool {
	if n > w.left {
		w.left = 0
		return false
	}
	w.left -= n
	if room := w.l.end - w.next; n < room {
		w.next += n
	} else {
		w.next = w.l.super.First + (n - room)
	}
	return true
}

// header reads the next block and decodes its header; false at the end of the log: it has been gone round, or the
// block is not the log's, or of another transaction than tid.
func (w *walker) header(tid TID) (h ondisk.JournalHeader, ok bool, err error) {
	ok, err = w.read()
	if !ok || err != nil {
		return h, false, err
	}
	if err := h.Decode(w.buf); err != nil {
		return h, false, err
	}
	return h, h.Magic == ondisk.JournalMagic && TID(h.Sequence) == tid, nil
}

// sealed reports whether the checksum at the end of the descriptor or revoke block in buf is right, or there is none.
func (w *walker) sealed() bool {
	return !w.l.incomp.Sums() || ondisk.JournalTail(w.buf) == ondisk.JournalTailCsum(w.l.seed, w.buf)
}

// tags counts the tags of the descriptor block in buf: the data blocks that follow it.
func (w *walker) tags() (n uint32) {
	for range w.l.incomp.Tags(w.buf) {
		n++
	}
	return n
}

// corrupt is damage of the block in buf.
func (w *walker) corrupt(structure, format string, args ...any) *ondisk.CorruptError {
	return ondisk.Corrupt(structure, format, args...).At(ondisk.JournalIno, w.l.layout.block(w.at))
}
