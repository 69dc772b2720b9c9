package lockdep

import (
	"sync"
	"sync/atomic"
)

// seenSet is a set of chain keys that is read without locks or writes to shared memory. Two chains of
// one key would be taken for one: at 64 bits and a million chains that happens once in 40 million
// programs.
type seenSet struct {
	recent [seenRecent]atomic.Uint64       // keys found before, by their upper bits
	table  atomic.Pointer[[]atomic.Uint64] // open addressing, length a power of two, at most half full

	mu sync.Mutex
	// +checklocks:mu
	n int
}

const seenSlotsMin = 1024

func (s *seenSet) init() {
	t := make([]atomic.Uint64, seenSlotsMin)
	s.table.Store(&t)
}

const seenRecent = 1 << 12

// has says whether key, which is not 0, is in the set.
func (s *seenSet) has(key uint64) bool { return s.hit(key) || s.find(key) }

// hit says whether key is among the keys found before. It is compiled into its caller.
func (s *seenSet) hit(key uint64) bool { return s.recent[key>>52].Load() == key }

func (s *seenSet) find(key uint64) bool {
	t := *s.table.Load()
	for i := key >> 1; ; i++ {
		switch t[i&uint64(len(t)-1)].Load() {
		case key:
			s.recent[key>>52].Store(key)
			return true
		case 0:
			return false
		}
	}
}

// add puts key, which is not 0, into the set.
func (s *seenSet) add(key uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := *s.table.Load()
	if 2*(s.n+1) > len(t) {
		grown := make([]atomic.Uint64, 2*len(t))
		for i := range t {
			if k := t[i].Load(); k != 0 {
				place(grown, k)
			}
		}
		s.table.Store(&grown)
		t = grown
	}
	if place(t, key) {
		s.n++
	}
}

// place puts key into t, which has room, and says whether it was not there before.
func place(t []atomic.Uint64, key uint64) bool {
	for i := key >> 1; ; i++ {
		slot := &t[i&uint64(len(t)-1)]
		switch slot.Load() {
		case key:
			return false
		case 0:
			slot.Store(key)
			return true
		}
	}
}
