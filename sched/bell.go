package sched

import (
	"sync"
	"time"
)

// bell wakes everyone who listened before it rang. Its zero value is ready for use and holds no
// channel until someone listens.
type bell struct {
	mu sync.Mutex
	// +checklocks:mu
	rung chan struct{}
}

// listen returns a channel that the next ring closes. Whoever listens looks at the state the bell is
// about afterwards, and so misses no change.
func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

// ring is called after the state has changed.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
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
