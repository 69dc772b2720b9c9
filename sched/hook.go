package sched

import (
	"sync/atomic"
	"time"
)

// Hook sees every operation of the package while it is attached. Its methods are called in the
// goroutine that asked for the operation, before the operation happens.
//
// A method whose name is an operation that can block (Lock, Acquire, Wait, CondWait, Sleep, ...) owns
// the operation: it returns once the operation has happened. A watching hook calls the real one
// (RealLock, RealWait, [Real]); a hook that takes over models it. The rest announce an operation that
// cannot block: the package performs it when the method returns, so a hook that takes over holds the
// task back in the method until the operation's turn has come. No other task may run between the
// return and the next call of the same task.
//
// A hook that takes over models the owners of Mutex and RWMutex and leaves the real locks alone. It
// operates the state of a [HandoffMutex] (RealTryLock, RealUnlock), of waiters ([Take]) and nothing
// else. It passes calls of goroutines that it did not start to [Real].
//
// Embed [Real] in an implementation: it keeps compiling when operations are added.
type Hook interface {
	// Lock takes l. TryLock takes it if that needs no waiting. Unlock releases it; mode is what the
	// caller claims to hold. Mode is Exclusive, or Shared for an RWMutex.
	Lock(l Lock, mode Mode, n Nest)
	TryLock(l Lock, mode Mode, n Nest) bool
	Unlock(l Lock, mode Mode)

	// HandOff leaves the release of m to another task. It changes nothing in m.
	HandOff(m *HandoffMutex)

	// Acquire, Release and Might are for pseudo-locks, which never block. Might is an Acquire and
	// Release in one.
	Acquire(p *Pseudo, mode Mode, n Nest)
	Release(p *Pseudo)
	Might(p *Pseudo, mode Mode)

	// Enter and Exit bracket a task's stay in c. May marks a place where c could be entered.
	Enter(c *Context)
	Exit(c *Context)
	May(c *Context)

	// Assert states that the task holds, or does not hold, o.
	Assert(o *Object, a Assertion)

	// Wait waits until w is ready and takes it. WaitFor gives up after d and says whether it took w.
	Wait(w Waiter)
	WaitFor(w Waiter, d time.Duration) bool

	// CondWait releases c.L, waits for a notification and takes c.L again; the real one does both
	// through the hook's Unlock and Lock. CondNotify wakes one or all waiters.
	CondWait(c *Cond)
	CondNotify(c *Cond, all bool)

	// Point announces an operation that cannot block. Unchanged follows it, without another task in
	// between, when an OpUpdate turned out to change nothing and so counts as an OpRead.
	Point(op Op)
	Unchanged(o *Object)

	// Go starts body in a new task. body fires the task's completion itself.
	Go(t *Task, body func())

	// Choose returns a number in [0, n). Fault says whether the named site fails this time. Note
	// remarks on the task's history; it is no operation.
	Choose(n int) int
	Fault(site string) bool
	Note(text string)

	// Now, Sleep and the timers share one clock. A started timer calls [Timer.Run] in a task of its
	// own, once. StopTimer says whether it prevented that.
	Now() time.Time
	Sleep(d time.Duration)
	StartTimer(t *Timer, d time.Duration)
	StopTimer(t *Timer) bool
}

// MutexHook is what a [Hook] may be besides. If it is, Lock and Unlock of a [Mutex] call these methods, which do as the
// hook's Lock and Unlock do, instead of those: it has less to pass and to find out. A hook that embeds one and has a
// Lock of its own needs a LockMutex of its own.
type MutexHook interface {
	LockMutex(m *Mutex)
	UnlockMutex(m *Mutex)
}

// attached is a hook that is attached.
type attached struct {
	Hook
	mutex MutexHook // the same hook, or nil
}

var hook atomic.Pointer[attached]

// Attach attaches h, and detaches it when the returned function is called. One hook can be attached
// at a time: Attach panics if another one is, because its observations would be worthless.
func Attach(h Hook) (detach func()) {
	a := &attached{Hook: h}
	a.mutex, _ = h.(MutexHook)
	if !hook.CompareAndSwap(nil, a) {
		panic("sched: a hook is already attached")
	}
	return func() { hook.CompareAndSwap(a, nil) }
}

