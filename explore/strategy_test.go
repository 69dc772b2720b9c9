package explore_test

import (
	"slices"
	"testing"

	"extant/explore"
	"extant/sched"
)

// firstFailure returns how many executions strategies of one kind need to find the seed's failure: the median over
// seeds.
func firstFailure(t *testing.T, limit int, make func(seed uint64) explore.Strategy) int {
	t.Helper()
	var needed []int
	for s := range uint64(51) {
		r := explore.Run(explore.Config{Strategy: make(s), Executions: limit}, seed)
		if r.Exhausted {
			t.Errorf("%v says it has exhausted the schedules", make(s))
		}
		needed = append(needed, r.Executions)
	}
	slices.Sort(needed)
	return needed[len(needed)/2]
}

// TestChance holds the random strategies to what each is known to need for the seed: a failure of depth 4 in
// 16 steps, which PCT of a lower depth cannot find.
func TestChance(t *testing.T) {
	for _, tc := range []struct {
		name     string
		min, max int
		make     func(uint64) explore.Strategy
	}{
		{"random", 15, 80, explore.Random},
		{"pos", 10, 60, explore.POS},
		{"surw", 2, 80, explore.SURW},
		{"pct of depth 3", 2000, 2000, func(s uint64) explore.Strategy { return explore.PCT(3, s) }},
		{"pct of depth 4", 50, 1999, func(s uint64) explore.Strategy { return explore.PCT(4, s) }},
		{"portfolio of chance", 5, 200, func(s uint64) explore.Strategy {
			return explore.Portfolio(s, explore.Random(s), explore.POS(s))
		}},
	} {
		n := firstFailure(t, 2000, tc.make)
		t.Logf("%s: median %d executions to the first failure", tc.name, n)
		if n < tc.min || n > tc.max {
			t.Errorf("%s: median %d executions to the first failure, want %d to %d", tc.name, n, tc.min, tc.max)
		}
	}
}

// TestPortfolioExhausts makes sure that a portfolio ends with the first member that has tried everything.
func TestPortfolioExhausts(t *testing.T) {
	r := explore.Run(explore.Config{Strategy: explore.Portfolio(1), KeepGoing: true}, seed)
	if !r.Exhausted || r.Executions < 7 || len(r.Bounds) > 0 {
		t.Errorf("%v", r)
	}
}

// TestBounds counts the schedules of two tasks with two operations each.
func TestBounds(t *testing.T) {
	f := func() {
		var x sched.Flags
		body := func() {
			x.Set(1)
			x.Set(1)
		}
		t, u := sched.Go("t", body), sched.Go("u", body)
		t.Wait()
		u.Wait()
	}
	for _, tc := range []struct {
		s    explore.Strategy
		want int
	}{
		{explore.Preemptions(0), 2}, {explore.Preemptions(1), 4}, {explore.Preemptions(2), 6},
		{explore.Delays(0), 1}, {explore.Delays(1), 3}, {explore.Delays(2), 5}, {explore.Delays(9), 6},
		{explore.DFS(), 6}, {explore.DPOR(), 6},
	} {
		r := explore.Run(explore.Config{Strategy: tc.s}, f)
		if r.Executions != tc.want || !r.Exhausted || r.Failure != nil {
			t.Errorf("%v %v: %v, want %d executions", tc.s, r.Bounds, r, tc.want)
		}
	}
}
