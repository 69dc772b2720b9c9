package journal

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"

	"extant/internal/buffer"
	"extant/internal/ondisk"
	"extant/sched"
)

// ErrNoRoom is what [Handle.Extend] returns when the handle's transaction has no room for more: the handle goes on in another by
// [Handle.Restart], once the file system is such that a crash may find it so.
var ErrNoRoom = errors.New("the transaction has no room for more blocks")

// errTwoBuffers is a bug of ours, or of who drops a buffer from the cache that the journal has.
var errTwoBuffers = errors.New("a block has two buffers, of which one is in a transaction")

// CreditsError is a handle that asked for more credits than any transaction has room for. Errors.Is finds syscall.ENOSPC in it, as the
// kernel returns.
type CreditsError struct{ Want, Max int }

func (e *CreditsError) Error() string {
	return fmt.Sprintf("a handle of %d blocks, the journal has room for %d", e.Want, e.Max)
}

func (e *CreditsError) Unwrap() error { return syscall.ENOSPC }

// Handle is one change of the file system: all that is done through it becomes durable together. It is used by one goroutine.
//
// A credit is a block that the handle may add to its transaction. Whoever starts it states how many it may need at most; what is in the
// transaction already, by whomever, costs nothing.
type Handle struct {
	j       *Journal
	t       *transaction
	credits int
	touched []touch // the blocks it has write access to, the latest last
	logged  bool    // Log was called
}

type touch struct {
	at    ondisk.Block
	e     *entry
	data  []byte
	dirty bool
}

// touchedLook is how far back a handle looks for a block before it asks the journal.
const touchedLook = 16

// Start opens a handle for changes of at most credits blocks. It waits where the running transaction is about to be committed, and may itself
// commit a transaction and write home what is committed to make room: the caller holds nothing that a commit may wait for: no other handle,
// no folio. It returns a *CreditsError for more than CreditsMax, and what aborted the journal where it was aborted.
func (j *Journal) Start(credits int) (*Handle, error) {
	h := j.handles.Get()
	if h == nil {
		h = &Handle{}
	}
	h.j = j
	if err := h.begin(credits); err != nil {
		return nil, err
	}
	return h, nil
}

// begin joins a transaction.
func (h *Handle) begin(credits int) error {
	j := h.j
	if credits > j.credits {
		return &CreditsError{credits, j.credits}
	}
	j.waits.Might(sched.Exclusive)
	j.handle.Might(sched.Exclusive)
	for {
		j.mu.Lock()
		obstacle := j.admitLocked(h, credits)
		j.mu.Unlock()
		if obstacle == nil {
			j.handle.Acquire(sched.Recursive)
			return nil
		}
		if err := obstacle(); err != nil {
			return err
		}
	}
}

// admitLocked lets h join the running transaction, or returns what has to be done first. It may release and take mu.
//
// +checklocks:j.mu
func (j *Journal) admitLocked(h *Handle, credits int) (obstacle func() error) {
	for j.running != nil && j.running.locked && j.fault == nil {
		j.ready.Wait()
	}
	if j.fault != nil {
		return j.Err
	}
	t := j.running
	if t != nil && j.form.cost(t.blocks+t.credits+credits, len(t.revoked)) > j.max {
		tid := t.tid
		return func() error { return j.Commit(tid) }
	}
	if j.log != nil && j.free < j.max {
		return j.makeRoom
	}
	if t == nil {
		t = j.runLocked()
	}
	t.handles++
	t.credits += credits
	h.t, h.credits = t, credits
	return nil
}

// Stop ends the change. The handle must not be used afterwards, whatever Stop returns: what aborted the journal, or nil. The change
// becomes durable with its transaction: see [Journal.Commit].
func (h *Handle) Stop() error {
	j := h.j
	err := h.leave()
	h.t, h.credits = nil, 0
	j.handles.Put(h)
	return err
}

// leave takes the handle out of its transaction. It returns what aborted the journal.
func (h *Handle) leave() error {
	j, t := h.j, h.t
	j.mu.Lock()
	for _, x := range h.touched {
		if x.dirty {
			x.e.dirty = true
		}
	}
	t.credits -= h.credits
	if t.handles--; t.handles == 0 && t.locked {
		j.quiet.Broadcast()
	}
	err := j.fault
	j.mu.Unlock()
	clear(h.touched)
	h.touched, h.logged = h.touched[:0], false
	j.handle.Release()
	return err
}

// TID is the transaction that the handle is part of.
func (h *Handle) TID() TID { return h.t.tid }

// Touched reports whether the handle has had write access to any block, or logged one, since it began, or began anew.
func (h *Handle) Touched() bool { return len(h.touched) > 0 || h.logged }

// Credits is the number of blocks that the handle may still add.
func (h *Handle) Credits() int { return h.credits }

// Extend adds n credits, without waiting. It returns ErrNoRoom where the transaction has no room for them.
func (h *Handle) Extend(n int) error {
	j, t := h.j, h.t
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		return j.fault
	}
	if t.locked || j.form.cost(t.blocks+t.credits+n, len(t.revoked)) > j.max {
		return ErrNoRoom
	}
	t.credits += n
	h.credits += n
	return nil
}

// Restart ends the change and begins another with n credits: a crash may find the file system in between. It waits as Start does. After an
// error the handle is stopped.
func (h *Handle) Restart(n int) error {
	_ = h.leave() // begin has the same error
	err := h.begin(n)
	if err != nil {
		j := h.j
		h.t, h.credits = nil, 0
		j.handles.Put(h)
	}
	return err
}

