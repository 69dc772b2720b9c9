package journal

import (
	"errors"
	"iter"

	"extant/internal/ondisk"
)

// fastArea is what is valid of the fast-commit area: the journal blocks from first on, of which the tags before
// the count-th, head, pads and tails included, belong to complete fast commits.
type fastArea struct {
	first uint32
	tags  int // that are valid
	calls int // of those, the ones that ask for something to be done
}

// HasFastCommits reports whether there are changes after the last full commit, which the blocks of the overlay lack.
func (o *Overlay) HasFastCommits() bool { return o.fast.calls > 0 }

// FastCommits yields the records of complete fast commits in order: FCAddRange, FCDelRange, FCCreat, FCLink, FCUnlink,
// FCInode, and after those of each fast commit its FCTail. The value of a record holds until the next is asked for.
func (o *Overlay) FastCommits() iter.Seq2[ondisk.FastCommitRecord, error] {
	return func(yield func(ondisk.FastCommitRecord, error) bool) {
		left := o.fast.tags
		if o.fast.calls == 0 {
			return
		}
		for r, err := range o.l.fastRecords(o.fast.first) {
			if left == 0 {
				return
			}
			left--
			if err == nil && !asks(r.record.Tag) && r.record.Tag != ondisk.FCTail {
				continue
			}
			if !yield(r.record, err) || err != nil {
				return
			}
		}
	}
}

// asks reports whether a record asks for something to be done.
func asks(t ondisk.FastCommitTag) bool {
	return t != ondisk.FCHead && t != ondisk.FCTail && t != ondisk.FCPad
}

// scanFast finds how much of the area is valid: complete fast commits that stand in for transaction o.end. One that
// breaks off, or has a wrong checksum, was never promised to anybody and ends the area.
func (o *Overlay) scanFast() error {
	s := o.l.super
	if !o.l.incomp.Has(ondisk.JournalIncompatFastCommit) || o.l.end == s.MaxLen {
		return nil
	}
	o.fast.first = o.l.end + 1
	var crc uint32
	var tags, calls int
	for r, err := range o.l.fastRecords(o.fast.first) {
		var torn *ondisk.CorruptError
		if errors.As(err, &torn) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := o.admit(r, tags); !more || err != nil {
			return err
		}
		tags++
		if asks(r.record.Tag) {
			calls++
		}
		crc = ondisk.FastCommitCRC(crc, r.block, r.record)
		if r.record.Tag == ondisk.FCTail {
			var t ondisk.FastCommitTail
			if err := t.Decode(r.record.Value); err != nil || TID(t.TID) != o.end || t.CRC != crc {
				return err
			}
			o.fast.tags, o.fast.calls, crc = tags, calls, 0
		}
	}
	return nil
}

// admit judges a record as the n-th of the area: a head of transaction o.end comes first; any other head is left from an earlier
// round and ends the area.
func (o *Overlay) admit(r fastRecord, n int) (bool, error) {
	if r.record.Tag != ondisk.FCHead {
		return n > 0, nil
	}
	var h ondisk.FastCommitHead
	if err := h.Decode(r.record.Value); err != nil {
		return false, err
	}
	if TID(h.TID) == o.end && h.Features != 0 {
		return false, &ondisk.UnsupportedError{Detail: "fast commits with features"}
	}
	return TID(h.TID) == o.end, nil
}

type fastRecord struct {
	record ondisk.FastCommitRecord
	block  []byte // that holds it
}

// fastRecords yields the records of the area from journal block n on, valid or not, until one makes no sense.
func (l *Log) fastRecords(n uint32) iter.Seq2[fastRecord, error] {
	return func(yield func(fastRecord, error) bool) {
		buf := make([]byte, l.c.BlockSize)
		for ; n < l.super.MaxLen; n++ {
			if err := l.read(n, buf); err != nil {
				yield(fastRecord{}, err)
				return
			}
			for r, err := range ondisk.FastCommitRecords(buf) {
				if !yield(fastRecord{r, buf}, err) || err != nil {
					return
				}
			}
		}
	}
}
