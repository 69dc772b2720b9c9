package journal

import (
	"maps"
	"slices"

	"extant/internal/buffer"
	"extant/internal/ondisk"
	"extant/sched"
)

// transaction is a set of blocks that take effect together. Everything but done is guarded by Journal.mu until the
// transaction is being written; from then on what was logged does not change.
type transaction struct {
	tid     TID
	claimed bool // some task is going to commit it
	locked  bool // no handle may join any more
	handles int  // open
	credits int  // of the open handles
	blocks  int  // of entries, those that count

	entries   []*entry
	revoked   map[ondisk.Block]bool
	forgotten []*block // freed in it: older content is dead once it is committed
	after     []func(error)

	revokes []ondisk.Block // revoked, in order, when it is written
	start   uint32         // journal block of its first record
	size    int            // log blocks
	over    bool           // there are not so many
	logged  bool           // it is in the log, and in Journal.committed

	done sched.Event // it is durable, or will never be
	err  error       // which of the two; before done
}

// block is what the journal knows of one block of the device. Guarded by Journal.mu.
type block struct {
	at   ondisk.Block
	buf  *buffer.Buffer // so that it stays the block's only one; nil for file data, and when forgotten
	gone bool           // freed, and not in use again

	homing bool // a checkpoint is writing it home

	run  *entry // in the running transaction; nil for none, like the others
	com  *entry // in the one that is being written
	home *entry // newest in those in the log, to be written home
}

func (b *block) idle() bool { return b.run == nil && b.com == nil && b.home == nil }

// entry is a block's part in one transaction. Guarded by Journal.mu; data does not change once it is set but for
// another slice while the transaction runs.
type entry struct {
	b     *block
	t     *transaction // immutable
	stake buffer.Stake // immutable: of the entry, for the buffer
	data  []byte       // what is written: of metadata, set when the transaction takes no handles any more
	open  bool         // the buffer's content is the transaction's own
	dirty bool         // somebody changed it
	gone  bool         // forgotten in the transaction

	revoked bool // the transaction revoked the block before it got the entry
}

// runLocked makes a transaction for handles to join.
//
// +checklocks:j.mu
func (j *Journal) runLocked() *transaction {
	t := &transaction{tid: j.next}
	t.done.Init(classCommit)
	j.next++
	j.running = t
	if j.timer != nil {
		j.timer.Start(j.c.Interval)
	}
	return t
}

// empty reports whether no block and nobody waits for the transaction: to commit it would change nothing.
func (t *transaction) empty() bool {
	return t.blocks == 0 && len(t.revoked) == 0 && len(t.after) == 0 && len(t.forgotten) == 0
}

// joinLocked makes block at part of the handle's transaction, with buf for its content or nil for file data. It fails where the
// journal was aborted.
//
// +checklocks:h.j.mu
func (h *Handle) joinLocked(at ondisk.Block, buf *buffer.Buffer) (*entry, error) {
	j, t := h.j, h.t
	if j.fault != nil {
		return nil, j.fault
	}
	if err := j.check(at); err != nil {
		return nil, err
	}
	b := j.known[at]
	if b == nil {
		b = &block{at: at}
		j.known[at] = b
	}
	if b.buf != nil && buf != nil && b.buf != buf {
		return nil, errTwoBuffers
	}
	b.buf, b.gone = buf, false
	if b.run != nil {
		return b.run, nil
	}
	e := &entry{b: b, t: t, revoked: t.revoked[at]}
	delete(t.revoked, at) // a copy in the transaction that revokes the block would be dead as well
	e.stake.Of = e
	b.run = e
	t.entries = append(t.entries, e)
	t.blocks++
	if h.credits > 0 {
		h.credits--
		t.credits--
	} else {
		j.stats.Overdrawn++
	}
	return e, nil
}

// forgetLocked takes block b out of the transaction. What the log or a home has of it is dead once the transaction is
// committed; where the log may have a copy a revoke record keeps recovery from bringing it back.
//
// +checklocks:h.j.mu
func (h *Handle) forgetLocked(b *block) {
	j, t := h.j, h.t
	if b.run != nil {
		b.run.gone = true
		b.run = nil
		t.blocks--
		h.credits++
		t.credits++
	}
	if b.buf != nil {
		b.buf.SetStake(nil)
	}
	b.gone, b.buf = true, nil
	if b.idle() {
		delete(j.known, b.at)
		return
	}
	t.forgotten = append(t.forgotten, b)
	if j.log != nil {
		if t.revoked == nil {
			t.revoked = map[ondisk.Block]bool{}
		}
		t.revoked[b.at] = true
	}
}

// switchLocked makes t, which has no open handle, the committing transaction. What is in it now is what is written:
// who changes one of its blocks from here on gets a copy to change.
//
// +checklocks:j.mu
func (j *Journal) switchLocked(t *transaction) {
	live := t.entries[:0]
	for _, e := range t.entries {
		if e.gone {
			continue
		}
		b := e.b
		b.run = nil
		if b.buf != nil {
			b.buf.SetStake(nil)
		}
		if !e.dirty {
			if e.revoked {
				t.revoked[b.at] = true
			}
			j.dropIdleLocked(b)
			continue
		}
		if b.buf != nil {
			e.data = b.buf.Data()
		}
		b.com = e
		live = append(live, e)
	}
	clear(t.entries[len(live):])
	t.entries = live
	t.revokes = slices.Sorted(maps.Keys(t.revoked))
	if j.log != nil {
		t.size = j.form.cost(len(t.entries), len(t.revokes))
		t.start, j.head = j.head, j.after(j.head, t.size)
		j.free -= t.size
		t.over = j.free < 0
	}
	j.running, j.committing = nil, t
	j.ready.Broadcast()
}

// finishLocked makes the committed transaction t the newest that the log has of its blocks. It reports whether a
// checkpoint is writing home what t has freed.
//
// +checklocks:j.mu
func (j *Journal) finishLocked(t *transaction) (homing bool) {
	for _, b := range t.forgotten {
		homing = homing || b.homing
		b.supersede(nil)
		j.dropIdleLocked(b)
	}
	for _, e := range t.entries {
		e.b.com = nil
		if j.log != nil {
			e.b.supersede(e)
		}
		j.dropIdleLocked(e.b)
	}
	if j.log != nil {
		t.logged = true
		j.committed = append(j.committed, t)
	}
	j.stats.Commits++
	j.stats.Logged += len(t.entries)
	j.stats.Revoked += len(t.revokes)
	return homing
}

// supersede makes e, or nothing, what is to be written home of b. Older content need not stay in memory.
func (b *block) supersede(e *entry) {
	if b.home != nil {
		b.home.data = nil
	}
	b.home = e
}

// +checklocks:j.mu
func (j *Journal) dropIdleLocked(b *block) {
	if b.idle() && j.known[b.at] == b {
		delete(j.known, b.at)
	}
}

// after is the journal block n blocks after at, round the end of the log.
func (j *Journal) after(at uint32, n int) uint32 {
	first := j.log.super.First
	return first + uint32((uint64(at-first)+uint64(n))%uint64(j.log.end-first))
}

// check refuses a block that no transaction may write.
func (j *Journal) check(at ondisk.Block) error {
	switch {
	case uint64(at) >= j.blocks:
		return ondisk.Corrupt("journal handle", "block %d of %d is to be changed", at, j.blocks).At(0, at)
	case j.log != nil && j.log.layout.holds(at):
		return ondisk.Corrupt("journal handle", "block %d, which is the journal's own, is to be changed", at).At(ondisk.JournalIno, at)
	}
	return nil
}
