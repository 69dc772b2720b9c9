package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A progressLine shows on a terminal how far something has come, on a line that it overwrites. On anything else it shows nothing.
type progressLine struct {
	w     io.Writer // nil where there is no terminal
	start time.Time
	shown time.Time
	width int // columns of what is shown
}

// progressEvery is how often the line changes, and how long something must last to have one.
const progressEvery = 200 * time.Millisecond

// newProgress starts a line on standard error.
func (a *app) newProgress() *progressLine {
	p := &progressLine{start: time.Now()}
	p.shown = p.start
	if a.errTTY {
		p.w = a.stderr
	}
	return p
}

// show says that done of total bytes are done.
func (p *progressLine) show(done, total int64) {
	now := time.Now()
	if p.w == nil || total <= 0 || now.Sub(p.shown) < progressEvery {
		return
	}
	p.shown = now
	text := progressText(done, total, now.Sub(p.start))
	fmt.Fprintf(p.w, "\r%-*s", p.width, text)
	p.width = len(text)
}

// progressText is the line: share, amount, rate, time left.
func progressText(done, total int64, elapsed time.Duration) string {
	rate := float64(done) / max(elapsed.Seconds(), 1e-3)
	text := fmt.Sprintf("%3d%% of %s, %s/s", done*100/total, humanSize(uint64(total)), humanSize(uint64(rate)))
	if rate > 0 {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// done takes the line away.
func (p *progressLine) done() {
	if p.w != nil && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
