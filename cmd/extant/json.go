package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// rawBytes is b where a string of JSON cannot hold it, and nil where it can: what goes into a field NAME_bytes beside NAME.
func rawBytes(b string) []byte {
	if utf8.ValidString(b) {
		return nil
	}
	return []byte(b)
}

// putJSON writes v as one document, indented.
func (a *app) putJSON(v any) error {
	b, err := marshalJSON(v, "  ")
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(b, '\n'))
	return err
}

// marshalJSON is json.Marshal that leaves <, > and & alone and escapes what a terminal should not see.
func marshalJSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapeJSON writes unprintable characters beyond ASCII, which occur in strings only, as \u escapes.
func escapeJSON(b []byte) []byte {
	plain := true
	for _, c := range b {
		plain = plain && c < utf8.RuneSelf && c != 0x7F
	}
	if plain {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r < ' ', unicode.IsPrint(r):
			out = append(out, b[:n]...)
		case r > 0xFFFF:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}

// jsonList writes an array, an element to a line, as they come.
type jsonList struct {
	w io.Writer
	n int
}

func (l *jsonList) put(v any) error {
	b, err := marshalJSON(v, "")
	if err != nil {
		return err
	}
	start := ",\n"
	if l.n == 0 {
		start = "[\n"
	}
	l.n++
	_, err = l.w.Write(append([]byte(start), b...))
	return err
}

// end closes the array. It is called even after errors: what is written is a document in any case.
func (l *jsonList) end() error {
	end := "\n]\n"
	if l.n == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(l.w, end)
	return err
}
