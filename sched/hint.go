package sched

import "sync/atomic"

// Hint is a flag that may be wrong, such as that a value was used since somebody last looked. It is no means of communication: nothing but the
// cost of an operation may depend on it, so hooks do not see it.
type Hint struct{ v atomic.Bool }

// Set sets the flag. Setting one that is set writes nothing.
func (h *Hint) Set() {
	if !h.v.Load() {
		h.v.Store(true)
	}
}

// Take clears the flag and says whether it was set.
func (h *Hint) Take() bool {
	if !h.v.Load() {
		return false
	}
	h.v.Store(false)
	return true
}
