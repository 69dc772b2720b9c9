package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"extant/internal/ondisk"
)

// stageBytes is how much is written to the device at once, about: more is not faster.
const stageBytes = 512 << 10

// logForm is how the records of a log look. The zero form is of no log: a transaction costs its blocks.
type logForm struct {
	incompat ondisk.JournalIncompat
	uuid     [16]byte
	seed     uint32
	tags     int // that a descriptor block has room for
	revokes  int // that a revoke block has room for
}

func newLogForm(s *ondisk.JournalSuper, blockSize int) logForm {
	f := logForm{incompat: s.Incompat(), uuid: s.UUID, seed: s.CsumSeed()}
	tail := 0
	if f.incompat.Sums() {
		tail = 4
	}
	f.tags = (blockSize - ondisk.JournalHeaderSize - len(f.uuid) - tail) / f.incompat.TagSize()
	f.revokes = (blockSize - ondisk.JournalRevokeSize - tail) / f.incompat.RevokeSize()
	return f
}

// cost is the number of log blocks that a transaction takes.
func (f *logForm) cost(blocks, revokes int) int {
	if f.tags == 0 {
		return blocks
	}
	return blocks + (blocks+f.tags-1)/f.tags + (revokes+f.revokes-1)/f.revokes + 1
}

// A recorder writes the records of one transaction to the log, as many blocks at once as lie together.
type recorder struct {
	j   *Journal
	tid TID
	at  uint32 // journal block of the first block staged
	n   uint32 // journal block of the next
}

// writeLog writes t to the log: its blocks and what they need, a flush, the commit block, a flush.
func (j *Journal) writeLog(t *transaction) error {
	if t.over {
		return fmt.Errorf("transaction %d takes %d blocks, more than the log has left", t.tid, t.size)
	}
	if err := j.startLog(t); err != nil {
		return err
	}
	r := &recorder{j: j, tid: t.tid, at: t.start, n: t.start}
	j.recording = j.recording[:0]
	if err := r.revokes(t.revokes); err != nil {
		return err
	}
	for rest := t.entries; len(rest) > 0; {
		n := min(len(rest), j.form.tags)
		if err := r.group(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if err := r.out(); err != nil {
		return err
	}
	if err := j.flush(); err != nil {
		return err
	}
	if err := r.commit(); err != nil {
		return err
	}
	return j.flush()
}

// head starts the next block that is not data.
func (r *recorder) head(kind uint32) []byte {
	b := r.j.building
	clear(b)
	(&ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: kind, Sequence: uint32(r.tid)}).Encode(b)
	return b
}

// seal puts the checksum into a descriptor or revoke block.
func (r *recorder) seal(b []byte) {
	if r.j.form.incompat.Sums() {
		ondisk.SealJournalTail(r.j.form.seed, b)
	}
}

func (r *recorder) revokes(blocks []ondisk.Block) error {
	f := &r.j.form
	for len(blocks) > 0 {
		b, off := r.head(ondisk.JournalRevoke), ondisk.JournalRevokeSize
		n := min(len(blocks), f.revokes)
		for _, at := range blocks[:n] {
			off += f.incompat.PutRevoke(b[off:], at)
		}
		binary.BigEndian.PutUint32(b[ondisk.JournalHeaderSize:], uint32(off))
		r.seal(b)
		if err := r.put(b); err != nil {
			return err
		}
		blocks = blocks[n:]
	}
	return nil
}

// group writes a descriptor block and the data blocks it is about.
func (r *recorder) group(entries []*entry) error {
	f := &r.j.form
	b, off := r.head(ondisk.JournalDescriptor), ondisk.JournalHeaderSize
	for i, e := range entries {
		p := ondisk.JournalPlace{Block: e.b.at}
		if i > 0 {
			p.Flags |= ondisk.JournalTagSameUUID
		}
		if i == len(entries)-1 {
			p.Flags |= ondisk.JournalTagLast
		}
		if escapes(e.data) {
			p.Flags |= ondisk.JournalTagEscape
		}
		if f.incompat.Sums() {
			p.Checksum = r.sum(e.data)
		}
		off += f.incompat.PutTag(b[off:], p)
		if i == 0 {
			off += copy(b[off:], f.uuid[:])
		}
	}
	r.seal(b)
	if err := r.put(b); err != nil {
		return err
	}
	for _, e := range entries {
		if err := r.put(e.data); err != nil {
			return err
		}
		if escapes(e.data) {
			staged := r.j.recording
			clear(staged[len(staged)-len(e.data):][:4])
		}
	}
	return nil
}

// escapes reports whether a data block would be taken for a record, and so has zeros in the log for its first four bytes.
func escapes(data []byte) bool { return binary.BigEndian.Uint32(data) == ondisk.JournalMagic }

// sum is the checksum of a data block as it lies in the log.
func (r *recorder) sum(data []byte) uint32 {
	if escapes(data) {
		data = bytes.Clone(data)
		clear(data[:4])
	}
	return ondisk.JournalDataCsum(r.j.form.incompat, r.j.form.seed, uint32(r.tid), data)
}

// commit writes the commit block.
func (r *recorder) commit() error {
	b, now := r.head(ondisk.JournalCommit), r.j.c.Now()
	if now.Before(r.j.committedAt) {
		now = r.j.committedAt // recovery takes a commit block that is older than the one before it for a leftover
	}
	r.j.committedAt = now
	k := ondisk.JournalCommitBlock{Sec: uint64(now.Unix()), Nsec: uint32(now.Nanosecond())}
	if err := k.Header.Decode(b); err != nil {
		return err
	}
	k.Encode(b)
	if r.j.form.incompat.Sums() {
		k.Checksum[0] = ondisk.JournalCommitCsum(r.j.form.seed, b)
		k.Encode(b)
	}
	if err := r.put(b); err != nil {
		return err
	}
	return r.out()
}

// put stages the next block of the log, after it has written out what is staged if the block does not lie behind it on the device.
func (r *recorder) put(b []byte) error {
	j := r.j
	if staged := uint32(len(j.recording) / len(b)); staged > 0 {
		lay := j.log.layout
		if len(j.recording)+len(b) > stageBytes || lay.block(r.at)+ondisk.Block(staged) != lay.block(r.n) {
			if err := r.out(); err != nil {
				return err
			}
		}
	}
	if len(j.recording) == 0 {
		r.at = r.n
	}
	j.recording = append(j.recording, b...)
	r.n = j.after(r.n, 1)
	return nil
}

// out writes what is staged.
func (r *recorder) out() error {
	j := r.j
	if len(j.recording) == 0 {
		return nil
	}
	at := j.log.layout.block(r.at)
	if _, err := j.c.Dev.WriteAt(j.recording, int64(at)*int64(j.log.c.BlockSize)); err != nil {
		return fmt.Errorf("writing journal block %d (device block %d): %w", r.at, at, err)
	}
	j.recording = j.recording[:0]
	return nil
}
