package explore_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"extant/explore"
	"extant/sched"
)

// TestMinimize starts from failures that chance found, and expects the fewest switches there can be.
func TestMinimize(t *testing.T) {
	for _, tc := range []struct {
		name     string
		run      func()
		switches int
	}{
		{"seed", seed, 5},
		{"abba", abba, 3},
		{"thread", raceOfTheThread, 4},
	} {
		cfg := explore.Config{Faults: 1}
		for s := range uint64(20) {
			cfg.Strategy = explore.Random(s)
			r := explore.Run(cfg, tc.run)
			if r.Failure == nil {
				t.Fatalf("%s: no failure", tc.name)
			}
			fail := explore.Minimize(cfg, r.Failure, tc.run)
			if n := fail.Schedule.Switches(); n > tc.switches {
				t.Errorf("%s: %d switches, want %d: %v from %v", tc.name, n, tc.switches, fail.Schedule, r.Failure.Schedule)
			}
			if fail.Error() != r.Failure.Error() {
				t.Errorf("%s: another failure: %v, was %v", tc.name, fail, r.Failure)
			}
		}
	}
}

func TestParseSchedule(t *testing.T) {
	for _, text := range []string{"", "main", "main:3 writer#2 =1 main:12 =0"} {
		s, err := explore.ParseSchedule(text)
		if err != nil || s.String() != text {
			t.Errorf("%q is read as %q, %v", text, s, err)
		}
	}
	for _, text := range []string{":3", "main:", "main:x", "main:0", "=x", "=-1", "main:-1", "main:99999999999999999999"} {
		if s, err := explore.ParseSchedule(text); err == nil {
			t.Errorf("%q is read as %q", text, s)
		}
	}
}

// TestMisfit replays schedules of another program.
func TestMisfit(t *testing.T) {
	for _, text := range []string{"nobody", "main:99", "main writer:99", "main writer:3 faulter:8 writer:6 faulter:1"} {
		s, err := explore.ParseSchedule(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := explore.Replay(explore.Config{}, s, seed); err == nil {
			t.Errorf("%q fits", text)
		}
	}
}

// failing collects what a test would print.
type failing struct {
	*testing.T
	text strings.Builder
}

func (f *failing) Errorf(format string, args ...any) {
	f.text.WriteString(fmt.Sprintf(format, args...))
}

// TestGoexit makes sure that a task that calls t.FailNow ends the test, and that the test still says which
// schedule that was.
func TestGoexit(t *testing.T) {
	f := &failing{T: t}
	left := make(chan bool)
	go func() {
		defer close(left)
		explore.Test(f, func() {
			var m sched.Mutex
			m.Lock()
			sched.Go("waits", m.Lock)
			sched.Go("leaves", func() {
				sched.Yield("before")
				runtime.Goexit()
			}).Wait()
		})
		left <- true
	}()
	if <-left {
		t.Error("the goroutine went on")
	}
	if text := f.text.String(); !strings.Contains(text, "EXPLORE_REPLAY='main leaves'") {
		t.Errorf("the test printed %q", text)
	}
	if r := explore.Run(explore.Config{}, seed); r.Failure == nil {
		t.Error("nothing can be explored afterwards")
	}
}

// TestTest makes sure that a failing test prints a line which, run again, fails the same way.
func TestTest(t *testing.T) {
	f := &failing{T: t}
	explore.Test(f, seed)
	_, after, ok := strings.Cut(f.text.String(), explore.ReplayVar+"='")
	line, command, _ := strings.Cut(after, "'")
	if !ok || !strings.Contains(command, "go test -run '^TestTest$'") || !strings.Contains(f.text.String(), "---> no handle") {
		t.Fatalf("the test printed\n%s", &f.text)
	}
	t.Setenv(explore.ReplayVar, line)
	again := &failing{T: t}
	explore.Test(again, seed)
	if !strings.Contains(again.text.String(), "assertion in writer: no handle") {
		t.Errorf("the replay of %q printed\n%s", os.Getenv(explore.ReplayVar), &again.text)
	}
}
