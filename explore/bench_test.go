//go:build unix

package explore_test

import (
	"syscall"
	"testing"
	"time"

	"extant/explore"
)

// BenchmarkSchedules reports, beside the average, the rate by processor time, which is a whole run's and has the garbage
// collector in it, and the rate of the best of many short stretches: what one core can do, whatever else the machine
// does.
func BenchmarkSchedules(b *testing.B) {
	for name, cfg := range map[string]explore.Config{
		"random":     {Strategy: explore.Random(1)},
		"pos":        {Strategy: explore.POS(1)},
		"dfs":        {Strategy: explore.DFS()},
		"dpor":       {Strategy: explore.DPOR()},
		"goroutines": {Strategy: explore.Random(1), Goroutines: true},
	} {
		b.Run(name, func(b *testing.B) {
			best, begin := 0.0, cpuTime(b)
			for n := 0; n < b.N; {
				cfg.Executions = min(200, b.N-n)
				r := explore.Run(cfg, forty)
				if r.Failure != nil {
					b.Fatal(r.Failure)
				}
				n += r.Executions
				best = max(best, float64(r.Executions)/r.Elapsed.Seconds())
			}
			b.ReportMetric(best, "best/s")
			b.ReportMetric(float64(b.N)/(cpuTime(b)-begin).Seconds(), "schedules/cpu-s")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
		})
	}
}

// BenchmarkSeed is the exhaustive search of a small program: 7 executions.
func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		if r := explore.Run(explore.Config{KeepGoing: true}, seed); r.Executions != 7 {
			b.Fatal(r)
		}
	}
}

// cpuTime returns the processor time that the process has taken: unlike the time on the wall it leaves out what the
// machine did for others meanwhile.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
