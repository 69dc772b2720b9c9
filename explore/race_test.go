package explore_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"extant/explore"
)

// TestRaceDetector runs a program with a planted data race under the race detector, which must report it exactly
// where the schedule meets it.
func TestRaceDetector(t *testing.T) {
	if testing.Short() || explore.UnderRace {
		t.Skip("builds a test binary with the race detector")
	}
	out, err := exec.Command("go", "test", "-race", "-v", "./testdata/race").CombinedOutput()
	text := string(out)
	if err != nil && !strings.Contains(text, "=== RUN") {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no race detector: %v\n%s", err, text)
		}
		t.Skipf("no race detector: %v\n%s", err, text)
	}
	for _, want := range []string{"--- FAIL: TestMet", "--- PASS: TestMissed", "--- PASS: TestLocked", "WARNING: DATA RACE"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q not found", want)
		}
	}
	if n := strings.Count(text, "WARNING: DATA RACE"); n != 1 {
		t.Errorf("%d races reported, want 1", n)
	}
	if t.Failed() {
		t.Log(text)
	}
}
