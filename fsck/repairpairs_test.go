package fsck_test

import (
	"math/rand/v2"
	"testing"

	"extant/fsck"
)

// TestRepairPairs does two kinds of damage to an image and repairs both. EXTANT_CASES says how many partners each damage gets, EXTANT_SEED which
// are the first; without, a share of the catalogue gets one.
func TestRepairPairs(t *testing.T) {
	first, end := cases(1)
	for i, d := range catalogue {
		if !everything() && (i%(2*shareOf) != 3 || d.slow != "") {
			continue
		}
		for seed := first; seed < end; seed++ {
			other := partner(i, seed)
			t.Run(d.name+" and "+other.name, func(t *testing.T) {
				v := victimOf(t, d.image, seed-1)
				if !damaged(v, d) || !damaged(v, other) {
					t.Skip("one leaves nothing to do the other to")
				}
				r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes})
				if unrepaired[d.name]+unrepaired[other.name] != "" {
					return
				}
				if !r.Clean() {
					t.Errorf("left %v", r.After.Findings)
				}
				if code, out, problems := e2fsck(t, after); code != 0 && unjudged[d.name]+unjudged[other.name] == "" {
					t.Errorf("e2fsck exits with %d and has %s\n%s", code, named(problems), out)
				}
				if t.Failed() {
					told(t, r)
				}
			})
		}
	}
}

// partner is a damage to the same image as the i-th that a seed gives.
func partner(i int, seed uint64) damage {
	rnd := rand.New(rand.NewPCG(seed, uint64(i)))
	for {
		if k := rnd.IntN(len(catalogue)); k != i && catalogue[k].image == catalogue[i].image {
			return catalogue[k]
		}
	}
}

// patient is a test that does not end when something cannot be done.
type patient struct{ testing.TB }

type impossible struct{}

func (patient) Fatal(...any)          { panic(impossible{}) }
func (patient) Fatalf(string, ...any) { panic(impossible{}) }

// damaged does a damage; false where another left nothing to do it to.
func damaged(v *victim, d damage) (done bool) {
	defer func() { done = recover() == nil }()
	v.torn, v.t = false, patient{v.t}
	d.do(v)
	return true
}
