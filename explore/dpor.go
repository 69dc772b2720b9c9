package explore

import "math/bits"

// dpor is dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronsson, Jonsson and
// Sagonas, "Source sets", JACM 2017). It runs one schedule of each Mazurkiewicz trace.
//
// After each step it looks for earlier steps that raced with it: dependent, able to come later, and
// ordered by nothing else. For each it makes sure that, from the state before the earlier one, some task is
// tried that starts the reversed order: one of the initials of what does not depend on the earlier
// step. Sleep sets keep what was tried in one branch from being tried in the next, until something
// dependent happens. An execution in which all that could go on sleep is given up as redundant.
//
// A lock is the one operation that its predecessor can prevent. The race of two of them is between the two
// acquisitions, although a release is in between; and what waits forever at the end of an execution raced
// with what it waits for.
//
// An execution begins as the one before did, up to the decision that differs. What is known of that part is kept.
type dpor struct {
	nodes  []node // decisions of the execution before this one, then of this one
	depth  int    // decisions so far
	over   bool
	fresh  bool
	known  bool    // the last step was known from the execution before
	events []event // of this execution; before it has got so far, of what it has in common with the one before
	seen   int     // events so far
	edges  []int32 // rows of clocks that calls of edge made, kept as events are
	joined int     // calls of edge so far
	clocks clocks
	now    [tasksMax]int32 // for each task, the row of clocks that it has reached
	count  [tasksMax]int32 // events of each task
	asleep []sleeper       // at the next node
}

// node is a decision and what was and will be tried there.
type node struct {
	enabled   uint64
	backtrack uint64 // tasks that are to have their turn here
	done      uint64 // tasks that have had it
	sleeping  uint64 // tasks whose turn here would show nothing new
	sleep     []sleeper
	task      int // whose turn it is, or -1 if a value is chosen
	kind      kind
	value     int
	values    int

	// How many of what the search keeps there were before the decision.
	events, edges int
	rows          int32
}

// sleeper is a task whose turn was tried, and what it then did.
type sleeper struct {
	task int
	kind kind
}

// event is a step that others can race with.
type event struct {
	mask  uint64
	obj   *object
	index int32 // among the events of its task, from 1
	node  int32
	clock int32 // row of clocks
	task  uint8
	kind  kind
}

// DPOR tries one schedule of every Mazurkiewicz trace: of all schedules that differ only in the order of
// operations whose order cannot matter. What it does not find by the end does not exist.
func DPOR() Strategy {
	return Strategy{name: "dpor", make: func() searcher { return &dpor{fresh: true} }}
}

func (d *dpor) begin(*engine) bool {
	if !d.fresh && !d.next() {
		d.over = true
		return false
	}
	d.fresh = false
	d.depth, d.seen, d.joined = 0, 0, 0
	d.asleep = d.asleep[:0]
	d.keep()
	clear(d.now[:])
	clear(d.count[:])
	return true
}

// keep forgets what comes after the decision that is to be made differently, which is the last one.
func (d *dpor) keep() {
	if len(d.nodes) == 0 {
		d.events, d.edges = d.events[:0], d.edges[:0]
		d.clocks.reset()
		return
	}
	n := &d.nodes[len(d.nodes)-1]
	d.events, d.edges = d.events[:n.events], d.edges[:n.edges]
	d.clocks.shorten(n.rows)
}

// next moves on to the next execution.
func (d *dpor) next() bool {
	for len(d.nodes) > 0 {
		n := &d.nodes[len(d.nodes)-1]
		if n.task < 0 {
			if n.value+1 < n.values {
				n.value++
				return true
			}
		} else {
			n.done |= 1 << n.task
			n.sleep = append(n.sleep, sleeper{n.task, n.kind})
			if todo := n.backtrack &^ n.done &^ n.sleeping; todo != 0 {
				n.task = bits.TrailingZeros64(todo)
				return true
			}
		}
		d.nodes = d.nodes[:len(d.nodes)-1]
	}
	return false
}

