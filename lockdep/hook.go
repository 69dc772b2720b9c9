package lockdep

import (
	"time"

	"extant/sched"
)

// Lock validates that l may be taken now, and takes it.
func (v *Validator) Lock(l sched.Lock, mode sched.Mode, n sched.Nest) {
	t := v.tasks.current()
	o := l.Object()
	c := o.Class()
	if c == nil || !v.plain || n != (sched.Nest{}) {
		v.lockSlow(t, l, mode, n)
		return
	}
	key := extend(t.tip(), describe(c.ID(), 0, mode, 0))
	if !v.seen.hit(key) && !v.seen.find(key) || !sched.RealTryLock(l, mode) {
		v.lockSlow(t, l, mode, n)
		return
	}
	h := t.grow()
	h.obj, h.chain, h.slot = o, key, uint32(o.Slot())
	h.level, h.mode, h.flags, h.kind = 0, mode, 0, lockKind
	t.yield()
}

// LockMutex is Lock of the most common lock.
func (v *Validator) LockMutex(m *sched.Mutex) {
	if !v.plain {
		v.Lock(m, sched.Exclusive, sched.Nest{})
		return
	}
	g := currentG()
	t := v.tasks.hit(g)
	if t == nil || t.g != g {
		t = v.tasks.find(g)
	}
	t.seize()
	c := m.Object().Class()
	if c == nil {
		v.lockSlow(t, m, sched.Exclusive, sched.Nest{})
		return
	}
	key := extend(t.tip(), describe(c.ID(), 0, sched.Exclusive, 0))
	if !v.seen.hit(key) && !v.seen.find(key) || !sched.MutexTryLock(m) {
		v.lockSlow(t, m, sched.Exclusive, sched.Nest{})
		return
	}
	h := t.grow()
	h.obj, h.chain, h.slot = m.Object(), key, uint32(m.Object().Slot())
	h.level, h.mode, h.flags, h.kind = 0, sched.Exclusive, 0, lockKind
	t.yield()
}

func (v *Validator) lockSlow(t *task, l sched.Lock, mode sched.Mode, n sched.Nest) {
	defer t.yield()
	a := v.acquisition(t, l.Object(), lockKind, mode, n)
	v.check(t, &a)
	if v.cfg.Under != nil {
		v.Hook.Lock(l, mode, n)
	} else if !sched.RealTryLock(l, mode) {
		v.lockContended(t, l, &a)
	}
	v.push(t, a)
}

func (v *Validator) lockContended(t *task, l sched.Lock, a *held) {
	begun := v.clock()
	v.waits.block(v, t, a.obj, a.mode, func() bool { return sched.RealTryLock(l, a.mode) },
		func() { sched.RealLock(l, a.mode) })
	v.countWait(a, begun)
}

// TryLock takes l if it is free. It validates nothing, because it does not wait, but what is taken
// later is taken while l is held.
func (v *Validator) TryLock(l sched.Lock, mode sched.Mode, n sched.Nest) bool {
	if !v.Hook.TryLock(l, mode, n) {
		return false
	}
	t := v.tasks.current()
	defer t.yield()
	a := v.acquisition(t, l.Object(), lockKind, mode, n)
	a.flags |= try
	a.chain = extend(t.tip(), a.describe())
	v.check(t, &a)
	v.push(t, a)
	return true
}

// Unlock notes that the task no longer holds l, and releases it.
func (v *Validator) Unlock(l sched.Lock, mode sched.Mode) {
	t := v.tasks.current()
	o := l.Object()
	if i := len(t.held) - 1; i >= 0 && t.held[i].obj == o && t.held[i].mode == mode && t.held[i].flags&timed == 0 {
		t.held = t.held[:i]
	} else {
		v.unlockSlow(t, l, mode)
	}
	t.yield()
	v.Hook.Unlock(l, mode)
}

// UnlockMutex is Unlock of the most common lock.
func (v *Validator) UnlockMutex(m *sched.Mutex) {
	if !v.plain {
		v.Unlock(m, sched.Exclusive)
		return
	}
	g := currentG()
	t := v.tasks.hit(g)
	if t == nil || t.g != g {
		t = v.tasks.find(g)
	}
	t.seize()
	if i := len(t.held) - 1; i >= 0 && t.held[i].obj == m.Object() {
		t.held = t.held[:i]
	} else {
		v.unlockSlow(t, m, sched.Exclusive)
	}
	t.yield()
	sched.MutexUnlock(m)
}

