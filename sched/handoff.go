package sched

import (
	"sync/atomic"
	"time"
)

// HandoffMutex is a mutual exclusion lock that one task may take and another release, like a page's
// lock or its writeback bit, which the completion of the I/O clears. Whether it is locked can be
// asked and waited for without taking it.
type HandoffMutex struct {
	obj   Object
	state atomic.Uint32
	bell  bell
}

// States of a HandoffMutex. An awaited one is locked, and its release rings the bell.
const (
	handoffFree = iota
	handoffLocked
	handoffAwaited
)

// Init gives m its class. It is called before m is first used.
func (m *HandoffMutex) Init(c *Class) { m.obj.init(c) }

// Object returns what hooks know m by.
func (m *HandoffMutex) Object() *Object { return &m.obj }

// Lock takes m, waiting until it is free.
//
// +checklocksignore
func (m *HandoffMutex) Lock() {
	if h := hook.Load(); h != nil {
		h.Lock(m, Exclusive, Nest{})
		return
	}
	m.realLock(Exclusive)
}

// NestedLock is Lock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *HandoffMutex) NestedLock(n Nest) {
	if h := hook.Load(); h != nil {
		h.Lock(m, Exclusive, n)
		return
	}
	m.realLock(Exclusive)
}

// TryLock takes m if it is free, and says whether it did.
//
// +checklocksignore
func (m *HandoffMutex) TryLock() bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, Nest{})
	}
	return m.realTryLock(Exclusive)
}

// NestedTryLock is TryLock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *HandoffMutex) NestedTryLock(n Nest) bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, n)
	}
	return m.realTryLock(Exclusive)
}

// Unlock releases m, whichever task took it. It is a run-time error if m is not locked.
//
// +checklocksignore
func (m *HandoffMutex) Unlock() {
	if h := hook.Load(); h != nil {
		h.Unlock(m, Exclusive)
		return
	}
	m.realUnlock(Exclusive)
}

// HandOff states that the calling task, which locked m, leaves its release to another task.
func (m *HandoffMutex) HandOff() {
	if h := hook.Load(); h != nil {
		h.HandOff(m)
	}
}

// Locked says whether anyone held m at some moment of the call.
func (m *HandoffMutex) Locked() bool {
	point(OpRead, &m.obj, ^uint64(0))
	return m.state.Load() != handoffFree
}

// WaitUnlocked waits until m is not locked. It may be locked again when WaitUnlocked returns.
func (m *HandoffMutex) WaitUnlocked() { wait((*handoffWaiter)(m)) }

// AssertLocked states that some task holds m. It panics if none does, while a hook is attached.
func (m *HandoffMutex) AssertLocked() {
	if hook.Load() != nil && m.state.Load() == handoffFree {
		panic("sched: handoff mutex is not locked")
	}
}

func (m *HandoffMutex) realLock(Mode) {
	if m.state.CompareAndSwap(handoffFree, handoffLocked) {
		return
	}
	for {
		rung := m.bell.listen()
		if m.state.Swap(handoffAwaited) == handoffFree {
			return
		}
		<-rung
	}
}

func (m *HandoffMutex) realTryLock(Mode) bool {
	return m.state.CompareAndSwap(handoffFree, handoffLocked)
}

func (m *HandoffMutex) realUnlock(Mode) {
	switch m.state.Swap(handoffFree) {
	case handoffFree:
		panic("sched: unlock of an unlocked handoff mutex")
	case handoffAwaited:
		m.bell.ring()
	}
}

// handoffWaiter waits for a HandoffMutex to be free without taking it.
type handoffWaiter HandoffMutex

func (w *handoffWaiter) Object() *Object { return &w.obj }
func (w *handoffWaiter) ready() bool     { return w.state.Load() == handoffFree }

// take makes sure that an owner it finds will ring the bell.
func (w *handoffWaiter) take() bool {
	for {
		switch w.state.Load() {
		case handoffFree:
			return true
		case handoffAwaited:
			return false
		}
		if w.state.CompareAndSwap(handoffLocked, handoffAwaited) {
			return false
		}
	}
}

func (w *handoffWaiter) park(timeout <-chan time.Time) bool { return w.bell.wait(w, timeout) }
