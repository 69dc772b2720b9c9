package explore

import (
	"math"
	"math/bits"

	"extant/sched"
)

// enabled says whether what t announced can happen now.
func (e *engine) enabled(t *task) bool {
	o := t.op.obj
	switch t.op.kind {
	case kindLock:
		return !o.held && (!t.op.notified || t.woken)
	case kindRLock:
		return o.announced == 0
	case kindAcquire:
		return !o.held && o.shared == 0
	case kindWait, kindAwait, kindIdle:
		return sched.Ready(t.op.waiter)
	case kindExpire:
		return o.early < e.cfg.Expiries
	case kindSleep:
		return t.expiries > 0
	}
	return true
}

// perform makes what t announced happen, which is possible now. The kind becomes that of what did happen.
func (e *engine) perform(t *task) {
	o, said := t.op.obj, t.op.kind
	t.ok = true
	switch k := said; {
	case k == kindRead && o.held:
		t.op.kind = kindTryFail // it sees that a mutex is held
	case k <= kindBegin:
	case k <= kindAwait:
		sched.Take(t.op.waiter)
	case k <= kindWUnlock:
		e.operate(t, o)
	case k == kindPoll:
		e.poll(t)
	case k == kindSleep:
		e.expiriesMet = true
		t.expiries--
		e.clock = max(e.clock, t.op.until)
	case k <= kindNotify:
		e.wake(t, o)
	default:
		e.time(t, o)
	}
	e.log(t, o, said)
}

// log writes down the step, field by field: a literal would be built elsewhere and copied.
func (e *engine) log(t *task, o *object, said kind) {
	n := len(e.steps)
	if n < cap(e.steps) {
		e.steps = e.steps[:n+1]
	} else {
		e.steps = append(e.steps, step{})
	}
	s := &e.steps[n]
	s.mask, s.obj, s.serial, s.task = t.op.mask, o.index, t.serial, uint8(t.id)
	s.kind, s.said, s.forced = t.op.kind, said, false
	e.last = n
	if e.lastObj != o {
		e.lastObj = o
	}
	e.ran, e.yielded = t.id, o.key == yieldRef
	if e.tracing {
		e.record(t)
	}
}

// operate does what t announced to the lock o.
func (e *engine) operate(t *task, o *object) {
	switch t.op.kind {
	case kindLock:
		e.take(t, o)
		t.woken = false
	case kindTry:
		if t.ok = !o.held; t.ok {
			e.take(t, o)
		} else {
			t.op.kind = kindTryFail
		}
	case kindUnlock, kindHandoff:
		e.release(t, o)
	case kindIdle:
		t.ok = sched.Take(t.op.waiter)
	default:
		e.operateRW(t, o)
	}
}

// take makes t the holder of the mutex o.
func (e *engine) take(t *task, o *object) {
	o.held, o.owner = true, t
	if h, ok := t.op.lock.(*sched.HandoffMutex); ok && !sched.RealTryLock(h, sched.Exclusive) {
		e.fail(t, Assertion, "%s was locked before the execution began", o.name())
	}
}

func (e *engine) release(t *task, o *object) {
	if !o.held || t.op.kind == kindUnlock && o.owner != t {
		t.op.kind = kindRead // all it did was to look: the lock could have come first
		e.fail(t, Assertion, "unlock of %s, which %s does not hold", o.name(), t.name())
		return
	}
	o.held, o.owner = false, nil
	if t.op.kind == kindHandoff {
		sched.RealUnlock(t.op.lock, sched.Exclusive)
	}
}

