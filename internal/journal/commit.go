package journal

import (
	"fmt"

	"extant/sched"
)

// Commit makes transaction t durable, and all before it: it commits t if that is running, or waits until another task has. One commit
// serves all who wait for it. With no transaction t any more it returns at once; the numbers that handles had may be kept
// for as long as one likes, and 0 is a transaction that was committed long ago. It returns what aborted the journal.
//
// The caller holds nothing that a commit may wait for: no handle, no folio, and no lock that somebody takes who has a handle.
func (j *Journal) Commit(t TID) error {
	j.handle.Might(sched.Exclusive)
	j.mu.Lock()
	_, err := j.commitUnlock(t.orOlder)
	return err
}

// Sync is Commit, and what was written to the device before the call is durable as well: file data that needed no transaction.
func (j *Journal) Sync(t TID) error { return j.commitAndFlush(t.orOlder) }

// Force is Sync of whatever transaction is running: what any handle did that has stopped is durable when it returns.
func (j *Journal) Force() error { return j.commitAndFlush(anyTransaction) }

// A which says which transactions are to be durable.
type which func(*transaction) bool

func (t TID) orOlder(x *transaction) bool { return !t.Before(x.tid) }

func anyTransaction(*transaction) bool { return true }

func (j *Journal) commitAndFlush(wanted which) error {
	j.handle.Might(sched.Exclusive)
	j.mu.Lock()
	flushed, err := j.commitUnlock(wanted)
	if flushed || err != nil {
		return err
	}
	if err := j.flush(); err != nil {
		j.Abort(err)
		return j.Err()
	}
	return nil
}

// commitUnlock commits the running transaction if it is wanted, or waits for who does; else it waits for the one that is being written if that is wanted.
// It releases mu. It reports whether the device was flushed since the call.
//
// +checklocksrelease:j.mu
func (j *Journal) commitUnlock(wanted which) (flushed bool, err error) {
	r, c := j.running, j.committing
	if r != nil && (!wanted(r) || r.empty() && !r.claimed) {
		r = nil
	}
	if c != nil && !wanted(c) {
		c = nil
	}
	switch {
	case j.fault != nil:
		err := j.fault
		j.mu.Unlock()
		return false, err
	case r != nil && r.claimed:
		j.mu.Unlock()
		r.done.Wait()
		return true, r.err
	case r != nil:
		r.claimed = true
		j.mu.Unlock()
		return true, j.commit(r)
	case c != nil:
		j.mu.Unlock()
		c.done.Wait()
		return false, c.err // its last flush may have begun before
	}
	j.mu.Unlock()
	return false, nil
}

// commit commits t, which the calling task has claimed.
func (j *Journal) commit(t *transaction) error {
	t.done.Begin()
	j.handle.Might(sched.Exclusive)
	after, err := j.lockTransaction(t)
	if err == nil {
		if err = j.write(t); err != nil {
			j.Abort(err)
			err = j.Err()
		}
		after = j.finish(t, err)
	}
	for _, f := range after {
		f(err)
	}
	j.mu.Lock()
	if j.committing == t {
		j.committing = nil
	}
	j.mu.Unlock()
	t.err = err
	t.done.Fire()
	return err
}

// lockTransaction waits until t is the only transaction that is not in the log, and until its handles have stopped, and makes it the one that is
// being written. When the journal is aborted meanwhile, it returns whom to tell and why.
func (j *Journal) lockTransaction(t *transaction) (tell []func(error), err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for c := j.committing; c != nil; c = j.committing {
		j.mu.Unlock()
		c.done.Wait()
		j.mu.Lock()
	}
	t.locked = true
	for t.handles > 0 {
		j.quiet.Wait()
	}
	if j.fault != nil {
		tell, t.after = t.after, nil
		j.running = nil
		j.ready.Broadcast()
		return tell, j.fault
	}
	j.switchLocked(t)
	return nil, nil
}

// write makes t durable.
func (j *Journal) write(t *transaction) error {
	if j.log == nil {
		return j.writeThrough(t)
	}
	return j.writeLog(t)
}

// finish makes t, of which err came, the newest that the log has, and returns whom to tell. Until then a checkpoint that is writing home
// what t has freed is waited for: whoever is told may use the blocks for something else.
func (j *Journal) finish(t *transaction, err error) (tell []func(error)) {
	j.mu.Lock()
	homing, freed := false, len(t.forgotten) > 0
	if err == nil {
		homing = j.finishLocked(t)
	}
	tell, t.after = t.after, nil
	j.mu.Unlock()
	if freed {
		j.homes.Might(sched.Exclusive)
	}
	if homing {
		j.awaitCheckpoint()
	}
	return tell
}

// writeThrough writes the blocks of t home: those that say what is taken first.
func (j *Journal) writeThrough(t *transaction) error {
	var early, rest []homing
	for _, e := range t.entries {
		w := homing{e.b.at, e.data}
		if j.c.Early != nil && j.c.Early(w.at) {
			early = append(early, w)
		} else {
			rest = append(rest, w)
		}
	}
	for _, part := range [][]homing{early, rest} {
		if len(part) == 0 {
			continue
		}
		if err := j.flush(); err != nil { // what was written before, file data among it
			return err
		}
		if err := j.writeHome(part, &j.recording); err != nil {
			return err
		}
	}
	return j.flush()
}

func (j *Journal) flush() error {
	if err := j.c.Dev.Flush(); err != nil {
		return fmt.Errorf("flushing the device: %w", err)
	}
	return nil
}
