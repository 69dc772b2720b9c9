package ext4test

import (
	"os"
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
