package fsck_test

import (
	"strings"
	"testing"
)

// TestRepairMatrix repairs file systems of all kinds that mke2fs makes, with metadata changed at random. EXTANT_CASES says how many of each kind, EXTANT_SEED which
// is the first.
func TestRepairMatrix(t *testing.T) {
	first, end := cases(2)
	from := source(t)
	for i, k := range matrix {
		if !everything() && i%(2*shareOf) != 0 || k.size == "96M" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			size := k.size
			if strings.Contains(k.args, "1024") {
				size = "16M"
			}
			sound := newMutant(t, settled(t, mke2fs(t, from, size, k.args)))
			for seed := first; seed < end; seed++ {
				m := sound.copy(t)
				m.mutate(noise(seed, 21))
				if seed%4 != 0 {
					m.seal()
				}
				mended(t, m.b, true)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}
