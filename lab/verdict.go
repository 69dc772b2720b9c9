package lab

import (
	"fmt"
	"slices"
	"strings"

	"extant/explore"
	"extant/lockdep"
	"extant/sched"
)

// Verdict is what came of a case.
type Verdict struct {
	Case     *Case
	Result   *explore.Result
	Findings []*Finding        // the ways in which the design fails, first those that Case.Fails names
	Reports  []*lockdep.Report // of the lock validator
}

// Finding is one way to fail.
type Finding struct {
	Text       string // the broken assertion, or "deadlock"
	Executions int    // that end so
	Failure    *explore.Failure
}

// faultsMax is how many operations are made to fail in one execution.
const faultsMax = 1

// Tasks names the tasks of the case.
func (c *Case) Tasks() string {
	var names []string
	for _, a := range c.scenario.acts {
		names = append(names, a.name)
	}
	return strings.Join(names, " | ")
}

func (c *Case) body() { c.scenario.run(c.design) }

// Config returns how the case is explored: exhaustively, beyond the first failure.
func (c *Case) Config() explore.Config {
	return explore.Config{Faults: faultsMax, KeepGoing: true}
}

// Run explores the case and validates its locks: under every schedule if the design is expected to hold, else under one,
// in which each task runs until it ends or must wait.
func (c *Case) Run() *Verdict {
	v := &Verdict{Case: c}
	cfg := c.Config()
	cfg.After = v.add
	if c.holds() {
		cfg.Watch = v.watch
	}
	v.Result = explore.Run(cfg, c.body)
	v.sort()
	if !c.holds() {
		explore.Run(explore.Config{Executions: 1, Watch: v.watch}, c.body)
	}
	return v
}

// holds says whether neither failure nor report is expected.
func (c *Case) holds() bool { return len(c.Fails) == 0 && c.Splat == "" }

// add looks at the end of one execution.
func (v *Verdict) add(x *explore.Execution) {
	if x.Failure == nil {
		return
	}
	text := x.Failure.Message
	if x.Failure.Verdict != explore.Assertion {
		text = x.Failure.Verdict.String()
	}
	i := slices.IndexFunc(v.Findings, func(f *Finding) bool { return f.Text == text })
	if i < 0 {
		i = len(v.Findings)
		v.Findings = append(v.Findings, &Finding{Text: text, Failure: x.Failure})
	}
	v.Findings[i].Executions++
}

func (v *Verdict) sort() {
	rank := func(f *Finding) int {
		if i := slices.Index(v.Case.Fails, f.Text); i >= 0 {
			return i
		}
		return len(v.Case.Fails)
	}
	slices.SortStableFunc(v.Findings, func(a, b *Finding) int { return rank(a) - rank(b) })
}

// watch returns a lock validator over an explorer. Deadlocks are the explorer's to tell.
func (v *Verdict) watch(under sched.Hook) sched.Hook {
	return lockdep.New(lockdep.Config{Under: under, Report: func(r *lockdep.Report) {
		if r.Kind != lockdep.Deadlock {
			v.Reports = append(v.Reports, trim(r))
		}
	}})
}

// trim leaves out of the report's stacks what is outside of the tasks.
func trim(r *lockdep.Report) *lockdep.Report {
	cut := func(stack []string) []string {
		if i := slices.IndexFunc(stack, func(frame string) bool { return strings.Contains(frame, "(*scenario).run") }); i >= 0 {
			return stack[:i]
		}
		return stack
	}
	r.Stack = cut(r.Stack)
	for i := range r.Chain {
		r.Chain[i].Stack = cut(r.Chain[i].Stack)
	}
	return r
}

// Holds says whether nothing is wrong with the design, as far as the case goes.
func (v *Verdict) Holds() bool { return len(v.Findings) == 0 && len(v.Reports) == 0 }

// Check returns how the verdict differs from what the case expects, or nil.
func (v *Verdict) Check() error {
	var fails []string
	for _, f := range v.Findings {
		fails = append(fails, f.Text)
	}
	splat := ""
	for _, r := range v.Reports {
		splat = string(r.Kind)
	}
	switch {
	case !v.Result.Exhausted:
		return fmt.Errorf("%s: %s: not exhausted", v.Case.Design, v.Case.About)
	case !slices.Equal(fails, v.Case.Fails) || splat != v.Case.Splat:
		return fmt.Errorf("%s: %s: found %q and the validator %q, want %q and %q", v.Case.Design, v.Case.About,
			fails, splat, v.Case.Fails, v.Case.Splat)
	}
	return nil
}

// Diagram draws the finding, from the simplest schedule that leads there.
func (v *Verdict) Diagram(f *Finding) (*explore.Diagram, error) {
	fail := explore.Minimize(v.Case.Config(), f.Failure, v.Case.body)
	h, err := explore.Trace(v.Case.Config(), fail.Schedule, v.Case.body)
	if err != nil {
		return nil, err
	}
	d := h.Diagram(true)
	if fail.Verdict == explore.Deadlock { // main only waits for the others
		dropMain(d)
	}
	prune(d)
	return d, nil
}

// dropMain leaves out the column of the task that started the others, if it is the last.
func dropMain(d *explore.Diagram) {
	last := len(d.Columns) - 1
	if d.Columns[last] != "main" {
		return
	}
	d.Columns = d.Columns[:last]
	d.Rows = slices.DeleteFunc(d.Rows, func(r explore.Row) bool { return r.Column == last })
}

// prune leaves out the calls in which nothing is to be remarked.
func prune(d *explore.Diagram) {
	rows := d.Rows
	d.Rows = nil
	for i, r := range rows {
		if r.Kind != explore.RowCall || leads(rows[i:]) {
			d.Rows = append(d.Rows, r)
		}
	}
}

// leads says whether a remark or a failure is beneath the call that is the first row.
func leads(rows []explore.Row) bool {
	for _, r := range rows[1:] {
		if r.Column != rows[0].Column {
			continue
		}
		if r.Depth <= rows[0].Depth || r.Kind != explore.RowCall {
			return r.Depth > rows[0].Depth
		}
	}
	return false
}
