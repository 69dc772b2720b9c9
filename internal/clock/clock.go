// Package clock is a bounded cache whose values are loaded on demand, each key by one task at a time, and of which there is
// never more than one for a key.
//
// It never evicts by age or by a timer, never remembers a failure, and never hands out a value of a key while somebody may
// still hold another: a value that was evicted is remembered for as long as anybody refers to it, and comes back when it is asked for. So
// values may change, and whoever changes one changes what all others see.
//
// # Words
//
// The cache is cut into shards by key. Each keeps its values in a ring with a hand, the clock: when the ring is full the
// hand goes round, passes over each value used since it last came by, and takes the place of the first that was not. A
// flight is a load under way; others who want its key wait for it. Evicted is a value that only a weak pointer of the cache
// leads to: the garbage collector, not a count that callers keep, decides when it is gone. To drop a key is to end the identity: who
// holds its value holds what is no more. Constants are values that never change: their cache, made by NewConstant, cares for no identity.
//
// # Locks
//
// Each shard has one lock, of the class given to New, a leaf: it is not held during a load. What is in a ring is found without it, in a
// table that is written under the lock: who finds nothing there, for there is nothing or for the table is being changed, looks again with
// the lock held. The wait for a flight has the
// class given as well, so that a validator sees who waits for whose load; and who loads by itself, or finds a value without the lock, is told to be one
// that might have waited, or taken it, so that what it sees does not hang on who came first.
//
// What the garbage collector has done shows only in whether a value that was evicted is loaded again: where nothing is evicted, an explorer
// finds the same operations in every run.
package clock

import (
	"weak"

	"extant/sched"
)

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
	load    func(K) (*V, error) // immutable
	classes Classes             // immutable
	flying  sched.Pseudo        // the wait that any miss might be
	locking sched.Pseudo        // the lock of a shard, which any search might take
	shards  []shard[K, V]       // immutable but for what each shard guards
}

type shard[K Number, V any] struct {
	index index[K, V] // what ring has; written under mu

	mu sched.Mutex
	// +checklocks:mu
	max int // the length ring may reach; it does not change
	// +checklocks:mu
	constant bool // values never change; it does not change either
	// +checklocks:mu
	ring []*place[K, V]
	// +checklocks:mu
	hand int
	// +checklocks:mu
	flights map[K]*flight[V]
	// +checklocks:mu
	evicted map[K]weak.Pointer[V] // what somebody may still hold
	// +checklocks:mu
	sweepAt int // the length of evicted at which it is looked through for what is gone
}

// place is a value in a ring.
type place[K Number, V any] struct {
	key   K          // immutable
	value *V         // immutable
	used  sched.Hint // since the hand passed
	free  bool       // dropped; guarded by the shard
	at    int        // where it stands in the ring; guarded by the shard
}

// flight is a load under way. value and err are set before done.
type flight[V any] struct {
	done  sched.Event
	value *V
	err   error
}

// New returns a cache that holds about that many values, and a few at least.
func New[K Number, V any](values int, classes Classes, load func(K) (*V, error)) *Cache[K, V] {
	return newCache(values, classes, load, false)
}

// NewConstant is New for values that never change: there may be several for a key, several tasks may load one, and what is evicted is forgotten.
func NewConstant[K Number, V any](values int, classes Classes, load func(K) (*V, error)) *Cache[K, V] {
	return newCache(values, classes, load, true)
}

func newCache[K Number, V any](values int, classes Classes, load func(K) (*V, error), constant bool) *Cache[K, V] {
	n := max(values, shardMin)
	c := &Cache[K, V]{load: load, classes: classes, shards: make([]shard[K, V], min(n/shardMin, shardsMax))}
	c.flying.Init(classes.Load)
	c.locking.Init(classes.Shard)
	for i := range c.shards {
		size := n / len(c.shards)
		c.shards[i] = shard[K, V]{
			max: size, constant: constant, sweepAt: size, flights: map[K]*flight[V]{}, evicted: map[K]weak.Pointer[V]{},
		}
		c.shards[i].mu.Init(classes.Shard)
	}
	return c
}

func (c *Cache[K, V]) shard(k K) *shard[K, V] { return &c.shards[uint64(k)%uint64(len(c.shards))] }

// Get returns the value of k, loading it if there is none. The error is load's.
func (c *Cache[K, V]) Get(k K) (*V, error) { return c.get(k, nil) }

