package prog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"extant/internal/model"
)

// Rules are what of two systems may differ.
type Rules struct {
	// Since is set for a system whose clock cannot be set: where the model has a time of its Clock, any time from Since on
	// will do.
	Since time.Time

	// ATimes compares times of access too: for a system that reading does not change.
	ATimes bool

	// CTimes compares times of change too.
	CTimes bool

	// MTimes leaves open when files were modified: where room was lacking, the attempt may count.
	MTimes bool

	// Full accepts that the system says ENOSPC or EDQUOT, which the model never does. Such an operation must have done
	// nothing but what it counts.
	Full bool
}

// A Difference is where a system does not do what the model does.
type Difference struct {
	Line      int // of the program, from 0; -1 for the trees at the end
	Op        *Op
	Got, Want string
}

func (d *Difference) Error() string {
	if d.Op == nil {
		return fmt.Sprintf("the trees differ\n got %s\nwant %s", d.Got, d.Want)
	}
	return fmt.Sprintf("line %d: %s\n got %s\nwant %s", d.Line+1, d.Op, d.Got, d.Want)
}

// Differ runs a program without threads on a system and on the model, and compares result for result and what is left. clock is that of
// the model, and of the system if it has one to be set. nil says that they agree.
func Differ(p *Program, sys, ref System, clock *Clock, rules Rules) error {
	got, want := NewRunner(sys), NewRunner(ref)
	want.Clock = clock
	defer got.CloseFiles()
	defer want.CloseFiles()
	for i, l := range p.Lines {
		for _, op := range l.Ops {
			if d := step(op, got, want, rules); d != nil {
				d.Line = i
				return d
			}
		}
	}
	if c, ok := sys.(Crasher); ok {
		if err := differCrashed(c, sys, ref, rules); err != nil {
			return fmt.Errorf("after a crash: %w", err)
		}
	}
	if err := got.CloseFiles(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	want.CloseFiles()
	return DifferTrees(sys, ref, rules)
}

// A Crasher is a System that can say what would be left of it if its machine stopped now, while files are open. Differ makes it sync
// before it asks.
type Crasher interface {
	// Crashed calls judge with what is left, recovered. Where the system promises nothing it does not.
	Crashed(judge func(System) error) error
}

func differCrashed(c Crasher, sys, ref System, rules Rules) error {
	if err := sys.Sync(); err != nil {
		return err
	}
	return c.Crashed(func(left System) error { return DifferTrees(left, ref, rules) })
}

// step runs one operation on both.
func step(op *Op, got, want *Runner, rules Rules) *Difference {
	if want.Clock != nil {
		want.Clock.ops++
	}
	a := verbs[op.Verb].do(got, op)
	if full(op, a, rules) {
		left, did := remainder(op, a)
		if !did {
			return nil
		}
		op = left
		a.Err = ""
	}
	b := verbs[op.Verb].do(want, op)
	if !rules.same(a, b) {
		return &Difference{Op: op, Got: a.String(), Want: b.String()}
	}
	return nil
}

func (r Rules) same(a, b Result) bool {
	return a.Err == b.Err && a.Text == b.Text && (a.Stat == nil) == (b.Stat == nil) && (a.Stat == nil || r.sameStat(a.Stat, b.Stat))
}

// full reports whether an operation had no room. Attributes may always lack it: the model does not know how much of it
// an inode has for them.
func full(op *Op, r Result, rules Rules) bool {
	if r.Err != "ENOSPC" && r.Err != "EDQUOT" {
		return false
	}
	return rules.Full || strings.HasSuffix(op.Verb, "setxattr") || op.Verb == "setacl"
}

// remainder is what an operation that had no room has done nevertheless.
func remainder(op *Op, r Result) (*Op, bool) {
	n := int64(0)
	if _, err := fmt.Sscan(r.Text, &n); err != nil || n == 0 {
		return nil, false
	}
	left := *op
	left.Data.Len = n
	if len(left.Data.Text) > int(n) {
		left.Data.Text = left.Data.Text[:n]
	}
	return &left, true
}

func (r Rules) sameStat(got, want *model.Stat) bool {
	return got.Mode == want.Mode && got.Links == want.Links && got.UID == want.UID && got.GID == want.GID && got.Size == want.Size &&
		got.Major == want.Major && got.Minor == want.Minor && got.Flags == want.Flags &&
		(r.MTimes || r.sameTime(got.MTime, want.MTime)) && (!r.ATimes || r.sameTime(got.ATime, want.ATime)) &&
		(!r.CTimes || r.sameTime(got.CTime, want.CTime))
}

func (r Rules) sameTime(got, want time.Time) bool {
	switch d := want.Sub(Base); {
	case want.Equal(model.AnyTime):
		return true
	case !r.Since.IsZero() && d >= 0 && d < 1e6*time.Second:
		return !got.Before(r.Since)
	}
	return got.Equal(want)
}

// DifferTrees compares what two systems hold.
func DifferTrees(sys, ref System, rules Rules) error {
	got, err := Snapshot(sys)
	if err != nil {
		return fmt.Errorf("the tree cannot be read: %w", err)
	}
	want, err := Snapshot(ref)
	if err != nil {
		return err
	}
	return rules.Compare(got, want)
}

// Compare compares trees.
func (r Rules) Compare(got, want Tree) error {
	for i := range max(len(got), len(want)) {
		var a, b Entry
		if i < len(got) {
			a = got[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if a.Path != b.Path || a.First != b.First || a.Target != b.Target || a.Sum != b.Sum || !slices.Equal(a.Xattrs, b.Xattrs) ||
			!r.sameStat(&a.Stat, &b.Stat) {
			return &Difference{Line: -1, Got: a.String(), Want: b.String()}
		}
	}
	return nil
}
