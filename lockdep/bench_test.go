//go:build unix

package lockdep_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"extant/lockdep"
	"extant/sched"
)

// BenchmarkPair measures a Lock and Unlock of one class while depth-1 locks of other classes are held.
// The pair of package sync alone is the floor.
func BenchmarkPair(b *testing.B) {
	b.Run("sync", func(b *testing.B) {
		var m sync.Mutex
		b.ReportAllocs()
		for b.Loop() {
			m.Lock()
			m.Unlock()
		}
	})
	for _, depth := range []int{1, 3, 8, 16} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			benchmarkPair(b, depth, lockdep.Config{})
		})
	}
	b.Run("stats", func(b *testing.B) { benchmarkPair(b, 1, lockdep.Config{Stats: true}) })
}

func benchmarkPair(b *testing.B, depth int, cfg lockdep.Config) {
	locks := make([]sched.Mutex, depth)
	for i := range locks {
		locks[i].Init(&sched.Class{Name: fmt.Sprintf("c%d", i)})
	}
	lockdep.Watch(b, cfg)
	for i := range locks[:depth-1] {
		locks[i].Lock()
		defer locks[i].Unlock()
	}
	m := &locks[depth-1]
	m.Lock()
	m.Unlock()
	b.ReportAllocs()
	for b.Loop() {
		m.Lock()
		m.Unlock()
	}
}

// BenchmarkNest measures a pair in a nest of 16: all are locked and unlocked in each round.
func BenchmarkNest(b *testing.B) {
	const depth = 16
	locks := make([]sched.Mutex, depth)
	for i := range locks {
		locks[i].Init(&sched.Class{Name: fmt.Sprintf("c%d", i)})
	}
	lockdep.Watch(b, lockdep.Config{})
	b.ReportAllocs()
	for b.Loop() {
		for i := range locks {
			locks[i].Lock()
		}
		for i := range locks {
			locks[depth-1-i].Unlock()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/pair")
}

// BenchmarkRWPair measures a read pair.
func BenchmarkRWPair(b *testing.B) {
	var m sched.RWMutex
	m.Init(&sched.Class{Name: "rw"})
	lockdep.Watch(b, lockdep.Config{})
	for b.Loop() {
		m.RLock()
		m.RUnlock()
	}
}

// BenchmarkKeyed measures a pair of an ordered class beneath another lock of the class.
func BenchmarkKeyed(b *testing.B) {
	class := &sched.Class{Name: "ordered", Ordered: true}
	var outer, inner sched.Mutex
	outer.Init(class)
	inner.Init(class)
	lockdep.Watch(b, lockdep.Config{})
	outer.NestedLock(sched.Key(1))
	for b.Loop() {
		inner.NestedLock(sched.Key(2))
		inner.Unlock()
	}
	outer.Unlock()
}

// BenchmarkParallel measures pairs on locks of their own in all CPUs: nothing shared is written.
func BenchmarkParallel(b *testing.B) {
	class := &sched.Class{Name: "parallel"}
	lockdep.Watch(b, lockdep.Config{})
	b.RunParallel(func(pb *testing.PB) {
		var m sched.Mutex
		m.Init(class)
		for pb.Next() {
			m.Lock()
			m.Unlock()
		}
	})
}

// BenchmarkNewChain measures the first time that one lock is taken while another is held, among 1,000
// classes with up to 20,000 such pairs, by the wall clock and by processor time.
func BenchmarkNewChain(b *testing.B) {
	const classes, edges = 1000, 20000
	locks := make([]sched.Mutex, classes)
	for i := range locks {
		locks[i].Init(&sched.Class{Name: fmt.Sprintf("c%d", i)})
	}
	chains := 0
	var detach func()
	var spent, begin time.Duration
	for b.Loop() {
		if chains%edges == 0 {
			b.StopTimer()
			if detach != nil {
				spent += cpuTime(b) - begin
				detach()
			}
			detach = lockdep.New(lockdep.Config{}).Attach()
			for i := range locks {
				locks[i].Lock()
				locks[i].Unlock()
			}
			begin = cpuTime(b)
			b.StartTimer()
		}
		i := chains % edges
		outer := i % (classes - 1)
		inner := outer + 1 + (i*7919)%(classes-1-outer)
		locks[outer].Lock()
		locks[inner].Lock()
		locks[inner].Unlock()
		locks[outer].Unlock()
		chains++
	}
	spent += cpuTime(b) - begin
	b.ReportMetric(float64(spent.Nanoseconds())/float64(chains), "cpu-ns/op")
	detach()
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
