package lockdep

import (
	"slices"
	"strings"

	"extant/sched"
)

// Kind is what a [Report] is about. Its text is the headline of the kernel's report of that kind.
type Kind string

const (
	// Circular: locks are taken in orders that form a circle.
	Circular Kind = "possible circular locking dependency detected"
	// Recursive: a lock is taken while another of its class, or itself, is held.
	Recursive Kind = "possible recursive locking detected"
	// WrongKey: locks of an ordered class are not taken by ascending key.
	WrongKey Kind = "locks of an ordered class taken in descending order"
	// Inconsistent: a lock that is taken inside a context is held where the context may be entered.
	Inconsistent Kind = "inconsistent lock state"
	// WaitContext: a task that holds a spinning lock takes a sleeping one, or waits.
	WaitContext Kind = "invalid wait context"
	// Undeclared: locks are taken in an order that the declared order does not have.
	Undeclared Kind = "undeclared lock order"
	// Deadlock: tasks wait for each other now.
	Deadlock Kind = "deadlock detected"
	// BadUnlock: a task releases what it does not hold.
	BadUnlock Kind = "bad unlock balance detected"
	// HeldAtExit: a task ends while it holds something.
	HeldAtExit Kind = "task exits with locks still held"
	// AssertedHeld: a task does not hold what it says it holds.
	AssertedHeld Kind = "lock asserted to be held is not held"
	// AssertedNotHeld: a task holds what it says it does not hold.
	AssertedNotHeld Kind = "lock asserted not to be held is held"
)

// Grade says how sure a finding is.
type Grade uint8

const (
	// Sure: if every task takes its locks as it did once, and the timing is right, the program
	// deadlocks or breaks the rule.
	Sure Grade = iota
	// Gated: as Sure, unless the locks in Report.Gates, which two of the tasks always hold, are the same
	// lock for both and not just of one class.
	Gated
	// ThroughEvent: as Sure, if the task that fires an event always needs the locks that it held or
	// took once.
	ThroughEvent
)

// Holding is a lock, pseudo-lock, context or event as a report shows it.
type Holding struct {
	Class   string // name, and "/level" unless that is 0
	Mode    sched.Mode
	Usage   string // in brackets, as the kernel's reports have it
	Address uintptr
	At      []string // frames of where it was, or is to be, taken; nil if unknown
}

// Dependency is one arrow of a circle: To was taken while From was held.
type Dependency struct {
	From, To Holding
	Kind     string // ER, EN, SR or SN
	Task     string
	Stack    []string // frames of where To was taken
}

// Waiting is a task of a deadlock: it holds Held and waits for Want, which the next task must release.
type Waiting struct {
	Task  string
	Want  Holding
	Held  []Holding
	Stack []string
}

// Report is a finding. String returns it in the form of the kernel's reports.
type Report struct {
	Kind    Kind
	Grade   Grade
	Task    string       // name and number
	Want    Holding      // what the task is taking, releasing or asserting
	With    Holding      // what it holds that is in conflict with it, if anything
	Keys    [2]uint64    // of With and Want, if Kind is WrongKey
	Chain   []Dependency // the circle, beginning with the newest dependency
	Gates   []string     // if Grade is Gated
	Context string       // if Kind is Inconsistent
	Held    []Holding    // all that the task holds, outermost first
	Blocked []Waiting    // if Kind is Deadlock
	Stack   []string     // of the task, innermost first
}

// identity returns what two reports of one defect have in common.
func (r *Report) identity() string {
	id := []string{string(r.Kind)}
	switch {
	case len(r.Chain) > 0:
		var names []string
		for _, d := range r.Chain {
			names = append(names, d.From.Class)
		}
		id = append(id, rotated(names)...)
	case len(r.Blocked) > 0:
		var names []string
		for _, w := range r.Blocked {
			names = append(names, w.Want.Class)
		}
		id = append(id, rotated(names)...)
	default:
		id = append(id, r.Want.Class, r.With.Class)
		if r.Kind == AssertedHeld || r.Kind == AssertedNotHeld || r.Kind == BadUnlock {
			id = append(id, r.Want.At...)
		}
	}
	if r.Grade != Sure {
		id = append(id, "graded")
	}
	return strings.Join(id, "\x00")
}

// rotated returns the circle of names that begins with the least one.
func rotated(names []string) []string {
	least := 0
	for i := range names {
		if slices.Compare(turn(names, i), turn(names, least)) < 0 {
			least = i
		}
	}
	return turn(names, least)
}

func turn(names []string, i int) []string {
	return append(slices.Clone(names[i:]), names[:i]...)
}

