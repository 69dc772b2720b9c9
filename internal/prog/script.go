package prog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Transcript prints a program with what came of each operation, and the tree that was left.
func Transcript(p *Program, out Outcome, left Tree) string {
	var b strings.Builder
	for i, l := range p.Lines {
		for k, op := range l.Ops {
			indent := ""
			if l.Thread {
				indent = fmt.Sprintf("%d: ", i)
			}
			fmt.Fprintf(&b, "%-40s  %s\n", indent+op.String(), out[i][k])
		}
	}
	b.WriteString("\n")
	for _, e := range left {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

// A Script is a program with the transcript that is expected of it, which begins behind a line "---".
type Script struct {
	Path    string
	Program *Program
	Text    string // of the program
	Want    string // the transcript
}

// ReadScript reads a script. Where the line "---" is missing nothing is expected.
func ReadScript(path string) (*Script, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text, want, _ := strings.Cut(string(b), "\n---\n")
	p, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Script{Path: path, Program: p, Text: text + "\n", Want: want}, nil
}

// ReadScripts reads the scripts of a directory, all files *.txt. That there is none is an error.
func ReadScripts(dir string) ([]*Script, error) {
	list, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var out []*Script
	for _, path := range list {
		s, err := ReadScript(path)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no scripts", dir)
	}
	return out, nil
}

// Name is the script's, for tests.
func (s *Script) Name() string { return filepath.Base(s.Path) }
