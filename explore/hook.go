package explore

import (
	"time"

	"extant/sched"
)

// The methods of this file run in the tasks. They fill in what the task wants and announce it; the engine
// decides when it happens. None of them may be seen by the race detector, because the engine's own
// switching of tasks must not count as order between them: see goroutine.go.

const allBits = ^uint64(0)

// epoch is when an execution's virtual clock starts.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// point announces an operation on an object and returns when it has happened.
//
//go:norace
func (e *engine) point(t *task, k kind, ref *sched.Object, mask uint64) {
	t.op.kind, t.op.ref, t.op.mask = k, ref, mask
	e.announce(t)
}

// Lock models l.
//
//go:norace
func (e *engine) Lock(l sched.Lock, mode sched.Mode, n sched.Nest) {
	t := e.cur
	if t == nil {
		e.Real.Lock(l, mode, n)
		return
	}
	ref := l.Object()
	if _, ok := l.(*sched.RWMutex); !ok {
		t.op.lock = l
		e.point(t, kindLock, ref, allBits)
		return
	}
	if mode == sched.Shared {
		e.point(t, kindRLock, ref, allBits)
		return
	}
	e.point(t, kindAnnounce, ref, allBits)
	e.point(t, kindAcquire, ref, allBits)
}

// LockMutex is Lock of the most common lock.
//
//go:norace
func (e *engine) LockMutex(m *sched.Mutex) {
	t := e.cur
	if t == nil {
		e.Real.Lock(m, sched.Exclusive, sched.Nest{})
		return
	}
	t.op.lock = m
	e.point(t, kindLock, m.Object(), allBits)
}

// UnlockMutex is Unlock of the most common lock.
//
//go:norace
func (e *engine) UnlockMutex(m *sched.Mutex) {
	t := e.cur
	if t == nil {
		e.Real.Unlock(m, sched.Exclusive)
		return
	}
	t.op.lock = m
	e.point(t, kindUnlock, m.Object(), allBits)
}

// TryLock models l.
//
//go:norace
func (e *engine) TryLock(l sched.Lock, mode sched.Mode, n sched.Nest) bool {
	t := e.cur
	if t == nil {
		return e.Real.TryLock(l, mode, n)
	}
	k := kindTry
	if _, ok := l.(*sched.RWMutex); ok {
		k = kindTryW
		if mode == sched.Shared {
			k = kindTryR
		}
	}
	t.op.lock = l
	e.point(t, k, l.Object(), allBits)
	return t.ok
}

// Unlock models l.
//
//go:norace
func (e *engine) Unlock(l sched.Lock, mode sched.Mode) {
	t := e.cur
	if t == nil {
		e.Real.Unlock(l, mode)
		return
	}
	k := kindUnlock
	switch l.(type) {
	case *sched.RWMutex:
		k = kindWUnlock
		if mode == sched.Shared {
			k = kindRUnlock
		}
	case *sched.HandoffMutex:
		k = kindHandoff
	}
	t.op.lock = l
	e.point(t, k, l.Object(), allBits)
}

// Assert fails the execution if what is stated is not so.
//
//go:norace
func (e *engine) Assert(o *sched.Object, a sched.Assertion) {
	t := e.cur
	if t == nil {
		return
	}
	t.op.want = a
	e.point(t, kindAssert, o, allBits)
}

// Wait models the wait for w.
//
//go:norace
func (e *engine) Wait(w sched.Waiter) {
	t := e.cur
	if t == nil {
		e.Real.Wait(w)
		return
	}
	t.op.waiter = w
	e.point(t, waitKind(w), w.Object(), allBits)
}

//go:norace
func waitKind(w sched.Waiter) kind {
	if sched.LockOf(w) != nil {
		return kindIdle
	}
	if _, ok := w.(*sched.Completion); ok {
		return kindWait
	}
	return kindAwait
}

// WaitFor models the wait for w. Whether its time is up before anything else that may happen is a choice.
//
//go:norace
func (e *engine) WaitFor(w sched.Waiter, d time.Duration) bool {
	t := e.cur
	if t == nil {
		return e.Real.WaitFor(w, d)
	}
	k := waitKind(w)
	if e.choose(t, 2, &t.expiries, "") == 1 {
		k = kindPoll
	}
	t.op.waiter, t.op.timed, t.op.until = w, true, e.clock+int64(d)
	e.point(t, k, w.Object(), allBits)
	return t.ok
}

