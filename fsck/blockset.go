package fsck

import "extant/internal/ondisk"

// blockSet is a set of clusters. It takes memory only for groups that have clusters in it.
type blockSet struct {
	first    uint64 // cluster 0 of group 0
	perGroup uint64
	groups   []ondisk.Bitmap // nil for a group without any
}

// newBlockSet makes an empty set for the file system of a super block.
func newBlockSet(sb *ondisk.Super) blockSet {
	ratio := uint64(sb.ClusterRatio())
	return blockSet{
		first:    uint64(sb.FirstDataBlock) / ratio,
		perGroup: uint64(sb.BlocksPerGroup) / ratio,
		groups:   make([]ondisk.Bitmap, sb.Groups()),
	}
}

// at is the group of a cluster and its index there; the cluster is one of the file system's.
func (s *blockSet) at(c uint64) (group, i int) {
	c -= s.first
	return int(c / s.perGroup), int(c % s.perGroup)
}

// group is the bitmap of a group to be changed.
func (s *blockSet) group(g int) ondisk.Bitmap {
	if s.groups[g] == nil {
		s.groups[g] = make(ondisk.Bitmap, (s.perGroup+7)/8)
	}
	return s.groups[g]
}

// has reports whether a cluster is in the set.
func (s *blockSet) has(c uint64) bool {
	g, i := s.at(c)
	return s.groups[g] != nil && s.groups[g].Test(i)
}

// span cuts the n clusters from c on at the end of c's group.
func (s *blockSet) span(c, n uint64) (g, i, end int) {
	g, i = s.at(c)
	return g, i, i + int(min(n, s.perGroup-uint64(i)))
}

// add puts the n clusters from c on into the set.
func (s *blockSet) add(c, n uint64) {
	for n > 0 {
		g, i, end := s.span(c, n)
		s.group(g).SetRange(i, end)
		c, n = c+uint64(end-i), n-uint64(end-i)
	}
}

// any reports whether one of the n clusters from c on is in the set.
func (s *blockSet) any(c, n uint64) bool {
	for n > 0 {
		g, i, end := s.span(c, n)
		if m := s.groups[g]; m != nil && m.NextSet(i, end) < end {
			return true
		}
		c, n = c+uint64(end-i), n-uint64(end-i)
	}
	return false
}

// addNew is add; the clusters that were there before it puts into dup as well, and reports whether there were any.
func (s *blockSet) addNew(c, n uint64, dup *blockSet) (clash bool) {
	for n > 0 {
		g, i, end := s.span(c, n)
		m := s.group(g)
		if m.NextSet(i, end) < end {
			shareRange(m, dup.group(g), i, end)
			clash = true
		}
		m.SetRange(i, end)
		c, n = c+uint64(end-i), n-uint64(end-i)
	}
	return clash
}

// shareRange sets in dup the bits from i up to, but without, end that are set in m. It goes by bytes, as an image may be made so that the
// same blocks are claimed over and over.
func shareRange(m, dup ondisk.Bitmap, i, end int) {
	first, last := i>>3, (end-1)>>3
	for j := first; j <= last; j++ {
		mask := byte(0xFF)
		if j == first {
			mask &= 0xFF << (i & 7)
		}
		if j == last {
			mask &= 0xFF >> (7 - (end-1)&7)
		}
		dup[j] |= m[j] & mask
	}
}

// union puts all of t into the set.
func (s *blockSet) union(t *blockSet) {
	for g, m := range t.groups {
		if m == nil {
			continue
		}
		own := s.group(g)
		for i, b := range m {
			own[i] |= b
		}
	}
}

// merge puts all of t into the set, and what was in both into dup as well; it reports whether there was any.
func (s *blockSet) merge(t, dup *blockSet) (clash bool) {
	for g, m := range t.groups {
		if m == nil {
			continue
		}
		if s.groups[g] == nil {
			s.groups[g] = append(ondisk.Bitmap(nil), m...)
			continue
		}
		for i, b := range m {
			if both := s.groups[g][i] & b; both != 0 {
				dup.group(g)[i] |= both
				clash = true
			}
			s.groups[g][i] |= b
		}
	}
	return clash
}

// free finds the first clusters from c on, up to n of them in a row and before end, that are not in the set; 0 of them where there are none.
func (s *blockSet) free(c, end, n uint64) (first, got uint64) {
	for c < end {
		g, i, stop := s.span(c, end-c)
		m := s.groups[g]
		if m == nil {
			return c, min(n, uint64(stop-i))
		}
		if at := m.NextClear(i, stop); at < stop {
			until := m.NextSet(at, at+int(min(n, uint64(stop-at))))
			return c + uint64(at-i), uint64(until - at)
		}
		c += uint64(stop - i)
	}
	return 0, 0
}

// clear takes everything out of the set, and keeps the memory.
func (s *blockSet) clear() {
	for _, m := range s.groups {
		clear(m)
	}
}
