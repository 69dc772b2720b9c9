package lab

import (
	"slices"
	"testing"

	"extant/explore"
)

// TestRandomAgrees guards against state that tasks share without the explorer's knowledge: it would make the reduced
// search blind, but not chance.
func TestRandomAgrees(t *testing.T) {
	const schedules = 500
	found := 0
	for i, c := range append(Cases(), Mutations()...) {
		v := &Verdict{Case: c}
		cfg := c.Config()
		cfg.Strategy, cfg.Executions, cfg.After = explore.Random(uint64(i)), schedules, v.add
		explore.Run(cfg, c.body)
		found += len(v.Findings)
		for _, f := range v.Findings {
			if !slices.Contains(c.Fails, f.Text) {
				t.Errorf("%s: %s: %s, by %s", c.Design, c.About, f.Text, f.Failure.Schedule)
			}
		}
	}
	if found == 0 {
		t.Error("chance found nothing at all")
	}
}
