package explore

import (
	"fmt"
	"strings"
)

// Verdict is what an execution is found guilty of.
type Verdict uint8

const (
	// Passed is no failure.
	Passed Verdict = iota
	// Deadlock means that tasks wait and nobody is left who could end it.
	Deadlock
	// Assertion means that a stated condition does not hold: by Assert or Failf, by a lock's own rules,
	// or by sched's AssertHeld and its like.
	Assertion
	// Panic means that a task panicked.
	Panic
	// Leak means that the function has returned and a task that it started waits for something that will never
	// happen.
	Leak
	// Livelock means that tasks go on and on without an end, although every one of them gets its turn.
	Livelock
	// Nondeterminism means that the same schedule did not have the same result: something decides that
	// the explorer does not control, so that no verdict of it counts.
	Nondeterminism
)

func (v Verdict) String() string {
	return [...]string{"passed", "deadlock", "assertion", "panic", "leak", "livelock", "nondeterminism"}[v]
}

// Failure is what went wrong in one execution.
type Failure struct {
	Verdict  Verdict
	Message  string
	Task     string   // that failed; empty for a Deadlock and a Livelock
	Waits    []Wait   // of a Deadlock or a Leak
	Stack    string   // of a Panic
	Schedule Schedule // leads there
}

// Wait is a task that waits for what others have or would have to do.
type Wait struct {
	Task    string
	Op      string // the operation that waits
	Object  string
	Holders []string // tasks that hold the object
	Held    []string // what the task itself holds
}

func (w Wait) String() string {
	s := fmt.Sprintf("%s waits: %s %s", w.Task, w.Op, w.Object)
	if len(w.Holders) > 0 {
		s += ", held by " + strings.Join(w.Holders, ", ")
	}
	if len(w.Held) > 0 {
		s += "; holds " + strings.Join(w.Held, ", ")
	}
	return s
}

func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.Verdict.String())
	if f.Task != "" {
		fmt.Fprintf(&b, " in %s", f.Task)
	}
	if f.Message != "" {
		fmt.Fprintf(&b, ": %s", f.Message)
	}
	for _, w := range f.Waits {
		fmt.Fprintf(&b, "\n\t%s", w)
	}
	return b.String()
}

// same says whether g is the same failure as f, reached some other way.
func (f *Failure) same(g *Failure) bool {
	return g != nil && f.Verdict == g.Verdict && f.Task == g.Task && (f.Message == g.Message || f.Verdict == Livelock)
}

// Failf fails the execution that the calling task belongs to, and ends the task. Outside of an
// execution it panics.
func Failf(format string, args ...any) {
	panic(violation(fmt.Sprintf(format, args...)))
}

// Assert is Failf unless cond is true.
func Assert(cond bool, format string, args ...any) {
	if !cond {
		Failf(format, args...)
	}
}

// violation is what a task panics with whose assertion failed.
type violation string

func (v violation) Error() string { return string(v) }

// fail notes a failure, of t unless it is nil, which then ends.
func (e *engine) fail(t *task, v Verdict, format string, args ...any) {
	e.back.look()
	f := &Failure{Verdict: v, Message: fmt.Sprintf(format, args...)}
	if t != nil {
		f.Task = t.name()
		t.fail = true
	}
	e.found(f)
}

// failPanic notes that t has ended by a panic.
func (e *engine) failPanic(t *task) {
	e.back.look()
	f := &Failure{Verdict: Panic, Task: t.name(), Message: fmt.Sprint(t.panicked), Stack: frameText(t.pcs)}
	if v, ok := t.panicked.(violation); ok {
		f.Verdict, f.Message = Assertion, string(v)
	}
	e.found(f)
}

// found keeps the execution's first failure.
func (e *engine) found(f *Failure) {
	if e.failure == nil {
		e.failure = f
		f.Schedule = e.schedule()
		if e.tracing {
			e.recordFailure(f)
		}
	}
}

// judge looks at how an execution ended in which nothing was found yet.
func (e *engine) judge() {
	if e.busy == 0 {
		return
	}
	e.back.look()
	f := &Failure{Verdict: Leak}
	for _, t := range e.tasks[:min(e.created, tasksMax)] {
		if t.ended || t.daemon {
			continue
		}
		w := e.wait(t)
		f.Waits = append(f.Waits, w)
		if t == e.tasks[0] && t.label == "main" || len(w.Holders) > 0 {
			f.Verdict = Deadlock
		}
	}
	e.found(f)
}

func (e *engine) wait(t *task) Wait {
	w := Wait{Task: t.name(), Op: t.op.kind.String(), Object: t.op.obj.name()}
	if t.op.notified && !t.woken {
		w.Op = "wait for a notification, then lock"
	}
	if t.op.obj.ends != nil {
		w.Object = t.op.obj.ends.name()
	}
	all := e.tasks[:min(e.created, tasksMax)]
	for _, h := range t.op.obj.holders(all) {
		w.Holders = append(w.Holders, h.name())
	}
	for _, o := range e.objects.all[:e.objects.used] {
		if o.owner == t || o.readers>>t.id&1 != 0 {
			w.Held = append(w.Held, o.name())
		}
	}
	return w
}
