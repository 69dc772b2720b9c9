package page

import "math/bits"

// slabFolios is the number of folios in a slab: what one word of bits tells.
const slabFolios = 64

// slab is a piece of memory for folios. Those that follow one another in a file get places that follow one another where they
// can, so that one request reads or writes them.
type slab struct {
	mem  []byte
	busy uint64 // which places are taken; guarded by the pool
}

// slot is a place in a slab, none where slab is nil.
type slot struct {
	slab *slab
	at   int
}

// bytes is the memory of n places of size bytes from the slot on.
func (s slot) bytes(size, n int) []byte {
	return s.slab.mem[s.at*size : (s.at+n)*size : (s.at+n)*size]
}

// findRun finds places that follow one another and are free: the first n of them, or as many as there are.
func (s *slab) findRun(n int) (at, got int) {
	free := ^s.busy
	at = bits.TrailingZeros64(free)
	return at, min(n, bits.TrailingZeros64(^(free >> at)))
}

func mask(at, n int) uint64 {
	if n == slabFolios {
		return ^uint64(0)
	}
	return (1<<n - 1) << at
}
