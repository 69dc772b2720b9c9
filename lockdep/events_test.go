package lockdep_test

import (
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// waitUnder has one task wait for an event while it holds a lock that another task held when it once
// fired the event.
func waitUnder(done *sched.Completion, m *sched.Mutex) {
	m.Lock()
	done.Complete()
	m.Unlock()
	m.Lock()
	done.Wait()
	m.Unlock()
}

func TestWaitUnderLock(t *testing.T) {
	var done sched.Completion
	done.Init(class("commit"))
	_, f := collect(t, lockdep.Config{Events: true})
	waitUnder(&done, mutexes("a")[0])
	f.expect(t, lockdep.Circular)
	if g := f.all[0].Grade; g != lockdep.ThroughEvent {
		t.Errorf("grade %d, want %d", g, lockdep.ThroughEvent)
	}
}

func TestEventsAreOptional(t *testing.T) {
	var done sched.Completion
	done.Init(class("commit"))
	_, f := collect(t, lockdep.Config{})
	waitUnder(&done, mutexes("a")[0])
	f.expect(t)
}

// TestBegin binds a task to an event: what it takes before it fires, those who wait for the event need.
func TestBegin(t *testing.T) {
	_, f := collect(t, lockdep.Config{Events: true})
	var e sched.Event
	e.Init(class("flushed"))
	m := mutexes("a")[0]
	e.Begin()
	nest(m)
	e.Fire()
	f.expect(t)
	m.Lock()
	e.Wait()
	m.Unlock()
	f.expect(t, lockdep.Circular)
}

// TestCondReleasesItsLock waits for and signals a condition under its own lock, which is how it is done, and then
// under another lock, which is not.
func TestCondReleasesItsLock(t *testing.T) {
	_, f := collect(t, lockdep.Config{Events: true})
	m := mutexes("queue", "a")
	c := sched.NewCond(m[0])
	run := func(extra ...*sched.Mutex) {
		ready := false
		for _, x := range extra {
			x.Lock()
			defer x.Unlock()
		}
		m[0].Lock()
		waiter := sched.Go("signal", func() {
			m[0].Lock()
			ready = true
			c.Signal()
			m[0].Unlock()
		})
		for !ready {
			c.Wait()
		}
		m[0].Unlock()
		waiter.Wait()
	}
	run()
	f.expect(t)
	m[1].Lock()
	m[0].Lock()
	c.Broadcast()
	m[0].Unlock()
	m[1].Unlock()
	run(m[1])
	if len(f.all) == 0 || f.all[0].Grade != lockdep.ThroughEvent {
		f.expect(t, lockdep.Circular)
	}
}

// TestCompletionOfHandoff has the task that releases a folio take a lock first that others hold when they wait
// for the folio.
func TestCompletionOfHandoff(t *testing.T) {
	_, f := collect(t, lockdep.Config{Events: true})
	var folio sched.HandoffMutex
	folio.Init(class("folio"))
	m := mutexes("device")[0]
	folio.Lock()
	folio.HandOff()
	sched.Go("completion", func() {
		m.Lock()
		folio.Unlock()
		m.Unlock()
	}).Wait()
	f.expect(t)
	m.Lock()
	folio.Lock()
	folio.Unlock()
	m.Unlock()
	f.expect(t, lockdep.Circular)
	if g := f.all[0].Grade; g != lockdep.ThroughEvent {
		t.Errorf("grade %d, want %d", g, lockdep.ThroughEvent)
	}
}
