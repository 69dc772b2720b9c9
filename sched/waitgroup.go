package sched

import (
	"sync/atomic"
	"time"
)

// WaitGroup waits for a number of tasks, as sync.WaitGroup does.
type WaitGroup struct {
	obj  Object
	n    atomic.Int64
	bell bell
}

// Init gives w its class. It is called before w is first used.
func (w *WaitGroup) Init(c *Class) { w.obj.init(c) }

// Object returns what hooks know w by.
func (w *WaitGroup) Object() *Object { return &w.obj }

// Add adds delta, which may be negative, to the number waited for. It panics if that makes the number
// negative. An Add from zero happens before the Wait that it is for.
func (w *WaitGroup) Add(delta int) {
	kind := OpAdd
	if delta < 0 {
		kind = OpFire
	}
	point(kind, &w.obj, ^uint64(0))
	n := w.n.Add(int64(delta))
	if n < 0 {
		panic("sched: negative wait group counter")
	}
	if n == 0 {
		w.bell.ring()
	}
}

// Done is Add(-1).
func (w *WaitGroup) Done() { w.Add(-1) }

// Go runs f in a new task named name that w waits for.
func (w *WaitGroup) Go(name string, f func()) {
	w.Add(1)
	Go(name, func() {
		defer w.Done()
		f()
	})
}

// Wait waits until the number is zero.
func (w *WaitGroup) Wait() { wait(w) }

func (w *WaitGroup) ready() bool                        { return w.n.Load() == 0 }
func (w *WaitGroup) take() bool                         { return w.n.Load() == 0 }
func (w *WaitGroup) park(timeout <-chan time.Time) bool { return w.bell.wait(w, timeout) }
