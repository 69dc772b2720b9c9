package explore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"extant/explore"
	"extant/sched"
)

// both runs f under the coroutine and the goroutine back end.
func both(t *testing.T, f func(t *testing.T, cfg explore.Config)) {
	t.Run("coroutines", func(t *testing.T) { f(t, explore.Config{}) })
	t.Run("goroutines", func(t *testing.T) { f(t, explore.Config{Goroutines: true}) })
}

// verdicts are programs that fail, with what they fail by.
var verdicts = []struct {
	name    string
	run     func()
	verdict explore.Verdict
	task    string
	message string // a part of the failure's text
}{
	{"abba", abba, explore.Deadlock, "", "a waits: lock mutex"},
	{"lost wake-up", lostWakeup, explore.Deadlock, "", "main waits: wait for a notification, then lock cond"},
	{"unlock of another's", func() {
		var m sched.Mutex
		m.Lock()
		sched.Go("thief", m.Unlock).Wait()
	}, explore.Assertion, "thief", "which thief does not hold"},
	{"assert held", func() {
		var m sched.RWMutex
		m.RLock()
		m.AssertRHeld()
		m.AssertHeld()
	}, explore.Assertion, "main", "is not held exclusively"},
	{"assertion", func() { explore.Failf("%d is odd", 3) }, explore.Assertion, "main", "3 is odd"},
	{"panic", func() {
		var m map[string]int
		sched.Go("writer", func() { m["a"] = 1 }).Wait()
	}, explore.Panic, "writer", "assignment to entry in nil map"},
	{"leak", func() {
		var e sched.Event
		sched.Go("waiter", e.Wait)
	}, explore.Leak, "", "waiter waits: wait event"},
	{"livelock", func() {
		var stop sched.Flags
		for !stop.Test(1) {
			sched.Yield("spin")
		}
	}, explore.Livelock, "", "no end after"},
	{"negative wait group", func() {
		var g sched.WaitGroup
		g.Done()
	}, explore.Panic, "main", "negative wait group counter"},
	{"handoff left locked", func() {
		var m sched.HandoffMutex
		m.Lock()
		m.HandOff()
		m.WaitUnlocked()
	}, explore.Deadlock, "", "main waits: wait for unlock"},
	{"reader stopped by a waiting writer", func() {
		var m sched.RWMutex
		w := sched.Go("writer", func() { m.Lock(); m.Unlock() })
		m.RLock()
		m.RLock()
		m.RUnlock()
		m.RUnlock()
		w.Wait()
	}, explore.Deadlock, "", "writer waits: write lock rwmutex"},
	{"fault", func() {
		explore.Assert(!sched.Fault("disk"), "the disk is gone")
	}, explore.Assertion, "main", "the disk is gone"},
	{"choice", func() {
		explore.Assert(sched.Choose(3)+sched.Choose(3) < 4, "both are 2")
	}, explore.Assertion, "main", "both are 2"},
	{"timer runs early", func() {
		var done sched.Flags
		tm := sched.AfterFunc("alarm", time.Hour, func() { explore.Assert(done.Test(1), "an hour is over already") })
		done.Set(1)
		tm.Stop()
	}, explore.Assertion, "alarm", "an hour is over already"},
	{"wait ends early", func() {
		var e sched.Event
		f := sched.Go("firer", e.Fire)
		explore.Assert(e.WaitFor(time.Second), "a second was not enough")
		f.Wait()
	}, explore.Assertion, "main", "a second was not enough"},
}

func abba() {
	var a, b sched.Mutex
	nest := func(x, y *sched.Mutex) func() {
		return func() {
			x.Lock()
			y.Lock()
			y.Unlock()
			x.Unlock()
		}
	}
	t, u := sched.Go("a", nest(&a, &b)), sched.Go("b", nest(&b, &a))
	t.Wait()
	u.Wait()
}

func lostWakeup() {
	var m sched.Mutex
	var c sched.Cond
	c.Init(&m, &sched.Class{Name: "cond"})
	m.Init(&sched.Class{Name: "cond"})
	var ready sched.Flags
	w := sched.Go("waker", func() {
		ready.Set(1)
		c.Signal()
	})
	m.Lock()
	if !ready.Test(1) {
		c.Wait()
	}
	m.Unlock()
	w.Wait()
}

func TestVerdicts(t *testing.T) {
	for _, tc := range verdicts {
		t.Run(tc.name, func(t *testing.T) {
			both(t, func(t *testing.T, cfg explore.Config) {
				cfg.Faults, cfg.Expiries, cfg.StepsMax = 1, 1, 200
				r := explore.Run(cfg, tc.run)
				f := r.Failure
				if f == nil {
					t.Fatalf("no failure: %v", r)
				}
				if f.Verdict != tc.verdict || f.Task != tc.task || !strings.Contains(f.Error(), tc.message) || r.Exhausted {
					t.Errorf("%v, exhausted %v, want %v in %q with %q", f, r.Exhausted, tc.verdict, tc.task, tc.message)
				}
				again, err := explore.Replay(cfg, f.Schedule, tc.run)
				if err != nil || again.Failure == nil || again.Failure.Error() != f.Error() {
					t.Errorf("replay of %v: %v, %v", f.Schedule, again.Failure, err)
				}
			})
		})
	}
}

