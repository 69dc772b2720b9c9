package explore

import "extant/sched"

// answer does what t announced, which concerns nobody else, and returns t.
func (e *engine) answer(t *task) *task {
	switch t.op.kind {
	case kindSpawn:
		e.spawn(t)
	case kindChoose:
		e.answerChoice(t)
	case kindNote:
		e.remark(t)
	case kindAssert:
		e.check(t)
	}
	return t
}

// spawn makes the task that t starts.
func (e *engine) spawn(t *task) {
	st := t.op.task
	c := e.newTask(st.Name(), st, t.op.body)
	t.child = c
	if c == nil {
		e.fail(t, Assertion, "more than %d tasks at once", tasksMax)
		return
	}
	if c.daemon = st.IsDaemon(); !c.daemon {
		e.busy++
	}
	e.objects.at(st.Object()).ends = c
	e.search.edge(e, t, c)
	t.op.task, t.op.body = nil, nil
}

// answerChoice chooses a value within what the budget leaves. Without a choice, too, a step says that it is 0.
func (e *engine) answerChoice(t *task) {
	t.value = 0
	if t.op.n < 2 {
		return
	}
	b := t.op.budget
	e.faultsMet = e.faultsMet || b == &e.faults
	e.expiriesMet = e.expiriesMet || b == &t.expiries
	forced := b != nil && *b == 0 || e.fair()
	if !forced {
		t.value = e.search.value(e, t, t.op.n)
	}
	if b != nil && t.value != 0 {
		*b--
	}
	e.steps = append(e.steps, step{0, int32(t.value), t.serial, uint8(t.id), kindChoose, kindChoose, forced})
	if e.tracing && !forced {
		e.record(t)
	}
}

// check fails the execution if what t states is not so.
func (e *engine) check(t *task) {
	o := e.objects.at(t.op.ref)
	held := o.owner == t
	switch {
	case t.op.want == sched.Held && !held && o.readers>>t.id&1 == 0:
		e.fail(t, Assertion, "%s is not held", o.name())
	case t.op.want == sched.HeldExclusive && !held:
		e.fail(t, Assertion, "%s is not held exclusively", o.name())
	case t.op.want == sched.NotHeld && (held || o.readers>>t.id&1 != 0):
		e.fail(t, Assertion, "%s is held", o.name())
	}
}
