package sched

import "sync/atomic"

// Once runs one function once, as sync.Once does: who comes while it runs waits for its end.
type Once struct {
	done atomic.Bool
	mu   Mutex
}

// Init gives o the class that waiting for it counts as.
func (o *Once) Init(c *Class) { o.mu.Init(c) }

// Do calls f if no call of Do has returned yet. A Do of the same Once within f deadlocks.
func (o *Once) Do(f func()) {
	point(OpRead, &o.mu.obj, ^uint64(0))
	if o.done.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done.Load() {
		return
	}
	defer o.finish()
	f()
}

func (o *Once) finish() {
	point(OpWrite, &o.mu.obj, ^uint64(0))
	o.done.Store(true)
}
