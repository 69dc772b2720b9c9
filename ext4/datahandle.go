package ext4

import (
	"errors"

	"extant/internal/journal"
)

// halfDone is an error that came when a part of a change was made that cannot stand by itself: nothing of the transaction may come to
// be seen.
type halfDone struct{ cause error }

func (e *halfDone) Error() string { return e.cause.Error() }
func (e *halfDone) Unwrap() error { return e.cause }

// half is err, which a change of a map gave, as one that leaves the change half done, unless whoever gave it has undone it.
func half(err error) error {
	if err == nil || undone(err) {
		return err
	}
	var done *halfDone
	if errors.As(err, &done) {
		return err
	}
	return &halfDone{err}
}

// handleGone is an error that came with the end of the handle.
type handleGone struct{ cause error }

func (e *handleGone) Error() string { return e.cause.Error() }
func (e *handleGone) Unwrap() error { return e.cause }

// stopped stops a handle and returns err, or what stopping it says. If err came in the middle of a change the journal is aborted.
func (w *writer) stopped(h *journal.Handle, err error) error {
	if err == nil {
		return h.Stop()
	}
	var gone *handleGone
	if errors.As(err, &gone) {
		return gone.cause
	}
	var done *halfDone
	if errors.As(err, &done) {
		w.abort(done.cause)
		err = done.cause
	}
	h.Stop()
	return err
}
