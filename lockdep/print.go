package lockdep

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"extant/sched"
)

func address(o *sched.Object) uintptr { return uintptr(unsafe.Pointer(o)) }

// printer writes a report.
type printer struct{ strings.Builder }

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

const (
	rule = "======================================================"
	thin = "------------------------------------------------------"
)

// String returns the report in the kernel's form.
func (r *Report) String() string {
	p := &printer{}
	p.line(rule)
	p.line("WARNING: %s", r.Kind)
	p.line("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	p.line(thin)
	switch r.Kind {
	case Circular:
		p.circular(r)
	case Recursive, WrongKey:
		p.recursive(r)
	case Inconsistent:
		p.inconsistent(r)
	case Deadlock:
		p.deadlock(r)
	default:
		p.other(r)
	}
	return strings.TrimRight(p.String(), "\n")
}

// lock writes h the way the kernel writes a lock, behind a mark.
func (p *printer) lock(mark string, h Holding) {
	at := ""
	if len(h.At) > 0 {
		at = ", at: " + h.At[0]
	}
	p.line("%s%x (%s)%s%s", mark, h.Address, h.Class, h.Usage, at)
}

func (p *printer) frames(indent string, frames []string) {
	for _, f := range frames {
		p.line("%s%s", indent, f)
	}
}

func (p *printer) circular(r *Report) {
	p.line("%s is trying to acquire lock:", r.Task)
	p.lock("", r.Want)
	p.line("")
	p.line("but task is already holding lock:")
	p.lock("", r.With)
	p.line("")
	p.line("which lock already depends on the new lock.")
	p.grade(r)
	p.line("")
	p.line("")
	p.line("the existing dependency chain (in reverse order) is:")
	for i := len(r.Chain) - 1; i >= 0; i-- {
		d := r.Chain[i]
		p.line("")
		p.line("-> #%d (%s)%s:", i, d.To.Class, d.To.Usage)
		p.frames("       ", d.Stack)
	}
	p.line("")
	p.line("other info that might help us debug this:")
	p.line("")
	p.scenario(r)
	p.rest(r)
}

func (p *printer) grade(r *Report) {
	switch r.Grade {
	case Gated:
		p.line("")
		p.line("(harmless if everyone holds the same lock of class %s meanwhile)", strings.Join(r.Gates, ", "))
	case ThroughEvent:
		p.line("")
		p.line("(possible through an event: if who fires it always needs these locks)")
	}
}

// scenario writes the table of what two CPUs could do: one holds what the newest dependency begins
// with, the other all that leads back to it.
func (p *printer) scenario(r *Report) {
	newest, last := r.Chain[0], r.Chain[len(r.Chain)-1]
	if len(r.Chain) > 2 {
		p.line("Chain exists of:")
		p.line("  %s --> %s --> %s", newest.To.Class, last.From.Class, last.To.Class)
		p.line("")
	}
	p.line(" Possible unsafe locking scenario:")
	p.line("")
	p.line("       CPU0                    CPU1")
	p.line("       ----                    ----")
	p.line("  %s;", take(newest.From))
	p.line("                               %s;", take(last.From))
	p.line("                               %s;", take(last.To))
	p.line("  %s;", take(newest.To))
	p.line("")
	p.line(" *** DEADLOCK ***")
	p.line("")
}

// take returns the call that takes h.
func take(h Holding) string {
	if h.Mode == sched.Exclusive {
		return "lock(" + h.Class + ")"
	}
	return "rlock(" + h.Class + ")"
}

func (p *printer) recursive(r *Report) {
	p.line("%s is trying to acquire lock:", r.Task)
	p.lock("", r.Want)
	p.line("")
	p.line("but task is already holding lock:")
	p.lock("", r.With)
	p.line("")
	if r.Kind == WrongKey {
		p.line("key %d is taken while key %d is held", r.Keys[1], r.Keys[0])
		p.line("")
	}
	p.line("other info that might help us debug this:")
	p.line(" Possible unsafe locking scenario:")
	p.line("")
	p.line("       CPU0")
	p.line("       ----")
	p.line("  %s;", take(r.With))
	p.line("  %s;", take(r.Want))
	p.line("")
	p.line(" *** DEADLOCK ***")
	p.line("")
	p.line(" May be due to missing lock nesting notation")
	p.line("")
	p.rest(r)
}

// inconsistent writes the report of a lock L that is taken inside a context and held where it may be
// entered.
func (p *printer) inconsistent(r *Report) {
	l, name := r.Want, strings.ToUpper(r.Context)
	if l.Class == r.Context {
		l = r.With
	}
	was, is := "IN-"+name, name+"-ON"
	if r.Want.Class != r.Context { // the newest dependency takes the lock inside
		was, is = is, was
	}
	p.line("inconsistent {%s} -> {%s} usage.", was, is)
	p.line("%s takes:", r.Task)
	p.lock("", l)
	p.line("{%s} state was registered at:", was)
	p.frames("  ", r.Chain[len(r.Chain)-1].Stack)
	p.line("")
	p.line("other info that might help us debug this:")
	p.line(" Possible unsafe locking scenario:")
	p.line("")
	p.line("       CPU0")
	p.line("       ----")
	p.line("  lock(%s);", l.Class)
	p.line("  <%s>", r.Context)
	p.line("    lock(%s);", l.Class)
	p.line("")
	p.line(" *** DEADLOCK ***")
	p.line("")
	p.rest(r)
}

func (p *printer) deadlock(r *Report) {
	for i, w := range r.Blocked {
		next := r.Blocked[(i+1)%len(r.Blocked)]
		p.line("%s waits for %s, until %s goes on:", w.Task, take(w.Want), next.Task)
		p.lock("", w.Want)
		p.frames("       ", w.Stack)
		p.heldBy(w.Task, w.Held)
		p.line("")
	}
	p.line(" *** DEADLOCK ***")
}

// other writes the kinds that are about one lock, or about one beneath another.
func (p *printer) other(r *Report) {
	verb := map[Kind]string{
		WaitContext: "is trying to lock:", Undeclared: "is trying to acquire lock:", BadUnlock: "is trying to release lock:",
		HeldAtExit: "exits while it holds lock:", AssertedHeld: "claims to hold lock:", AssertedNotHeld: "claims not to hold lock:",
	}[r.Kind]
	p.line("%s %s", r.Task, verb)
	p.lock("", r.Want)
	if r.With.Class != "" {
		p.line("")
		p.line("but task is already holding lock:")
		p.lock("", r.With)
	}
	p.line("")
	p.line("other info that might help us debug this:")
	p.rest(r)
}

// rest writes what ends every report: the task's locks and stack.
func (p *printer) rest(r *Report) {
	p.heldBy(r.Task, r.Held)
	p.line("")
	p.line("stack backtrace:")
	p.frames(" ", r.Stack)
}

func (p *printer) heldBy(task string, held []Holding) {
	switch len(held) {
	case 0:
		p.line("no locks held by %s.", task)
	case 1:
		p.line("1 lock held by %s:", task)
	default:
		p.line("%d locks held by %s:", len(held), task)
	}
	for i, h := range held {
		p.lock(fmt.Sprintf(" #%d: ", i), h)
	}
}
