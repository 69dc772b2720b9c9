package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"extant/fsck"
)

// passes shows how far checking has come: at a terminal as a line
//
//	pass 1 of 5, inodes:  42%  [=========>              ]  0:02 left
//
// and with -C FD as lines of numbers, "pass done of image", as e2fsck writes them. Repairs take several checks: the line begins anew.
type passes struct {
	line  *progressLine
	to    io.WriteCloser // of -C; nil for none
	image string

	nr    int // of the pass, from 1
	start time.Time
	last  int // done, as written to
}

// newPasses is called before the image is opened, so that no descriptor that -C names can be the image's.
func (r *fsckRun) newPasses() (p *passes, err error) {
	p = &passes{line: r.newProgress(), image: r.image}
	if p.to, err = r.descriptor(r.f.progress); err != nil {
		return nil, err
	}
	if p.to != nil || r.f.json {
		p.line = nil
	}
	return p, nil
}

// descriptor is what a number on the command line stands for; nil for 0.
func (r *fsckRun) descriptor(fd int) (io.WriteCloser, error) {
	switch fd {
	case 0:
		return nil, nil
	case 1:
		return keptOpen{r.stdout}, nil
	case 2:
		return keptOpen{r.stderr}, nil
	}
	f := os.NewFile(uintptr(fd), "progress")
	if _, err := f.Stat(); err != nil {
		return nil, usagef("-C: descriptor %d is not open", fd)
	}
	return f, nil
}

// keptOpen is a writer that stays so.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// A passShare is the part of a check that a phase is of, by e2fsck's reckoning.
type passShare struct {
	phase    string
	nr       int
	from, to float64
}

var passShares = [...]passShare{
	{"inodes", 1, 0, .7}, {"owners", 1, 0, .7}, {"directories", 2, .7, .95}, {"bitmaps", 5, .95, 1},
}

// show is told by one task at a time.
func (p *passes) show(g fsck.Progress) {
	var s passShare
	for _, s = range passShares {
		if s.phase == g.Phase {
			break
		}
	}
	if s.phase != g.Phase || g.Units == 0 {
		return
	}
	if s.nr < p.nr || p.nr == 0 {
		p.start = time.Now()
	}
	p.write(s.nr, g)
	p.nr = s.nr
	share := s.from + (s.to-s.from)*float64(g.Done)/float64(g.Units)
	p.line.put(func(time.Duration) string { return passText(s, share, time.Since(p.start)) })
}

// write writes a line for a program, wherever a hundredth more is done.
func (p *passes) write(nr int, g fsck.Progress) {
	if done := g.Done * 100 / g.Units; p.to != nil && (nr != p.nr || done != p.last) {
		p.last = done
		fmt.Fprintf(p.to, "%d %d %d %s\n", nr, done, 100, p.image)
	}
}

// done takes the line away, to make room for a question.
func (p *passes) done() { p.line.done() }

// end is done for good.
func (p *passes) end() {
	p.done()
	if p.to != nil {
		p.to.Close()
	}
}

// passText is the line at a terminal.
func passText(s passShare, share float64, elapsed time.Duration) string {
	left := "-:--"
	if share > 0 {
		left = clockText(time.Duration(float64(elapsed) * (1 - share) / share))
	}
	return fmt.Sprintf("pass %d of 5, %s: %3d%%  [%s]  %s left", s.nr, s.phase, int(share*100), barText(share), left)
}