// Lock is a real lock as a hook sees it: *Mutex, *RWMutex or *HandoffMutex.
type Lock interface {
	Object() *Object
	realLock(Mode)
	realTryLock(Mode) bool
	realUnlock(Mode)
}

// RealLock, RealTryLock and RealUnlock operate the lock itself, unseen by any hook. They are for
// hooks, as are MutexTryLock and MutexUnlock, which do the same where the type is known and are
// compiled into their caller.

// RealLock takes l, waiting as long as it must.
func RealLock(l Lock, mode Mode) { l.realLock(mode) }

// RealTryLock takes l if that needs no waiting, and says whether it did.
func RealTryLock(l Lock, mode Mode) bool { return l.realTryLock(mode) }

// RealUnlock releases l.
func RealUnlock(l Lock, mode Mode) { l.realUnlock(mode) }

// MutexTryLock is RealTryLock of a Mutex.
//
// +checklocksignore
func MutexTryLock(m *Mutex) bool { return m.real.TryLock() }

// MutexUnlock is RealUnlock of a Mutex.
//
// +checklocksignore
func MutexUnlock(m *Mutex) { m.real.Unlock() }

// Waiter is something a task can wait for, as a hook sees it: *Completion, *Event, *WaitGroup, *Task
// or the release of a *HandoffMutex.
type Waiter interface {
	Object() *Object
	ready() bool
	take() bool
	park(timeout <-chan time.Time) bool
}

// Ready says whether a wait for w would be over at once. It is for hooks that take over.
func Ready(w Waiter) bool { return w.ready() }

// Take ends a wait for w if w is ready, consuming what the wait consumes, and says whether it did.
// It is for hooks that take over.
func Take(w Waiter) bool { return w.take() }

// LockOf returns the lock whose release w waits for, or nil if w is no wait for a lock. It is for
// hooks.
func LockOf(w Waiter) *HandoffMutex {
	h, _ := w.(*handoffWaiter)
	return (*HandoffMutex)(h)
}

// RealWait waits for w as the package does with nothing attached. It is for hooks that watch.
func RealWait(w Waiter) {
	if !w.take() {
		w.park(nil)
	}
}

// RealWaitFor is RealWait that gives up after d. It says whether it took w.
func RealWaitFor(w Waiter, d time.Duration) bool {
	if w.take() {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	return w.park(t.C)
}

// OpKind says what a [Hook.Point] does to its object.
type OpKind uint8

const (
	// OpRead reads the bits in Mask.
	OpRead OpKind = iota
	// OpWrite overwrites the bits in Mask without reading them.
	OpWrite
	// OpUpdate reads the bits in Mask and may change them.
	OpUpdate
	// OpAdd adds to a counter: adds commute with each other.
	OpAdd
	// OpFire may make a waiter ready, or wakes it.
	OpFire
	// OpReset makes a waiter unready.
	OpReset
	// OpBegin binds the task to fire the object later; it changes nothing.
	OpBegin
	// OpYield is a Yield: code that may conflict with any other code between two Yields follows.
	OpYield
)

func (k OpKind) String() string {
	names := [...]string{"read", "write", "update", "add", "fire", "reset", "begin", "yield"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown operation"
}

// Op is one operation that cannot block.
type Op struct {
	Kind  OpKind
	Obj   *Object // nil for OpYield
	Mask  uint64  // which bits of the object; all ones if it has none
	Label string  // the name of a yield point, else empty
}

func point(k OpKind, o *Object, mask uint64) {
	if h := hook.Load(); h != nil {
		h.Point(Op{Kind: k, Obj: o, Mask: mask})
	}
}

func unchanged(o *Object) {
	if h := hook.Load(); h != nil {
		h.Unchanged(o)
	}
}

// Assertion is what [Hook.Assert] is told.
type Assertion uint8

const (
	// Held means held by the task in any mode.
	Held Assertion = iota
	// HeldExclusive means held by the task in mode Exclusive.
	HeldExclusive
	// NotHeld means not held by the task.
	NotHeld
)

func assert(o *Object, a Assertion) {
	if h := hook.Load(); h != nil {
		h.Assert(o, a)
	}
}
