package explore

import (
	"math/bits"

	"extant/sched"
)

// engine runs executions: it is the hook that every task meets, and it owns what the tasks share.
//
// A task announces an operation before it happens and then waits its turn. next, called when the task that ran has
// announced something, says whose turn it is and makes the operation happen. With the coroutine back
// end the announcing task calls next itself and, if the turn is its own, goes on without any switch.
type engine struct {
	sched.Real

	cfg    Config
	search searcher
	back   backend
	top    sched.Hook // the engine, or what watches above it
	detach func()     // detaches top

	objects objects
	tasks   []*task    // by number
	live    uint64     // tasks that have not ended
	created int        // tasks so far
	born    []identity // of them, in order of creation
	busy    int        // tasks whose end is waited for
	cur     *task      // the task that runs; nil while none does
	chosen  *task      // the one to run next, if next was called in a task
	decided bool       // chosen is valid
	dying   bool       // the execution is over: tasks that are left unwind

	clock  int64 // nanoseconds since epoch
	faults int   // how many more may be injected

	steps   []step
	last    int // index of the step whose effects are not settled, or -1
	lastObj *object
	stopped *task  // by that step, before it began
	ran     int    // the task of the last operation
	yielded bool   // it was a yield
	cut     string // why the execution was given up, if it was

	faultsMet   bool // some execution asked for one
	expiriesMet bool // likewise
	waitedOut   bool // something expired because nothing else could happen
	clipped     bool // some execution went on beyond what the search decides

	failure *Failure // the first
	tracing bool
	trace   []Event
}

// searcher decides. Its methods are called by the engine in the order of an execution.
type searcher interface {
	// begin prepares for an execution. It returns false when the search has ended.
	begin(e *engine) bool
	// pick returns which of the enabled tasks goes on, or -1 to give up the execution as redundant.
	pick(e *engine, enabled uint64) int
	// value returns a number in [0, n), chosen for task t.
	value(e *engine, t *task, n int) int
	// did is told of the step that happened, once it is known what it did.
	did(e *engine, s step, o *object)
	// edge is told that all that from did so far happened before whatever to does next.
	edge(e *engine, from, to *task)
	// never is told that what t announced will not happen, because the last step stopped it.
	never(e *engine, t *task)
	// finish is told that the execution is over.
	finish(e *engine)
	// exhausted says whether nothing is left to try, within the bounds that the search has.
	exhausted() bool
	// bounds describes the bounds, if there are any.
	bounds() string
}

func (e *engine) reset() {
	e.objects.reset()
	e.live, e.created, e.busy, e.clock = 0, 0, 0, 0
	e.cur, e.chosen, e.decided, e.dying = nil, nil, false, false
	e.born, e.ran, e.yielded = e.born[:0], 0, false
	e.faults = e.cfg.Faults
	e.steps, e.last, e.lastObj, e.stopped, e.cut = e.steps[:0], -1, nil, nil, ""
	e.failure, e.trace = nil, nil
}

// execute runs f once, in a task of its own, and whatever it starts.
func (e *engine) execute(f func()) {
	e.reset()
	main := e.newTask("main", nil, f)
	e.busy++
	e.back.begin()
	e.back.launch(main)
	for t := e.next(); t != nil; {
		e.resume(t)
		if e.decided {
			t, e.decided = e.chosen, false
			continue
		}
		t = e.next()
	}
	if e.failure == nil && e.cut == "" {
		e.judge()
	}
	e.search.finish(e)
	e.bury()
	e.back.finish()
}

// resume lets t run until it has announced something that is not its turn, or has ended.
func (e *engine) resume(t *task) {
	e.cur = t
	t.begun = true
	if !e.back.resume(t) {
		return
	}
	e.ended(t)
	if t.panicked != nil {
		e.failPanic(t)
	}
}

func (e *engine) ended(t *task) {
	t.ended = true
	e.live &^= 1 << t.id
	if !t.daemon {
		e.busy--
	}
}

// bury unwinds the tasks that are left.
func (e *engine) bury() {
	e.dying = true
	for e.live != 0 {
		t := e.tasks[bits.TrailingZeros64(e.live)]
		if !t.begun {
			e.back.drop(t)
			e.ended(t)
			continue
		}
		e.resume(t)
	}
	e.cur = nil
}

