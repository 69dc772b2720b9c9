package journal

import (
	"maps"
	"slices"

	"extant/internal/ondisk"
)

// A copyRef says where the newest copy of a block lies in the log and how to read it.
type copyRef struct {
	n      uint32 // journal block
	tid    TID
	sum    uint32 // of the tag
	escape bool   // the first four bytes are JournalMagic at home
}

// collect is the second pass: the newest copy of each block in the transactions before end.
func (l *Log) collect(end TID) (map[ondisk.Block]copyRef, error) {
	newest := make(map[ondisk.Block]copyRef)
	err := l.replayable(end, func(w *walker, h ondisk.JournalHeader) error {
		if h.BlockType != ondisk.JournalDescriptor {
			return nil
		}
		for _, p := range l.incomp.Tags(w.buf) {
			n := w.next
			if !w.skip(1) {
				return w.corrupt("journal descriptor", "its data blocks go round the log")
			}
			newest[p.Block] = copyRef{n, TID(h.Sequence), p.Checksum, p.Flags&ondisk.JournalTagEscape != 0}
		}
		if len(newest) > l.c.EntriesMax {
			return &ondisk.UnsupportedError{Detail: "a log of more blocks than recovery may keep track of"}
		}
		return nil
	})
	return newest, err
}

// revoke is the third pass: it drops from newest what is dead, a copy of a transaction up to the one that revokes the
// block. Only the newest copy of a block needs to be asked, for when it is dead the older ones are too.
func (l *Log) revoke(end TID, newest map[ondisk.Block]copyRef) error {
	return l.replayable(end, func(w *walker, h ondisk.JournalHeader) error {
		if h.BlockType == ondisk.JournalDescriptor {
			w.skip(w.tags())
			return nil
		}
		if h.BlockType != ondisk.JournalRevoke {
			return nil
		}
		if err := l.incomp.CheckRevokes(w.buf); err != nil {
			return w.corrupt("revoke block", "%v", err)
		}
		for b := range l.incomp.Revokes(w.buf) {
			if c, ok := newest[b]; ok && !TID(h.Sequence).Before(c.tid) {
				delete(newest, b)
			}
		}
		return nil
	})
}

// replayable calls visit with each descriptor, revoke and commit block of the transactions before end. The scan has
// found them in order; a log that reads differently now is an error.
func (l *Log) replayable(end TID, visit func(*walker, ondisk.JournalHeader) error) error {
	w := l.walk()
	for tid := TID(l.super.Sequence); tid != end; {
		h, ok, err := w.header(tid)
		switch {
		case err != nil:
			return err
		case !ok || h.BlockType != ondisk.JournalCommit && !w.sealed():
			return w.corrupt("journal transaction", "transaction %d has changed since it was scanned", tid)
		}
		if err := visit(w, h); err != nil {
			return err
		}
		if h.BlockType == ondisk.JournalCommit {
			tid++
		}
	}
	return nil
}

// checkHomes refuses a log that would write outside the file system or over itself, and returns the homes in ascending order.
func (l *Log) checkHomes(newest map[ondisk.Block]copyRef) ([]ondisk.Block, error) {
	homes := slices.Sorted(maps.Keys(newest))
	for _, b := range homes {
		at := l.layout.block(newest[b].n)
		if uint64(b) >= l.c.Blocks {
			return nil, corrupt(at, "its block %d belongs to block %d, the file system has %d", newest[b].n, b, l.c.Blocks)
		}
		if l.layout.holds(b) {
			return nil, corrupt(at, "its block %d belongs to block %d, which is the journal's own", newest[b].n, b)
		}
	}
	return homes, nil
}