// operateRW does what t announced to the read-write lock o.
func (e *engine) operateRW(t *task, o *object) {
	switch t.op.kind {
	case kindRLock:
		e.share(t, o, 1)
	case kindTryR:
		if t.ok = o.announced == 0; t.ok {
			e.share(t, o, 1)
		} else {
			t.op.kind = kindTryRFail
		}
	case kindRUnlock:
		if o.shared == 0 {
			e.fail(t, Assertion, "unlock of %s, which nobody holds shared", o.name())
			return
		}
		e.share(t, o, -1)
	case kindAnnounce:
		o.announced++
	case kindAcquire:
		o.held, o.owner = true, t
	case kindTryW:
		e.tryW(t, o)
	case kindWUnlock:
		if o.owner != t {
			e.fail(t, Assertion, "unlock of %s, which %s does not hold", o.name(), t.name())
			return
		}
		o.announced--
		o.held, o.owner = false, nil
	}
}

// tryW takes o exclusively if nobody has it. A writer in the way is all that matters of those who are.
func (e *engine) tryW(t *task, o *object) {
	switch {
	case o.announced > 0:
		t.ok, t.op.kind = false, kindTryRFail
	case o.shared > 0:
		t.ok, t.op.kind = false, kindTryWFail
	default:
		o.announced++
		o.held, o.owner = true, t
	}
}

func (e *engine) share(t *task, o *object, n int) {
	o.shared += n
	o.readers |= 1 << t.id
	if n < 0 {
		o.readers &^= 1 << t.id
	}
}

// wake puts t in the queue of the condition o, or wakes who waits there.
func (e *engine) wake(t *task, o *object) {
	if t.op.kind == kindEnqueue {
		o.waiting = append(o.waiting, t)
		return
	}
	n := min(1, len(o.waiting))
	if t.op.all {
		n = len(o.waiting)
	}
	for _, w := range o.waiting[:n] {
		w.woken = true
		e.search.edge(e, t, w)
	}
	o.waiting = append(o.waiting[:0], o.waiting[n:]...)
}

// poll takes what t waits for, or ends the wait without.
func (e *engine) poll(t *task) {
	if t.ok = sched.Take(t.op.waiter); !t.ok {
		t.op.kind = kindRead
		e.clock = max(e.clock, t.op.until)
	}
}

// time operates the timer o.
func (e *engine) time(t *task, o *object) {
	switch t.op.kind {
	case kindExpire:
		o.timer = nil
		e.expiriesMet = true
		o.early++
		e.clock = max(e.clock, t.op.until)
		t.daemon = false
		e.busy++
	case kindDisarm, kindArm:
		t.ok = o.timer != nil
		if o.timer != nil {
			e.back.drop(o.timer)
			e.ended(o.timer)
			e.stopped, o.timer = o.timer, nil
		}
		t.child = nil
		if t.op.kind == kindArm {
			e.arm(t, o)
		}
	}
}

// arm makes a task that waits for its time and then runs the timer.
func (e *engine) arm(t *task, o *object) {
	timer := t.op.timer
	w := e.newTask(timer.Name(), nil, timer.Run)
	if w == nil {
		e.fail(t, Assertion, "more than %d tasks at once", tasksMax)
		return
	}
	w.daemon = true
	w.op.kind, w.op.ref, w.op.obj, w.op.mask, w.op.until = kindExpire, timer.Object(), o, allBits, t.op.until
	o.timer, t.child = w, w
	e.search.edge(e, t, w)
}

// expireFirst ends the wait whose time is up first, because nothing else can happen. It returns the task, or nil if
// there is no such wait.
func (e *engine) expireFirst() *task {
	var first *task
	until := int64(math.MaxInt64)
	for m := e.live; m != 0; m &= m - 1 {
		t := e.tasks[bits.TrailingZeros64(m)]
		if (t.op.timed || t.op.kind == kindExpire || t.op.kind == kindSleep) && t.op.until < until {
			first, until = t, t.op.until
		}
	}
	if first == nil {
		return nil
	}
	e.waitedOut = true
	switch first.op.kind {
	case kindExpire:
		first.op.obj.early--
	case kindSleep:
		first.expiries++
	default:
		first.op.kind = kindPoll
	}
	e.perform(first)
	e.steps[e.last].forced = true
	return first
}
