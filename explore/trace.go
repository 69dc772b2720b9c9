package explore

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"extant/sched"
)

// Event is one thing that happened in a traced execution.
type Event struct {
	Task   string
	Op     string // what the task did: "lock inode"
	Note   bool   // Op is a remark of the program, not an operation
	Result string // "fails", or a value that was chosen
	Calls  []Call // the task was in, outermost first
	failed bool   // Op is the failure itself
}

// Call is a call that was in progress: the function, and the place in it where the next call or the operation
// itself stands.
type Call struct {
	Func string // without its package
	File string // without its folder
	Line int
}

func (c Call) place() string  { return fmt.Sprintf("%s:%d", c.File, c.Line) }
func (c Call) String() string { return c.Func + " " + c.place() }

// depthMax is how many calls of a stack are kept.
const depthMax = 64

// capture returns where the calling task is, in pcs if that is large enough.
//
//go:norace
func capture(pcs []uintptr) []uintptr {
	if cap(pcs) < depthMax {
		pcs = make([]uintptr, depthMax)
	}
	pcs = pcs[:depthMax]
	return pcs[:runtime.Callers(3, pcs)]
}

// record keeps what t just did.
func (e *engine) record(t *task) {
	ev := e.event(t)
	switch k := t.op.kind; {
	case k == kindChoose:
		ev.Op, ev.Result = choiceText(t), fmt.Sprint(t.value)
	case t.op.ref == yieldRef:
		ev.Op = "yield " + t.op.label
	case t.op.ref == clockRef && k == kindRead:
		ev.Op = "now"
	case t.op.ref == clockRef:
		ev.Op = "sleep"
	default:
		e.describe(t, &ev)
	}
	e.trace = append(e.trace, ev)
}

func choiceText(t *task) string {
	switch {
	case t.op.budget == &t.expiries:
		return "is the time up early?"
	case t.op.budget != nil:
		return "fault " + t.op.label + "?"
	}
	return fmt.Sprintf("choose 1 of %d", t.op.n)
}

func (e *engine) describe(t *task, ev *Event) {
	ev.Op = t.op.kind.String() + " " + t.op.obj.name()
	if t.op.mask != allBits && t.op.mask != 0 {
		ev.Op += fmt.Sprintf(" %#x", t.op.mask)
	}
	if !t.ok {
		ev.Result = "fails"
	}
}

// remark keeps what the program notes about t.
func (e *engine) remark(t *task) {
	ev := e.event(t)
	ev.Op, ev.Note = t.op.label, true
	e.trace = append(e.trace, ev)
}

// recordFailure ends the trace with the failure, in the task that failed or those that wait.
func (e *engine) recordFailure(f *Failure) {
	for _, t := range e.tasks[:min(e.created, tasksMax)] {
		text := ""
		if t.name() == f.Task {
			text = f.Message
			if f.Verdict == Panic {
				text = "panic: " + text
			}
		}
		for _, w := range f.Waits {
			if w.Task == t.name() {
				text = w.Op + " " + w.Object + " ... waits forever"
			}
		}
		if text != "" {
			ev := e.event(t)
			ev.Op, ev.failed = text, true
			e.trace = append(e.trace, ev)
		}
	}
}

// event returns what is to be said of every event of t.
func (e *engine) event(t *task) Event {
	return Event{Task: t.name(), Calls: calls(t.pcs)}
}

// calls returns the program's part of a stack.
func calls(pcs []uintptr) []Call {
	var cs []Call
	frames := runtime.CallersFrames(pcs)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "" || internal(f.Function) {
			continue
		}
		cs = append(cs, Call{Func: plainName(f.Function), File: f.File[strings.LastIndexByte(f.File, '/')+1:], Line: f.Line})
	}
	slices.Reverse(cs)
	return cs
}

// plainName leaves out the package, and that a receiver is a pointer or a type generic.
func plainName(function string) string {
	_, name, _ := strings.Cut(function[strings.LastIndexByte(function, '/')+1:], ".")
	return strings.NewReplacer("(*", "", ")", "", "[...]", "").Replace(name)
}

// literal says whether a function has no name of its own.
func (c Call) literal() bool {
	i := strings.LastIndex(c.Func, ".func")
	return i >= 0 && strings.Trim(c.Func[i+len(".func"):], "0123456789.") == ""
}

// machinery lists what the functions between the program and the runtime begin with.
var machinery = []string{
	reflect.TypeFor[engine]().PkgPath() + ".", reflect.TypeFor[sched.Mutex]().PkgPath() + ".", "runtime.", "iter.", "testing.",
}

func internal(function string) bool {
	return slices.ContainsFunc(machinery, func(p string) bool { return strings.HasPrefix(function, p) })
}

func frameText(pcs []uintptr) string {
	var b strings.Builder
	for _, c := range slices.Backward(calls(pcs)) {
		fmt.Fprintf(&b, "%s\n", c)
	}
	return b.String()
}
