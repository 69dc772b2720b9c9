package alloc

import (
	"math/rand/v2"
	"testing"
)

// TestRanking compares a search with looking at every group, through random changes.
func TestRanking(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	const groups, per = 1000, 64
	k := newRanking(groups, per)
	plain := make([]uint8, groups)
	for i := range plain {
		plain[i] = unknownOrder
	}
	for step := range 20000 {
		g := r.IntN(groups)
		if span := g / per; k.low[span] == nil {
			if r.IntN(20) == 0 {
				lo, hi := span*per, min(span*per+per, groups)
				for i := lo; i < hi; i++ {
					plain[i] = uint8(r.IntN(16))
				}
				k.open(span, append([]uint8(nil), plain[lo:hi]...))
			}
		} else {
			plain[g] = uint8(r.IntN(1 + r.IntN(16)))
			k.set(g, plain[g])
		}
		from, end, order := r.IntN(groups), r.IntN(groups+1), uint8(r.IntN(17))
		want := from
		for want < end && plain[want] < order {
			want++
		}
		if want >= end {
			want = end
		}
		if got := k.next(from, end, order); got != want {
			t.Fatalf("step %d: next of order %d in %d to %d is %d, want %d", step, order, from, end, got, want)
		}
	}
	for g := range groups {
		if k.low[g/per] == nil {
			k.bound(g/per, 0)
		} else {
			k.set(g, 0)
		}
	}
	if got := k.next(0, groups, 1); got != groups {
		t.Errorf("group %d of a full file system has room", got)
	}
}

func BenchmarkRankingFull(b *testing.B) {
	const groups = 1 << 19
	k := newRanking(groups, 64)
	for s := range k.top {
		k.bound(s, 0)
	}
	k.open(len(k.top)-1, append(make([]uint8, 63), 5))
	for b.Loop() {
		if k.next(0, groups, 1) != groups-1 {
			b.Fatal("not found")
		}
	}
}