func (d *dpor) pick(e *engine, enabled uint64) int {
	d.depth++
	if d.depth <= len(d.nodes) {
		n := &d.nodes[d.depth-1]
		if n.enabled != enabled || n.task < 0 {
			e.failReplay()
			return -1
		}
		return n.task
	}
	n := d.push()
	n.enabled = enabled
	n.sleep = append(n.sleep, d.asleep...)
	for _, s := range n.sleep {
		n.sleeping |= 1 << s.task
	}
	awake := enabled &^ n.sleeping
	if awake == 0 {
		d.nodes = d.nodes[:len(d.nodes)-1]
		d.depth--
		return -1
	}
	n.task = goOn(e, awake)
	n.backtrack = 1 << n.task
	return n.task
}

// push adds a node, whose slice of sleepers is used again.
func (d *dpor) push() *node {
	if len(d.nodes) < cap(d.nodes) {
		d.nodes = d.nodes[:len(d.nodes)+1]
	} else {
		d.nodes = append(d.nodes, node{})
	}
	n := &d.nodes[len(d.nodes)-1]
	*n = node{sleep: n.sleep[:0], events: len(d.events), edges: len(d.edges), rows: d.clocks.rows}
	return n
}

func (d *dpor) value(e *engine, _ *task, n int) int {
	d.depth++
	if d.depth <= len(d.nodes) {
		b := &d.nodes[d.depth-1]
		if b.task >= 0 || b.values != n {
			e.failReplay()
			return 0
		}
		return b.value
	}
	b := d.push()
	b.task, b.values = -1, n
	return 0
}

// did adds the step to the events, with what happened before it, and looks what it raced with.
func (d *dpor) did(e *engine, s step, o *object) {
	n := &d.nodes[d.depth-1]
	n.kind = s.kind
	if d.depth == len(d.nodes) || d.nodes[d.depth].task < 0 { // a choice has no sleepers of its own
		d.wake(e, n, s, o)
	}
	if d.known = d.seen < len(d.events); d.known {
		ev := &d.events[d.seen]
		d.count[s.task], d.now[s.task] = ev.index, ev.clock
	} else {
		d.races(s, o)
		d.append(s, o)
	}
	o.history = append(o.history, int32(d.seen))
	d.seen++
}

// wake computes who sleeps after s: those whose operations do not depend on it.
func (d *dpor) wake(e *engine, n *node, s step, o *object) {
	d.asleep = d.asleep[:0]
	for _, q := range n.sleep {
		if q.task == int(s.task) {
			continue
		}
		if p := &e.tasks[q.task].op; p.obj != o || !dependent(s.kind, s.mask, q.kind, p.mask) {
			d.asleep = append(d.asleep, q)
		}
	}
}

// append adds the step to the events. It happened after what its task did before and what it depends on.
func (d *dpor) append(s step, o *object) {
	d.count[s.task]++
	row := d.clocks.fork(d.now[s.task])
	for i := len(o.history) - 1; i >= 0; i-- {
		ev := &d.events[o.history[i]]
		if ev.task != s.task && dependent(ev.kind, ev.mask, s.kind, s.mask) {
			d.clocks.join(row, ev.clock)
		}
		if total.has(ev.kind) && ev.mask == allBits {
			break
		}
	}
	d.clocks.set(row, s.task, d.count[s.task])
	d.now[s.task] = row
	d.events = append(d.events, event{s.mask, o, d.count[s.task], int32(d.depth - 1), row, s.task, s.kind})
}

// races finds the events that race with the step s, which is not among them yet, and has their nodes try the
// other order. An event that happened before another one that races is left to the execution in which that one
// comes later, provided that there is one.
func (d *dpor) races(s step, o *object) {
	var found [tasksMax]int32 // clock rows of the races found
	races := found[:0]
	for i := len(o.history) - 1; i >= 0; i-- {
		at := o.history[i]
		ev := &d.events[at]
		if ev.task == s.task || !dependent(ev.kind, ev.mask, s.kind, s.mask) {
			continue
		}
		may, sure := reversible(ev.kind, s.kind)
		if !may {
			continue
		}
		past := d.clocks.at(d.now[s.task], ev.task) >= ev.index
		if !past && !d.before(ev, races) {
			d.reverse(at, s, o)
			if sure {
				races = append(races, ev.clock)
			}
		}
		if (past || sure) && total.has(ev.kind) && ev.mask == allBits {
			return
		}
	}
}

