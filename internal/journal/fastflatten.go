package journal

import (
	"cmp"
	"container/heap"
	"slices"
)

// flatten turns ranges that go over one another, the later over the earlier, into sorted ones without overlaps. It takes time
// n log n, as the ranges are somebody else's.
func flatten(ranges []FastRun) []FastRun {
	order := make([]int, len(ranges))
	cuts := make([]uint64, 0, 2*len(ranges))
	for i, r := range ranges {
		order[i] = i
		cuts = append(cuts, r.First, r.End())
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ranges[a].First, ranges[b].First) })
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)

	var out []FastRun
	var open latest
	for i, at := range cuts {
		for len(order) > 0 && ranges[order[0]].First == at {
			heap.Push(&open, order[0])
			order = order[1:]
		}
		for len(open) > 0 && ranges[open[0]].End() <= at {
			heap.Pop(&open)
		}
		if len(open) > 0 {
			out = append(out, ranges[open[0]].Clip(at, cuts[i+1]))
		}
	}
	return out
}

// latest is a heap of places in a list, the last one on top.
type latest []int

func (h latest) Len() int           { return len(h) }
func (h latest) Less(i, j int) bool { return h[i] > h[j] }
func (h latest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *latest) Push(x any) { *h = append(*h, x.(int)) }

// Pop implements heap.Interface.
func (h *latest) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
