package explore

import (
	"fmt"
	"math/bits"
)

// rng is a small, fast generator of random numbers (splitmix64).
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n).
func (r *rng) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// member returns one of the numbers in set.
func (r *rng) member(set uint64) int {
	n := bits.OnesCount64(set)
	if n > 1 {
		for range r.below(n) {
			set &= set - 1
		}
	}
	return bits.TrailingZeros64(set)
}

// walk is the search that lets chance decide each time.
type walk struct {
	observer
	rng  rng
	seed uint64
}

// Random lets any task that can go on do so, each as likely as the others, time after time.
func Random(seed uint64) Strategy {
	return Strategy{"random", func() searcher { return &walk{rng: rng(seed), seed: seed} }, true}
}

func (w *walk) begin(*engine) bool                  { return true }
func (w *walk) pick(_ *engine, enabled uint64) int  { return w.rng.member(enabled) }
func (w *walk) value(_ *engine, _ *task, n int) int { return w.rng.below(n) }
func (w *walk) exhausted() bool                     { return false }
func (w *walk) bounds() string                      { return fmt.Sprintf("chance, from seed %d", w.seed) }
