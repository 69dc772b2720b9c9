package lockdep_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"extant/lockdep"
	"extant/sched"
)

// TestStress runs many tasks over many classes in one order, with everything switched on. It is meant for the
// race detector; without findings of its own it must find nothing.
func TestStress(t *testing.T) {
	v, f := collect(t, lockdep.Config{Events: true, Stats: true})
	const classes, tasks, rounds = 40, 8, 300
	locks := make([]sched.RWMutex, classes)
	for i := range locks {
		locks[i].Init(class(fmt.Sprintf("c%02d", i)))
	}
	var wg sched.WaitGroup
	for k := range tasks {
		wg.Go("worker", func() {
			r := rand.New(rand.NewPCG(1, uint64(k)))
			for range rounds {
				descend(r, locks)
			}
		})
	}
	reader := sched.Go("reader", func() {
		for range 50 {
			v.Graph()
			v.Stats()
			v.Reports()
		}
	})
	wg.Wait()
	reader.Wait()
	f.expect(t)
	if n := len(v.Graph().Edges); n < classes {
		t.Errorf("%d dependencies seen, want more", n)
	}
}

// descend takes some of the locks in order, in one mode or the other.
func descend(r *rand.Rand, locks []sched.RWMutex) {
	for i := r.IntN(6); i < len(locks); i += 1 + r.IntN(12) {
		m := &locks[i]
		switch r.IntN(4) {
		case 0:
			m.Lock()
			defer m.Unlock()
		case 1:
			if m.TryLock() {
				defer m.Unlock()
			}
		default:
			m.RLock()
			defer m.RUnlock()
		}
	}
}

func TestStats(t *testing.T) {
	v, _ := collect(t, lockdep.Config{Stats: true})
	m := mutexes("busy", "idle")
	for range 160 {
		nest(m[0])
	}
	nest(m[1])
	m[0].Lock()
	other := sched.Go("other", func() { nest(m[0]) })
	time.Sleep(10 * time.Millisecond) // long enough for the other to wait; if not, the count below is off by one
	m[0].Unlock()
	other.Wait()
	s := v.Stats()
	if len(s) != 2 || s[0].Class != "busy" || s[0].Acquired != 162 || s[1].Acquired != 1 {
		t.Fatalf("stats %+v", s)
	}
	if h := s[0].Hold; h.Count < 10 || h.Total < h.Max || h.Quantile(0.5) > h.Max || h.Quantile(1) != h.Max {
		t.Errorf("hold times %+v", h)
	}
	if s[0].Contended > 1 || s[0].Wait.Count != s[0].Contended {
		t.Errorf("contended %d times, waited %d times", s[0].Contended, s[0].Wait.Count)
	}
}