// announce returns when what t.op says has happened.
//
//go:norace
func (e *engine) announce(t *task) {
	if e.dying {
		panic(abandoned{})
	}
	if e.tracing {
		t.pcs = capture(t.pcs)
	}
	raceBefore(e, &t.op)
	if !e.back.inline() {
		e.back.park(t)
	} else if n := e.next(); n != t {
		e.chosen, e.decided = n, true
		e.back.park(t)
	}
	if e.dying || t.fail {
		e.abandon(t)
	}
	raceAfter(e, &t.op)
	t.op.timed, t.op.notified, t.op.all, t.op.label = false, false, false, ""
}

// abandoned is what a task panics with that is to end.
type abandoned struct{}

//go:norace
func (e *engine) abandon(t *task) {
	t.fail = false
	t.op.timed, t.op.notified, t.op.all, t.op.label = false, false, false, ""
	panic(abandoned{})
}

// next settles what the last step did, and says which task goes on, having done what it announced. It
// returns nil when the execution is over.
func (e *engine) next() *task {
	if e.last >= 0 {
		e.settle()
	}
	if t := e.cur; t != nil && !t.ended {
		if t.op.kind.immediate() {
			if e.failure == nil || e.cfg.KeepGoing {
				return e.answer(t)
			}
			return nil
		}
		e.resolve(t)
	}
	if e.failure != nil && !e.cfg.KeepGoing || e.cut != "" {
		return nil
	}
	enabled, forced := e.scan()
	if forced != nil {
		return forced
	}
	switch {
	case enabled == 0 && e.busy == 0:
		return nil
	case enabled == 0:
		return e.expireFirst()
	}
	fair := e.fair()
	id := e.pick(enabled)
	if id < 0 {
		return nil
	}
	t := e.tasks[id]
	e.perform(t)
	e.steps[e.last].forced = fair
	return t
}

// settle tells the search what the last step did.
func (e *engine) settle() {
	s := &e.steps[e.last]
	if t := e.tasks[s.task]; t.unchanged {
		t.unchanged = false
		if s.kind == kindUpdate {
			s.kind = kindRead
		}
	}
	e.last = -1
	if !s.forced {
		e.search.did(e, *s, e.lastObj)
		if e.stopped != nil {
			e.search.never(e, e.stopped)
		}
	}
	e.stopped = nil
}

// fair says that the execution has become so long that the search decides no more.
func (e *engine) fair() bool { return len(e.steps) >= e.cfg.StepsMax/2 }

// resolve finds the object of what t announced.
func (e *engine) resolve(t *task) {
	if t.op.obj == nil || t.op.obj.key != t.op.ref {
		t.op.obj = e.objects.at(t.op.ref)
	}
	if t.op.obj.noun == "" {
		t.op.obj.noun = t.op.kind.noun()
	}
	if t.op.kind == kindWait && t.op.obj.ends != nil && !t.op.timed {
		t.op.kind = kindJoin
	}
}

// scan returns the tasks whose operations can happen now. If one of them concerns nobody else, it is done at
// once: forced is that task.
func (e *engine) scan() (enabled uint64, forced *task) {
	for m := e.live; m != 0; m &= m - 1 {
		id := bits.TrailingZeros64(m)
		t := e.tasks[id]
		switch {
		case t.op.kind < kindsVisible:
			if e.enabled(t) {
				enabled |= 1 << id
			}
		case t.op.kind == kindStart:
			return 0, t
		case t.op.kind == kindJoin && t.op.obj.ends.ended:
			sched.Take(t.op.waiter)
			e.search.edge(e, t.op.obj.ends, t)
			return 0, t
		}
	}
	return enabled, nil
}

// pick asks the search; once an execution has become long, everybody gets a turn, so that only what can
// never end does not.
func (e *engine) pick(enabled uint64) int {
	if len(e.steps) >= e.cfg.StepsMax {
		if e.busy == 0 {
			return -1 // daemons may go on forever
		}
		e.fail(nil, Livelock, "no end after %d operations, the later half of them in turns", len(e.steps))
		return -1
	}
	if !e.fair() {
		id := e.search.pick(e, enabled)
		if id < 0 && e.cut == "" {
			e.cut = cutRedundant
		}
		return id
	}
	e.clipped = true
	e.yielded = true
	return goOn(e, enabled)
}
