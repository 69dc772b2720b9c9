package page

import "extant/sched"

var classPool = &sched.Class{Name: "page-pool", Doc: "the memory of folios, and the clock that takes it back", Wait: sched.Spinning}

// Pool is the memory of the folios of one file system. It may be used from many goroutines at once.
type Pool struct {
	size     int // immutable: bytes in a folio
	max      int // immutable: folios with their share of the trees that may be in memory
	dirtyMax int // immutable

	dirty sched.Int64 // folios

	mu sched.Mutex
	// +checklocks:mu
	room []*slab // those with a free place
	// +checklocks:mu
	chunk []byte // for slabs to come
	// +checklocks:mu
	ring []*Folio // all folios
	// +checklocks:mu
	hand int
	// +checklocks:mu
	nodes int // bytes that the trees of files take
}

const poolMin = 64 // folios

// NewPool returns a pool of folios of size bytes that take about bytes bytes together, and a few folios at least. At most
// a half of them is meant to be dirty.
func NewPool(size int, bytes int64) *Pool {
	n := max(int(bytes/int64(size)), poolMin)
	p := &Pool{size: size, max: n, dirtyMax: n / 2}
	p.mu.Init(classPool)
	return p
}

// Dirty is the number of dirty folios.
func (p *Pool) Dirty() int { return int(p.dirty.Load()) }

// DirtyMax is the number of dirty folios at which writers are to make some clean.
func (p *Pool) DirtyMax() int { return p.dirtyMax }

// Folios is the number of folios in memory.
func (p *Pool) Folios() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ring)
}

// take returns a place.
func (p *Pool) take() slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, _ := p.takeLocked(1)
	return s
}

// takeLocked returns up to n places that follow one another, and how many.
//
// +checklocks:p.mu
func (p *Pool) takeLocked(n int) (slot, int) {
	if len(p.room) == 0 {
		p.room = append(p.room, p.newSlabLocked())
	}
	last := len(p.room) - 1
	s := p.room[last]
	at, got := s.findRun(n)
	s.busy |= mask(at, got)
	if s.busy == ^uint64(0) {
		p.room[last] = nil
		p.room = p.room[:last]
	}
	return slot{s, at}, got
}

// chunkBytes is how much memory is asked for at once: several of the large pages that many processors have, for a fresh page costs the
// system more than filling it.
const chunkBytes = 16 << 20

// newSlabLocked is a slab all of whose places are free.
//
// +checklocks:p.mu
func (p *Pool) newSlabLocked() *slab {
	n := slabFolios * p.size
	if len(p.chunk) < n {
		p.chunk = make([]byte, max(n, min(chunkBytes, p.max*p.size/8/n*n)))
		if len(p.chunk) > n {
			wantLargePages(p.chunk)
		}
	}
	s := &slab{mem: p.chunk[:n:n]}
	p.chunk = p.chunk[n:]
	return s
}

// giveLocked takes a place back. A slab that is all free is kept for the next to come.
//
// +checklocks:p.mu
func (p *Pool) giveLocked(s slot) {
	if s.slab == nil {
		return
	}
	if s.slab.busy == ^uint64(0) {
		p.room = append(p.room, s.slab)
	}
	s.slab.busy &^= 1 << s.at
}

// supply gives memory to those of the folios that have none; all are locked. What follows one another gets memory that does.
//
// +checklocksignore
func (p *Pool) supply(folios []*Folio) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i < len(folios); {
		n := 0
		for i+n < len(folios) && folios[i+n].mem == nil {
			n++
		}
		if n == 0 {
			i++
			continue
		}
		s, got := p.takeLocked(n)
		for k := range got {
			folios[i+k].place(slot{s.slab, s.at + k})
		}
		i += got
	}
}

// enter puts new folios under the clock, and takes back as many others where there are too many.
func (p *Pool) enter(folios ...*Folio) {
	p.mu.Lock()
	for _, f := range folios {
		f.ring = uint32(len(p.ring))
		p.ring = append(p.ring, f)
	}
	many := p.manyLocked()
	p.mu.Unlock()
	if many {
		p.reclaim(len(folios))
	}
}

// manyLocked reports whether there are too many folios.
//
// +checklocks:p.mu
func (p *Pool) manyLocked() bool { return len(p.ring)+p.nodes/p.size > p.max }

// forget takes a folio that was dropped from the clock, and its memory back.
//
// +checklocks:f.mu
func (p *Pool) forget(f *Folio) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.ring) - 1
	p.ring[f.ring] = p.ring[last]
	p.ring[f.ring].ring = f.ring
	p.ring[last] = nil
	p.ring = p.ring[:last]
	p.giveLocked(f.slot())
	f.mem = nil
}

// tree counts bytes that a file's tree takes or gives back.
func (p *Pool) tree(bytes int) {
	p.mu.Lock()
	p.nodes += bytes
	p.mu.Unlock()
}

// reclaimPasses bounds the search for each folio that is to go. Where all are dirty or in use the pool grows past its bound.
const reclaimPasses = 64

// reclaim drops clean folios that have not been used lately while there are too many: about n of them.
func (p *Pool) reclaim(n int) {
	for range (n + 1) * reclaimPasses {
		f := p.candidate()
		if f == nil {
			return
		}
		p.consider(f)
	}
}

// candidate is the folio under the hand, which goes on; nil where there are not too many.
func (p *Pool) candidate() *Folio {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ring) == 0 || !p.manyLocked() {
		return nil
	}
	if p.hand++; p.hand >= len(p.ring) {
		p.hand = 0
	}
	return p.ring[p.hand]
}

// consider drops f unless it is locked, was used or is dirty.
//
// +checklocksignore
func (p *Pool) consider(f *Folio) {
	if !f.mu.NestedTryLock(sched.Key(f.index)) {
		return
	}
	switch {
	case f.flags&(gone|Dirty|Reserved) != 0:
	case f.flags&used != 0:
		f.flags &^= used
	default:
		f.Drop()
		return
	}
	f.mu.Unlock()
}