// CondWait models the wait for c, whose waiters are woken first come first.
//
//go:norace
func (e *engine) CondWait(c *sched.Cond) {
	t := e.cur
	if t == nil {
		e.Real.CondWait(c)
		return
	}
	e.point(t, kindEnqueue, c.Object(), allBits)
	e.point(t, kindUnlock, c.L.Object(), allBits)
	t.op.lock, t.op.notified = c.L, true
	e.point(t, kindLock, c.L.Object(), allBits)
}

// CondNotify models the notification of c.
//
//go:norace
func (e *engine) CondNotify(c *sched.Cond, all bool) {
	t := e.cur
	if t == nil {
		e.Real.CondNotify(c, all)
		return
	}
	t.op.all = all
	e.point(t, kindNotify, c.Object(), allBits)
}

// pointKinds says what the kinds of package sched are called here.
var pointKinds = [...]kind{
	sched.OpRead: kindRead, sched.OpWrite: kindWrite, sched.OpUpdate: kindUpdate, sched.OpAdd: kindAdd,
	sched.OpFire: kindFire, sched.OpReset: kindReset, sched.OpBegin: kindBegin, sched.OpYield: kindUpdate,
}

// Point lets the operation happen when its turn has come.
//
//go:norace
func (e *engine) Point(op sched.Op) {
	t := e.cur
	if t == nil {
		return
	}
	if op.Kind == sched.OpFire && t.st != nil && op.Obj == t.st.Object() {
		e.point(t, kindEnd, op.Obj, allBits)
		return
	}
	if op.Kind == sched.OpYield {
		op.Obj, op.Mask = yieldRef, allBits
	}
	t.op.label = op.Label
	e.point(t, pointKinds[op.Kind], op.Obj, op.Mask)
}

// Unchanged makes a read of the update that happened last.
//
//go:norace
func (e *engine) Unchanged(*sched.Object) {
	if t := e.cur; t != nil {
		t.unchanged = true
	}
}

// Go starts a task of the execution.
//
//go:norace
func (e *engine) Go(st *sched.Task, body func()) {
	t := e.cur
	if t == nil {
		e.Real.Go(st, body)
		return
	}
	t.op.task, t.op.body = st, body
	e.point(t, kindSpawn, st.Object(), allBits)
	if t.child != nil {
		e.back.launch(t.child)
	}
}

// Choose returns the value that the search wants.
//
//go:norace
func (e *engine) Choose(n int) int {
	t := e.cur
	if t == nil {
		return 0
	}
	return e.choose(t, n, nil, "")
}

// Fault says whether the search wants the site to fail.
//
//go:norace
func (e *engine) Fault(site string) bool {
	t := e.cur
	return t != nil && e.choose(t, 2, &e.faults, site) == 1
}

//go:norace
func (e *engine) choose(t *task, n int, budget *int, label string) int {
	t.op.n, t.op.budget, t.op.label = n, budget, label
	e.point(t, kindChoose, nil, 0)
	return t.value
}

// Note keeps a remark for the diagram.
//
//go:norace
func (e *engine) Note(text string) {
	t := e.cur
	if t == nil || !e.tracing {
		return
	}
	t.op.label = text
	e.point(t, kindNote, nil, 0)
}

// Now returns the time of the virtual clock.
//
//go:norace
func (e *engine) Now() time.Time {
	t := e.cur
	if t == nil {
		return e.Real.Now()
	}
	e.point(t, kindRead, clockRef, allBits)
	return epoch.Add(time.Duration(e.clock))
}

// Sleep lets other tasks run, for as long as the search wants.
//
//go:norace
func (e *engine) Sleep(d time.Duration) {
	t := e.cur
	if t == nil {
		e.Real.Sleep(d)
		return
	}
	t.op.until = e.clock + int64(d)
	e.point(t, kindSleep, clockRef, allBits)
}

// StartTimer arms t, which may run at once or much later.
//
//go:norace
func (e *engine) StartTimer(timer *sched.Timer, d time.Duration) {
	t := e.cur
	if t == nil {
		e.Real.StartTimer(timer, d)
		return
	}
	t.op.timer, t.op.until = timer, e.clock+int64(d)
	e.point(t, kindArm, timer.Object(), allBits)
	if t.child != nil {
		e.back.launch(t.child)
	}
}

// StopTimer disarms t.
//
//go:norace
func (e *engine) StopTimer(timer *sched.Timer) bool {
	t := e.cur
	if t == nil {
		return e.Real.StopTimer(timer)
	}
	e.point(t, kindDisarm, timer.Object(), allBits)
	return t.ok
}

// clockRef and yieldRef stand for what every task shares without naming it.
var clockRef, yieldRef = &sched.Object{}, &sched.Object{}