// TestPasses runs what must not fail, whatever the schedule.
func TestPasses(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func()
	}{
		{"daemons may wait forever", func() {
			var e sched.Event
			sched.Daemon("server", e.Wait)
		}},
		{"a timed wait ends if nothing else can happen", func() {
			var e sched.Event
			start := sched.Now()
			explore.Assert(!e.WaitFor(time.Minute), "the event was fired")
			explore.Assert(sched.Now().Sub(start) == time.Minute, "a minute took %v", sched.Now().Sub(start))
		}},
		{"timers run in order if nothing else can happen", func() {
			var g sched.WaitGroup
			var mu sched.Mutex
			last := time.Duration(0)
			for _, d := range []time.Duration{3, 1, 2} {
				g.Add(1)
				sched.AfterFunc("alarm", d, func() {
					mu.Lock()
					explore.Assert(d == last+1, "%d after %d", d, last)
					last = d
					mu.Unlock()
					g.Done()
				})
			}
			g.Wait()
		}},
		{"who wakes in time waits not", func() {
			var m sched.Mutex
			c := sched.NewCond(&m)
			ready := false
			w := sched.Go("waker", func() {
				m.Lock()
				ready = true
				m.Unlock()
				c.Broadcast()
			})
			m.Lock()
			for !ready {
				c.Wait()
			}
			m.Unlock()
			w.Wait()
		}},
		{"once", func() {
			var o sched.Once
			n := 0
			var g sched.WaitGroup
			for range 3 {
				g.Go("caller", func() { o.Do(func() { n++ }) })
			}
			g.Wait()
			explore.Assert(n == 1, "ran %d times", n)
		}},
		{"a spinning task gives way", func() {
			var stop sched.Flags
			s := sched.Go("spinner", func() {
				for !stop.Test(1) {
					sched.Yield("spin")
				}
			})
			stop.Set(1)
			s.Wait()
		}},
		{"more tasks than fit at once", func() {
			for range 200 {
				sched.Go("short", func() {}).Wait()
			}
		}},
		{"an old task can still be waited for", func() {
			first := sched.Go("first", func() {})
			first.Wait()
			for range 100 {
				sched.Go("later", func() {}).Wait()
			}
			var e sched.Event
			sched.Go("blocked", e.Wait)
			first.Wait()
			e.Fire()
		}},
		{"a daemon may sleep and work forever", func() {
			var work sched.Int64
			sched.Daemon("flusher", func() {
				for {
					sched.Sleep(time.Second)
					work.Add(1)
				}
			})
			sched.Sleep(time.Minute)
			explore.Assert(work.Load() >= 59, "the flusher worked %d times", work.Load())
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			both(t, func(t *testing.T, cfg explore.Config) {
				cfg.StepsMax, cfg.Executions = 300, 2000
				if r := explore.Run(cfg, tc.run); r.Failure != nil {
					t.Errorf("%v under %v", r.Failure, r.Failure.Schedule)
				}
			})
		})
	}
}

// TestNondeterminism runs a function that does something else the second time.
func TestNondeterminism(t *testing.T) {
	for _, s := range []explore.Strategy{explore.DFS(), explore.DPOR(), explore.Random(1)} {
		calls := 0
		r := explore.Run(explore.Config{Strategy: s}, func() {
			calls++
			var x sched.Flags
			body := func() {
				for range calls % 3 {
					x.TestAndSet(uint64(calls))
				}
			}
			t, u := sched.Go("t", body), sched.Go("u", body)
			t.Wait()
			u.Wait()
		})
		if r.Failure == nil || r.Failure.Verdict != explore.Nondeterminism {
			t.Errorf("%v: %v", s, r.Failure)
		}
	}
}

// TestGatedOrders makes sure that gate locks are seen through: the inner locks are taken in both orders, but never at
// the same time.
func TestGatedOrders(t *testing.T) {
	f := func() {
		var gate, a, b sched.Mutex
		nest := func(x, y *sched.Mutex) func() {
			return func() {
				gate.Lock()
				x.Lock()
				y.Lock()
				y.Unlock()
				x.Unlock()
				gate.Unlock()
			}
		}
		t, u := sched.Go("t", nest(&a, &b)), sched.Go("u", nest(&b, &a))
		t.Wait()
		u.Wait()
	}
	if r := explore.Run(explore.Config{}, f); r.Failure != nil || !r.Exhausted || r.Executions != 2 {
		t.Errorf("%v: %v", r, r.Failure)
	}
}

// TestBudget makes sure that a search that was cut short does not claim more.
func TestBudget(t *testing.T) {
	for _, cfg := range []explore.Config{
		{Executions: 100, Strategy: explore.DFS()}, {Time: time.Millisecond, Strategy: explore.Random(1), Executions: 1 << 30},
		{Strategy: explore.Random(1), Executions: 100}, {Executions: 10},
	} {
		if r := explore.Run(cfg, forty); r.Exhausted || r.Executions == 0 {
			t.Errorf("%v after %v: %v", cfg.Strategy, r.Elapsed, r)
		}
	}
	r := explore.Run(explore.Config{Strategy: explore.Preemptions(1), Faults: 2}, func() { sched.Fault("x"); seed() })
	if want := []string{"at most 1 preemptions", "at most 2 faults"}; !slices.Equal(r.Bounds, want) || !r.Exhausted {
		t.Errorf("bounds %q, exhausted %v, want %q", r.Bounds, r.Exhausted, want)
	}
}
