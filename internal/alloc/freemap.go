package alloc

import (
	"math/bits"

	"extant/internal/ondisk"
)

// leafBits is how many clusters a leaf of a freeMap's tree stands for. Within a leaf the bits are looked at.
const leafBits = 256

// freeMap says which clusters of a group may be given out, and finds runs of them. Over the bits stands a complete binary tree whose
// nodes know the free runs at the start, within and at the end of what they cover, so that the first run that is long enough
// costs a walk down, however torn the group is.
type freeMap struct {
	taken  ondisk.Bitmap
	size   int   // clusters; bits from here on are set
	leaves int   // a power of two
	tree   []gap // node i has the children 2i and 2i+1; the leaves start at index leaves
}

// gap describes the free runs of a stretch of clusters.
type gap struct {
	head, most, tail uint32 // at its start, the longest, at its end
}

// newFreeMap makes the map of size clusters from their bitmap, which it keeps.
func newFreeMap(taken ondisk.Bitmap, size int) *freeMap {
	leaves := 1 << bits.Len(uint(max(size-1, 0)/leafBits))
	m := &freeMap{taken: taken, size: size, leaves: leaves, tree: make([]gap, 2*leaves)}
	for i := range leaves {
		m.tree[leaves+i] = m.scan(i)
	}
	for i := leaves - 1; i > 0; i-- {
		m.tree[i] = m.join(i)
	}
	return m
}

// scan describes leaf i by its bits.
func (m *freeMap) scan(i int) gap {
	lo := i * leafBits
	hi := min(lo+leafBits, m.size)
	var g gap
	for at := m.taken.NextClear(lo, hi); at < hi; at = m.taken.NextClear(at, hi) {
		end := m.taken.NextSet(at, hi)
		n := uint32(end - at)
		g.most = max(g.most, n)
		if at == lo {
			g.head = n
		}
		if end == lo+leafBits {
			g.tail = n
		}
		at = end
	}
	return g
}

// join describes node i by its children.
func (m *freeMap) join(i int) gap {
	l, r := m.tree[2*i], m.tree[2*i+1]
	half := m.span(2 * i)
	g := gap{head: l.head, tail: r.tail, most: max(l.most, r.most, l.tail+r.head)}
	if l.head == half {
		g.head += r.head
	}
	if r.tail == half {
		g.tail += l.tail
	}
	return g
}

// span is how many clusters node i covers.
func (m *freeMap) span(i int) uint32 {
	return uint32(leafBits * m.leaves >> (bits.Len(uint(i)) - 1))
}

// take marks the clusters from at up to, but without, end as given out.
func (m *freeMap) take(at, end int) {
	m.taken.SetRange(at, end)
	m.refresh(at, end)
}

// give marks the clusters from at up to, but without, end as free.
func (m *freeMap) give(at, end int) {
	m.taken.ClearRange(at, end)
	m.refresh(at, end)
}

// refresh makes the tree right after a change of bits.
func (m *freeMap) refresh(at, end int) {
	if at >= end {
		return
	}
	lo, hi := m.leaves+at/leafBits, m.leaves+(end-1)/leafBits
	for i := lo; i <= hi; i++ {
		m.tree[i] = m.scan(i - m.leaves)
	}
	for lo > 1 {
		lo, hi = lo/2, hi/2
		for i := lo; i <= hi; i++ {
			m.tree[i] = m.join(i)
		}
	}
}

// most is the length of the longest free run.
func (m *freeMap) most() int { return int(m.tree[1].most) }

// runAt is how many clusters are free from at on, but no more than limit.
func (m *freeMap) runAt(at, limit int) int {
	if at >= m.size {
		return 0
	}
	return m.taken.NextSet(at, min(at+limit, m.size)) - at
}

// find is the start of the first free run of n clusters, n > 0, that does not begin before from; -1 where there is none. A run that
// began before from counts from there.
func (m *freeMap) find(from, n int) int {
	if from >= m.size {
		return -1
	}
	f := finder{m: m, from: from, want: uint32(n)}
	return f.in(1, 0)
}

// findFrom is find, and if there is none from there on, from the start.
func (m *freeMap) findFrom(from, n int) int {
	if at := m.find(from, n); at >= 0 {
		return at
	}
	return m.find(0, n)
}

// finder is one search. carry is the length of the free run that ends where it stands.
type finder struct {
	m     *freeMap
	from  int
	want  uint32
	carry uint32
}

// in searches node i, which begins with cluster lo.
func (f *finder) in(i, lo int) int {
	g, span := f.m.tree[i], f.m.span(i)
	switch {
	case lo+int(span) <= f.from:
		return -1
	case lo >= f.from && f.carry+g.head >= f.want:
		return lo - int(f.carry)
	case lo >= f.from && g.most < f.want:
		if g.head == span {
			f.carry += span
		} else {
			f.carry = g.tail
		}
		return -1
	case i >= f.m.leaves:
		return f.leaf(max(lo, f.from), min(lo+leafBits, f.m.size))
	}
	if at := f.in(2*i, lo); at >= 0 {
		return at
	}
	return f.in(2*i+1, lo+int(span)/2)
}

// leaf searches the bits from at up to end, which is that of a leaf or of the group. No free run from before reaches far enough.
func (f *finder) leaf(at, end int) int {
	for at = f.m.taken.NextClear(at, end); at < end; at = f.m.taken.NextClear(at, end) {
		stop := f.m.taken.NextSet(at, end)
		if stop-at >= int(f.want) {
			return at
		}
		f.carry = uint32(stop - at)
		at = stop
	}
	if end%leafBits != 0 || f.m.taken.Test(end-1) {
		f.carry = 0
	}
	return -1
}
