package sched

import (
	"sync/atomic"
	"time"
)

// bell wakes everyone who listened before it rang. Its zero value is ready for use and holds no
// channel until someone listens.
type bell struct{ rung atomic.Pointer[chan struct{}] }

// listen returns a channel that the next ring closes. Whoever listens looks at the state the bell is
// about afterwards, and so misses no change.
func (b *bell) listen() <-chan struct{} {
	for {
		if rung := b.rung.Load(); rung != nil {
			return *rung
		}
		rung := make(chan struct{})
		if b.rung.CompareAndSwap(nil, &rung) {
			return rung
		}
	}
}

// ring is called after the state has changed.
func (b *bell) ring() {
	if b.rung.Load() == nil {
		return
	}
	if rung := b.rung.Swap(nil); rung != nil {
		close(*rung)
	}
}

// wait blocks until it could take w, or the timeout comes. It says whether it took w.
func (b *bell) wait(w Waiter, timeout <-chan time.Time) bool {
	for {
		rung := b.listen()
		if w.take() {
			return true
		}
		select {
		case <-rung:
		case <-timeout:
			return w.take()
		}
	}
}

func wait(w Waiter) {
	if h := hook.Load(); h != nil {
		h.Wait(w)
		return
	}
	RealWait(w)
}

func waitFor(w Waiter, d time.Duration) bool {
	if h := hook.Load(); h != nil {
		return h.WaitFor(w, d)
	}
	return RealWaitFor(w, d)
}
