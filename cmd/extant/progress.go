package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A progressLine shows how far a verb has come, on one line of a terminal that it writes again and again:
//
//	42%  [=========>              ]  465M of 1.1G  310M/s  0:02 left
//
// Where standard error is no terminal it shows nothing, and so does a nil *progressLine, which is what a verb has that was asked to be
// quiet. Its methods may be called by any task.
type progressLine struct {
	w       io.Writer // nil where there is no terminal
	columns int
	now     func() time.Time
	start   time.Time

	mu sync.Mutex
	// +checklocks:mu
	shown time.Time // when the line was written last
	// +checklocks:mu
	width int // columns of what is shown
}

const (
	progressEvery = 100 * time.Millisecond
	progressDelay = 500 * time.Millisecond // what is over sooner has no line
	progressBar   = 24                     // characters between the brackets
)

// newProgress starts a line on standard error.
func (a *app) newProgress() *progressLine {
	p := &progressLine{now: time.Now}
	if a.errTTY {
		p.w = a.stderr
		_, p.columns = terminal(a.stderr)
	}
	p.start = p.now()
	return p
}

// show says that done of total bytes are done; a total of 0 means that it is not known.
func (p *progressLine) show(done, total int64) {
	p.put(func(elapsed time.Duration) string { return progressText(done, total, elapsed) })
}

// put writes the line anew, unless it was just written. elapsed is the time since the start.
func (p *progressLine) put(line func(elapsed time.Duration) string) {
	if p == nil || p.w == nil {
		return
	}
	now, columns := p.now(), p.columns
	elapsed := now.Sub(p.start)
	p.mu.Lock()
	defer p.mu.Unlock()
	if elapsed < progressDelay || now.Sub(p.shown) < progressEvery {
		return
	}
	p.shown = now
	text := line(elapsed)
	if len(text) >= columns {
		text = text[:max(0, columns-1)]
	}
	fmt.Fprintf(p.w, "\r%-*s", p.width, text)
	p.width = len(text)
}

// done takes the line away, for good or to make room for a message: the next show puts it back.
func (p *progressLine) done() {
	if p == nil || p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width, p.shown = 0, time.Time{}
	}
}

// progressText is the line: share, bar, amount, rate, time left. Where the end is not known it is amount, rate and time taken.
func progressText(done, total int64, elapsed time.Duration) string {
	rate := float64(done) / max(elapsed.Seconds(), 1e-3)
	if total <= 0 {
		return fmt.Sprintf("%s  %s/s  %s", humanSize(uint64(done)), humanSize(uint64(rate)), clockText(elapsed))
	}
	share := min(1, float64(done)/float64(total))
	left := "-:--"
	if rate > 0 {
		left = clockText(time.Duration(float64(max(0, total-done)) / rate * float64(time.Second)))
	}
	return fmt.Sprintf("%3d%%  [%s]  %s of %s  %s/s  %s left", int(share*100), barText(share),
		humanSize(uint64(done)), humanSize(uint64(total)), humanSize(uint64(rate)), left)
}

// clockText is a duration as minutes and seconds, or hours, minutes and seconds.
func clockText(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// barText is a bar of a share of all.
func barText(share float64) string {
	bar := strings.Repeat("=", int(share*progressBar))
	if len(bar) < progressBar {
		bar += ">" + strings.Repeat(" ", progressBar-len(bar)-1)
	}
	return bar
}
