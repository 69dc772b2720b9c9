package explore

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// History is what happened in one execution, in order.
type History struct {
	Tasks   []string // in order of creation
	Events  []Event
	Failure *Failure // nil if there was none
}

// Trace runs f once, under the schedule s, and returns what happened.
func Trace(cfg Config, s Schedule, f func()) (*History, error) {
	h := &History{}
	cfg.KeepGoing, cfg.Goroutines = false, false
	cfg.After = func(x *Execution) {
		h.Events, h.Failure = x.e.trace, x.Failure
		for _, b := range x.e.born {
			h.Tasks = append(h.Tasks, b.name())
		}
	}
	p := &tracer{replay{schedule: s}}
	run(cfg, p, f, &Result{})
	return h, p.err()
}

// tracer is a replay whose execution is traced.
type tracer struct{ replay }

func (t *tracer) begin(e *engine) bool {
	e.tracing = true
	return t.replay.begin(e)
}

// Diagram is a history drawn as kernel developers draw races: a column for each task, time going down, a
// function's name where it is entered, what it does indented beneath it, and an arrow at the failure.
type Diagram struct {
	Columns []string // the tasks
	Rows    []Row
}

// Row is one line of a [Diagram], in one of its columns.
type Row struct {
	Column int
	Depth  int // calls in progress
	Kind   RowKind
	Text   string
	Source string // file and line, if known
}

// RowKind is what a [Row] tells.
type RowKind uint8

const (
	// RowCall is the entry of a function.
	RowCall RowKind = iota
	// RowOperation is an operation of package sched.
	RowOperation
	// RowNote is a remark of the program, by sched.Note.
	RowNote
	// RowFailure is what failed.
	RowFailure
)

// line returns the row's text as it is printed, indented.
func (r Row) line() string {
	mark := [...]string{RowNote: "// ", RowFailure: "---> "}
	s := strings.Repeat("  ", r.Depth)
	if int(r.Kind) < len(mark) {
		s += mark[r.Kind]
	}
	return s + r.Text
}

// Diagram draws h. With remarks only, operations are left out, so that what is left are calls, the
// program's own remarks and the failure. What main does before another task does anything is left out, too.
func (h *History) Diagram(remarksOnly bool) *Diagram {
	d := &drawing{Diagram: &Diagram{}, columns: map[string]int{}, stacks: map[string][]Call{}, remarksOnly: remarksOnly}
	events := h.Events
	if i := slices.IndexFunc(events, func(ev Event) bool { return ev.Task != "main" }); i > 0 {
		events = events[i:]
	}
	for _, name := range mainLast(h.Tasks) {
		if slices.ContainsFunc(events, func(ev Event) bool { return ev.Task == name }) {
			d.columns[name] = len(d.Columns)
			d.Columns = append(d.Columns, name)
		}
	}
	for i := range events {
		d.add(&events[i])
	}
	return d.Diagram
}

// mainLast puts the task that starts the others and looks at the result behind them.
func mainLast(tasks []string) []string {
	if len(tasks) == 0 || tasks[0] != "main" {
		return tasks
	}
	return append(slices.Clone(tasks[1:]), "main")
}

// drawing is a diagram in the making.
type drawing struct {
	*Diagram
	columns     map[string]int    // by task
	stacks      map[string][]Call // the calls each task was last seen in
	remarksOnly bool
}

// add adds an event: the calls that the task was not in before, then what it did.
func (d *drawing) add(ev *Event) {
	named := slices.DeleteFunc(slices.Clone(ev.Calls), Call.literal)
	before := d.stacks[ev.Task]
	d.stacks[ev.Task] = named
	depth := shared(before, named)
	for ; depth < len(named); depth++ {
		source := Call{}
		if depth > 0 {
			source = named[depth-1]
		}
		d.row(ev.Task, depth, RowCall, named[depth].Func, source)
	}
	where := Call{}
	if n := len(ev.Calls); n > 0 {
		where = ev.Calls[n-1]
	}
	switch {
	case ev.failed:
		d.row(ev.Task, depth, RowFailure, ev.Op, where)
	case ev.Note:
		d.row(ev.Task, depth, RowNote, ev.Op, where)
	case !d.remarksOnly:
		d.row(ev.Task, depth, RowOperation, strings.TrimSpace(ev.Op+" "+ev.Result), where)
	}
}

func (d *drawing) row(task string, depth int, k RowKind, text string, c Call) {
	r := Row{Column: d.columns[task], Depth: depth, Kind: k, Text: text}
	if c.File != "" {
		r.Source = c.place()
	}
	d.Rows = append(d.Rows, r)
}

// shared returns how many of the outermost calls of two stacks are the same: the same function, called from
// the same place.
func shared(a, b []Call) int {
	n := 0
	for n < len(a) && n < len(b) && a[n].Func == b[n].Func && (n == 0 || a[n-1].Line == b[n-1].Line) {
		n++
	}
	return n
}

// widths returns how many characters each column needs.
func (d *Diagram) widths() []int {
	w := make([]int, len(d.Columns))
	for i, name := range d.Columns {
		w[i] = utf8.RuneCountInString(name)
	}
	for _, r := range d.Rows {
		w[r.Column] = max(w[r.Column], utf8.RuneCountInString(r.line()))
	}
	return w
}

// gap is how many characters are between columns.
const gap = 3

// String draws the diagram with text.
func (d *Diagram) String() string {
	var b strings.Builder
	widths := d.widths()
	for i, name := range d.Columns {
		if i == len(d.Columns)-1 {
			b.WriteString(name)
			break
		}
		fmt.Fprintf(&b, "%-*s", widths[i]+gap, name)
	}
	b.WriteString("\n\n")
	for _, r := range d.Rows {
		for _, w := range widths[:r.Column] {
			b.WriteString(strings.Repeat(" ", w+gap))
		}
		b.WriteString(r.line() + "\n")
	}
	return b.String()
}
