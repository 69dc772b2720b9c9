package lab

import (
	"fmt"
	"strings"
	"time"
)

// Table writes verdicts as text, line by line: a heading where a new design begins, a line for each case, and beneath
// it what was found. The zero value is ready for use.
type Table struct {
	design string
}

// Row returns the lines of one verdict.
func (t *Table) Row(v *Verdict) string { return t.Heading(v.Case) + v.Lines() }

// Heading returns what comes before the lines of c: something only if c is of another design than the case before.
func (t *Table) Heading(c *Case) string {
	if c.Design == t.design {
		return ""
	}
	heading := fmt.Sprintf("%s: %s\n", c.Design, c.Title)
	if t.design != "" {
		heading = "\n" + heading
	}
	t.design = c.Design
	return heading
}

// Lines returns v's part of a table.
func (v *Verdict) Lines() string {
	var b strings.Builder
	word := "fails"
	if v.Holds() {
		word = "holds"
	}
	fmt.Fprintf(&b, "  %s  %6d schedules %8s  %s\n", word, v.Result.Executions, round(v.Result.Elapsed), v.searched())
	fmt.Fprintf(&b, "         %s: %s\n", v.Case.Tasks(), v.Case.About)
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "         %6d  %s\n", f.Executions, f.Text)
	}
	for _, r := range v.Reports {
		fmt.Fprintf(&b, "        lockdep  %s\n", r.Kind)
	}
	return b.String()
}

// searched says whether everything was tried, and within which bounds.
func (v *Verdict) searched() string {
	s := "not exhausted"
	if v.Result.Exhausted {
		s = "exhausted"
	}
	return strings.Join(append([]string{s}, v.Result.Bounds...), ", ")
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
