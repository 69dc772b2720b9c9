package main

import (
	"strings"
	"unicode/utf8"
)

const helpWidth = 80

// wrapText fills the paragraphs of a text up to a width. Lines that begin with a blank are left as they are: tables and commands.
func wrapText(text string, width int) string {
	var b strings.Builder
	column := 0
	newline := func() {
		if column > 0 {
			b.WriteByte('\n')
			column = 0
		}
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" || line[0] == ' ' {
			newline()
			b.WriteString(strings.TrimRight(line, " \n") + "\n")
			continue
		}
		for word := range strings.FieldsSeq(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case column > 0 && column+1+n > width:
				newline()
			case column > 0:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += n
		}
	}
	newline()
	return strings.TrimRight(b.String(), "\n")
}
