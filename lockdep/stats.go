package lockdep

import (
	mathbits "math/bits"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// ClassStats is how a class at a nesting level was used.
type ClassStats struct {
	Class     string
	Acquired  uint64 // times taken
	Contended uint64 // times a task had to wait for it
	Wait      Times  // how long they waited
	Hold      Times  // how long it was held, measured one time in holdSample
}

// Times is a distribution of durations.
type Times struct {
	Count uint64
	Total time.Duration
	Max   time.Duration
	Log2  [40]uint64 // Log2[i] counts durations of at least 2^i and less than 2^(i+1) ns; the ends count the rest
}

// Quantile returns an upper bound of the q-quantile, for q from 0 to 1: the end of the histogram's
// interval that it lies in, or Max if that is less.
func (t *Times) Quantile(q float64) time.Duration {
	rest := uint64(q * float64(t.Count))
	for i, n := range t.Log2 {
		if rest < n {
			return min(t.Max, time.Duration(1)<<(i+1)-1)
		}
		rest -= n
	}
	return t.Max
}

// holdSample is how many acquisitions of a task there are to one whose hold time is measured.
const holdSample = 16

// classStats is a ClassStats that any task may add to.
type classStats struct {
	acquired, contended atomic.Uint64
	wait, hold          times
}

type times struct {
	count, total, max atomic.Uint64
	log2              [40]atomic.Uint64
}

func (x *times) add(ns uint64) {
	x.count.Add(1)
	x.total.Add(ns)
	for old := x.max.Load(); ns > old && !x.max.CompareAndSwap(old, ns); old = x.max.Load() {
	}
	x.log2[min(max(mathbits.Len64(ns), 1), len(x.log2))-1].Add(1)
}

func (x *times) snapshot() Times {
	t := Times{
		Count: x.count.Load(), Total: time.Duration(x.total.Load()), Max: time.Duration(x.max.Load()),
	}
	for i := range x.log2 {
		t.Log2[i] = x.log2[i].Load()
	}
	return t
}

// countedClass is where a class at a level is counted.
type countedClass struct {
	classLevel
	stats *classStats
}

// countsRecent is how many classes are found at once. Others that share a place with one of them cost a
// lock.
const countsRecent = 1 << 10

// statsOf returns where a's class is counted.
func (v *Validator) statsOf(a *held) *classStats {
	key := classLevel{a.obj.Class().ID(), a.level}
	slot := &v.counts[(key.class+uint32(key.level)<<7)%countsRecent]
	if c := slot.Load(); c != nil && c.classLevel == key {
		return c.stats
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.node(a)
	s := v.stats[n]
	if s == nil {
		s = &classStats{}
		v.stats[n] = s
	}
	slot.Store(&countedClass{key, s})
	return s
}

// countLock counts that t takes a, and begins to time one in holdSample.
func (v *Validator) countLock(t *task, a *held) {
	if !v.cfg.Stats {
		return
	}
	v.statsOf(a).acquired.Add(1)
	if t.turns++; t.turns%holdSample == 0 {
		a.flags |= timed
		t.times = append(t.times, v.clock())
	}
}

// countWait counts that a task had to wait for a since begun.
func (v *Validator) countWait(a *held, begun int64) {
	if !v.cfg.Stats {
		return
	}
	s := v.statsOf(a)
	s.contended.Add(1)
	s.wait.add(uint64(v.clock() - begun))
}

// countHold counts how long t has held h, its own entry, if that is being timed.
func (v *Validator) countHold(t *task, h *held) {
	if h.flags&timed == 0 {
		return
	}
	nth := 0
	for i := range t.held {
		if &t.held[i] == h {
			break
		}
		if t.held[i].flags&timed != 0 {
			nth++
		}
	}
	v.statsOf(h).hold.add(uint64(v.clock() - t.times[nth]))
	t.times = slices.Delete(t.times, nth, nth+1)
}

// Stats returns how each class was used so far, by name. It is empty unless Config.Stats was set.
func (v *Validator) Stats() []ClassStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]ClassStats, 0, len(v.stats))
	for n, s := range v.stats {
		all = append(all, ClassStats{
			Class: n.name, Acquired: s.acquired.Load(), Contended: s.contended.Load(),
			Wait: s.wait.snapshot(), Hold: s.hold.snapshot(),
		})
	}
	slices.SortFunc(all, func(a, b ClassStats) int { return strings.Compare(a.Class, b.Class) })
	return all
}