// Access makes b part of the change and returns its content, to write to. It comes before the first change of the block in the handle, and may
// be called again. The slice is the buffer's content until the handle stops, and need not be the one that was read before: the journal puts a
// copy in place where an older transaction needs the old bytes. Others may write to it at the same time, each the bytes
// its own lock covers.
func (h *Handle) Access(b *buffer.Buffer) ([]byte, error) {
	if x := h.find(b.Block()); x != nil {
		return x.data, nil
	}
	if e := h.staked(b); e != nil {
		data := b.Data()
		h.touched = append(h.touched, touch{at: b.Block(), e: e, data: data})
		return data, nil
	}
	h.j.mu.Lock()
	e, err := h.joinLocked(b.Block(), b)
	if err == nil {
		e.openLocked(b, h.j.c.Cache.IsNew(b))
	}
	data := b.Data()
	h.j.mu.Unlock()
	if err != nil {
		return nil, h.refuse(err)
	}
	h.touched = append(h.touched, touch{at: b.Block(), e: e, data: data})
	return data, nil
}

// staked is the entry of b in the handle's transaction, which goes on for as long as the handle does, where it has one that is open; else nil. It takes no lock.
func (h *Handle) staked(b *buffer.Buffer) *entry {
	s := b.Stake()
	if s == nil {
		return nil
	}
	if e := s.Of.(*entry); e.t == h.t {
		return e
	}
	return nil
}

// openLocked makes the buffer's content one that may be written to while its transaction runs; a copy where others have it too.
func (e *entry) openLocked(b *buffer.Buffer, shared bool) {
	if e.open {
		return
	}
	e.open = true
	if shared || e.b.com != nil || e.b.home != nil {
		b.Replace(bytes.Clone(b.Data()))
	}
	b.SetStake(&e.stake)
}

// Create is Access to a block that was allocated in this change: its content is zeros, whatever it was, it is good for nothing that it was
// checked for, and a revoke of it that the transaction has is taken back.
func (h *Handle) Create(b *buffer.Buffer) ([]byte, error) {
	j := h.j
	data := make([]byte, j.c.Cache.BlockSize())
	j.mu.Lock()
	e, err := h.joinLocked(b.Block(), b)
	if err == nil {
		b.Replace(data)
		e.open = true
		b.SetStake(&e.stake)
	}
	j.mu.Unlock()
	if err != nil {
		return nil, h.refuse(err)
	}
	b.SetGoodForNothing()
	h.untouch(b.Block())
	h.touched = append(h.touched, touch{at: b.Block(), e: e, data: data})
	return data, nil
}

// Dirty states that b, to which the handle has access, was changed and that its content is complete, the checksum with it. Without it the
// block is not written for this handle's sake. It panics for a block without access.
func (h *Handle) Dirty(b *buffer.Buffer) {
	for i := len(h.touched) - 1; i >= 0; i-- {
		if x := &h.touched[i]; x.at == b.Block() {
			x.dirty = true
			return
		}
	}
	panic(fmt.Sprintf("journal: block %d was changed without access", b.Block()))
}

// find returns the handle's access to a block if it is among the latest, or nil.
func (h *Handle) find(at ondisk.Block) *touch {
	for i := len(h.touched) - 1; i >= max(0, len(h.touched)-touchedLook); i-- {
		if h.touched[i].at == at {
			return &h.touched[i]
		}
	}
	return nil
}

// untouch ends the handle's access to a block.
func (h *Handle) untouch(at ondisk.Block) {
	kept := h.touched[:0]
	for _, x := range h.touched {
		if x.at != at {
			kept = append(kept, x)
		}
	}
	clear(h.touched[len(kept):])
	h.touched = kept
}

// Forget states that the change freed block b, which held metadata or data that was logged: the block leaves the transaction and the
// cache, and recovery will not bring older content back, unless the transaction gets it again. Whoever frees it keeps it from being used for something else until the
// transaction is durable (AfterCommit), but may create it again in the same transaction.
func (h *Handle) Forget(b ondisk.Block) error {
	j := h.j
	j.mu.Lock()
	err := j.fault
	if k := j.known[b]; k != nil && err == nil {
		h.forgetLocked(k)
	}
	j.mu.Unlock()
	if err != nil {
		return err
	}
	h.untouch(b)
	j.c.Cache.Drop(b)
	return nil
}

// Log makes a copy of p, one block long, the content of block b of file data: with data=journal the log carries it, and it goes home
// later. Until then [Journal.Pending] has it. It takes a credit as Access does. Before such a block is written to in another way, or after it is
// freed, it is forgotten.
func (h *Handle) Log(b ondisk.Block, p []byte) error {
	j := h.j
	data := bytes.Clone(p)
	j.mu.Lock()
	e, err := h.joinLocked(b, nil)
	if err == nil {
		e.data, e.dirty, h.logged = data, true, true
	}
	j.mu.Unlock()
	return h.refuse(err)
}

// AfterCommit calls f once the handle's transaction is durable, or with the error that keeps it from ever being. f runs in the task that
// commits, in the order of the calls; it must neither start a handle nor wait for one, nor for a commit.
func (h *Handle) AfterCommit(f func(error)) {
	j := h.j
	j.mu.Lock()
	err := j.fault
	if err == nil {
		h.t.after = append(h.t.after, f)
	}
	j.mu.Unlock()
	if err != nil {
		f(err)
	}
}

// refuse passes err on, and aborts the journal where it is a bug of ours, before that reaches the disk.
func (h *Handle) refuse(err error) error {
	if err == errTwoBuffers {
		h.j.Abort(err)
		return h.j.Err()
	}
	return err
}
