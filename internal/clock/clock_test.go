package clock_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"extant/internal/clock"
	"extant/sched"
)

var classes = clock.Classes{Shard: &sched.Class{Name: "test-shard"}, Load: &sched.Class{Name: "test-load"}}

// squares counts its loads.
type squares struct {
	loads atomic.Int64
	gate  chan struct{} // if not nil, a load waits until it is closed
	fail  atomic.Bool
}

var errBroken = errors.New("broken")

func (s *squares) load(k uint32) (uint64, error) {
	s.loads.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	if s.fail.Load() {
		return 0, errBroken
	}
	return uint64(k) * uint64(k), nil
}

func get(t *testing.T, c *clock.Cache[uint32, uint64], k uint32) {
	t.Helper()
	if v, err := c.Get(k); err != nil || v != uint64(k)*uint64(k) {
		t.Fatalf("%d: %d, %v", k, v, err)
	}
}

func TestLoadedOnceWhileItFits(t *testing.T) {
	var s squares
	c := clock.New(512, classes, s.load)
	for range 3 {
		for k := range uint32(500) {
			get(t, c, k)
		}
	}
	if n := s.loads.Load(); n != 500 {
		t.Errorf("%d loads, want 500", n)
	}
}

func TestBounded(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	for k := range uint32(10_000) {
		get(t, c, k)
	}
	before := s.loads.Load()
	for k := range uint32(10_000) {
		get(t, c, 9_999-k)
	}
	if hits := 10_000 - (s.loads.Load() - before); hits > 64 || hits < 32 {
		t.Errorf("%d values were still there, want at most 64 and most of those", hits)
	}
}

// TestUsedStays shows that a value in constant use outlives a scan that is larger than the cache.
func TestUsedStays(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	get(t, c, 7)
	for k := uint32(100); k < 5_000; k++ {
		get(t, c, k)
		get(t, c, 7)
	}
	if n := s.loads.Load(); n != 4_901 {
		t.Errorf("%d loads, want 4901: 7 once", n)
	}
}

func TestOneLoadInFlight(t *testing.T) {
	s := squares{gate: make(chan struct{})}
	c := clock.New(64, classes, s.load)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { get(t, c, 3) })
	}
	close(s.gate)
	wg.Wait()
	if n := s.loads.Load(); n != 1 {
		t.Errorf("%d loads, want 1", n)
	}
}

func TestFailureIsForgotten(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	s.fail.Store(true)
	if _, err := c.Get(1); !errors.Is(err, errBroken) {
		t.Errorf("broken load: %v", err)
	}
	s.fail.Store(false)
	get(t, c, 1)
}

func TestConcurrent(t *testing.T) {
	var s squares
	c := clock.New(32, classes, s.load)
	var wg sync.WaitGroup
	for g := range uint32(8) {
		wg.Go(func() {
			for i := range uint32(5_000) {
				k := (i*(g+1) + g) % 1000
				if v, err := c.Get(k); err != nil || v != uint64(k)*uint64(k) {
					t.Errorf("%d: %d, %v", k, v, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestHitAllocatesNothing(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	get(t, c, 1)
	if n := testing.AllocsPerRun(100, func() { c.Get(1) }); n != 0 {
		t.Errorf("%v allocations for a hit", n)
	}
}

func BenchmarkHit(b *testing.B) {
	var s squares
	c := clock.New(64, classes, s.load)
	b.RunParallel(func(pb *testing.PB) {
		for i := uint32(0); pb.Next(); i++ {
			c.Get(i % 10)
		}
	})
}
