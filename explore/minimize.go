package explore

import "slices"

// Replay runs f once, under the schedule s.
func Replay(cfg Config, s Schedule, f func()) (*Result, error) {
	p := &replay{schedule: s}
	r := run(cfg, p, f, &Result{})
	return r, p.err()
}

// Minimize returns the failure under a schedule that cannot be made simpler by any one of its steps:
// taking back a switch of tasks, choosing 0. It runs f many times.
func Minimize(cfg Config, fail *Failure, f func()) *Failure {
	if fail.Verdict == Nondeterminism || fail.Verdict == Livelock {
		return fail
	}
	cfg.KeepGoing, cfg.Goroutines, cfg.After = false, false, nil
	m := &minimizer{cfg: cfg, best: fail, f: f}
	for m.round() {
	}
	return m.best
}

type minimizer struct {
	cfg  Config
	best *Failure
	f    func()
}

// round tries each simplification of the best schedule, and says whether one of them worked.
func (m *minimizer) round() bool {
	for _, try := range []func(Schedule, int) Schedule{merge, postpone, withdraw, zero} {
		for i := range m.best.Schedule {
			if s := try(m.best.Schedule, i); s != nil && m.accept(s) {
				return true
			}
		}
	}
	return false
}

// accept makes what s leads to the best if it is the same failure, more simply reached.
func (m *minimizer) accept(s Schedule) bool {
	r := run(m.cfg, &replay{schedule: s, lenient: true}, m.f, &Result{})
	if !m.best.same(r.Failure) || !r.Failure.Schedule.simpler(m.best.Schedule) {
		return false
	}
	m.best = r.Failure
	return true
}

// simpler compares by switches, then by values chosen, then by length.
func (s Schedule) simpler(t Schedule) bool {
	return slices.Compare(s.weight(), t.weight()) < 0
}

func (s Schedule) weight() []int {
	values, steps := 0, 0
	for _, m := range s {
		values += m.Value
		steps += m.Steps
	}
	return []int{s.Switches(), values, steps}
}

// merge moves the next move of move i's task up to it.
func merge(s Schedule, i int) Schedule {
	j := i + 1
	for j < len(s) && (s[j].Task != s[i].Task || s[i].Task == "") {
		j++
	}
	if j >= len(s) {
		return nil
	}
	out := slices.Clone(s)
	out[i].Steps += out[j].Steps
	return slices.Delete(out, j, j+1)
}

// postpone moves move i down to the next of its task.
func postpone(s Schedule, i int) Schedule {
	out := merge(s, i)
	if out == nil {
		return nil
	}
	j := i + 1
	for s[j].Task != s[i].Task {
		j++
	}
	moved := out[i]
	out = slices.Delete(out, i, i+1)
	return slices.Insert(out, j-1, moved)
}

// withdraw leaves move i out.
func withdraw(s Schedule, i int) Schedule {
	return slices.Delete(slices.Clone(s), i, i+1)
}

// zero makes the value that move i chooses 0.
func zero(s Schedule, i int) Schedule {
	if s[i].Value == 0 {
		return nil
	}
	out := slices.Clone(s)
	out[i].Value = 0
	return out
}
