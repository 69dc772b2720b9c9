package mkfs

import (
	"math/rand/v2"
	"slices"
	"testing"

	"extant/internal/ondisk"
)

// TestSpace compares the list of runs with a slice of bools, under random requests.
func TestSpace(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		ratio := uint64(1) << rnd.IntN(3)
		model := make([]bool, 400)
		s := newSpace(0, 400, ratio, nil)
		for range 60 {
			switch rnd.IntN(2) {
			case 0:
				r := run{ondisk.Block(rnd.IntN(390)), uint64(1 + rnd.IntN(10))}
				s.take(r)
				set(model, s.whole(r))
			case 1:
				want := uint64(1 + rnd.IntN(30))
				runs, err := s.alloc(want)
				if err != nil {
					continue
				}
				for _, r := range runs {
					if slices.Contains(model[r.start:r.end()], true) || r != s.whole(r) {
						t.Fatalf("seed %d: %v was taken, or is no whole clusters", seed, r)
					}
					set(model, r)
				}
			}
			check(t, seed, s, model)
		}
	}
}

func set(model []bool, r run) {
	for b := r.start; b < r.end(); b++ {
		model[b] = true
	}
}

func check(t *testing.T, seed uint64, s *space, model []bool) {
	t.Helper()
	var free uint64
	for b, used := range model {
		if s.isUsed(ondisk.Block(b)) != used {
			t.Fatalf("seed %d: block %d: used %v, model %v", seed, b, !used, used)
		}
		if !used {
			free++
		}
	}
	if s.free != free {
		t.Fatalf("seed %d: %d free, model %d", seed, s.free, free)
	}
	for i := 1; i < len(s.used); i++ {
		if s.used[i-1].end() >= s.used[i].start {
			t.Fatalf("seed %d: runs %v and %v touch", seed, s.used[i-1], s.used[i])
		}
	}
}
