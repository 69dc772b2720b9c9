package fsck_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"extant/disk"
	"extant/fsck"
)

// TestAgreement changes metadata at random, makes the checksums right, and wants whatever e2fsck complains of to be found here as well.
// EXTANT_CASES says how many to draw for each kind of image, EXTANT_SEED which is the first.
func TestAgreement(t *testing.T) {
	first, cases := uint64(1), uint64(12)
	if n, err := strconv.ParseUint(os.Getenv("EXTANT_CASES"), 10, 32); err == nil {
		cases = n
	}
	if n, err := strconv.ParseUint(os.Getenv("EXTANT_SEED"), 10, 64); err == nil {
		first = n
	}
	from := smallSource(t)
	for kind, args := range mutantArgs {
		sound := newMutant(t, settled(t, mke2fs(t, from, "4M", args)))
		for seed := first; seed < first+cases; seed++ {
			m := sound.copy(t)
			m.mutate(noise(seed, 7*(1+rand.New(rand.NewPCG(seed, 2)).IntN(3))))
			m.seal()
			r, err := fsck.Check(context.Background(), disk.NewMemFrom(m.b), fsck.Options{})
			if err != nil || !r.Clean() {
				continue
			}
			if code, out, problems := e2fsck(t, m.b); code != 0 {
				t.Errorf("clean, but e2fsck exits with %d and has %s\n%s\nimage %d: EXTANT_SEED=%d EXTANT_CASES=1 go test -run Agreement ./fsck", code, named(problems), out, kind, seed)
			}
		}
	}
}
