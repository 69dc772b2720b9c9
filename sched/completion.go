package sched

import (
	"math"
	"sync/atomic"
	"time"
)

// Completion lets tasks wait until something has been done: each Complete lets one Wait pass, now or
// later, and CompleteAll lets all pass. It is the kernel's struct completion.
type Completion struct {
	obj  Object
	done atomic.Uint32 // how many waits may pass; completionAll for all
	bell bell
}

const completionAll = math.MaxUint32

// Init gives c its class. It is called before c is first used.
func (c *Completion) Init(cl *Class) { c.obj.init(cl) }

// Object returns what hooks know c by.
func (c *Completion) Object() *Object { return &c.obj }

// Complete lets one Wait pass.
func (c *Completion) Complete() {
	point(OpFire, &c.obj, ^uint64(0))
	for {
		n := c.done.Load()
		if n >= completionAll-1 || c.done.CompareAndSwap(n, n+1) {
			break
		}
	}
	c.bell.ring()
}

// CompleteAll lets every Wait pass until Reset.
func (c *Completion) CompleteAll() {
	point(OpFire, &c.obj, ^uint64(0))
	c.pass()
}

// pass is CompleteAll of which no hook is told.
func (c *Completion) pass() {
	c.done.Store(completionAll)
	c.bell.ring()
}

// Reset forgets what was completed: the next Wait blocks.
func (c *Completion) Reset() {
	point(OpReset, &c.obj, ^uint64(0))
	c.done.Store(0)
}

// Wait waits for a Complete that no other Wait has used, or for CompleteAll.
func (c *Completion) Wait() { wait(c) }

// WaitFor is Wait that gives up after d. It says whether it passed.
func (c *Completion) WaitFor(d time.Duration) bool { return waitFor(c, d) }

// TryWait passes if that needs no waiting, and says whether it did.
func (c *Completion) TryWait() bool {
	point(OpUpdate, &c.obj, ^uint64(0))
	if c.take() {
		return true
	}
	unchanged(&c.obj)
	return false
}

func (c *Completion) ready() bool { return c.done.Load() != 0 }

func (c *Completion) take() bool {
	for {
		n := c.done.Load()
		if n == 0 || n == completionAll || c.done.CompareAndSwap(n, n-1) {
			return n != 0
		}
	}
}

func (c *Completion) park(timeout <-chan time.Time) bool { return c.bell.wait(c, timeout) }
