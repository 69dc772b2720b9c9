package prog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"extant/internal/model"
	"extant/sched"
)

// A Result is what an operation returned.
type Result struct {
	Err  string      // the name of its errno
	Text string      // what there is to show
	Stat *model.Stat // of stat
}

func (r Result) String() string {
	switch {
	case r.Err != "" && r.Text != "" && r.Text != "0":
		return r.Err + " " + r.Text
	case r.Err != "":
		return r.Err
	case r.Stat != nil:
		return statString(r.Stat)
	case r.Text != "":
		return r.Text
	}
	return "ok"
}

func failed(err error) Result { return Result{Err: errName(err)} }

// refused is the result of an operation that makes no sense in its place.
func refused(format string, args ...any) Result {
	return Result{Err: "refused: " + fmt.Sprintf(format, args...)}
}

func counted(n int, err error) Result {
	return Result{Err: errName(err), Text: fmt.Sprint(n)}
}

func statted(s model.Stat, err error) Result {
	if err != nil {
		return failed(err)
	}
	return Result{Stat: &s}
}

func statString(s *model.Stat) string {
	text := fmt.Sprintf("%06o links %d owner %d:%d size %d", s.Mode, s.Links, s.UID, s.GID, s.Size)
	if s.Major != 0 || s.Minor != 0 {
		text += fmt.Sprintf(" device %d:%d", s.Major, s.Minor)
	}
	return text + " mtime " + stamp(s.MTime) + " ctime " + stamp(s.CTime)
}

// Base is when a Clock begins.
var Base = time.Unix(1_800_000_000, 0)

// A Clock goes one second further with each operation, so that times can be told from each other.
type Clock struct{ ops int64 }

// Now is the time of the operation that runs.
func (c *Clock) Now() time.Time { return Base.Add(time.Duration(c.ops) * time.Second) }

// stamp prints a time; one of a Clock as the number of the operation.
func stamp(t time.Time) string {
	if d := t.Sub(Base); d >= 0 && d < 1e6*time.Second {
		return fmt.Sprintf("+%d", d/time.Second)
	}
	if t.Equal(model.AnyTime) {
		return "any"
	}
	return timeString(model.Time{At: t})
}

// A Runner runs operations on a System.
type Runner struct {
	Clock *Clock // moved with each operation that is not in a thread; may be nil

	// Watch, if not nil, is called before each operation of a Program, with a nil Result, and after it.
	Watch func(at At, op *Op, r *Result)

	sys      System
	files    map[string]File
	maps     map[string]Mapping
	unclosed error // of what threads had open
}

// NewRunner makes a Runner with no file open.
func NewRunner(sys System) *Runner {
	return &Runner{sys: sys, files: map[string]File{}, maps: map[string]Mapping{}}
}

// Do runs one operation.
func (r *Runner) Do(op *Op) Result {
	if r.Clock != nil {
		r.Clock.ops++
	}
	return verbs[op.Verb].do(r, op)
}

// CloseFiles closes what is open and unmaps what is mapped. Its error is also that of closing what threads had opened.
func (r *Runner) CloseFiles() error {
	errs := []error{r.unclosed}
	r.unclosed = nil
	for _, name := range slices.Sorted(maps.Keys(r.maps)) {
		errs = append(errs, r.maps[name].Close())
	}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		errs = append(errs, r.files[name].Close())
	}
	clear(r.maps)
	clear(r.files)
	return errors.Join(errs...)
}

// At is the place of an operation in a Program: its line, and which of that line.
type At struct{ Line, Op int }

// An Outcome is what a program did: a result for each operation of each line.
type Outcome [][]Result

// Run runs a program. Threads begin with the files that are open and keep for themselves what they open.
func (r *Runner) Run(p *Program) Outcome {
	out := make(Outcome, len(p.Lines))
	for i := 0; i < len(p.Lines); {
		n := p.Group(i)
		if n == 0 {
			out[i] = r.line(i, p.Lines[i])
			i++
			continue
		}
		r.together(i, p.Lines[i:i+n], out[i:i+n])
		i += n
	}
	return out
}

// Group counts the threads that run together from line i on; 0 where line i is no thread.
func (p *Program) Group(i int) int {
	n := 0
	for i+n < len(p.Lines) && p.Lines[i+n].Thread {
		n++
	}
	return n
}

func (r *Runner) line(at int, l Line) []Result {
	out := make([]Result, len(l.Ops))
	for i, op := range l.Ops {
		if r.Watch == nil {
			out[i] = r.Do(op)
			continue
		}
		r.Watch(At{at, i}, op, nil)
		out[i] = r.Do(op)
		r.Watch(At{at, i}, op, &out[i])
	}
	return out
}

// together runs lines at the same time, each in a task named after its last operation and its number. What threads opened is
// closed when all have ended.
func (r *Runner) together(first int, lines []Line, out Outcome) {
	runners := make([]*Runner, len(lines))
	tasks := make([]*sched.Task, len(lines))
	for i, l := range lines {
		t := r.thread()
		runners[i] = t
		tasks[i] = sched.Go(fmt.Sprintf("%s%d", l.Ops[len(l.Ops)-1].Verb, i+1), func() { out[i] = t.line(first+i, l) })
	}
	for _, task := range tasks {
		task.Wait()
	}
	for _, t := range runners {
		t.forget(r)
		r.unclosed = errors.Join(r.unclosed, t.CloseFiles())
	}
}

// thread makes a Runner for a thread.
func (r *Runner) thread() *Runner {
	return &Runner{Watch: r.Watch, sys: r.sys, files: maps.Clone(r.files), maps: maps.Clone(r.maps)}
}

// forget leaves alone what was open before.
func (r *Runner) forget(other *Runner) {
	maps.DeleteFunc(r.files, func(name string, _ File) bool { return other.files[name] != nil })
	maps.DeleteFunc(r.maps, func(name string, _ Mapping) bool { return other.maps[name] != nil })
}
