// Package race has a data race that only some schedules meet. The tests of package explore run it under the
// race detector.
package race

import (
	"testing"

	"extant/explore"
	"extant/sched"
)

// schedule lets the reader look after the flag is set and before the lock is taken.
const schedule = "writer:1 reader:1 writer:2"

// program has a reader that takes the lock, unless it comes so late that it believes it need not.
func program(locked bool) func() {
	return func() {
		var mu sched.Mutex
		var late sched.Flags
		x := 0
		w := sched.Go("writer", func() {
			late.Set(1)
			mu.Lock()
			x = 1
			mu.Unlock()
		})
		r := sched.Go("reader", func() {
			if late.Test(1) && !locked {
				explore.Assert(x < 2, "x is %d", x)
				return
			}
			mu.Lock()
			explore.Assert(x < 2, "x is %d", x)
			mu.Unlock()
		})
		w.Wait()
		r.Wait()
	}
}

func replay(t *testing.T, schedule string, locked bool) {
	s, err := explore.ParseSchedule(schedule)
	if err != nil {
		t.Fatal(err)
	}
	r, err := explore.Replay(explore.Config{Goroutines: true}, s, program(locked))
	if err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
}

// TestMet meets the race in the replayed schedule: the flag is set before x is written, so that reading the flag
// orders nothing.
func TestMet(t *testing.T) { replay(t, schedule, false) }

// TestMissed runs the same code under a schedule in which the reader takes the lock.
func TestMissed(t *testing.T) { replay(t, "reader:3 writer:3", false) }

// TestLocked runs the schedule of TestMet with the lock always taken.
func TestLocked(t *testing.T) { replay(t, "writer:1 reader:1 writer:2 reader:2", true) }
