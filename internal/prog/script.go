package prog

import (
	"fmt"
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

// SplitScript splits a script into its program and the transcript that is expected of it, which begins behind a line "---".
func SplitScript(text string) (program, want string) {
	program, want, _ = strings.Cut(text, "\n---\n")
	return program + "\n", want
}
