package lockdep

import (
	"iter"
	mathbits "math/bits"
)

// bits is a set of small numbers. It is as long as its greatest member needs.
type bits []uint64

func (b bits) has(i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }

func (b *bits) set(i int) {
	b.grow(i/64 + 1)
	(*b)[i/64] |= 1 << (i % 64)
}

func (b *bits) or(c bits) {
	b.grow(len(c))
	w := (*b)[:len(c)]
	for i, x := range c {
		w[i] |= x
	}
}

func (b *bits) grow(words int) {
	for len(*b) < words {
		*b = append(*b, 0)
	}
}

// all yields the members in ascending order.
func (b bits) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + mathbits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}
