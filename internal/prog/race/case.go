package race

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"extant/internal/prog"
)

// A Case is a program to be explored. In its text, comments at the top of the form "# KEY: VALUE" say how:
//
//	# about: what it is about, in a line
//	# modes: ordered journal     (names of Modes; without it all of them)
//	# room: 0 1 2                (run with so many blocks free; without it as many as there are)
//	# cut: yes                   (run also with a power cut in place of each remount)
//	# caught: retest/ordered     (mutants of package ext4 that it must catch, and in which mode)
//
// Other comments mean nothing.
type Case struct {
	Name    string
	About   string
	Program *prog.Program
	Modes   []Mode
	Rooms   []int
	Cut     bool
	Caught  []string
}

// Load reads a Case from a file.
func Load(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(strings.TrimSuffix(filepath.Base(path), ".prog"), string(text))
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return c, err
}

// Parse reads a Case.
func Parse(name, text string) (*Case, error) {
	p, err := prog.Parse(text)
	if err != nil {
		return nil, err
	}
	c := &Case{Name: name, Program: p, Modes: Modes()}
	for line := range strings.SplitSeq(text, "\n") {
		rest, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		key, value, ok := strings.Cut(strings.TrimSpace(rest), ":")
		if !ok {
			continue
		}
		if err := c.set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return c, nil
}

func (c *Case) set(key, value string) (err error) {
	words := strings.Fields(value)
	switch key {
	case "about":
		c.About = value
	case "modes":
		c.Modes = nil
		for _, w := range words {
			m, err := ModeOf(w)
			if err != nil {
				return err
			}
			c.Modes = append(c.Modes, m)
		}
	case "room":
		for _, w := range words {
			n, err := strconv.ParseUint(w, 10, 16)
			if err != nil {
				return err
			}
			c.Rooms = append(c.Rooms, int(n))
		}
	case "cut":
		c.Cut = value == "yes"
	case "caught":
		c.Caught = words
	}
	return nil
}

// A Setup is one way to run a Case.
type Setup struct {
	Mode Mode
	Room int  // blocks that are free; -1 for all
	Cut  bool // a remount is a power cut
}

func (s Setup) String() string {
	out := s.Mode.Name
	if s.Room >= 0 {
		out += fmt.Sprintf(" room %d", s.Room)
	}
	if s.Cut {
		out += " cut"
	}
	return out
}

// Flags are those that make extant explore run it so.
func (s Setup) Flags() string {
	out := "--mode " + s.Mode.Name
	if s.Room >= 0 {
		out += fmt.Sprintf(" --room %d", s.Room)
	}
	if s.Cut {
		out += " --cut"
	}
	return out
}

// Setups lists the ways to run the case.
func (c *Case) Setups() (out []Setup) {
	rooms := c.Rooms
	if len(rooms) == 0 {
		rooms = []int{-1}
	}
	for _, m := range c.Modes {
		for _, n := range rooms {
			out = append(out, Setup{m, n, false})
			if c.Cut {
				out = append(out, Setup{m, n, true})
			}
		}
	}
	return out
}

// threads is the first line that is a thread; the number of lines if there is none.
func (c *Case) threads() int {
	i := slices.IndexFunc(c.Program.Lines, func(l prog.Line) bool { return l.Thread })
	if i < 0 {
		i = len(c.Program.Lines)
	}
	return i
}
