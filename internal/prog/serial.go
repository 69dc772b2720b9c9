package prog

import "fmt"

// A Trial is what a program with threads did on a System: what each operation returned, in which order they were, and what is left.
type Trial struct {
	Outcome Outcome
	Left    Tree

	// Before reports whether an operation had returned when another was called. Operations of two threads of which neither was before the
	// other may have happened in any order.
	Before func(a, b At) bool
}

// Serial looks for an order of the operations in which the model returns what the trial has, and is left as the trial is. Each operation is one step there,
// threads take turns, and who was before another stays so. ref makes an empty model, with its clock. nil says that there is such an order; if there
// is none, the error is how the one differs that goes furthest.
func Serial(p *Program, t Trial, ref func() (System, *Clock), rules Rules) error {
	s := &serial{p: p, trial: t, rules: rules, most: -1}
	for turns := []int(nil); ; {
		choices, err := s.try(turns, ref)
		if err == nil {
			return nil
		}
		if turns = following(choices); turns == nil {
			return s.worst
		}
	}
}

// serial is a search for an order.
type serial struct {
	p     *Program
	trial Trial
	rules Rules
	most  int   // operations that an order explained
	worst error // what it did not
	done  int
}

// A turn is a choice of a thread out of those that could be next.
type turn struct{ taken, of int }

// following is the next sequence of choices in order, nil after the last.
func following(c []turn) []int {
	for len(c) > 0 && c[len(c)-1].taken+1 == c[len(c)-1].of {
		c = c[:len(c)-1]
	}
	if len(c) == 0 {
		return nil
	}
	out := make([]int, len(c))
	for i := range c {
		out[i] = c[i].taken
	}
	out[len(c)-1]++
	return out
}

// try runs the program on the model with the first choices given, and 0 for all others.
func (s *serial) try(turns []int, ref func() (System, *Clock)) (made []turn, err error) {
	sys, clock := ref()
	r := NewRunner(sys)
	r.Clock, s.done = clock, 0
	defer r.CloseFiles()
	defer func() {
		if err != nil && s.done > s.most {
			s.most, s.worst = s.done, err
		}
	}()
	for i := 0; i < len(s.p.Lines); {
		n := max(s.p.Group(i), 1)
		made, err = s.group(r, i, n, turns, made)
		if err != nil {
			return made, err
		}
		i += n
	}
	if err := r.CloseFiles(); err != nil {
		return made, err
	}
	left, err := Snapshot(sys)
	if err == nil {
		err = s.rules.Compare(s.trial.Left, left)
	}
	return made, err
}

// group runs n lines from line i on, which are threads or one line.
func (s *serial) group(r *Runner, i, n int, turns []int, made []turn) ([]turn, error) {
	runners := []*Runner{r}
	if s.p.Lines[i].Thread {
		runners = make([]*Runner, n)
		for k := range runners {
			runners[k] = r.thread()
			defer func(t *Runner) { t.forget(r); t.CloseFiles() }(runners[k])
		}
	}
	next := make([]int, n)
	for {
		ready := s.ready(i, next)
		if len(ready) == 0 {
			return made, nil
		}
		k := 0
		if len(ready) > 1 {
			if len(made) < len(turns) {
				k = turns[len(made)]
			}
			made = append(made, turn{k, len(ready)})
		}
		t := ready[k]
		if err := s.step(runners[t], At{i + t, next[t]}); err != nil {
			return made, err
		}
		next[t]++
	}
}

// ready are the threads whose next operation no other that is still to come was before.
func (s *serial) ready(line int, next []int) (out []int) {
	for t := range next {
		if next[t] == len(s.p.Lines[line+t].Ops) {
			continue
		}
		first := true
		for u := range next {
			if u != t && next[u] < len(s.p.Lines[line+u].Ops) && s.trial.Before(At{line + u, next[u]}, At{line + t, next[t]}) {
				first = false
			}
		}
		if first {
			out = append(out, t)
		}
	}
	return out
}

// step does one operation on the model and compares.
func (s *serial) step(r *Runner, at At) error {
	op := s.p.Lines[at.Line].Ops[at.Op]
	got := s.trial.Outcome[at.Line][at.Op]
	if full(op, got, s.rules) {
		left, did := remainder(op, got)
		if !did {
			s.done++
			if r.Clock != nil {
				r.Clock.ops++
			}
			return nil
		}
		op, got.Err = left, ""
	}
	want := r.Do(op)
	if !s.rules.same(got, want) {
		return fmt.Errorf("in no order: %w", &Difference{Line: at.Line, Op: op, Got: got.String(), Want: want.String()})
	}
	s.done++
	return nil
}
