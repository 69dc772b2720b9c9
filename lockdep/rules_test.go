package lockdep_test

import (
	"runtime"
	"strings"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

// TestReclaim takes a lock in reclaim, and holds it across an allocation that may reclaim.
func TestReclaim(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	reclaim := sched.Context{Class: class("reclaim")}
	inode := mutexes("inode")[0]
	reclaim.Enter()
	nest(inode)
	reclaim.May() // nobody reclaims inside of reclaim
	reclaim.Exit()
	reclaim.May()
	f.expect(t)
	inode.Lock()
	reclaim.May()
	inode.Unlock()
	f.expect(t, lockdep.Inconsistent)
	r := f.all[0]
	if r.Context != "reclaim" || r.With.Usage != "{?.}-{3:3}" {
		t.Errorf("context %q, usage %s", r.Context, r.With.Usage)
	}
	if text := r.String(); !strings.Contains(text, "inconsistent {IN-RECLAIM} -> {RECLAIM-ON} usage.") {
		t.Errorf("report:\n%s", text)
	}
}

// TestReclaimOtherWay does the same the other way round.
func TestReclaimOtherWay(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	reclaim := sched.Context{Class: class("reclaim")}
	inode := mutexes("inode")[0]
	inode.Lock()
	reclaim.May()
	inode.Unlock()
	reclaim.Enter()
	nest(inode)
	reclaim.Exit()
	f.expect(t, lockdep.Inconsistent)
	if text := f.all[0].String(); !strings.Contains(text, "inconsistent {RECLAIM-ON} -> {IN-RECLAIM} usage.") {
		t.Errorf("report:\n%s", text)
	}
}

// TestReclaimThroughLock has the rule broken by way of a second lock.
func TestReclaimThroughLock(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	reclaim := sched.Context{Class: class("reclaim")}
	m := mutexes("a", "b")
	reclaim.Enter()
	nest(m[0])
	reclaim.Exit()
	nest(m[0], m[1])
	m[1].Lock()
	reclaim.May()
	m[1].Unlock()
	f.expect(t, lockdep.Circular)
}

func TestAssertions(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a")[0]
	rw := rwMutexes("rw")[0]
	var p sched.Pseudo
	p.Init(class("handle"))

	m.AssertNotHeld()
	m.Lock()
	m.AssertHeld()
	m.Unlock()
	rw.RLock()
	rw.AssertRHeld()
	p.Acquire(sched.Shared)
	p.AssertHeld()
	f.expect(t)

	rw.AssertHeld()
	f.expect(t, lockdep.AssertedHeld)
	rw.AssertNotHeld()
	p.Release()
	p.AssertHeld()
	rw.RUnlock()
	f.expect(t, lockdep.AssertedHeld, lockdep.AssertedNotHeld, lockdep.AssertedHeld)
}

func TestAssertSeesOtherTask(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a")[0]
	m.Lock()
	sched.Go("other", m.AssertHeld).Wait()
	m.Unlock()
	f.expect(t, lockdep.AssertedHeld)
}

func TestHeldAtExit(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b")
	sched.Go("forgetful", m[0].Lock).Wait()
	for len(f.kinds()) == 0 { // the report follows the end of the task
		runtime.Gosched()
	}
	f.expect(t, lockdep.HeldAtExit)
	if r := f.all[0]; !strings.HasPrefix(r.Task, "forgetful/") || r.Want.Class != "a" {
		t.Errorf("task %q, lock %q", r.Task, r.Want.Class)
	}
}

func TestUnlockByOther(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	m := mutexes("a", "b", "c")
	m[0].Lock()
	sched.Go("other", m[0].Unlock).Wait()
	f.expect(t, lockdep.BadUnlock)
	nest(m[1], m[0]) // a is no longer held here, so b is not taken beneath it
	f.expect(t, lockdep.BadUnlock)
}

func TestReleaseOfNothing(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var p sched.Pseudo
	p.Init(class("handle"))
	p.Release()
	f.expect(t, lockdep.BadUnlock)
}

// TestHandoff lets another task release a lock, with and without saying so beforehand.
func TestHandoff(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var folio sched.HandoffMutex
	folio.Init(class("folio"))
	m := mutexes("a")[0]
	folio.Lock()
	folio.HandOff()
	nest(m)
	sched.Go("completion", folio.Unlock).Wait()
	folio.Lock()
	sched.Go("completion", folio.Unlock).Wait()
	nest(m)
	m.Lock()
	folio.Lock()
	folio.Unlock()
	m.Unlock()
	f.expect(t)
	folio.Lock()
	nest(m)
	folio.Unlock()
	f.expect(t, lockdep.Circular)
}

func TestHandoffWaitIsLocking(t *testing.T) {
	_, f := collect(t, lockdep.Config{})
	var folio sched.HandoffMutex
	folio.Init(class("folio"))
	m := mutexes("a")[0]
	folio.Lock()
	nest(m)
	folio.Unlock()
	m.Lock()
	folio.WaitUnlocked()
	m.Unlock()
	f.expect(t, lockdep.Circular)
}

// TestSwitch attaches a second validator after the first: it starts from nothing.
func TestSwitch(t *testing.T) {
	m := mutexes("a", "b")
	v := lockdep.New(lockdep.Config{})
	detach := v.Attach()
	nest(m[0], m[1])
	detach()
	nest(m[1], m[0])
	_, f := collect(t, lockdep.Config{})
	nest(m[1], m[0])
	f.expect(t)
	if err := v.Load(v.Graph()); err != nil || len(v.Graph().Edges) != 1 {
		t.Errorf("graph %+v, error %v", v.Graph().Edges, err)
	}
}
