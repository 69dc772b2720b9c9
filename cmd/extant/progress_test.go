package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgressText(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		elapsed     time.Duration
		want        string
	}{
		{0, 1 << 30, time.Second, "  0%  [>                       ]  0 of 1.0G  0/s  -:-- left"},
		{512 << 20, 1 << 30, 2 * time.Second, " 50%  [============>           ]  512M of 1.0G  256M/s  0:02 left"},
		{1 << 30, 1 << 30, time.Second, "100%  [========================]  1.0G of 1.0G  1.0G/s  0:00 left"},
		{3 << 30, 1 << 30, time.Second, "100%  [========================]  3.0G of 1.0G  3.0G/s  0:00 left"},
		{1 << 20, 1 << 40, 10 * time.Second, "  0%  [>                       ]  1.0M of 1.0T  103K/s  2912:42:30 left"},
		{1 << 20, 0, 61 * time.Second, "1.0M  17K/s  1:01"},
	} {
		if got := progressText(c.done, c.total, c.elapsed); got != c.want {
			t.Errorf("%d of %d after %v:\n got %q\nwant %q", c.done, c.total, c.elapsed, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	p := &progressLine{w: &out, columns: 20, now: func() time.Time { return now }, start: now}
	step := func(d time.Duration, done int64) string {
		out.Reset()
		now = now.Add(d)
		p.show(done, 100)
		return out.String()
	}
	if got := step(10*time.Millisecond, 1); got != "" {
		t.Errorf("at once: %q", got)
	}
	if got := step(time.Second, 10); got != "\r 10%  [==>         " {
		t.Errorf("after a second, in 20 columns: %q", got)
	}
	if got := step(time.Millisecond, 20); got != "" {
		t.Errorf("again too soon: %q", got)
	}
	out.Reset()
	p.done()
	if got := out.String(); got != "\r                   \r" {
		t.Errorf("taken away: %q", got)
	}
	for _, quiet := range []*progressLine{nil, {now: time.Now}} {
		quiet.show(1, 2)
		quiet.done()
	}
}
