package sched

import "sync/atomic"

// Flags is a word of 64 bits that tasks test and change atomically. Operations on different bits do
// not conflict, and an explorer knows it.
type Flags struct {
	obj  Object
	word atomic.Uint64
}

// Init gives f its class. It is called before f is first used.
func (f *Flags) Init(c *Class) { f.obj.init(c) }

// Object returns what hooks know f by.
func (f *Flags) Object() *Object { return &f.obj }

// Load returns the bits of f that are in mask.
func (f *Flags) Load(mask uint64) uint64 {
	point(OpRead, &f.obj, mask)
	return f.word.Load() & mask
}

// Test says whether any bit of mask is set.
func (f *Flags) Test(mask uint64) bool { return f.Load(mask) != 0 }

// Set sets the bits of mask.
func (f *Flags) Set(mask uint64) {
	point(OpWrite, &f.obj, mask)
	f.word.Or(mask)
}

// Clear clears the bits of mask.
func (f *Flags) Clear(mask uint64) {
	point(OpWrite, &f.obj, mask)
	f.word.And(^mask)
}

// TestAndSet sets the bits of mask and returns which of them were set before.
func (f *Flags) TestAndSet(mask uint64) uint64 {
	point(OpUpdate, &f.obj, mask)
	old := f.word.Or(mask) & mask
	if old == mask {
		unchanged(&f.obj)
	}
	return old
}

// TestAndClear clears the bits of mask and returns which of them were set before.
func (f *Flags) TestAndClear(mask uint64) uint64 {
	point(OpUpdate, &f.obj, mask)
	old := f.word.And(^mask) & mask
	if old == 0 {
		unchanged(&f.obj)
	}
	return old
}

// CompareAndSwap sets the bits of mask to those of next if they are those of old, and says whether
// it did. Bits outside mask do not matter and stay.
func (f *Flags) CompareAndSwap(mask, old, next uint64) bool {
	point(OpUpdate, &f.obj, mask)
	for {
		w := f.word.Load()
		if w&mask != old&mask {
			unchanged(&f.obj)
			return false
		}
		if f.word.CompareAndSwap(w, w&^mask|next&mask) {
			return true
		}
	}
}
