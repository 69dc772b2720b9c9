package sched

import "sync"

// Pool keeps values for reuse, as sync.Pool does: it may drop any of them at any time. It is no means of
// communication, so hooks do not see it.
type Pool[T any] struct {
	real sync.Pool
}

// Get returns a value that was Put, or nil.
func (p *Pool[T]) Get() *T {
	x, _ := p.real.Get().(*T)
	return x
}

// Put offers x, which the caller no longer uses, for reuse.
func (p *Pool[T]) Put(x *T) { p.real.Put(x) }
