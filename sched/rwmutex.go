package sched

import "sync"

// RWMutex is a reader/writer lock, as sync.RWMutex is: a waiting writer stops new readers, so a
// reader that takes the lock again can deadlock with a writer in between. The task that locked it
// releases it.
type RWMutex struct {
	obj  Object
	real sync.RWMutex
}

// Init gives m its class. It is called before m is first used.
func (m *RWMutex) Init(c *Class) { m.obj.init(c) }

// Object returns what hooks know m by.
func (m *RWMutex) Object() *Object { return &m.obj }

// Lock takes m exclusively, waiting until no one holds it.
//
// +checklocksignore
func (m *RWMutex) Lock() {
	if h := hook.Load(); h != nil {
		h.Lock(m, Exclusive, Nest{})
		return
	}
	m.real.Lock()
}

// NestedLock is Lock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *RWMutex) NestedLock(n Nest) {
	if h := hook.Load(); h != nil {
		h.Lock(m, Exclusive, n)
		return
	}
	m.real.Lock()
}

// TryLock takes m exclusively if no one holds it, and says whether it did.
//
// +checklocksignore
func (m *RWMutex) TryLock() bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, Nest{})
	}
	return m.real.TryLock()
}

// NestedTryLock is TryLock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *RWMutex) NestedTryLock(n Nest) bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, n)
	}
	return m.real.TryLock()
}

// Unlock releases m, held exclusively. It is a run-time error if m is not so held.
//
// +checklocksignore
func (m *RWMutex) Unlock() {
	if h := hook.Load(); h != nil {
		h.Unlock(m, Exclusive)
		return
	}
	m.real.Unlock()
}

// RLock takes m shared, waiting while a writer holds it or waits for it.
//
// +checklocksignore
func (m *RWMutex) RLock() {
	if h := hook.Load(); h != nil {
		h.Lock(m, Shared, Nest{})
		return
	}
	m.real.RLock()
}

// NestedRLock is RLock beneath another lock of the class, for the reason n. The analyzer does not
// know the name: a function that uses it says +checklocksignore or asserts what it holds.
//
// +checklocksignore
func (m *RWMutex) NestedRLock(n Nest) {
	if h := hook.Load(); h != nil {
		h.Lock(m, Shared, n)
		return
	}
	m.real.RLock()
}

// TryRLock takes m shared if that needs no waiting, and says whether it did.
//
// +checklocksignore
func (m *RWMutex) TryRLock() bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Shared, Nest{})
	}
	return m.real.TryRLock()
}

// RUnlock releases m, held shared. It is a run-time error if m is not so held.
//
// +checklocksignore
func (m *RWMutex) RUnlock() {
	if h := hook.Load(); h != nil {
		h.Unlock(m, Shared)
		return
	}
	m.real.RUnlock()
}

// AssertHeld states that the calling task holds m exclusively. It is checked while a hook is
// attached.
func (m *RWMutex) AssertHeld() { assert(&m.obj, HeldExclusive) }

// AssertRHeld states that the calling task holds m, shared or exclusively.
func (m *RWMutex) AssertRHeld() { assert(&m.obj, Held) }

// AssertNotHeld states that the calling task does not hold m in any mode.
func (m *RWMutex) AssertNotHeld() { assert(&m.obj, NotHeld) }

// +checklocksignore
func (m *RWMutex) realLock(mode Mode) {
	if mode == Exclusive {
		m.real.Lock()
		return
	}
	m.real.RLock()
}

// +checklocksignore
func (m *RWMutex) realTryLock(mode Mode) bool {
	if mode == Exclusive {
		return m.real.TryLock()
	}
	return m.real.TryRLock()
}

// +checklocksignore
func (m *RWMutex) realUnlock(mode Mode) {
	if mode == Exclusive {
		m.real.Unlock()
		return
	}
	m.real.RUnlock()
}