// Add returns the value of k, which is what fresh makes if there is none: nothing is loaded. It waits for a load of k that is
// under way, and loads nothing itself. fresh must not use the cache.
func (c *Cache[K, V]) Add(k K, fresh func() *V) *V {
	for {
		if v, err := c.get(k, fresh); err == nil {
			return v
		}
	}
}

// Peek returns the value of k if there is one in memory, or nil. It waits for nothing.
func (c *Cache[K, V]) Peek(k K) *V {
	s := c.shard(k)
	c.locking.Might(sched.Exclusive)
	if v := s.find(k); v != nil {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(k)
}

// Drop forgets the value of k: the next Get loads another, whoever may still hold this one.
func (c *Cache[K, V]) Drop(k K) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.index.find(k); p != nil {
		s.index.remove(p)
		s.ring[p.at] = &place[K, V]{free: true, at: p.at}
	}
	delete(s.evicted, k)
}

// get finds k, or waits for who loads it, or adds what fresh makes; without fresh, it loads.
func (c *Cache[K, V]) get(k K, fresh func() *V) (*V, error) {
	s := c.shard(k)
	c.locking.Might(sched.Exclusive)
	if v := s.find(k); v != nil {
		return v, nil
	}
	s.mu.Lock()
	if v := s.findLocked(k); v != nil {
		s.mu.Unlock()
		return v, nil
	}
	if s.constant && fresh == nil {
		s.mu.Unlock()
		return c.loadConstant(s, k)
	}
	f := s.flights[k]
	if f == nil && fresh != nil {
		v := fresh()
		s.addLocked(k, v)
		s.mu.Unlock()
		return v, nil
	}
	mine := f == nil
	if mine {
		f = &flight[V]{}
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

// loadConstant loads k, whoever else may do so at the same time.
func (c *Cache[K, V]) loadConstant(s *shard[K, V], k K) (*V, error) {
	v, err := c.load(k)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.findLocked(k); other != nil {
		return other, nil
	}
	s.addLocked(k, v)
	return v, nil
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

// find returns the value of k if the ring has it, or nil, without a lock. That it is there no more is not known to who is late: as if it had come
// before.
func (s *shard[K, V]) find(k K) *V {
	p := s.index.find(k)
	if p == nil {
		return nil
	}
	p.used.Set()
	return p.value
}

// findLocked returns the value of k, from the ring or from what was evicted and is still in use, or nil.
//
// +checklocks:s.mu
func (s *shard[K, V]) findLocked(k K) *V {
	if v := s.find(k); v != nil {
		return v
	}
	if len(s.evicted) == 0 {
		return nil
	}
	v := s.evicted[k].Value()
	if v != nil {
		s.addLocked(k, v)
	}
	return v
}

// addLocked puts a value into the ring, where it is full in the place of one that has not been used lately.
//
// +checklocks:s.mu
func (s *shard[K, V]) addLocked(k K, v *V) {
	if len(s.evicted) > 0 {
		delete(s.evicted, k)
	}
	p := &place[K, V]{key: k, value: v, at: len(s.ring)}
	if len(s.ring) < s.max {
		s.ring = append(s.ring, p)
		s.index.add(p)
		return
	}
	for range 2 * len(s.ring) { // and no more: others may go on to use all there is
		if !s.ring[s.hand].used.Take() {
			break
		}
		s.hand = (s.hand + 1) % len(s.ring)
	}
	if old := s.ring[s.hand]; !old.free {
		s.index.remove(old)
		s.evictLocked(old.key, old.value)
	}
	p.at = s.hand
	s.ring[s.hand] = p
	s.index.add(p)
	s.hand = (s.hand + 1) % len(s.ring)
}

// evictLocked leaves v to whoever holds it. What is gone is swept out when as much has been added as the sweep before left,
// so that the memory is in proportion to what is in use.
//
// +checklocks:s.mu
func (s *shard[K, V]) evictLocked(k K, v *V) {
	if s.constant {
		return
	}
	s.evicted[k] = weak.Make(v)
	if len(s.evicted) < s.sweepAt {
		return
	}
	for k, w := range s.evicted {
		if w.Value() == nil {
			delete(s.evicted, k)
		}
	}
	s.sweepAt = max(s.max, 2*len(s.evicted))
}
