package lockdep

import "extant/sched"

// Assert reports the task if it does not hold o as a states.
func (v *Validator) Assert(o *sched.Object, a sched.Assertion) {
	v.Hook.Assert(o, a)
	t := v.tasks.current()
	defer t.yield()
	holds, exclusively := false, false
	for i := range t.held {
		if h := &t.held[i]; h.obj == o {
			holds = true
			exclusively = exclusively || h.mode == sched.Exclusive
		}
	}
	switch {
	case a == sched.NotHeld && holds:
		v.deliver(v.objectReport(AssertedNotHeld, t, o, sched.Exclusive))
	case a == sched.HeldExclusive && !exclusively:
		v.deliver(v.objectReport(AssertedHeld, t, o, sched.Exclusive))
	case a == sched.Held && !holds:
		v.deliver(v.objectReport(AssertedHeld, t, o, sched.Shared))
	}
}

// badUnlock reports that t releases o, which it does not hold.
func (v *Validator) badUnlock(t *task, o *sched.Object, mode sched.Mode) []*Report {
	return v.objectReport(BadUnlock, t, o, mode)
}

// heldAtExit reports that t ends while it holds something.
func (v *Validator) heldAtExit(t *task) []*Report {
	last := t.held[len(t.held)-1]
	v.mu.Lock()
	defer v.mu.Unlock()
	return []*Report{v.newReport(HeldAtExit, t, &last)}
}

func (v *Validator) objectReport(k Kind, t *task, o *sched.Object, mode sched.Mode) []*Report {
	a := v.acquisition(t, o, lockKind, mode, sched.Nest{})
	v.mu.Lock()
	defer v.mu.Unlock()
	return []*Report{v.newReport(k, t, &a)}
}
