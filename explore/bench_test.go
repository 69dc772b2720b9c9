package explore_test

import (
	"testing"

	"extant/explore"
	"extant/sched"
)

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

func BenchmarkSchedules(b *testing.B) {
	for _, s := range []explore.Strategy{explore.Random(1), explore.DPOR(), explore.DFS()} {
		b.Run(s.String(), func(b *testing.B) {
			n := 0
			for n < b.N {
				r := explore.Run(explore.Config{Strategy: s, Executions: b.N - n}, forty)
				n += r.Executions
				if r.Failure != nil {
					b.Fatal(r.Failure)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
		})
	}
}
