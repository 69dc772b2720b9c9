package conform

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Line is one or more calls, the last of which is looked at.
type Line struct {
	Calls []string // the last one is looked at, the others have to succeed
	Want  string   // the result
	Other string   // the result through FUSE, if it is another; behind " ~ " the one that there may also be where every write is sent on

	at int // where in the text
}

// A Mount is how the directory that cases are run on is mounted.
type Mount int

// Mounts, for which there are results.
const (
	Kernel    Mount = iota // the kernel's own ext4
	WriteBack              // FUSE, where the kernel keeps what is written
	Through                // FUSE, where it sends that on at once: results are those of either of the others
)

// Wanted reports whether a result is one that a mount may give.
func (l *Line) Wanted(m Mount, got string) bool {
	other, also, _ := strings.Cut(l.Other, " ~ ")
	switch {
	case m == Kernel, other == "":
		return got == l.Want
	case m == WriteBack:
		return got == other
	}
	return got == l.Want || got == other || got == also
}

// A Case is lines that are run behind each other in one directory.
type Case struct {
	Title string
	Lines []*Line
}

// A Script is a file of cases.
type Script struct {
	Name  string
	Cases []*Case

	path string
	text []string // the lines of the file
}

// ReadScripts reads the scripts of a folder.
func ReadScripts(dir string) ([]*Script, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var list []*Script
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s := parse(string(b))
		s.path, s.Name = path, strings.TrimSuffix(filepath.Base(path), ".txt")
		list = append(list, s)
	}
	return list, nil
}

func parse(text string) *Script {
	s := &Script{text: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	var (
		rows  = true
		title string
	)
	for i, line := range s.text {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || word == "#":
		case word == "==":
			rows, title = false, rest
			s.Cases = append(s.Cases, &Case{Title: rest})
		case word == "--":
			rows, title = true, rest
		default:
			l := parseLine(line)
			l.at = i
			if rows {
				s.Cases = append(s.Cases, &Case{Title: strings.TrimPrefix(title+": "+strings.Join(l.Calls, "; "), ": ")})
			}
			c := s.Cases[len(s.Cases)-1]
			c.Lines = append(c.Lines, l)
		}
	}
	return s
}

func parseLine(line string) *Line {
	calls, results, _ := strings.Cut(line, " = ")
	l := &Line{Calls: strings.Split(calls, "; ")}
	l.Want, l.Other, _ = strings.Cut(results, " ~ ")
	return l
}

// Set gives a line the result that it had.
func (s *Script) Set(l *Line, got string, m Mount) {
	if m != Kernel {
		l.Other = got
	} else {
		l.Want = got
	}
	if l.Other == l.Want {
		l.Other = ""
	}
	line := strings.Join(l.Calls, "; ")
	if l.Want != "" {
		line += " = " + l.Want
	}
	if l.Other != "" {
		line += " ~ " + l.Other
	}
	s.text[l.at] = line
}

// Thin leaves one case in n.
func (s *Script) Thin(n int) {
	var few []*Case
	for i := 0; i < len(s.Cases); i += n {
		few = append(few, s.Cases[i])
	}
	s.Cases = few
}

// Without leaves cases away that have a word in their titles.
func (s *Script) Without(word string) {
	s.Cases = slices.DeleteFunc(s.Cases, func(c *Case) bool { return strings.Contains(c.Title, word) })
}

// Write writes the script's file anew.
func (s *Script) Write() error {
	return os.WriteFile(s.path, []byte(strings.Join(s.text, "\n")+"\n"), 0o644)
}

// A Difference is a result that is not what it should be.
type Difference struct {
	Script *Script
	Case   *Case
	Line   *Line
	Got    string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s.txt:%d: %s\n\t%s\n\tgot  %s\n\twant %s", d.Script.Name, d.Line.at+1, d.Case.Title, strings.Join(d.Line.Calls, "; "), d.Got, d.Line.Want+" ~ "+d.Line.Other)
}
