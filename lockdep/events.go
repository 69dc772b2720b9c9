package lockdep

import (
	"time"

	"extant/sched"
)

// Wait validates that the task may wait for w while it holds what it holds, and waits.
func (v *Validator) Wait(w sched.Waiter) {
	t := v.tasks.current()
	defer t.yield()
	v.checkWait(t, w, nil)
	if v.cfg.Under != nil {
		v.Hook.Wait(w)
		return
	}
	if sched.Take(w) {
		return
	}
	v.waits.block(v, t, w.Object(), sched.Exclusive,
		func() bool { return sched.Take(w) }, func() { sched.RealWait(w) })
}

// WaitFor validates as Wait does, and waits for w, but no longer than d.
func (v *Validator) WaitFor(w sched.Waiter, d time.Duration) bool {
	t := v.tasks.current()
	defer t.yield()
	v.checkWait(t, w, nil)
	return v.Hook.WaitFor(w, d)
}

// checkWait validates that t may wait for w while it holds what it holds but for except.
func (v *Validator) checkWait(t *task, w sched.Waiter, except *sched.Object) {
	if sched.LockOf(w) != nil {
		a := v.acquisition(t, w.Object(), lockKind, sched.Exclusive, sched.Nest{})
		v.check(t, &a)
		return
	}
	v.checkEvent(t, w.Object(), except)
}

// checkEvent notes that t waits for the event o. A task that holds nothing depends on nothing.
func (v *Validator) checkEvent(t *task, o, except *sched.Object) {
	if len(t.held) == 0 {
		return
	}
	v.lacking(t, except, func() {
		a := v.acquisition(t, o, eventKind, sched.Exclusive, sched.Nest{})
		v.check(t, &a)
	})
}

// lacking calls f while t seems not to hold o, which may be nil.
func (v *Validator) lacking(t *task, o *sched.Object, f func()) {
	i := -1
	if o != nil {
		i = t.find(o)
	}
	if i < 0 {
		f()
		return
	}
	all := append([]held(nil), t.held...)
	t.remove(i)
	defer func() { t.held = append(t.held[:0], all...) }()
	f()
}

// CondWait validates that the task may wait for c while it holds what it holds but for c.L, and waits.
func (v *Validator) CondWait(c *sched.Cond) {
	t := v.tasks.current()
	defer t.yield()
	l := c.L.Object()
	v.checkEvent(t, c.Object(), l)
	i := t.find(l)
	if v.cfg.Under == nil || i < 0 {
		v.Hook.CondWait(c) // calls Unlock and Lock
		return
	}
	v.pop(t, i)
	defer v.retake(t, l) // also where the hook beneath ends the task by a panic: what was deferred releases the lock then
	v.Hook.CondWait(c)
}

// retake notes that t holds the lock again that it had left to wait.
func (v *Validator) retake(t *task, l *sched.Object) {
	a := v.acquisition(t, l, lockKind, sched.Exclusive, sched.Nest{})
	v.check(t, &a)
	v.push(t, a)
}

// CondNotify notes what the task holds where it notifies, and notifies.
func (v *Validator) CondNotify(c *sched.Cond, all bool) {
	t := v.tasks.current()
	defer t.yield()
	if len(t.held) > 0 {
		v.lacking(t, c.L.Object(), func() { v.fire(t, c.Object(), eventKind) })
	}
	v.Hook.CondNotify(c, all)
}

// Point notes events that begin and fire.
func (v *Validator) Point(op sched.Op) {
	switch op.Kind {
	case sched.OpBegin:
		t := v.tasks.current()
		defer t.yield()
		v.push(t, v.acquisition(t, op.Obj, eventKind, sched.Exclusive, sched.Nest{}))
	case sched.OpFire:
		t := v.tasks.current()
		defer t.yield()
		if i := t.find(op.Obj); i >= 0 {
			v.pop(t, i)
		}
		v.fire(t, op.Obj, eventKind)
	}
	v.Hook.Point(op)
}

// fire notes that t fires o, or releases what another task took, while it holds what it holds: who
// waits for o waits for all of that.
func (v *Validator) fire(t *task, o *sched.Object, k kind) {
	if !v.cfg.Events || len(t.held) == 0 {
		return
	}
	a := v.acquisition(t, o, k, sched.Exclusive, sched.Nest{})
	key := extend(a.chain, fired)
	if v.seen.has(key) {
		return
	}
	v.deliver(v.learnFire(t, &a, key))
}

// fired is what the key of a chain that ends in a fired event is extended by.
const fired = 1 << 63

func (v *Validator) learnFire(t *task, a *held, key uint64) []*Report {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropReleased(t)
	at := &site{task: t.name, id: t.id, stack: callers(3)}
	n := v.node(a)
	minimal(&n.writers, sighting{})
	var found []*Report
	for i := range t.held {
		h := &t.held[i]
		hn := v.node(h)
		if h.kind != lockKind && h.kind != pseudoKind || hn == n {
			continue
		}
		s := sighting{way: way{taken: h.mode}, site: at}
		if e, changed := v.graph.add(dependency{from: n, to: hn, event: true, sighting: s}); changed {
			found = append(found, v.judge(t, h, step{e, &s})...)
		}
	}
	v.seen.add(key)
	return found
}
