package clock

import (
	"math/bits"

	"extant/sched"
)

// index finds the places of a ring by key. It is a table with open addressing: a place stands where the hash of its key says, or after that where
// the first that is free was. Tasks read it without a lock while one writes it; what they find is a place of that key, which need not be in the ring any
// more, and that they find none means nothing.
type index[K Number, V any] struct {
	slots sched.Pointer[slots[K, V]] // nil before the first
	count int                        // of places; guarded by the shard
}

// slots is the table, as long as a power of 2.
type slots[K Number, V any] struct {
	shift uint // of a hash, to the number of a slot
	words []sched.Pointers[place[K, V]]
}

const indexMin = sched.PointersLen // slots

func newSlots[K Number, V any](n int) *slots[K, V] {
	return &slots[K, V]{shift: uint(64 - bits.Len(uint(n-1))), words: make([]sched.Pointers[place[K, V]], n/sched.PointersLen)}
}

func (t *slots[K, V]) len() uint64 { return uint64(len(t.words)) * sched.PointersLen }

// home is where the place of k would best stand.
func (t *slots[K, V]) home(k K) uint64 { return uint64(k) * 0x9E3779B97F4A7C15 >> t.shift }

func (t *slots[K, V]) next(i uint64) uint64 { return (i + 1) & (t.len() - 1) }

func (t *slots[K, V]) load(i uint64) *place[K, V] { return t.words[i/sched.PointersLen].Load(i) }

func (t *slots[K, V]) store(i uint64, p *place[K, V]) { t.words[i/sched.PointersLen].Store(i, p) }

// put enters a place. There is a free slot.
func (t *slots[K, V]) put(p *place[K, V]) {
	i := t.home(p.key)
	for t.load(i) != nil {
		i = t.next(i)
	}
	t.store(i, p)
}

// find returns the place of k, or nil. It needs no lock.
func (x *index[K, V]) find(k K) *place[K, V] {
	t := x.slots.Load()
	if t == nil {
		return nil
	}
	i := t.home(k)
	for range t.len() { // a table that is being changed may seem full
		p := t.load(i)
		if p == nil || p.key == k {
			return p
		}
		i = t.next(i)
	}
	return nil
}

// add enters a place whose key has none. The shard is locked. At most three slots of four are in use.
func (x *index[K, V]) add(p *place[K, V]) {
	t := x.slots.Load()
	x.count++
	if t == nil {
		t = newSlots[K, V](indexMin)
		x.slots.Store(t)
	}
	if uint64(x.count)*4 > t.len()*3 {
		wider := newSlots[K, V](int(t.len()) * 2)
		for i := range t.len() {
			if old := t.load(i); old != nil {
				wider.put(old)
			}
		}
		wider.put(p)
		x.slots.Store(wider)
		return
	}
	t.put(p)
}

// remove takes out a place that is in. The shard is locked. Those after it that would not be found behind a free slot move up.
func (x *index[K, V]) remove(p *place[K, V]) {
	t := x.slots.Load()
	x.count--
	hole := t.home(p.key)
	for t.load(hole) != p {
		hole = t.next(hole)
	}
	for i := t.next(hole); ; i = t.next(i) {
		q := t.load(i)
		if q == nil {
			break
		}
		if mask := t.len() - 1; (i-t.home(q.key))&mask >= (i-hole)&mask {
			t.store(hole, q)
			hole = i
		}
	}
	t.store(hole, nil)
}
