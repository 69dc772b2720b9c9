package journal

import "extant/internal/ondisk"

// A scan is the first pass: it finds where the committed transactions end.
//
// A commit block that is not there is the ordinary end of a log: the machine stopped before it was written. So is a block with
// a wrong checksum that a newer commit block does not follow: it is left from an earlier round of the log, or arrived in
// part. A wrong checksum in a transaction that *was* committed is damage; what came before it is still good.
type scan struct {
	w *walker // immutable

	tid  TID    // transaction being read
	bad  bool   // a descriptor or revoke block of tid has a wrong checksum
	sec  uint64 // time of the commit before
	crc  uint32 // of the transaction, under the compat feature checksum
	head uint32 // journal block after the last good commit block

	stopped bool // the commit block of end was wrong, and the scan goes on to learn why
	end     TID  // first transaction that is not replayed
	revokes bool // there are revoke blocks
	damage  *ondisk.CorruptError
}

func (l *Log) scan() (*scan, error) {
	s := &scan{w: l.walk(), tid: TID(l.super.Sequence), head: l.super.Start, crc: ^uint32(0)}
	for more := true; more; {
		var err error
		if more, err = s.step(); err != nil {
			return nil, err
		}
	}
	if !s.stopped {
		s.end = s.tid
	}
	return s, nil
}

// step reads one block of the log and what belongs to it; false at the end.
func (s *scan) step() (more bool, err error) {
	h, ok, err := s.w.header(s.tid)
	if !ok || err != nil {
		return false, err
	}
	switch h.BlockType {
	case ondisk.JournalDescriptor:
		return s.descriptor()
	case ondisk.JournalRevoke:
		s.bad = s.bad || !s.w.sealed()
		s.revokes = true
		return true, nil
	case ondisk.JournalCommit:
		return s.commit()
	}
	return false, nil
}

// descriptor passes over the data blocks, or sums them where commit blocks hold a sum.
func (s *scan) descriptor() (more bool, err error) {
	s.bad = s.bad || !s.w.sealed()
	n := s.w.tags()
	if !s.sums() {
		return s.w.skip(n), nil
	}
	s.crc = ondisk.CRC32BE(s.crc, s.w.buf)
	for ; n > 0; n-- {
		if ok, err := s.w.read(); !ok || err != nil {
			return false, err
		}
		s.crc = ondisk.CRC32BE(s.crc, s.w.buf)
	}
	return true, nil
}

// sums reports whether commit blocks hold the sum of their transaction (the compat feature checksum).
func (s *scan) sums() bool { return s.w.l.super.Compat()&ondisk.JournalCompatChecksum != 0 }

// commit judges the commit block that ends s.tid.
func (s *scan) commit() (more bool, err error) {
	var k ondisk.JournalCommitBlock
	if err := k.Decode(s.w.buf); err != nil {
		return false, err
	}
	newer := k.Sec >= s.sec
	switch good := !s.bad && s.right(&k); {
	case s.stopped:
		// Asynchronous commit: with a later transaction in the log, the one that did not arrive whole was committed.
		s.damage = s.w.corrupt("journal transaction", "transaction %d was committed and has a wrong checksum", s.end)
		return false, nil
	case good:
		s.head, s.sec = s.w.next, k.Sec
	case !newer:
		return false, nil
	case s.bad || !s.w.l.incomp.Has(ondisk.JournalIncompatAsyncCommit):
		s.damage = s.w.corrupt("journal transaction", "transaction %d was committed and has a wrong checksum", s.tid)
		return false, nil
	default:
		s.stopped, s.end = true, s.tid
	}
	s.crc = ^uint32(0)
	s.tid++
	return true, nil
}

// right reports whether the commit block's checksum is, or there is none.
func (s *scan) right(k *ondisk.JournalCommitBlock) bool {
	seed, b := s.w.l.seed, s.w.buf
	switch {
	case s.sums():
		return k.SumsTransaction(s.crc)
	case s.w.l.incomp.Sums():
		return k.Checksum[0] == ondisk.JournalCommitCsum(seed, b) || k.Checksum[0] == ondisk.JournalCommitCsumHead(seed, b)
	}
	return true
}
