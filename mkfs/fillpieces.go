package mkfs

import (
	"iter"
	"slices"

	"extant/internal/ondisk"
)

// A dataRange is a part of a file that has blocks: n of them from file block at on.
type dataRange struct{ at, n uint64 }

// ranges yields the parts of a regular file that get blocks: those with data, in whole clusters, but not past the end.
func (p *plan) ranges(n *node) iter.Seq[dataRange] {
	return func(yield func(dataRange) bool) {
		var scratch [1]segment
		bs, ratio := uint64(p.im.geo.BlockSize), p.im.geo.Ratio
		end := divUp(uint64(n.size), bs)
		var lo, hi uint64
		for _, s := range p.t.data(n, &scratch) {
			from := uint64(s.off) / (bs * ratio) * ratio
			to := divUp(uint64(s.off+s.n), bs*ratio) * ratio
			if from > hi || hi == 0 {
				if hi > lo && !yield(dataRange{lo, min(hi, end) - lo}) {
					return
				}
				lo = from
			}
			hi = to
		}
		if hi > lo {
			yield(dataRange{lo, min(hi, end) - lo})
		}
	}
}

// pieces lists, after what list holds, where the blocks of a node lie.
func (p *plan) pieces(n *node, list []piece) []piece {
	w := p.walker(n.at)
	if !n.sparse {
		return p.place(list, &w, dataRange{0, divUp(uint64(n.size), uint64(p.im.geo.BlockSize))})
	}
	for r := range p.ranges(n) {
		list = p.place(list, &w, r)
	}
	return list
}

// place adds the pieces of the next range of a node.
func (p *plan) place(list []piece, w *gapWalker, r dataRange) []piece {
	for done := uint64(0); done < r.n; {
		g := w.next(divUp(r.n-done, p.im.geo.Ratio) * p.im.geo.Ratio)
		at := ondisk.FileBlock(r.at + done)
		g.n = min(g.n, r.n-done)
		done += g.n
		if k := len(list) - 1; k >= 0 && list[k].run.end() == g.start && uint64(list[k].at)+list[k].run.n == uint64(at) {
			list[k].run.n += g.n
			continue
		}
		list = append(list, piece{at: at, run: g})
	}
	return list
}

// A gapWalker goes through what was free before the plan.
type gapWalker struct {
	gaps []run
	i    int
	at   ondisk.Block
}

func (p *plan) walker(at ondisk.Block) gapWalker {
	i, found := slices.BinarySearchFunc(p.gaps, at, func(r run, at ondisk.Block) int {
		switch {
		case r.end() <= at:
			return -1
		case r.start > at:
			return 1
		}
		return 0
	})
	if !found {
		i = 0
	}
	return gapWalker{p.gaps, i, at}
}

// next steps over the next blocks, most of them at most.
func (w *gapWalker) next(most uint64) run {
	g := w.gaps[w.i]
	r := run{w.at, min(most, uint64(g.end()-w.at))}
	if w.at = r.end(); w.at == g.end() {
		w.i = (w.i + 1) % len(w.gaps)
		w.at = w.gaps[w.i].start
	}
	return r
}
