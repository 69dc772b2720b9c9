package race_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"extant/internal/ext4test"
	"extant/internal/prog/race"
)

// mutantVar names the mutant of package ext4 that a test binary was built with.
const mutantVar = "RACE_MUTANT"

// mutants break package ext4 in one place each, behind the build tag mutant_NAME.
var mutants = []string{
	"retest", // the end of a write asks again where the data is
	"hint",   // a write believes what it saw before it had the folio locked
	"evict",  // evicted data gets its block without asking again under the folio's lock
}

// TestMutants makes sure that the programs can fail: with each mutant, the programs that say so catch it.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds package ext4 three times")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		ext4test.Lacking(t, "the go tool is not installed")
	}
	for _, m := range mutants {
		t.Run(m, func(t *testing.T) {
			cmd := exec.Command(tool, "test", "-vet=off", "-count=1", "-tags", "mutant_"+m, "-run", "^TestCaught$", "-v", ".")
			cmd.Env = append(os.Environ(), mutantVar+"="+m)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "caught "+m) {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

// TestCaught wants each program that says so to fail in the mode it says. TestMutants runs it where package ext4 is the mutant.
func TestCaught(t *testing.T) {
	mutant := os.Getenv(mutantVar)
	if mutant == "" {
		t.Skip(mutantVar + " is not set: this is no mutant")
	}
	found := 0
	for _, c := range cases(t) {
		for _, word := range c.Caught {
			if name, mode, _ := strings.Cut(word, "/"); name == mutant {
				found++
				catch(t, c, mode)
			}
		}
	}
	if found == 0 {
		t.Errorf("no program catches %s", mutant)
	}
}

func catch(t *testing.T, c *race.Case, mode string) {
	m, err := race.ModeOf(mode)
	if err != nil {
		t.Fatal(err)
	}
	b, err := race.Prepare(c, race.Setup{Mode: m, Room: -1})
	if err != nil {
		t.Fatal(err)
	}
	v := b.Explore(race.Search{Strategies: chance, Time: time.Minute})
	if v.Failure == nil {
		t.Errorf("%s, %s: %v", c.Name, mode, v)
		return
	}
	d, err := b.Diagram(v.Failure.Schedule, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("caught %s by %s, %s, in %d schedules: %v\n%s", os.Getenv(mutantVar), c.Name, mode, v.Schedules, v.Failure, d)
}
