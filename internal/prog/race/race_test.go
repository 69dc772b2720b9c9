package race_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extant/explore"
	"extant/internal/ext4test"
	"extant/internal/prog/race"
	"extant/lockdep"
)

// cases loads all programs of testdata/races.
func cases(t *testing.T) []*race.Case {
	t.Helper()
	list, err := filepath.Glob("../../../testdata/races/*.prog")
	if err != nil || len(list) == 0 {
		t.Fatal("no programs: ", err)
	}
	var out []*race.Case
	for _, path := range list {
		c, err := race.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// lockOrder is the order of all locks that is declared.
func lockOrder(t *testing.T) *lockdep.Order {
	t.Helper()
	text, err := os.ReadFile("../../../LOCKS")
	if err != nil {
		t.Fatal(err)
	}
	order, err := lockdep.ParseOrder(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// TestRaces explores each program in each of its modes. Nothing may fail, under any schedule.
func TestRaces(t *testing.T) {
	s := race.Search{Time: ext4test.RaceTime(t, 150*time.Millisecond, 60*time.Millisecond), Seed: 1, Order: lockOrder(t)}
	for _, c := range cases(t) {
		for _, setup := range c.Setups() {
			t.Run(c.Name+"/"+strings.ReplaceAll(setup.String(), " ", "_"), func(t *testing.T) {
				explored(t, c, setup, s)
			})
		}
	}
}

func explored(t *testing.T, c *race.Case, setup race.Setup, s race.Search) *race.Verdict {
	b, err := race.Prepare(c, setup)
	if err != nil {
		t.Fatal(err)
	}
	v := b.Explore(s)
	t.Log(v)
	for _, r := range v.Reports {
		t.Error(r)
	}
	if v.Failure == nil {
		return v
	}
	t.Errorf("%v\nagain: extant explore testdata/races/%s.prog %s --replay '%s'", v.Failure, c.Name, setup.Flags(), v.Failure.Schedule)
	if d, err := b.Diagram(v.Failure.Schedule, true); err == nil {
		t.Log("\n" + d.String())
	}
	return v
}

// chance is one strategy for what is there to be found.
var chance = []explore.Strategy{explore.POS(1)}
