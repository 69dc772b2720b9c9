package sched_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/sched"
)

// recorder writes down every call and lets it through.
type recorder struct {
	sched.Real
	log []string
}

func (r *recorder) add(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *recorder) Lock(l sched.Lock, m sched.Mode, n sched.Nest) {
	k, keyed := n.Key()
	r.add("lock %T %v %d %d %v", l, m, n.Level(), k, keyed)
	sched.RealLock(l, m)
}

func (r *recorder) TryLock(l sched.Lock, m sched.Mode, n sched.Nest) bool {
	r.add("trylock %T %v %d", l, m, n.Level())
	return sched.RealTryLock(l, m)
}

func (r *recorder) Unlock(l sched.Lock, m sched.Mode) {
	r.add("unlock %T %v", l, m)
	sched.RealUnlock(l, m)
}

func (r *recorder) Acquire(_ *sched.Pseudo, m sched.Mode, n sched.Nest) {
	r.add("acquire %v %d", m, n.Level())
}
func (r *recorder) HandOff(*sched.HandoffMutex)                { r.add("handoff") }
func (r *recorder) Release(*sched.Pseudo)                      { r.add("release") }
func (r *recorder) Might(_ *sched.Pseudo, m sched.Mode)        { r.add("might %v", m) }
func (r *recorder) Enter(c *sched.Context)                     { r.add("enter %s", c.Object().Class().Name) }
func (r *recorder) Exit(*sched.Context)                        { r.add("exit") }
func (r *recorder) May(*sched.Context)                         { r.add("may") }
func (r *recorder) Assert(_ *sched.Object, a sched.Assertion)  { r.add("assert %d", a) }
func (r *recorder) CondNotify(_ *sched.Cond, all bool)         { r.add("notify %v", all) }
func (r *recorder) Unchanged(*sched.Object)                    { r.add("unchanged") }
func (r *recorder) Note(text string)                           { r.add("note %s", text) }
func (r *recorder) Choose(n int) int                           { r.add("choose %d", n); return n - 1 }
func (r *recorder) Fault(site string) bool                     { r.add("fault %s", site); return true }
func (r *recorder) Now() time.Time                             { r.add("now"); return time.Unix(1, 0) }
func (r *recorder) Sleep(d time.Duration)                      { r.add("sleep %v", d) }
func (r *recorder) StartTimer(t *sched.Timer, _ time.Duration) { r.add("start %s", t.Name()); t.Run() }
func (r *recorder) StopTimer(*sched.Timer) bool                { r.add("stop"); return true }
func (r *recorder) Go(t *sched.Task, body func())              { r.add("go %s", t.Name()); body() }

func (r *recorder) Wait(w sched.Waiter) {
	r.add("wait %v", sched.Ready(w))
	sched.Take(w)
}

func (r *recorder) WaitFor(w sched.Waiter, d time.Duration) bool {
	r.add("waitfor %v %v", sched.Ready(w), d)
	return sched.Take(w)
}

func (r *recorder) Point(op sched.Op) { r.add("%v %#x %s", op.Kind, op.Mask, op.Label) }

const all = "0xffffffffffffffff"

// TestHookSeesEverything runs one operation of each kind under a recorder.
func TestHookSeesEverything(t *testing.T) {
	class := &sched.Class{Name: "c"}
	for _, tc := range []struct {
		name string
		run  func()
		want []string
	}{
		{"mutex", func() {
			var m sched.Mutex
			m.Lock()
			m.AssertHeld()
			m.Unlock()
			m.AssertNotHeld()
			m.NestedLock(sched.Level(2))
			m.NestedTryLock(sched.Level(3))
		}, []string{"lock *sched.Mutex exclusive 0 0 false", "assert 1", "unlock *sched.Mutex exclusive", "assert 2",
			"lock *sched.Mutex exclusive 2 0 false", "trylock *sched.Mutex exclusive 3"}},
		{"rwmutex", func() {
			var m sched.RWMutex
			m.RLock()
			m.AssertRHeld()
			m.TryRLock()
			m.RUnlock()
			m.RUnlock()
			m.Lock()
			m.Unlock()
			m.NestedRLock(sched.Key(9))
			m.TryLock()
		}, []string{"lock *sched.RWMutex shared 0 0 false", "assert 0", "trylock *sched.RWMutex shared 0",
			"unlock *sched.RWMutex shared", "unlock *sched.RWMutex shared", "lock *sched.RWMutex exclusive 0 0 false",
			"unlock *sched.RWMutex exclusive", "lock *sched.RWMutex shared 0 9 true", "trylock *sched.RWMutex exclusive 0"}},
		{"handoff", func() {
			var m sched.HandoffMutex
			m.NestedLock(sched.Key(1))
			m.AssertLocked()
			m.Locked()
			m.HandOff()
			m.Unlock()
			m.WaitUnlocked()
		}, []string{"lock *sched.HandoffMutex exclusive 0 1 true", "read " + all + " ", "handoff", "unlock *sched.HandoffMutex exclusive", "wait true"}},
		{"pseudo", func() {
			var p sched.Pseudo
			p.Acquire(sched.Recursive)
			p.AssertHeld()
			p.Release()
			p.Might(sched.Exclusive)
		}, []string{"acquire recursive 0", "assert 0", "release", "might exclusive"}},
		{"context", func() {
			c := sched.Context{Class: class}
			c.Enter()
			c.May()
			c.Exit()
		}, []string{"enter c", "may", "exit"}},
		{"completion", func() {
			var c sched.Completion
			c.Complete()
			c.Wait()
			c.WaitFor(time.Second)
			c.TryWait()
			c.Reset()
		}, []string{"fire " + all + " ", "wait true", "waitfor false 1s", "update " + all + " ", "unchanged", "reset " + all + " "}},
		{"event", func() {
			var e sched.Event
			e.Begin()
			e.Fire()
			e.Wait()
		}, []string{"begin 0x0 ", "fire " + all + " ", "wait true"}},
		{"waitgroup", func() {
			var w sched.WaitGroup
			w.Go("a", func() {})
			w.Wait()
		}, []string{"add " + all + " ", "go a", "fire " + all + " ", "fire " + all + " ", "wait true"}},
		{"flags", func() {
			var f sched.Flags
			f.Set(4)
			f.TestAndSet(4)
			f.CompareAndSwap(6, 0, 2)
			f.TestAndClear(1)
			f.Test(2)
		}, []string{"write 0x4 ", "update 0x4 ", "unchanged", "update 0x6 ", "unchanged", "update 0x1 ", "unchanged", "read 0x2 "}},
		{"pointers", func() {
			var p sched.Pointers[int]
			p.Load(3)
			p.Store(64, nil)
		}, []string{"read 0x8 ", "write 0x1 "}},
		{"hint", func() {
			var h sched.Hint
			h.Set()
			h.Take()
		}, nil},
		{"choices", func() {
			sched.Yield("y")
			sched.Note("n")
			if sched.Choose(3) != 2 || !sched.Fault("f") {
				t.Error("the hook's choice was not taken")
			}
		}, []string{"yield 0x0 y", "note n", "choose 3", "fault f"}},
		{"clock", func() {
			ran := false
			timer := sched.AfterFunc("t", time.Hour, func() { ran = true })
			timer.Stop()
			sched.Sleep(time.Second)
			if !sched.Now().Equal(time.Unix(1, 0)) || !ran {
				t.Error("the hook's clock was not used")
			}
		}, []string{"start t", "stop", "sleep 1s", "now"}},
		{"cond", func() {
			var c sched.Cond
			c.Signal()
			c.Broadcast()
		}, []string{"notify false", "notify true"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{}
			detach := sched.Attach(r)
			tc.run()
			detach()
			if !slices.Equal(r.log, tc.want) {
				t.Errorf("hook saw %q\nwant %q", r.log, tc.want)
			}
		})
	}
}