func (v *Validator) unlockSlow(t *task, l sched.Lock, mode sched.Mode) {
	o := l.Object()
	for i := len(t.held) - 1; i >= 0; i-- {
		if t.held[i].obj == o && t.held[i].mode == mode {
			v.pop(t, i)
			return
		}
	}
	if mode == sched.Exclusive {
		o.AddSlot(1) // whoever believes to hold it finds out
	}
	if _, ok := l.(*sched.HandoffMutex); ok {
		v.fire(t, o, lockKind)
		return
	}
	v.deliver(v.badUnlock(t, o, mode))
}

// HandOff notes that the task no longer holds m, although m stays locked.
func (v *Validator) HandOff(m *sched.HandoffMutex) {
	t := v.tasks.current()
	defer t.yield()
	if i := t.find(m.Object()); i >= 0 {
		v.pop(t, i)
	}
	v.Hook.HandOff(m)
}

// Acquire validates that p may be taken now, and notes that the task holds it.
func (v *Validator) Acquire(p *sched.Pseudo, mode sched.Mode, n sched.Nest) {
	t := v.tasks.current()
	defer t.yield()
	a := v.acquisition(t, p.Object(), pseudoKind, mode, n)
	v.check(t, &a)
	v.Hook.Acquire(p, mode, n)
	v.push(t, a)
}

// Release notes that the task no longer holds p.
func (v *Validator) Release(p *sched.Pseudo) {
	t := v.tasks.current()
	defer t.yield()
	if i := t.find(p.Object()); i >= 0 {
		v.pop(t, i)
	} else {
		v.deliver(v.badUnlock(t, p.Object(), sched.Exclusive))
	}
	v.Hook.Release(p)
}

// Might validates that p may be taken now.
func (v *Validator) Might(p *sched.Pseudo, mode sched.Mode) {
	t := v.tasks.current()
	defer t.yield()
	a := v.acquisition(t, p.Object(), pseudoKind, mode, sched.Nest{})
	v.check(t, &a)
	v.Hook.Might(p, mode)
}

// Enter validates that the task may enter c now, and notes that it is inside.
func (v *Validator) Enter(c *sched.Context) {
	t := v.tasks.current()
	defer t.yield()
	a := v.acquisition(t, c.Object(), contextKind, sched.Exclusive, sched.Nest{})
	if !t.inside(c.Object()) {
		v.check(t, &a)
	}
	v.Hook.Enter(c)
	v.push(t, a)
}

// Exit notes that the task is no longer inside c, unless it entered more than once.
func (v *Validator) Exit(c *sched.Context) {
	t := v.tasks.current()
	defer t.yield()
	if i := t.find(c.Object()); i >= 0 {
		v.pop(t, i)
	} else {
		v.deliver(v.badUnlock(t, c.Object(), sched.Exclusive))
	}
	v.Hook.Exit(c)
}

// May validates that the task may enter c now.
func (v *Validator) May(c *sched.Context) {
	t := v.tasks.current()
	defer t.yield()
	if !t.inside(c.Object()) {
		a := v.acquisition(t, c.Object(), contextKind, sched.Exclusive, sched.Nest{})
		v.check(t, &a)
	}
	v.Hook.May(c)
}

// Go starts body in a new task, which is expected to hold nothing when it ends.
func (v *Validator) Go(st *sched.Task, body func()) {
	if v.cfg.Events {
		st.Object().Adopt(v.namedClass("task " + st.Name()))
	}
	v.Hook.Go(st, func() {
		t := v.tasks.current()
		t.reset(st.Name(), st.Object())
		returned := false
		defer func() {
			if returned && len(t.held) > 0 {
				v.deliver(v.heldAtExit(t))
			}
			t.reset("", nil)
			t.yield()
		}()
		body()
		returned = true
	})
}

// clock returns the time since v was made, in nanoseconds, if anything is timed.
func (v *Validator) clock() int64 {
	if !v.cfg.Stats {
		return 0
	}
	return int64(time.Since(v.start))
}
