package mkfs

import (
	"slices"

	"extant/internal/ondisk"
)

// run is a row of consecutive blocks on the device.
type run struct {
	start ondisk.Block
	n     uint64
}

func (r run) end() ondisk.Block { return r.start + ondisk.Block(r.n) }

// space knows which blocks are taken, as sorted runs that do not touch. Fixed metadata takes its
// runs first; what is then allocated in ascending order keeps growing the same run, so the list stays about as
// long as there are flex groups, however full the file system is.
//
// All runs are whole clusters. Allocation is first fit from a cursor that only moves forward: the same
// requests in the same order get the same blocks.
type space struct {
	used   []run
	ratio  uint64 // blocks per cluster
	first  ondisk.Block
	end    ondisk.Block // of the file system
	cursor ondisk.Block
	free   uint64 // blocks
}

// newSpace makes the space of blocks first to end-1, from which taken, in ascending order, is not free.
func newSpace(first, end ondisk.Block, ratio uint64, taken []run) *space {
	s := &space{ratio: ratio, first: first, end: end, cursor: first, free: uint64(end - first)}
	s.used = make([]run, 0, len(taken)+8)
	for _, r := range taken {
		s.take(r)
	}
	return s
}

// whole widens a run to cluster boundaries.
func (s *space) whole(r run) run {
	lo := uint64(r.start) / s.ratio * s.ratio
	hi := (uint64(r.end()) + s.ratio - 1) / s.ratio * s.ratio
	lo, hi = max(lo, uint64(s.first)), min(hi, uint64(s.end))
	return run{ondisk.Block(lo), hi - lo}
}

// search returns the index of the first used run that ends after b.
func (s *space) search(b ondisk.Block) int {
	i, _ := slices.BinarySearchFunc(s.used, b, func(r run, b ondisk.Block) int {
		if r.end() > b {
			return 1
		}
		return -1
	})
	return i
}

// take marks the clusters of r as used; some of them may be already.
func (s *space) take(r run) {
	r = s.whole(r)
	if r.n == 0 {
		return
	}
	i := s.search(r.start)
	if i > 0 && s.used[i-1].end() == r.start {
		i--
	}
	lo, hi, covered, j := r.start, r.end(), uint64(0), i
	for ; j < len(s.used) && s.used[j].start <= hi; j++ {
		covered += s.used[j].n
		lo, hi = min(lo, s.used[j].start), max(hi, s.used[j].end())
	}
	merged := run{lo, uint64(hi - lo)}
	s.free -= merged.n - covered
	if j == i+1 {
		s.used[i] = merged
		return
	}
	s.used = slices.Replace(s.used, i, j, merged)
}

// gap returns the first free run at or after b.
func (s *space) gap(b ondisk.Block) (run, bool) {
	for i := s.search(b); b < s.end; i++ {
		next := s.end
		if i < len(s.used) {
			next = s.used[i].start
		}
		if next > b {
			return run{b, uint64(next - b)}, true
		}
		b = s.used[i].end()
	}
	return run{}, false
}

// isUsed reports whether block b is taken.
func (s *space) isUsed(b ondisk.Block) bool {
	i := s.search(b)
	return i < len(s.used) && s.used[i].start <= b
}

// allocRun takes the next free run at the cursor: at most want blocks, rounded up to whole clusters. It fails only
// when nothing at all is free.
func (s *space) allocRun(want uint64) (run, error) {
	g, ok := s.gap(s.cursor)
	if !ok {
		if g, ok = s.gap(s.first); !ok {
			return run{}, &NoSpaceError{What: "blocks", Need: want, Have: 0}
		}
	}
	g.n = min(g.n, (want+s.ratio-1)/s.ratio*s.ratio)
	s.take(g)
	s.cursor = g.end()
	return g, nil
}

// alloc takes the next n blocks, rounded up to whole clusters, in as many runs as they come in: all of them or none. The
// last run may reach past the n-th block, to the end of its cluster.
func (s *space) alloc(n uint64) ([]run, error) {
	if n > s.free {
		return nil, &NoSpaceError{What: "blocks", Need: n, Have: s.free}
	}
	var runs []run
	for n > 0 {
		r, err := s.allocRun(n)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
		n -= min(n, r.n)
	}
	return runs, nil
}

// allocAt takes n blocks from a place on, as alloc does, and leaves the cursor where it was.
func (s *space) allocAt(at ondisk.Block, n uint64) ([]run, error) {
	saved := s.cursor
	defer func() { s.cursor = saved }()
	s.cursor = s.whole(run{at, 1}).start
	return s.alloc(n)
}

// usedIn calls f for the parts of used runs that lie in blocks lo to hi-1.
func (s *space) usedIn(lo, hi ondisk.Block, f func(run)) {
	for i := s.search(lo); i < len(s.used) && s.used[i].start < hi; i++ {
		from, to := max(lo, s.used[i].start), min(hi, s.used[i].end())
		f(run{from, uint64(to - from)})
	}
}
