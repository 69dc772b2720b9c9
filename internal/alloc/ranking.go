package alloc

// unknownOrder is the order of groups that nobody has looked at.
const unknownOrder = 255

// ranking finds the next group that may have what is wanted. A group's order is an upper bound: the number of binary digits of the longest
// run it may have, 0 for none. Groups stand in spans, those of one block of descriptors; of a span that was not looked at only
// one bound is known, or none, so a file system costs a byte or so for a span until it is used, and a search passes
// over a full span in one step.
type ranking struct {
	per    int
	groups int
	top    []uint8   // the greatest order in each span
	low    [][]uint8 // the orders of a span's groups; nil while unknown
}

func newRanking(groups, per int) *ranking {
	spans := (groups + per - 1) / per
	r := &ranking{per: per, groups: groups, top: make([]uint8, spans), low: make([][]uint8, spans)}
	for i := range r.top {
		r.top[i] = unknownOrder
	}
	return r
}

// open makes the orders of a span known.
func (r *ranking) open(span int, orders []uint8) {
	r.low[span] = orders
	r.settle(span)
}

// bound limits the orders of a span that stays unknown.
func (r *ranking) bound(span int, order uint8) {
	if r.low[span] == nil {
		r.top[span] = min(r.top[span], order)
	}
}

// set changes the order of group g, whose span is known.
func (r *ranking) set(g int, order uint8) {
	span := g / r.per
	was := r.low[span][g%r.per]
	r.low[span][g%r.per] = order
	switch {
	case order >= r.top[span]:
		r.top[span] = order
	case was == r.top[span]:
		r.settle(span)
	}
}

func (r *ranking) settle(span int) {
	r.top[span] = 0
	for _, o := range r.low[span] {
		r.top[span] = max(r.top[span], o)
	}
}

// next is the first group from from up to, but without, end whose order is at least order; end where there is none. A group whose span is not known is
// returned where the span's bound allows it.
func (r *ranking) next(from, end int, order uint8) int {
	for from < end {
		span := from / r.per
		if at := r.within(span, from, order); at >= 0 {
			return min(at, end)
		}
		for span++; span < len(r.top) && r.top[span] < order; span++ {
		}
		from = span * r.per
	}
	return end
}

// within is the first group of a span, not before from, whose order may be at least order; -1 where there is none.
func (r *ranking) within(span, from int, order uint8) int {
	if r.top[span] < order {
		return -1
	}
	if r.low[span] == nil {
		return from
	}
	for i, o := range r.low[span][from%r.per:] {
		if o >= order {
			return from + i
		}
	}
	return -1
}