func TestAttachOne(t *testing.T) {
	detach := sched.Attach(sched.Real{})
	defer func() {
		if recover() == nil {
			t.Error("two hooks were attached")
		}
		detach()
		sched.Attach(sched.Real{})()
	}()
	sched.Attach(sched.Real{})
}

// TestRealIsTransparent runs the behaviour tests again with a hook that only passes through.
func TestRealIsTransparent(t *testing.T) {
	defer sched.Attach(sched.Real{})()
	for name, test := range map[string]func(*testing.T){
		"exclude": TestLocksExclude, "readers": TestReadersShareUntilWriterWaits,
		"handoff": TestHandoffReleasedByAnother, "completion": TestCompletionWakes, "event": TestEvent,
		"cond": TestCond, "task": TestTask, "timer": TestTimer, "once": TestOnce,
	} {
		t.Run(name, test)
	}
}

func TestObject(t *testing.T) {
	var m sched.Mutex
	a, b := &sched.Class{Name: "a"}, &sched.Class{Name: "b"}
	if m.Object().Class() != nil {
		t.Error("the zero value has a class")
	}
	if m.Object().Adopt(a) != a || m.Object().Adopt(b) != a {
		t.Error("adopted a second class")
	}
	m.Init(b)
	if m.Object().Class() != b || a.ID() == b.ID() || a.ID() != a.ID() || a.ID() == 0 {
		t.Errorf("class %v, ids %d and %d", m.Object().Class().Name, a.ID(), b.ID())
	}
	m.Object().SetSlot(4)
	if m.Object().AddSlot(1) != 5 || m.Object().Slot() != 5 {
		t.Errorf("slot %d, want 5", m.Object().Slot())
	}
}

// mutexRecorder is a hook with methods for the plain mutex.
type mutexRecorder struct {
	sched.Real
	calls []string
}

func (r *mutexRecorder) LockMutex(m *sched.Mutex) {
	r.calls = append(r.calls, "lock")
	sched.RealLock(m, sched.Exclusive)
}

func (r *mutexRecorder) UnlockMutex(m *sched.Mutex) {
	r.calls = append(r.calls, "unlock")
	sched.RealUnlock(m, sched.Exclusive)
}

// TestMutexHook wants plain operations of a Mutex at the methods for them, and no others.
func TestMutexHook(t *testing.T) {
	r := &mutexRecorder{}
	defer sched.Attach(r)()
	var m sched.Mutex
	var rw sched.RWMutex
	m.Lock()
	rw.Lock()
	rw.Unlock()
	if m.TryLock() {
		t.Error("took a held lock")
	}
	m.Unlock()
	m.NestedLock(sched.Level(1))
	m.Unlock()
	if got := strings.Join(r.calls, " "); got != "lock unlock unlock" {
		t.Errorf("the hook saw %s", got)
	}
}

// pointCounter counts the points it is told of.
type pointCounter struct {
	sched.Real
	points int
}

func (c *pointCounter) Point(sched.Op) { c.points++ }

// TestTaskOutlivesAttach ends a task under a hook that was not told of its beginning: it is not told of its end.
func TestTaskOutlivesAttach(t *testing.T) {
	for _, early := range []sched.Hook{nil, sched.Real{}} {
		detach := func() {}
		if early != nil {
			detach = sched.Attach(early)
		}
		begin := make(chan struct{})
		task := sched.Go("early", func() { <-begin })
		detach()
		c := &pointCounter{}
		detach = sched.Attach(c)
		close(begin)
		task.Wait()
		detach()
		if c.points != 0 {
			t.Errorf("begun under %v: the hook saw %d points", early, c.points)
		}
	}
}
