package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape makes text from an image safe to show: what a terminal might obey or hide (control and format characters, those
// that turn the direction of writing among them) and bytes that are not UTF-8 become \n, \t and so on or three octal digits to a byte, as
// ls -b has it. A backslash is doubled where anything else is escaped, so that what is shown means one name.
func escape(s string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case shown(r, n):
			b.WriteString(s[:n])
		default:
			escapeBytes(&b, s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// escapeName is escape for the name of a file: backslashes are always doubled, so that no two names look the same.
func escapeName(s string) string {
	if harmless(s) {
		return strings.ReplaceAll(s, `\`, `\\`)
	}
	return escape(s)
}

var escapeLetters = map[byte]string{
	'\a': `\a`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\v': `\v`,
}

func escapeBytes(b *strings.Builder, s string) {
	for i := range len(s) {
		if letter, ok := escapeLetters[s[i]]; ok {
			b.WriteString(letter)
		} else {
			fmt.Fprintf(b, `\%03o`, s[i])
		}
	}
}

func harmless(s string) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if !shown(r, n) {
			return false
		}
		s = s[n:]
	}
	return true
}

// shown reports whether a character of n bytes shows as itself.
func shown(r rune, n int) bool {
	if r == utf8.RuneError && n <= 1 {
		return false
	}
	return unicode.IsPrint(r)
}

// shownName is a name as it is written to standard output: escaped if that is a terminal.
func (a *app) shownName(name string) string {
	if a.outTTY {
		return escapeName(name)
	}
	return name
}
