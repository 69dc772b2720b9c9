package ext4test

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// RaceTime is how long a test looks for races in one program and mode: what RACE_TIME in the environment says (90s, 10m), else usual, or short
// with go test -short.
func RaceTime(t testing.TB, usual, short time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv("RACE_TIME")
	switch {
	case text == "" && testing.Short():
		return short
	case text == "":
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal("RACE_TIME: ", err)
	}
	return d
}

// RaceSchedules is how many schedules at random RACE_SCHEDULES in the environment wants, however long they take; 0 without it.
func RaceSchedules(t testing.TB) int {
	t.Helper()
	text := os.Getenv("RACE_SCHEDULES")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("RACE_SCHEDULES: %q is no number of schedules", text)
	}
	return n
}
