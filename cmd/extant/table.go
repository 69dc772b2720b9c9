package main

import (
	"strings"
	"unicode/utf8"
)

// A table is rows of cells that are shown in columns: numbers to the right, text to the left, the last cell of a row as it is.
type table struct {
	heading bool // the first row is headings, each on the side of what is below it
	cells   [][]string
}

func (t *table) add(cells ...string) { t.cells = append(t.cells, cells) }

// rows are the rows, a blank between columns.
func (t *table) rows() []string {
	widths := t.widths()
	out := make([]string, 0, len(t.cells))
	for i, row := range t.cells {
		sides := row
		if t.heading && i == 0 && len(t.cells) > 1 {
			sides = t.cells[1]
		}
		var b strings.Builder
		last := len(row) - 1
		for j, c := range row[:last] {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(c))
			if isNumber(sides[j]) {
				b.WriteString(pad + c + " ")
			} else {
				b.WriteString(c + pad + " ")
			}
		}
		b.WriteString(row[last])
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// widths are the widths of all columns but the last.
func (t *table) widths() []int {
	var widths []int
	for _, row := range t.cells {
		for i, c := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	return widths
}

func isNumber(c string) bool { return c != "" && '0' <= c[0] && c[0] <= '9' }
