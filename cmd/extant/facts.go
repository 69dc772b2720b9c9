package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// A fact is one line of a report, and one member of its JSON object.
type fact struct {
	label string // for people
	key   string // of JSON
	value any    // a number, string, bool, slice, time.Time, facts or list of facts; nil is left out of JSON
	text  string // for people, where it is not value as it is
}

// facts is a report in two forms at once.
type facts []fact

func (f *facts) add(label, key string, value any) { *f = append(*f, fact{label, key, value, ""}) }

// addAs adds a fact whose text for people differs from its value.
func (f *facts) addAs(label, key string, value any, format string, args ...any) {
	*f = append(*f, fact{label, key, value, fmt.Sprintf(format, args...)})
}

// addText adds text from the image; bytes that JSON cannot hold go beside it.
func (f *facts) addText(label, key, s, none string) {
	if s == "" {
		*f = append(*f, fact{label, key, "", none})
		return
	}
	f.add(label, key, s)
	if raw := rawBytes(s); raw != nil {
		*f = append(*f, fact{"", key + "_bytes", raw, ""})
	}
}

// addTime adds a time of which 0 means never.
func (f *facts) addTime(label, key string, t time.Time) {
	if t.Unix() == 0 {
		*f = append(*f, fact{label, key, nil, "never"})
		return
	}
	f.addAs(label, key, t.UTC(), "%s", t.Local().Format("2006-01-02 15:04:05 -0700"))
}

// MarshalJSON writes the facts as an object, in their order.
func (f facts) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for _, x := range f {
		if x.key == "" || x.value == nil {
			continue
		}
		v, err := marshalJSON(x.value, "")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, ",%q:%s", x.key, v)
	}
	if b.Len() == 0 {
		return []byte("{}"), nil
	}
	b.Bytes()[0] = '{'
	b.WriteByte('}')
	return b.Bytes(), nil
}

// write writes the facts a line each, aligned. What comes from the image is escaped.
func (f facts) write(w io.Writer) error {
	width := 0
	for _, x := range f {
		width = max(width, utf8.RuneCountInString(x.label))
	}
	for _, x := range f {
		if x.label == "" {
			continue
		}
		text := x.text
		if text == "" {
			text = factText(x.value)
		}
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(x.label))
		if _, err := fmt.Fprintf(w, "%s:%s  %s\n", x.label, pad, escape(text)); err != nil {
			return err
		}
	}
	return nil
}

func factText(v any) string {
	if words, ok := v.([]string); ok {
		return cmp.Or(strings.Join(words, " "), "none")
	}
	return fmt.Sprint(v)
}

// labels are the headings of a table of such facts.
func (f facts) labels() []string {
	var out []string
	for _, x := range f {
		if x.label != "" {
			out = append(out, x.label)
		}
	}
	return out
}

// texts are the cells of a row of such a table.
func (f facts) texts() []string {
	var out []string
	for _, x := range f {
		if x.label == "" {
			continue
		}
		text := x.text
		if text == "" {
			text = factText(x.value)
		}
		out = append(out, escape(text))
	}
	return out
}