// before says whether ev happened before one of the events with those clocks.
func (d *dpor) before(ev *event, rows []int32) bool {
	for _, row := range rows {
		if d.clocks.at(row, ev.task) >= ev.index {
			return true
		}
	}
	return false
}

// reverse makes sure that from the state before event at, some task is tried that begins the order in which
// s comes first, and before that what happened after the event without depending on it. Some of that may
// prevent s for good or for a while, which is not known; then the order without it is tried, too.
func (d *dpor) reverse(at int32, s step, o *object) {
	if d.try(at, s, o, 0) {
		d.try(at, s, o, preventedBy[s.kind])
	}
}

// try does what reverse says, with what is of the kinds leave left out. It says whether something could
// prevent s.
func (d *dpor) try(at int32, s step, o *object, leave kindSet) (prevented bool) {
	ev := &d.events[at]
	n := &d.nodes[ev.node]
	var before, without front
	var initials uint64
	for i := int(at) + 1; i < len(d.events); i++ {
		v := &d.events[i]
		if d.clocks.at(v.clock, ev.task) >= ev.index {
			continue
		}
		prevents := v.obj == o && preventedBy[s.kind].has(v.kind) && d.clocks.at(d.now[s.task], v.task) < v.index
		prevented = prevented || prevents
		if (before.tasks|without.tasks)>>v.task&1 != 0 {
			continue
		}
		if prevents && leave.has(v.kind) || d.follows(v.clock, &without) {
			without.add(v)
			continue
		}
		if !d.follows(v.clock, &before) {
			initials |= 1 << v.task
		}
		before.add(v)
	}
	if before.tasks>>s.task&1 == 0 && !d.follows(d.now[s.task], &before) && !d.conflicts(at, s, o, &without) {
		initials |= 1 << s.task
	}
	if initials&(n.backtrack|n.sleeping) == 0 {
		able := initials & n.enabled
		n.backtrack |= able & -able
	}
	return prevented
}

// front is the first events of some tasks after some point.
type front struct {
	tasks uint64
	index [tasksMax]int32
}

func (f *front) add(ev *event) {
	f.tasks |= 1 << ev.task
	f.index[ev.task] = ev.index
}

// follows says whether what has the clock row happened after one of the events.
func (d *dpor) follows(row int32, f *front) bool {
	for m := f.tasks; m != 0; m &= m - 1 {
		if t := bits.TrailingZeros64(m); d.clocks.at(row, uint8(t)) >= f.index[t] {
			return true
		}
	}
	return false
}

// conflicts says whether s depends on an event after at that neither depends on that one nor is left out. In
// the other order s may do something else than it did, so it counts as what was announced.
func (d *dpor) conflicts(at int32, s step, o *object, without *front) bool {
	ev := &d.events[at]
	for i := len(o.history) - 1; i >= 0 && o.history[i] > at; i-- {
		v := &d.events[o.history[i]]
		if v.task != s.task && d.clocks.at(v.clock, ev.task) < ev.index && !d.follows(v.clock, without) &&
			dependent(v.kind, v.mask, s.said, s.mask) {
			return true
		}
	}
	return false
}

func (d *dpor) edge(_ *engine, from, to *task) {
	if d.joined == len(d.edges) {
		row := d.clocks.fork(d.now[to.id])
		d.clocks.join(row, d.now[from.id])
		d.edges = append(d.edges, row)
	}
	d.now[to.id] = d.edges[d.joined]
	d.joined++
}

// finish looks for races with what waits forever; in an execution that was given up, with what may.
func (d *dpor) finish(e *engine) {
	for m := e.live; m != 0; m &= m - 1 {
		t := e.tasks[bits.TrailingZeros64(m)]
		if t.op.kind < kindsVisible && t.op.obj != nil && !e.enabled(t) {
			d.waits(t)
		}
	}
}

// never looks for races with the operation of t, which had announced it but was stopped.
func (d *dpor) never(_ *engine, t *task) {
	if d.known {
		return
	}
	d.waits(t)
}

// waits looks for races with the operation that t has announced.
func (d *dpor) waits(t *task) {
	d.races(step{mask: t.op.mask, task: uint8(t.id), kind: t.op.kind, said: t.op.kind}, t.op.obj)
}

func (d *dpor) exhausted() bool { return d.over }
func (d *dpor) bounds() string  { return "" }