// newReport returns a report on a, which t is about to take or to release.
//
// +checklocks:v.mu
func (v *Validator) newReport(k Kind, t *task, a *held) *Report {
	s := callers(2)
	r := &Report{Kind: k, Task: t.label(), Want: v.holding(a), Stack: s.frames()}
	r.Want.At = r.Stack
	for i := range t.held {
		r.Held = append(r.Held, v.holding(&t.held[i]))
	}
	return r
}

// +checklocks:v.mu
func (v *Validator) pairReport(k Kind, t *task, h, a *held) *Report {
	r := v.newReport(k, t, a)
	r.With = v.holding(h)
	return r
}

// holding describes h.
//
// +checklocks:v.mu
func (v *Validator) holding(h *held) Holding {
	x := v.graph.holding(v.node(h), h.mode)
	x.Address = address(h.obj)
	x.At = v.sites[h.chain].frames()
	return x
}

// holding describes n.
func (g *graph) holding(n *node, mode sched.Mode) Holding {
	return Holding{Class: n.name, Mode: mode, Usage: g.usage(n)}
}

// usage returns what the kernel prints behind a class: for each context two letters, for exclusive
// and for other use; and what a task holding the class may wait for.
func (g *graph) usage(n *node) string {
	var letters []byte
	for i := range max(1, len(g.contexts)) {
		var u contextUse
		if i < len(n.use) {
			u = n.use[i]
		}
		letters = append(letters, letter(u&insideExclusive != 0, u&acrossExclusive != 0))
		letters = append(letters, letter(u&insideShared != 0, u&acrossShared != 0))
	}
	wait := "{3:3}"
	switch {
	case n.kind != lockKind:
		wait = "{0:0}"
	case n.wait == sched.Spinning:
		wait = "{2:2}"
	}
	return "{" + string(letters) + "}-" + wait
}

// letter returns the sign for a lock that was taken inside a context, or held where the context may be
// entered.
func letter(inside, across bool) byte {
	switch {
	case inside && across:
		return '?'
	case inside:
		return '-'
	case across:
		return '+'
	}
	return '.'
}

// cycleReport returns the report of a circle that t closes, or takes part in, by taking a.
//
// +checklocks:v.mu
func (v *Validator) cycleReport(t *task, a *held, c *cycle) *Report {
	r := v.newReport(Circular, t, a)
	v.graph.describe(r, c)
	first := c.steps[0].edge
	for i := range t.held {
		if v.node(&t.held[i]) == first.from {
			r.With = v.holding(&t.held[i])
		}
	}
	return r
}

// describe puts c into r.
func (g *graph) describe(r *Report, c *cycle) {
	for _, s := range c.steps {
		fromMode := sched.Exclusive
		if s.way.shared {
			fromMode = sched.Shared
		}
		r.Chain = append(r.Chain, Dependency{
			From: g.holding(s.edge.from, fromMode), To: g.holding(s.edge.to, s.way.taken),
			Kind: s.way.String(), Task: label(s.site.task, s.site.id), Stack: s.site.frames(),
		})
	}
	first := c.steps[0].edge
	r.With = g.holding(first.from, r.Chain[0].From.Mode)
	if r.Want.Class != first.to.name {
		r.Want = r.Chain[0].To
		r.Want.At = r.Chain[0].Stack
	}
	switch {
	case first.from == first.to:
		r.Kind = Recursive
	case len(c.steps) == 2 && first.from.kind == contextKind:
		r.Kind, r.Context = Inconsistent, first.from.name
	case len(c.steps) == 2 && first.to.kind == contextKind:
		r.Kind, r.Context = Inconsistent, first.to.name
	}
	for _, n := range c.gates {
		r.Gates = append(r.Gates, n.name)
	}
	switch {
	case c.event:
		r.Grade = ThroughEvent
	case len(c.gates) > 0:
		r.Grade = Gated
	}
}

// deadlock returns the report of a circle of blocked tasks, the first of which is the calling one.
func (v *Validator) deadlock(circle []*blocked) []*Report {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := &Report{Kind: Deadlock, Task: circle[0].task}
	for _, b := range circle {
		w := Waiting{Task: b.task, Stack: b.stack.frames()}
		w.Want = Holding{Class: v.className(b.obj), Mode: b.mode, Address: address(b.obj), At: w.Stack}
		for i := range b.held {
			w.Held = append(w.Held, v.holding(&b.held[i]))
		}
		r.Blocked = append(r.Blocked, w)
	}
	r.Want, r.Held, r.Stack = r.Blocked[0].Want, r.Blocked[0].Held, r.Blocked[0].Stack
	return []*Report{r}
}

func (v *Validator) className(o *sched.Object) string {
	if c := o.Class(); c != nil {
		return c.Name
	}
	return "end of a task"
}
