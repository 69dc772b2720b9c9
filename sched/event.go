package sched

import (
	"sync/atomic"
	"time"
)

// Event is a state that tasks can wait for: it is set or not, and a Wait passes while it is set.
//
// Begin tells a validator that the calling task is now bound to Fire the event: every lock the task has to
// take in between is something the event waits for.
type Event struct {
	obj  Object
	set  atomic.Bool
	bell bell
}

// Init gives e its class. It is called before e is first used.
func (e *Event) Init(c *Class) { e.obj.init(c) }

// Object returns what hooks know e by.
func (e *Event) Object() *Object { return &e.obj }

// Begin states that the calling task will Fire e, and that those who wait for e wait for this task.
func (e *Event) Begin() { point(OpBegin, &e.obj, 0) }

// Fire sets e and wakes all who wait for it.
func (e *Event) Fire() {
	point(OpFire, &e.obj, ^uint64(0))
	e.set.Store(true)
	e.bell.ring()
}

// Reset clears e: the next Wait blocks.
func (e *Event) Reset() {
	point(OpReset, &e.obj, ^uint64(0))
	e.set.Store(false)
}

// IsSet says whether e is set.
func (e *Event) IsSet() bool {
	point(OpRead, &e.obj, ^uint64(0))
	return e.set.Load()
}

// Wait waits until e is set.
func (e *Event) Wait() { wait(e) }

// WaitFor is Wait that gives up after d. It says whether e was set.
func (e *Event) WaitFor(d time.Duration) bool { return waitFor(e, d) }

func (e *Event) ready() bool                        { return e.set.Load() }
func (e *Event) take() bool                         { return e.set.Load() }
func (e *Event) park(timeout <-chan time.Time) bool { return e.bell.wait(e, timeout) }
