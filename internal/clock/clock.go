// Package clock is a bounded cache whose values are loaded on demand, each key by one task at a time.
//
// It never evicts by age or by a timer, never remembers a failure, and never hands out a value other than the one that the
// load function gave for the key. A value that was evicted is only forgotten: who holds it goes on using it, so
// values that can change need an identity of their own.
//
// # Words
//
// The cache is cut into shards by key. Each keeps its values in a ring with a hand, the clock: when the ring is full the
// hand goes round, passes over each value used since it last came by, and takes the place of the first that was not. A
// flight is a load under way; others who want its key wait for it.
//
// # Locks
//
// Each shard has one lock, of the class given to New, a leaf: it is not held during a load. The wait for a flight has the
// class given as well, so that a validator sees who waits for whose load; and who loads by itself is told to be one that might
// have waited, so that what it sees does not hang on who came first.
package clock

import "extant/sched"

// Number is what keys are: integers of any named type.
type Number interface{ ~uint32 | ~uint64 }

const (
	shardsMax = 16
	shardMin  = 8 // a smaller ring could thrash on one path down a tree
)

// Classes are the lock classes of a cache.
type Classes struct {
	Shard *sched.Class
	Load  *sched.Class
}

// Cache maps keys to the values that load gives for them. It may be used by many goroutines at once.
type Cache[K Number, V any] struct {
	load    func(K) (V, error) // immutable
	classes Classes            // immutable
	flying  sched.Pseudo       // the wait that any miss might be
	shards  []shard[K, V]      // immutable but for what each shard guards
}

type shard[K Number, V any] struct {
	mu sched.Mutex
	// +checklocks:mu
	max int // the length ring may reach; it does not change
	// +checklocks:mu
	index map[K]int // places in ring
	// +checklocks:mu
	ring []place[K, V]
	// +checklocks:mu
	hand int
	// +checklocks:mu
	flights map[K]*flight[V]
}

type place[K Number, V any] struct {
	key   K
	value V
	used  bool // since the hand passed
}

// flight is a load under way. value and err are set before done.
type flight[V any] struct {
	done  sched.Event
	value V
	err   error
}

// New returns a cache that holds about that many values, and a few at least.
func New[K Number, V any](values int, classes Classes, load func(K) (V, error)) *Cache[K, V] {
	n := max(values, shardMin)
	c := &Cache[K, V]{load: load, classes: classes, shards: make([]shard[K, V], min(n/shardMin, shardsMax))}
	c.flying.Init(classes.Load)
	for i := range c.shards {
		c.shards[i] = shard[K, V]{max: n / len(c.shards), index: map[K]int{}, flights: map[K]*flight[V]{}}
		c.shards[i].mu.Init(classes.Shard)
	}
	return c
}

// Get returns the value of k, loading it if it is not there. The error is load's.
func (c *Cache[K, V]) Get(k K) (V, error) {
	s := &c.shards[uint64(k)%uint64(len(c.shards))]
	s.mu.Lock()
	if i, ok := s.index[k]; ok {
		s.ring[i].used = true
		v := s.ring[i].value
		s.mu.Unlock()
		return v, nil
	}
	f, mine := s.flights[k], false
	if f == nil {
		f, mine = &flight[V]{}, true
		f.done.Init(c.classes.Load)
		s.flights[k] = f
	}
	s.mu.Unlock()
	if mine {
		c.flying.Might(sched.Exclusive)
		c.fly(s, k, f)
	} else {
		f.done.Wait()
	}
	return f.value, f.err
}

// fly loads k and publishes what came of it.
func (c *Cache[K, V]) fly(s *shard[K, V], k K, f *flight[V]) {
	f.done.Begin()
	f.value, f.err = c.load(k)
	s.mu.Lock()
	delete(s.flights, k)
	if f.err == nil {
		s.addLocked(k, f.value)
	}
	s.mu.Unlock()
	f.done.Fire()
}

// addLocked puts a value into the ring, where it is full in the place of one that has not been used lately.
//
// +checklocks:s.mu
func (s *shard[K, V]) addLocked(k K, v V) {
	if len(s.ring) < s.max {
		s.index[k] = len(s.ring)
		s.ring = append(s.ring, place[K, V]{key: k, value: v})
		return
	}
	for s.ring[s.hand].used {
		s.ring[s.hand].used = false
		s.hand = (s.hand + 1) % len(s.ring)
	}
	delete(s.index, s.ring[s.hand].key)
	s.ring[s.hand] = place[K, V]{key: k, value: v}
	s.index[k] = s.hand
	s.hand = (s.hand + 1) % len(s.ring)
}
