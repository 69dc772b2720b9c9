package alloc

import "extant/internal/ondisk"

// Trim tells discard of the clusters that hold blocks from first up to end and may be given out, in runs of least clusters at least, and returns how many
// clusters that were. As in Linux a run that begins before end counts as a whole, up to the end of its group. What is held or kept for somebody is left out. A
// group gives nothing out meanwhile, one after the other.
func (a *Allocator) Trim(first, end ondisk.Block, least int, discard func(first ondisk.Block, blocks uint64) error) (uint64, error) {
	from, i := a.sb.BlockGroup(first)
	last, k := a.sb.BlockGroup(end - 1)
	total := uint64(0)
	for n := from; n <= last; n++ {
		s := stretch{0, int(a.sb.BlocksPerGroup)}
		if n == from {
			s.at = int(uint64(i) / a.ratio)
		}
		if n == last {
			s.end = int(uint64(k)/a.ratio) + 1
		}
		clusters, err := a.trimGroup(n, s, least, discard)
		total += clusters
		if err != nil {
			return total, err
		}
		a.shed()
	}
	return total, nil
}

// trimGroup is Trim for a stretch of a group.
func (a *Allocator) trimGroup(n ondisk.Group, s stretch, least int, discard func(ondisk.Block, uint64) error) (uint64, error) {
	g, err := a.group(n)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer a.leave(g)
	if err := a.openBlocksLocked(g); err != nil {
		return 0, err
	}
	total := uint64(0)
	for s.end = min(s.end, g.size); s.at < s.end; {
		at := g.free.taken.NextClear(s.at, s.end)
		if at >= s.end {
			break
		}
		s.at = g.free.taken.NextSet(at, g.size)
		if run := s.at - at; run >= least {
			if err := discard(a.block(g, at), uint64(run)*a.ratio); err != nil {
				return total, err
			}
			total += uint64(run)
		}
	}
	return total, nil
}
