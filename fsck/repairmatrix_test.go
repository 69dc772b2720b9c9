package fsck_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestRepairMatrix repairs file systems of all kinds that mke2fs makes, with metadata changed at random. EXTANT_CASES says how many of each kind.
func TestRepairMatrix(t *testing.T) {
	cases := uint64(2)
	if n, err := strconv.ParseUint(os.Getenv("EXTANT_CASES"), 10, 32); err == nil {
		cases = n
	}
	from := source(t)
	for i, k := range matrix {
		if !everything() && i%(2*shareOf) != 0 || k.size == "256M" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			size := k.size
			if strings.Contains(k.args, "1024") {
				size = "16M"
			}
			sound := newMutant(t, settled(t, mke2fs(t, from, size, k.args)))
			for seed := uint64(1); seed <= cases; seed++ {
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
