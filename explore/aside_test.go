package explore_test

import (
	"strings"
	"testing"

	"extant/explore"
	"extant/sched"
)

// TestAside makes sure that what is done aside is no step, finds things as the execution left them, and can fail it.
func TestAside(t *testing.T) {
	two := func(last func(m *sched.Mutex)) func() {
		return func() {
			var m sched.Mutex
			n := 0
			add := func() {
				m.Lock()
				defer m.Unlock()
				n++
			}
			a, b := sched.Go("a", add), sched.Go("b", add)
			a.Wait()
			b.Wait()
			last(&m)
			add()
			explore.Assert(n == 3, "added to %d", n)
		}
	}
	busy := func(m *sched.Mutex) {
		for range 100 {
			m.Lock()
			sched.Go("helper", func() {}).Wait()
			m.Unlock()
		}
	}
	both(t, func(t *testing.T, cfg explore.Config) {
		plain := explore.Run(cfg, two(func(*sched.Mutex) {}))
		aside := explore.Run(cfg, two(func(m *sched.Mutex) { explore.Aside(func() { busy(m) }) }))
		if aside.Failure != nil || !aside.Exhausted || aside.Steps != plain.Steps || aside.Executions != plain.Executions {
			t.Errorf("%v, %d steps (%v): without it %v, %d steps", aside, aside.Steps, aside.Failure, plain, plain.Steps)
		}
		failing := explore.Run(cfg, two(func(*sched.Mutex) { explore.Aside(func() { explore.Failf("judged") }) }))
		if f := failing.Failure; f == nil || f.Verdict != explore.Assertion || f.Task != "main" || !strings.Contains(f.Message, "judged") {
			t.Errorf("a failure aside: %v", f)
		}
	})
	both(t, func(t *testing.T, cfg explore.Config) {
		stuck := explore.Run(cfg, func() {
			var m sched.HandoffMutex
			m.Lock()
			explore.Aside(m.Lock)
		})
		if f := stuck.Failure; f == nil || f.Verdict != explore.Deadlock {
			t.Errorf("waiting aside for a lock: %v", f)
		}
	})
	done := false
	explore.Aside(func() { done = true })
	if !done {
		t.Error("outside of an execution it does nothing")
	}
}
