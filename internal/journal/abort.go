package journal

import (
	"errors"
	"syscall"

	"extant/internal/ondisk"
)

// AbortError is what everything returns that is asked of an aborted journal.
type AbortError struct{ Cause error }

func (e *AbortError) Error() string { return "the journal was aborted: " + e.Cause.Error() }

func (e *AbortError) Unwrap() error { return e.Cause }

// Err returns an *AbortError when the journal was aborted, or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault
}

// Abort ends all writing because of err: what is not committed never will be, and every later call returns an *AbortError. The super block
// of the journal gets the error, so that the next mount and a checker know. The first Abort counts. It may be called with handles open, and with
// locks of the file system held, but not with a handle's exclusive side waited for.
func (j *Journal) Abort(err error) {
	if j.fail(err) {
		j.noteError(err)
		j.tellAborted(err)
	}
}

// Shutdown is Abort without a word to the device: for a forced shutdown, and for a device that is gone.
func (j *Journal) Shutdown(err error) {
	if j.fail(err) {
		j.tellAborted(err)
	}
}

// fail makes the journal refuse everything, and reports whether this was the first time.
func (j *Journal) fail(err error) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		return false
	}
	j.fault = &AbortError{err}
	j.ready.Broadcast()
	return true
}

// tellAborted calls whoever waits for the transaction that was running.
func (j *Journal) tellAborted(err error) {
	var tell []func(error)
	j.mu.Lock()
	if t := j.running; t != nil {
		tell, t.after = t.after, nil
	}
	j.mu.Unlock()
	for _, f := range tell {
		f(j.Err())
	}
	if j.c.Aborted != nil {
		j.c.Aborted(err)
	}
}

// noteError writes the error into the super block of the journal, if the device lets it.
func (j *Journal) noteError(err error) {
	if j.log == nil {
		return
	}
	code := uint32(5) // EIO of Linux
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != 0 && errno < 4096 {
		code = uint32(errno)
	}
	j.sb.Lock()
	defer j.sb.Unlock()
	s := j.super
	s.Errno = -code
	if j.writeSuperLocked(s) == nil {
		_ = j.flush() // there is nobody to tell
	}
}

// ClearError takes the error of an abort, left by an earlier mount, out of the super block of the journal: for when the file system's own
// super block has it.
func (j *Journal) ClearError() error {
	if j.log == nil {
		return nil
	}
	j.sb.Lock()
	defer j.sb.Unlock()
	if j.super.Errno == 0 {
		return nil
	}
	s := j.super
	s.Errno = 0
	if err := j.writeSuperLocked(s); err != nil {
		return err
	}
	return j.flush()
}

// Super is the journal's super block as it is on the device, or will be with the next transaction; false without a log.
func (j *Journal) Super() (ondisk.JournalSuper, bool) {
	j.sb.Lock()
	defer j.sb.Unlock()
	return j.super, j.log != nil
}
