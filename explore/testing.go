package explore

import (
	"fmt"
	"os"
	"strings"
)

// ReplayVar is the environment variable whose schedule [Test] runs instead of a search.
const ReplayVar = "EXPLORE_REPLAY"

// TB is the part of testing.TB that [Test] needs.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Test explores f as part of a test, exhaustively unless cfg says something else, and logs what was looked
// at. A failure fails the test with its simplest schedule, drawn, and the line that replays it.
func Test(t TB, f func(), cfg ...Config) *Result {
	t.Helper()
	var c Config
	if len(cfg) > 0 {
		c = cfg[0]
	}
	if text := os.Getenv(ReplayVar); text != "" {
		return testReplay(t, c, text, f)
	}
	r := &Result{}
	returned := false
	defer func() {
		if !returned && r.Failure != nil {
			t.Errorf("%s", replayLine(t, r.Failure))
		}
	}()
	run(c, c.Strategy.searcher(), f, r)
	returned = true
	if r.Failure == nil {
		t.Logf("%s", r)
		return r
	}
	r.Failure = Minimize(c, r.Failure, f)
	t.Errorf("%v\n%s\n%s\n%s", r.Failure, r.Failure.Stack, draw(c, r.Failure, f), replayLine(t, r.Failure))
	return r
}

// replayLine returns the command that runs the test again under the failure's schedule.
func replayLine(t TB, f *Failure) string {
	return fmt.Sprintf("replay: %s='%s' go test -run '%s'", ReplayVar, f.Schedule, pattern(t.Name()))
}

func testReplay(t TB, c Config, text string, f func()) *Result {
	t.Helper()
	s, err := ParseSchedule(text)
	if err != nil {
		t.Errorf("%s: %v", ReplayVar, err)
		return &Result{}
	}
	r, err := Replay(c, s, f)
	switch {
	case err != nil:
		t.Errorf("%s: %v", ReplayVar, err)
	case r.Failure != nil:
		t.Errorf("%v\n\n%s", r.Failure, draw(c, r.Failure, f))
	default:
		t.Logf("no failure under this schedule")
	}
	return r
}

// draw returns how the failure came about.
func draw(c Config, fail *Failure, f func()) string {
	h, err := Trace(c, fail.Schedule, f)
	if err != nil {
		return err.Error()
	}
	return h.Diagram(false).String()
}

// pattern returns what selects the named test alone.
func pattern(name string) string { return "^" + strings.ReplaceAll(name, "/", "$/^") + "$" }

func (r *Result) String() string {
	s := fmt.Sprintf("%d executions", r.Executions)
	if r.Redundant > 0 {
		s += fmt.Sprintf(" and %d redundant ones", r.Redundant)
	}
	if r.Exhausted {
		s += ", exhausted"
	}
	for i, b := range r.Bounds {
		s += map[bool]string{true: ": ", false: ", "}[i == 0] + b
	}
	return s
}
