package main

import (
	"strings"
	"unicode/utf8"
)

// A table is rows of cells that are shown in columns: text that begins with a letter or a dash to the left, numbers to the right, the last
// cell of a row as it is.
type table struct{ cells [][]string }

func (t *table) add(cells ...string) { t.cells = append(t.cells, cells) }

// rows are the rows, a blank between columns.
func (t *table) rows() []string {
	var widths []int
	for _, row := range t.cells {
		for i, c := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	out := make([]string, 0, len(t.cells))
	for _, row := range t.cells {
		var b strings.Builder
		for i, c := range row[:len(row)-1] {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if isNumber(c) {
				b.WriteString(pad + c + " ")
			} else {
				b.WriteString(c + pad + " ")
			}
		}
		b.WriteString(row[len(row)-1])
		out = append(out, b.String())
	}
	return out
}

func isNumber(c string) bool { return c != "" && '0' <= c[0] && c[0] <= '9' }
