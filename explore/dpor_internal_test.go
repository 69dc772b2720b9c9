package explore

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// traceOf returns the Mazurkiewicz trace of the execution, in a canonical form: for each task its steps, each
// with the steps of other tasks that came before it for a reason. It looks at all pairs of steps.
func traceOf(e *engine) string {
	const tasks = 4
	type clock [tasks]byte
	clocks := make([]clock, len(e.steps))
	var latest [tasks]clock
	var canon [tasks][]byte
	for i, s := range e.steps {
		c := latest[s.task]
		for j, y := range e.steps[:i] {
			if s.kind != kindChoose && y.kind != kindChoose && y.obj == s.obj && y.task != s.task &&
				dependent(y.kind, y.mask, s.kind, s.mask) {
				for t := range c {
					c[t] = max(c[t], clocks[j][t])
				}
			}
		}
		c[s.task]++
		clocks[i], latest[s.task] = c, c
		canon[s.task] = append(append(canon[s.task], byte(s.kind)), c[:]...)
		if s.kind == kindChoose {
			canon[s.task] = append(canon[s.task], byte(s.obj))
		}
	}
	return string(bytes.Join(canon[:], []byte{255}))
}

// survey is what a search saw of a program.
type survey struct {
	traces   map[string]int
	outcomes map[string]bool
	result   *Result
}

func (p program) survey(s Strategy, limit int) survey {
	sv := survey{traces: map[string]int{}, outcomes: map[string]bool{}}
	w := &world{}
	sv.result = Run(Config{Strategy: s, KeepGoing: true, Faults: 1, Executions: limit, After: func(x *Execution) {
		if !x.Complete {
			return
		}
		sv.traces[traceOf(x.e)]++
		out := w.outcome()
		if x.Failure != nil {
			out += " failed" // of several failures the first counts, and traces do not say which that is
		}
		sv.outcomes[out] = true
	}}, func() { p.run(w) })
	return sv
}

// TestDPORAgainstBruteForce compares the reduction with the search of all schedules, on generated programs.
func TestDPORAgainstBruteForce(t *testing.T) {
	n := 10_000
	if testing.Short() || UnderRace {
		n = 500
	}
	r := rand.New(rand.NewPCG(1, 2))
	schedules, traces, redundant, skipped := 0, 0, 0, 0
	for i := 0; i < n; {
		p := generate(r)
		all := p.survey(DFS(), 200)
		if !all.result.Exhausted {
			skipped++
			continue
		}
		i++
		some := p.survey(DPOR(), 0)
		schedules += all.result.Executions
		traces += len(all.traces)
		redundant += some.result.Redundant
		compare(t, p, all, some)
		if t.Failed() {
			t.Fatalf("program %d: %v", i, p)
		}
	}
	t.Logf("%d programs: %d schedules, %d traces, %d redundant executions; %d more were too large", n, schedules, traces, redundant, skipped)
}

func compare(t *testing.T, p program, all, some survey) {
	for tr := range all.traces {
		if some.traces[tr] == 0 {
			t.Errorf("trace not visited: %v", []byte(tr))
		}
	}
	for tr, n := range some.traces {
		if n > 1 {
			t.Errorf("trace visited %d times: %v", n, []byte(tr))
		}
		if all.traces[tr] == 0 {
			t.Errorf("no such trace: %v", []byte(tr))
		}
	}
	for o := range all.outcomes {
		if !some.outcomes[o] {
			t.Errorf("outcome not seen: %s", o)
		}
	}
	if !some.result.Exhausted {
		t.Errorf("not exhausted: %v", some.result)
	}
}
