package explore_test

import (
	"testing"

	"extant/explore"
	"extant/sched"
)

// seed is the 16-step model of a race between a buffered write and a store through a mapping: the
// writer decides by a flag whether it needs a handle, and asks the flag again when it ends; the faulter
// clears it and, its allocation having failed, restores it.
func seed() {
	var iRwsem, xattrSem, mmapLock sched.Mutex
	var state sched.Flags
	const inline, handle, data, block = 1, 2, 4, 8
	state.Set(inline)
	w := sched.Go("writer", func() {
		iRwsem.Lock()
		xattrSem.Lock()
		xattrSem.Unlock()
		decided := state.Test(inline)
		state.Set(handle)
		state.Set(data)
		again := state.Test(inline)
		explore.Assert(decided || !again, "no handle")
		iRwsem.Unlock()
	})
	f := sched.Go("faulter", func() {
		mmapLock.Lock()
		xattrSem.Lock()
		if state.Test(inline) {
			state.Clear(inline)
			state.Test(block)
			state.Set(inline)
		}
		xattrSem.Unlock()
		mmapLock.Unlock()
	})
	w.Wait()
	f.Wait()
}

func TestSeed(t *testing.T) {
	for _, tc := range []struct {
		strategy             explore.Strategy
		executions, failures int
	}{
		{explore.DFS(), 3592, 200},
		{explore.DPOR(), 7, 1},
		{explore.Preemptions(0), 2, 0},
		{explore.Preemptions(2), 76, 0},
		{explore.Preemptions(3), 248, 6},
	} {
		r := explore.Run(explore.Config{Strategy: tc.strategy, KeepGoing: true}, seed)
		if r.Executions != tc.executions || r.Failures != tc.failures || !r.Exhausted {
			t.Errorf("%v %v: %d executions, %d failures, exhausted %v, want %d and %d", tc.strategy, r.Bounds,
				r.Executions, r.Failures, r.Exhausted, tc.executions, tc.failures)
		}
	}
}

// forty is a program of 40 steps: two tasks that take two locks, five times each.
func forty() {
	var a, b sched.Mutex
	x := 0
	body := func() {
		for range 5 {
			a.Lock()
			b.Lock()
			x++
			b.Unlock()
			a.Unlock()
		}
	}
	t, u := sched.Go("t", body), sched.Go("u", body)
	t.Wait()
	u.Wait()
	explore.Assert(x == 10, "x is %d", x)
}
