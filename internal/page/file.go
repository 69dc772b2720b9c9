package page

import (
	"cmp"
	"math/bits"
	"slices"

	"extant/sched"
)

var classTree = &sched.Class{Name: "page-tree", Doc: "the shape of the tree of a file's folios, and which of them are dirty", Wait: sched.Spinning}

// File is what a file has in the cache. The zero value is of no use before Init.
type File struct {
	pool *Pool // immutable

	first sched.Pointer[Folio] // folio 0: many files have no other
	low   sched.Pointer[leaf]
	top   sched.Pointer[inner]

	mu sched.Mutex
	// +checklocks:mu
	dirty []dirtyLeaf // by number
	// +checklocks:mu
	few [1]dirtyLeaf // the memory of dirty while it has no more
}

// dirtyLeaf says which folios of a leaf are dirty, at least one.
type dirtyLeaf struct {
	number uint64
	bits   uint64
}

// Init makes f a file without folios.
func (f *File) Init(p *Pool) {
	f.pool = p
	f.mu.Init(classTree)
}

// find is folio i; nil where there is none.
func (f *File) find(i uint64) *Folio {
	if i == 0 {
		return f.first.Load()
	}
	l := f.leafAt(i >> radixBits)
	if l == nil {
		return nil
	}
	return l.folios.Load(i)
}

// Cached reports whether there is a folio i. By the time it says so it may be otherwise.
func (f *File) Cached(i uint64) bool { return f.find(i) != nil }

// Find returns folio i, locked; nil where there is none.
func (f *File) Find(i uint64) *Folio {
	for {
		o := f.find(i)
		if o == nil || o.lock() {
			return o
		}
	}
}

// FindRun appends to list folio i and those after it, n at most, as far as there are any without a gap, all locked.
func (f *File) FindRun(list []*Folio, i uint64, n int) []*Folio {
	var l *leaf
	for end := i + uint64(n); i < end; i++ {
		var o *Folio
		switch {
		case i == 0:
			o = f.first.Load()
		case l == nil || i%radix == 0:
			if l = f.leafAt(i >> radixBits); l == nil {
				return list
			}
			fallthrough
		default:
			o = l.folios.Load(i)
		}
		if o == nil || !o.lock() {
			return list
		}
		list = append(list, o)
	}
	return list
}

// Lock returns folio i, locked. It is made if there is none.
func (f *File) Lock(i uint64) *Folio {
	for {
		if o := f.Find(i); o != nil {
			return o
		}
		if o := f.add(i); o != nil {
			f.pool.enter(o)
			return o
		}
	}
}

// Extend appends to list, which ends with folio i-1 locked or is empty, folio i and those after it, n at most, as long as there are none
// yet: it makes them and locks them, and sees to it that as many as possible have memory side by side.
func (f *File) Extend(list []*Folio, i uint64, n int) []*Folio {
	at := len(list)
	for range n {
		if f.find(i) != nil {
			break
		}
		o := f.add(i)
		if o == nil {
			break
		}
		list = append(list, o)
		i++
	}
	if at < len(list) {
		f.pool.supply(list[at:])
		f.pool.enter(list[at:]...)
	}
	return list
}

// add makes folio i and returns it locked; nil where there is one by now.
//
// +checklocksignore
func (f *File) add(i uint64) *Folio {
	o := &Folio{file: f, index: i, flags: used}
	o.mu.Init(classFolio)
	o.mu.NestedLock(sched.Key(i))
	if !f.put(o) {
		o.mu.Unlock()
		return nil
	}
	return o
}

// put enters a folio in the tree, unless there is one of its number.
func (f *File) put(o *Folio) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.index == 0 {
		there := f.first.Load() != nil
		if !there {
			f.first.Store(o)
		}
		return !there
	}
	l := f.makeLeafLocked(o.index >> radixBits)
	if l.folios.Load(o.index) != nil {
		return false
	}
	l.folios.Store(o.index, o)
	l.count++
	return true
}

// remove takes folio i out of the tree.
func (f *File) remove(i uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i == 0 {
		f.first.Store(nil)
		return
	}
	l := f.leafAt(i >> radixBits)
	l.folios.Store(i, nil)
	if l.count--; l.count == 0 {
		f.unlinkLocked(i >> radixBits)
	}
}

// Next returns the first folio from index i on and before end, locked; nil where there is none.
func (f *File) Next(i, end uint64) *Folio {
	if i == 0 && end > 0 {
		if o := f.first.Load(); o != nil && o.lock() {
			return o
		}
		i = 1
	}
	for i < end {
		l, number := f.nextLeaf(i >> radixBits)
		if l == nil {
			return nil
		}
		i = max(i, number<<radixBits)
		for ; i>>radixBits == number && i < end; i++ {
			if o := l.folios.Load(i); o != nil && o.lock() {
				return o
			}
		}
	}
	return nil
}

// tag notes that folio i is dirty, and says whether none was before.
func (f *File) tag(i uint64) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first = len(f.dirty) == 0
	number, bit := i>>radixBits, uint64(1)<<(i&(radix-1))
	if at, ok := f.dirtyAtLocked(number); ok {
		f.dirty[at].bits |= bit
	} else {
		if f.dirty == nil {
			f.dirty = f.few[:0]
		}
		f.dirty = slices.Insert(f.dirty, at, dirtyLeaf{number, bit})
	}
	return first
}

func (f *File) untag(i uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.dirtyAtLocked(i >> radixBits)
	if !ok {
		return
	}
	if f.dirty[at].bits &^= 1 << (i & (radix - 1)); f.dirty[at].bits == 0 {
		f.dirty = slices.Delete(f.dirty, at, at+1)
	}
}

// +checklocks:f.mu
func (f *File) dirtyAtLocked(number uint64) (int, bool) {
	if n := len(f.dirty); n > 0 && f.dirty[n-1].number == number {
		return n - 1, true
	}
	return slices.BinarySearchFunc(f.dirty, number, func(d dirtyLeaf, n uint64) int { return cmp.Compare(d.number, n) })
}

// NextDirty is the index of the first dirty folio from index i on and before end. It may be clean by the time that it is locked.
func (f *File) NextDirty(i, end uint64) (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, _ := f.dirtyAtLocked(i >> radixBits)
	for ; at < len(f.dirty); at++ {
		d := f.dirty[at]
		b := d.bits
		if d.number == i>>radixBits {
			b &= ^uint64(0) << (i & (radix - 1))
		}
		if b != 0 {
			found := d.number<<radixBits + uint64(bits.TrailingZeros64(b))
			return found, found < end
		}
	}
	return 0, false
}

// IsDirty reports whether any folio is dirty.
func (f *File) IsDirty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.dirty) > 0
}
