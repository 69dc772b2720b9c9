package clock_test

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"extant/internal/clock"
	"extant/sched"
)

var classes = clock.Classes{Shard: &sched.Class{Name: "test-shard"}, Load: &sched.Class{Name: "test-load"}}

// square is a value. The pointer keeps it out of the allocator for tiny objects, which the collector takes several at a time.
type square struct {
	n uint64
	_ *int
}

// squares counts its loads.
type squares struct {
	loads atomic.Int64
	gate  chan struct{} // if not nil, a load waits until it is closed
	fail  atomic.Bool
}

var errBroken = errors.New("broken")

func (s *squares) load(k uint32) (*square, error) {
	s.loads.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	if s.fail.Load() {
		return nil, errBroken
	}
	return &square{n: uint64(k) * uint64(k)}, nil
}

func get(t *testing.T, c *clock.Cache[uint32, square], k uint32) {
	t.Helper()
	if v, err := c.Get(k); err != nil || v.n != uint64(k)*uint64(k) {
		t.Fatalf("%d: %v, %v", k, v, err)
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
	runtime.GC()
	before := s.loads.Load()
	for k := range uint32(10_000) {
		get(t, c, 9_999-k)
		if k%1000 == 64 {
			runtime.GC()
		}
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

// TestOneValueForAKey shows that a value outlives its eviction while somebody holds it, and not longer.
func TestOneValueForAKey(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	held, _ := c.Get(7)
	flood := func() {
		for k := uint32(100); k < 1_000; k++ {
			get(t, c, k)
		}
	}
	flood()
	runtime.GC()
	if again, _ := c.Get(7); again != held || c.Peek(7) != held {
		t.Error("a second value of a key whose first is in use")
	}
	held = nil
	flood()
	runtime.GC()
	before := s.loads.Load()
	if get(t, c, 7); s.loads.Load() != before+1 {
		t.Error("a value that nobody held is still there")
	}
}

func TestAddAndDrop(t *testing.T) {
	var s squares
	c := clock.New(64, classes, s.load)
	if c.Peek(3) != nil {
		t.Error("a value before anybody asked for it")
	}
	mine := &square{n: 9}
	fresh := func() *square { return mine }
	if c.Add(3, fresh) != mine || c.Peek(3) != mine {
		t.Error("the value added is not there")
	}
	get(t, c, 3)
	if got := c.Add(3, func() *square { t.Error("made without need"); return nil }); got != mine || s.loads.Load() != 0 {
		t.Error("added twice, or loaded")
	}
	c.Drop(3)
	if got, _ := c.Get(3); got == mine || s.loads.Load() != 1 {
		t.Error("dropped and still there")
	}
	for k := range uint32(2_000) { // over the place that is free
		get(t, c, k)
	}
	c.Drop(3)
	c.Drop(4_000)
}

// TestAddWaitsForALoad adds a value whose load is under way: there is one value all the same.
func TestAddWaitsForALoad(t *testing.T) {
	s := squares{gate: make(chan struct{})}
	c := clock.New(64, classes, s.load)
	loaded, added := make(chan *square), make(chan *square)
	go func() { v, _ := c.Get(3); loaded <- v }()
	for s.loads.Load() == 0 {
		runtime.Gosched()
	}
	go func() { added <- c.Add(3, func() *square { return &square{} }) }()
	close(s.gate)
	if l, a := <-loaded, <-added; l != a {
		t.Error("two values of one key")
	}
}

func TestConcurrent(t *testing.T) {
	var s squares
	c := clock.New(32, classes, s.load)
	var wg sync.WaitGroup
	for g := range uint32(8) {
		wg.Go(func() {
			for i := range uint32(5_000) {
				k := (i*(g+1) + g) % 1000
				if v, err := c.Get(k); err != nil || v.n != uint64(k)*uint64(k) {
					t.Errorf("%d: %v, %v", k, v, err)
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

func TestConstantsAreForgotten(t *testing.T) {
	var s squares
	c := clock.NewConstant(16, classes, s.load)
	held, _ := c.Get(7)
	for k := range uint32(1000) {
		get(t, c, k)
	}
	again, err := c.Get(7)
	if err != nil || again == held || again.n != 49 {
		t.Errorf("%v, %v: not loaded again", again, err)
	}
	s.fail.Store(true)
	if _, err := c.Get(5000); err != errBroken {
		t.Errorf("%v, want %v", err, errBroken)
	}
}
