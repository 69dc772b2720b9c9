package race_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/explore"
	"extant/internal/ext4test"
	"extant/internal/prog/race"
)

// triple draws three operations of a subject. A link is not drawn together with a rename of the name that it is to: like Linux, it looks the name up
// before it does its work, so a third operation can see the rename done and the link not yet.
func triple(r *rand.Rand, s *subject) (ops []string) {
	for {
		ops = ops[:0]
		var names []string
		for range 3 {
			name, do, _ := strings.Cut(s.ops[r.IntN(len(s.ops))], ": ")
			names, ops = append(names, name), append(ops, do)
		}
		if !slices.Contains(names, "link") || !slices.Contains(names, "rename") {
			return ops
		}
	}
}

// TestTriples explores operations of which three happen at the same time, drawn at random from those of the pairs, in modes drawn at random. RACE_TIME is
// how long it takes for all.
func TestTriples(t *testing.T) {
	const share = 50 * time.Millisecond
	end := time.Now().Add(ext4test.RaceTime(t, 2*time.Second, time.Second))
	order := lockOrder(t)
	for seed := uint64(1); time.Now().Before(end); seed++ {
		r := rand.New(rand.NewPCG(seed, 3))
		sub := subjects()[r.IntN(len(subjects()))]
		text := sub.begin + "thread " + strings.Join(triple(r, &sub), "\nthread ") + "\n" + sub.end
		c, err := race.Parse("triple", text)
		if err != nil {
			t.Fatal(err)
		}
		mode := race.Modes()[r.IntN(len(race.Modes()))]
		t.Run(fmt.Sprintf("%d_%s", seed, mode.Name), func(t *testing.T) {
			explored(t, c, race.Setup{Mode: mode, Room: -1}, race.Search{Strategies: []explore.Strategy{explore.POS(seed)}, Order: order, Time: share})
			if t.Failed() {
				t.Log("testdata/races/triple.prog:\n" + text)
			}
		})
	}
}
