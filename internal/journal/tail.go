package journal

import (
	"fmt"

	"extant/internal/ondisk"
)

// superSector is how much of the super block changes: a sector, which is written whole or not at all.
const superSector = 512

// formedSuper is the super block s with what a journal that c describes shall have. It takes effect with the first transaction.
func formedSuper(s ondisk.JournalSuper, c WriteConfig) ondisk.JournalSuper {
	if s.Header.BlockType == ondisk.JournalSuperV1 {
		s = ondisk.JournalSuper{Header: s.Header, BlockSize: s.BlockSize, MaxLen: s.MaxLen, First: s.First, Sequence: s.Sequence, Errno: s.Errno}
		s.Header.BlockType, s.NrUsers = ondisk.JournalSuperV2, 1
	}
	f := s.Incompat() | ondisk.JournalIncompatRevoke
	f &^= ondisk.JournalIncompatAsyncCommit
	if c.Wide {
		f |= ondisk.JournalIncompat64Bit
	}
	if c.Checksums {
		f = f&^ondisk.JournalIncompatCsumV2 | ondisk.JournalIncompatCsumV3
		s.ChecksumType = ondisk.JournalCRC32C
	}
	s.FeatureIncompat = uint32(f)
	s.FeatureCompat &^= uint32(ondisk.JournalCompatChecksum)
	return s
}

// startLog makes the super block say that the log starts with t, if it says that the log is empty. It is durable with the flush before t's
// commit block: until then recovery finds nothing either way.
func (j *Journal) startLog(t *transaction) error {
	j.sb.Lock()
	defer j.sb.Unlock()
	if j.super.Start != 0 {
		return nil
	}
	s := j.super
	s.Start, s.Sequence = t.start, uint32(t.tid)
	return j.writeSuperLocked(s)
}

// moveTail makes the super block say that the log starts after the n oldest transactions, which are home, and makes that durable: then
// their blocks may be written over. It returns the journal block.
func (j *Journal) moveTail(n int) (tail uint32, err error) {
	j.sb.Lock()
	defer j.sb.Unlock()
	s := j.super
	j.mu.Lock()
	start, tid := j.tailLocked(n)
	j.mu.Unlock()
	s.Start, s.Sequence = start, uint32(tid)
	if err := j.writeSuperLocked(s); err != nil {
		return 0, err
	}
	return start, j.flush()
}

// tailLocked is where the log starts without its n oldest transactions, and with which.
//
// +checklocks:j.mu
func (j *Journal) tailLocked(n int) (uint32, TID) {
	switch {
	case n < len(j.committed):
		return j.committed[n].start, j.committed[n].tid
	case j.committing != nil && !j.committing.logged: // else it is one of the n
		return j.committing.start, j.committing.tid
	case j.running != nil:
		return j.head, j.running.tid
	}
	return j.head, j.next
}

// markEmpty makes the super block say that the log is empty; false when there is a transaction in it, or about to be.
//
// +checklocks:j.checkpoint
func (j *Journal) markEmpty() (bool, error) {
	j.sb.Lock()
	defer j.sb.Unlock()
	j.mu.Lock()
	busy := len(j.committed) > 0 || j.committing != nil
	head, tid := j.tailLocked(0)
	j.mu.Unlock()
	if busy {
		return false, nil
	}
	if j.super.Start == 0 {
		return true, nil
	}
	s := j.super
	s.Start, s.Sequence, s.Head = 0, uint32(tid), head
	if err := j.writeSuperLocked(s); err != nil {
		return false, err
	}
	return true, j.flush()
}

// writeSuperLocked writes the super block s. Only its first sector changes, but for the upgrade of one of version 1, which has
// nothing that counts beyond it.
//
// +checklocks:j.sb
func (j *Journal) writeSuperLocked(s ondisk.JournalSuper) error {
	buf := make([]byte, ondisk.JournalSuperSize)
	s.Encode(buf)
	if s.Incompat().Sums() {
		s.Checksum = ondisk.JournalSuperCsum(buf)
		s.Encode(buf)
	}
	n := superSector
	if j.super.Users != j.log.super.Users {
		n = len(buf)
	}
	at := int64(j.log.layout.block(0)) * int64(j.log.c.BlockSize)
	if _, err := j.c.Dev.WriteAt(buf[:n], at); err != nil {
		return fmt.Errorf("writing the journal's super block: %w", err)
	}
	j.super = s
	return nil
}
