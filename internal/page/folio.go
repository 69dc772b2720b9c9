package page

import "extant/sched"

// Flags say what is known of a folio.
type Flags uint8

// The flags of a folio.
const (
	Uptodate Flags = 1 << iota // the memory holds the file's content
	Dirty                      // newer than what the device has; see File.NextDirty
	Reserved                   // space was promised for it
	Backed                     // it has a block on the device
	Trimmed                    // zero past the end of the file, where the device is not

	gone // dropped: no longer the file's
	used // since the pool's hand passed
)

var classFolio = &sched.Class{Name: "folio", Doc: "one block of a file in memory: its bytes and flags, I/O with them included", Ordered: true}

// Folio is one block of a file in memory. Its methods are for who has it locked. The analyzer of locks is told to leave them alone, for it
// does not follow a lock that a function returns.
type Folio struct {
	file  *File  // immutable
	index uint64 // immutable: number of the block in the file

	mu sched.HandoffMutex
	// +checklocks:mu
	mem *slab // where its memory is; nil before the first Data
	// +checklocks:mu
	at uint8 // which place of mem
	// +checklocks:mu
	flags Flags

	ring uint32 // place in the pool's ring; guarded by the pool
} // 64 bytes, what a processor brings in at once

// Index is the number of the block in the file.
func (f *Folio) Index() uint64 { return f.index }

// lock takes the folio's lock and says whether the folio is still the file's; if not it is free again.
//
// +checklocksignore
func (f *Folio) lock() bool {
	f.mu.NestedLock(sched.Key(f.index))
	if f.flags&gone != 0 {
		f.mu.Unlock()
		return false
	}
	f.flags |= used
	return true
}

// Unlock releases the folio.
//
// +checklocksignore
func (f *Folio) Unlock() { f.mu.Unlock() }

// AssertLocked states that somebody has the folio locked.
func (f *Folio) AssertLocked() { f.mu.AssertLocked() }

// Has reports whether all the given flags are set.
//
// +checklocksignore
func (f *Folio) Has(flags Flags) bool { return f.flags&flags == flags }

// Set sets flags other than Dirty.
//
// +checklocksignore
func (f *Folio) Set(flags Flags) { f.flags |= flags }

// Clear clears flags other than Dirty.
//
// +checklocksignore
func (f *Folio) Clear(flags Flags) { f.flags &^= flags }

// Data is the memory, one block long. Until the folio is uptodate it holds anything.
//
// +checklocksignore
func (f *Folio) Data() []byte {
	if f.mem == nil {
		f.place(f.file.pool.take())
	}
	return f.slot().bytes(f.file.pool.size, 1)
}

// slot is where the memory is.
//
// +checklocksignore
func (f *Folio) slot() slot { return slot{f.mem, int(f.at)} }

// place says where the memory is.
//
// +checklocksignore
func (f *Folio) place(s slot) { f.mem, f.at = s.slab, uint8(s.at) }

// SetDirty makes the folio dirty, and says whether it is the first of its file to be.
//
// +checklocksignore
func (f *Folio) SetDirty() (first bool) {
	if f.flags&Dirty != 0 {
		return false
	}
	f.flags |= Dirty
	f.file.pool.dirty.Add(1)
	return f.file.tag(f.index)
}

// SetClean makes the folio clean.
//
// +checklocksignore
func (f *Folio) SetClean() {
	if f.flags&Dirty == 0 {
		return
	}
	f.flags &^= Dirty
	f.file.untag(f.index)
	f.file.pool.dirty.Add(-1)
}

// Drop takes the folio, dirty or not, out of its file and releases it.
//
// +checklocksignore
func (f *Folio) Drop() {
	f.SetClean()
	f.flags |= gone
	f.file.remove(f.index)
	f.file.pool.forget(f)
	f.mu.Unlock()
}

// Span is the memory of the first folios of the list that lies side by side, at least that of one.
//
// +checklocksignore
func Span(folios []*Folio) (mem []byte, n int) {
	first := folios[0]
	size := first.file.pool.size
	first.Data()
	n = 1
	for n < len(folios) && folios[n].mem == first.mem && int(folios[n].at) == int(first.at)+n {
		n++
	}
	return first.slot().bytes(size, n), n
}
