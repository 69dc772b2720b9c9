package page

import "extant/sched"

// The tree of a file's folios has leaves of 64 and inner nodes of 64. The first leaf stands by itself, and so does
// folio 0, whose slot in it is not used: most files need no more. Slots are read without a lock and written under the file's.
const (
	radixBits = 6
	radix     = sched.PointersLen
	leafBytes = radix*8 + 64
)

type leaf struct {
	folios sched.Pointers[Folio]
	count  int // guarded by the file
}

// inner is a node above leaves, or above inner nodes: one of the two is nil.
type inner struct {
	shift  uint // of leaf numbers, to the number of a slot
	leaves *sched.Pointers[leaf]
	kids   *sched.Pointers[inner]
	count  int // guarded by the file
}

func newInner(shift uint) *inner {
	if shift == 0 {
		return &inner{leaves: new(sched.Pointers[leaf])}
	}
	return &inner{shift: shift, kids: new(sched.Pointers[inner])}
}

// reach is the number of leaves that a node may have below it, as a power of 2.
func (n *inner) reach() uint { return n.shift + radixBits }

func (n *inner) slot(number uint64) uint64 { return number >> n.shift & (radix - 1) }

// leafAt is the leaf of that number; nil where there is none.
func (f *File) leafAt(number uint64) *leaf {
	if number == 0 {
		return f.low.Load()
	}
	n := f.top.Load()
	if n == nil || number>>n.reach() != 0 {
		return nil
	}
	for n.kids != nil {
		if n = n.kids.Load(n.slot(number)); n == nil {
			return nil
		}
	}
	return n.leaves.Load(n.slot(number))
}

// makeLeafLocked is leafAt, but makes what is missing.
//
// +checklocks:f.mu
func (f *File) makeLeafLocked(number uint64) *leaf {
	if number == 0 {
		l := f.low.Load()
		if l == nil {
			l = &leaf{}
			f.pool.tree(leafBytes)
			f.low.Store(l)
		}
		return l
	}
	n := f.top.Load()
	if n == nil {
		n = f.newNodeLocked(0)
		f.top.Store(n)
	}
	for number>>n.reach() != 0 {
		up := f.newNodeLocked(n.reach())
		up.kids.Store(0, n)
		up.count = 1
		f.top.Store(up)
		n = up
	}
	for n.kids != nil {
		kid := n.kids.Load(n.slot(number))
		if kid == nil {
			kid = f.newNodeLocked(n.shift - radixBits)
			n.kids.Store(n.slot(number), kid)
			n.count++
		}
		n = kid
	}
	l := n.leaves.Load(n.slot(number))
	if l == nil {
		l = &leaf{}
		f.pool.tree(leafBytes)
		n.leaves.Store(n.slot(number), l)
		n.count++
	}
	return l
}

// +checklocks:f.mu
func (f *File) newNodeLocked(shift uint) *inner {
	f.pool.tree(leafBytes)
	return newInner(shift)
}

// unlinkLocked takes the leaf of that number, which is empty, out of the tree, and each node that becomes empty by that.
//
// +checklocks:f.mu
func (f *File) unlinkLocked(number uint64) {
	if number == 0 {
		f.low.Store(nil)
		f.pool.tree(-leafBytes)
		return
	}
	var path [8]*inner
	depth := 0
	n := f.top.Load()
	for ; n.kids != nil; n = n.kids.Load(n.slot(number)) {
		path[depth] = n
		depth++
	}
	n.leaves.Store(n.slot(number), nil)
	f.pool.tree(-leafBytes)
	for n.count--; n.count == 0; n.count-- {
		f.pool.tree(-leafBytes)
		if depth == 0 {
			f.top.Store(nil)
			return
		}
		depth--
		n = path[depth]
		n.kids.Store(n.slot(number), nil)
	}
}

// nextLeaf is the first leaf with that number or a higher one that exists.
func (f *File) nextLeaf(number uint64) (*leaf, uint64) {
	if number == 0 {
		if l := f.low.Load(); l != nil {
			return l, 0
		}
		number = 1
	}
	n := f.top.Load()
	if n == nil || number>>n.reach() != 0 {
		return nil, 0
	}
	return n.next(number)
}

// next is the first leaf below n with that number, whose upper bits lead to n, or a higher one.
func (n *inner) next(number uint64) (*leaf, uint64) {
	for i := n.slot(number); i < radix; i++ {
		at := number>>n.reach()<<n.reach() | i<<n.shift
		from := max(number, at)
		if n.kids == nil {
			if l := n.leaves.Load(i); l != nil {
				return l, from
			}
			continue
		}
		if kid := n.kids.Load(i); kid != nil {
			if l, found := kid.next(from); l != nil {
				return l, found
			}
		}
	}
	return nil, 0
}
