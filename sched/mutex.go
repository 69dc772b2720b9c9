package sched

import "sync"

// Mutex is a mutual exclusion lock, as sync.Mutex is. The task that locked it releases it.
type Mutex struct {
	obj  Object
	real sync.Mutex
}

// Init gives m its class. It is called before m is first used.
func (m *Mutex) Init(c *Class) { m.obj.init(c) }

// Object returns what hooks know m by.
func (m *Mutex) Object() *Object { return &m.obj }

// Lock takes m, waiting until it is free.
//
// +checklocksignore
func (m *Mutex) Lock() {
	if h := hook.Load(); h != nil {
		if h.mutex != nil {
			h.mutex.LockMutex(m)
			return
		}
		h.Lock(m, Exclusive, Nest{})
		return
	}
	m.real.Lock()
}

// NestedLock is Lock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *Mutex) NestedLock(n Nest) {
	if h := hook.Load(); h != nil {
		h.Lock(m, Exclusive, n)
		return
	}
	m.real.Lock()
}

// TryLock takes m if it is free, and says whether it did.
//
// +checklocksignore
func (m *Mutex) TryLock() bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, Nest{})
	}
	return m.real.TryLock()
}

// NestedTryLock is TryLock beneath another lock of the class, for the reason n.
//
// +checklocksignore
func (m *Mutex) NestedTryLock(n Nest) bool {
	if h := hook.Load(); h != nil {
		return h.TryLock(m, Exclusive, n)
	}
	return m.real.TryLock()
}

// Unlock releases m. It is a run-time error if m is not locked.
//
// +checklocksignore
func (m *Mutex) Unlock() {
	if h := hook.Load(); h != nil {
		if h.mutex != nil {
			h.mutex.UnlockMutex(m)
			return
		}
		h.Unlock(m, Exclusive)
		return
	}
	m.real.Unlock()
}

// AssertHeld states that the calling task holds m. It is checked while a hook is attached.
func (m *Mutex) AssertHeld() { assert(&m.obj, HeldExclusive) }

// AssertNotHeld states that the calling task does not hold m.
func (m *Mutex) AssertNotHeld() { assert(&m.obj, NotHeld) }

// +checklocksignore
func (m *Mutex) realLock(Mode) { m.real.Lock() }

// +checklocksignore
func (m *Mutex) realTryLock(Mode) bool { return m.real.TryLock() }

// +checklocksignore
func (m *Mutex) realUnlock(Mode) { m.real.Unlock() }
