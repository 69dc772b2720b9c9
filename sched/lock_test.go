package sched_test

import (
	"sync/atomic"
	"testing"
	"time"

	"extant/sched"
)

// hammer counts in a plain int under the lock: the race detector and the sum show whether it excludes.
func hammer(t *testing.T, lock, unlock func()) {
	t.Helper()
	const tasks, rounds = 4, 2000
	var wg sched.WaitGroup
	n := 0
	for range tasks {
		wg.Go("hammer", func() {
			for range rounds {
				lock()
				n++
				unlock()
			}
		})
	}
	wg.Wait()
	if n != tasks*rounds {
		t.Errorf("counted %d, want %d", n, tasks*rounds)
	}
}

func TestLocksExclude(t *testing.T) {
	var m sched.Mutex
	hammer(t, m.Lock, m.Unlock)
	var rw sched.RWMutex
	hammer(t, rw.Lock, rw.Unlock)
	var h sched.HandoffMutex
	hammer(t, h.Lock, h.Unlock)
	hammer(t, func() {
		for !h.TryLock() {
			h.WaitUnlocked()
		}
	}, h.Unlock)
}

func TestTryLock(t *testing.T) {
	var m sched.Mutex
	var rw sched.RWMutex
	var h sched.HandoffMutex
	for _, l := range []interface {
		TryLock() bool
		Unlock()
	}{&m, &rw, &h} {
		if !l.TryLock() {
			t.Errorf("%T: cannot take a free lock", l)
		}
		if l.TryLock() {
			t.Errorf("%T: took a held lock", l)
		}
		l.Unlock()
		if !l.TryLock() {
			t.Errorf("%T: cannot take it again", l)
		}
	}
}

func TestReadersShareUntilWriterWaits(t *testing.T) {
	var m sched.RWMutex
	m.RLock()
	if !m.TryRLock() {
		t.Fatal("two readers cannot share")
	}
	m.RUnlock()
	writer := sched.Go("writer", func() {
		m.Lock()
		m.Unlock()
	})
	for m.TryRLock() { // until the writer waits
		m.RUnlock()
	}
	m.RUnlock()
	writer.Wait()
	if !m.TryRLock() {
		t.Fatal("the lock is not free after the writer")
	}
}

func TestHandoffReleasedByAnother(t *testing.T) {
	var m sched.HandoffMutex
	if m.Locked() {
		t.Fatal("zero value is locked")
	}
	m.Lock()
	if !m.Locked() {
		t.Fatal("locked lock says it is free")
	}
	sched.Go("completion", m.Unlock)
	m.WaitUnlocked()
	m.Lock()
	m.Unlock()
}

// TestHandoffWakesWaiter has a lock taken and released while another task begins to wait for it, again and again: each
// release wakes the waiter, whatever the waiter saw when it began.
func TestHandoffWakesWaiter(t *testing.T) {
	var h sched.HandoffMutex
	var over atomic.Bool
	var woken sched.Completion
	sched.Go("waiting", func() {
		for !over.Load() {
			h.WaitUnlocked()
		}
		woken.Complete()
	})
	for range 2_000_000 {
		h.Lock()
		h.Unlock()
	}
	over.Store(true)
	if !woken.WaitFor(20 * time.Second) {
		t.Error("the lock is free and who waited for that still waits")
	}
}

func TestHandoffUnlockOfFree(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("unlocking a free lock did not panic")
		}
	}()
	var m sched.HandoffMutex
	m.Unlock()
}

func TestNest(t *testing.T) {
	n := sched.Key(7).At(3)
	if k, ok := n.Key(); k != 7 || !ok || n.Level() != 3 {
		t.Errorf("key %d %v level %d, want 7 true 3", k, ok, n.Level())
	}
	if _, ok := sched.Level(1).Key(); ok {
		t.Error("a level has a key")
	}
	defer func() {
		if recover() == nil {
			t.Error("level out of range did not panic")
		}
	}()
	sched.Level(sched.LevelsMax)
}
