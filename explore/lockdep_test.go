package explore_test

import (
	"math/rand/v2"
	"testing"

	"extant/explore"
	"extant/lockdep"
	"extant/sched"
)

// A nest is locks that a task takes one within the other and releases in reverse.
type nest []struct {
	lock   int
	shared bool
}

func randomNest(r *rand.Rand, locks int, readers bool) nest {
	n := make(nest, 1+r.IntN(locks))
	for i, l := range r.Perm(locks)[:len(n)] {
		n[i].lock, n[i].shared = l, readers && r.IntN(2) == 0
	}
	return n
}

var lockClasses = []*sched.Class{{Name: "A"}, {Name: "B"}, {Name: "C"}}

func newLocks() []sched.RWMutex {
	locks := make([]sched.RWMutex, len(lockClasses))
	for i := range locks {
		locks[i].Init(lockClasses[i])
	}
	return locks
}

func (n nest) run(locks []sched.RWMutex) {
	for _, l := range n {
		if l.shared {
			locks[l.lock].RLock()
		} else {
			locks[l.lock].Lock()
		}
	}
	for i := len(n) - 1; i >= 0; i-- {
		if n[i].shared {
			locks[n[i].lock].RUnlock()
		} else {
			locks[n[i].lock].Unlock()
		}
	}
}

// foreseen runs the nests one after the other and says whether lockdep finds a circle.
func foreseen(nests []nest) (sure, gated bool) {
	v := lockdep.New(lockdep.Config{Report: func(r *lockdep.Report) {
		sure = sure || r.Grade == lockdep.Sure
		gated = gated || r.Grade == lockdep.Gated
	}})
	defer v.Attach()()
	locks := newLocks()
	for _, n := range nests {
		n.run(locks)
	}
	return sure, gated
}

// happens says whether a schedule of as many copies of each nest deadlocks.
func happens(t *testing.T, nests []nest, copies int) bool {
	r := explore.Run(explore.Config{}, func() {
		locks := newLocks()
		var all sched.WaitGroup
		for _, n := range nests {
			for range copies {
				all.Go("task", func() { n.run(locks) })
			}
		}
		all.Wait()
	})
	if r.Failure != nil && r.Failure.Verdict != explore.Deadlock || r.Failure == nil && !r.Exhausted {
		t.Fatalf("%v: %v: %v", nests, r, r.Failure)
	}
	return r.Failure != nil
}

// TestLockdepForesees compares what lockdep concludes from each task run alone with what some schedule of them all does:
// lockdep is sure of a circle exactly where there is a deadlock. What it calls gated is none, because each class has one
// lock here. Deadlocks of readers need a writer to stop them, so there are two copies of each task.
func TestLockdepForesees(t *testing.T) {
	for _, tc := range []struct {
		name                        string
		programs                    int
		tasks, locks, copies, short int
		readers                     bool
	}{
		{"mutexes", 9000, 3, 3, 1, 300, false},
		{"readers", 1000, 2, 2, 2, 50, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			n, dead, gates := tc.programs, 0, 0
			if testing.Short() || explore.UnderRace {
				n = tc.short
			}
			for range n {
				nests := make([]nest, tc.tasks)
				for i := range nests {
					nests[i] = randomNest(r, tc.locks, tc.readers)
				}
				sure, gated := foreseen(nests)
				truth := happens(t, nests, tc.copies)
				if sure != truth {
					t.Fatalf("%v: deadlocks %v, lockdep sure %v, gated %v", nests, truth, sure, gated)
				}
				if truth {
					dead++
				}
				if gated && !sure {
					gates++
				}
			}
			t.Logf("%d programs: %d deadlock, %d circles are gated only", n, dead, gates)
			if dead == 0 || dead == n {
				t.Error("the programs are all alike")
			}
		})
	}
}
