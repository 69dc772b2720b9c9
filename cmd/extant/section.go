package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// A section is one structure of the disk as dump shows it: its fields, and the entries it holds.
type section struct {
	structure string
	at        spot
	note      string
	fields    []noted
	entries   []facts
}

// A spot is where a structure lies.
type spot struct {
	ino    ondisk.Ino   // whose it is; 0 for nobody's
	block  ondisk.Block // meaningful if known
	offset int          // bytes into the block
	known  bool
}

func inBlock(b ondisk.Block, offset int) spot { return spot{block: b, offset: offset, known: true} }

func (s spot) of(ino ondisk.Ino) spot { s.ino = ino; return s }

func (s spot) plus(offset int) spot { s.offset += offset; return s }

func (s spot) String() string {
	var words []string
	if s.ino != 0 {
		words = append(words, fmt.Sprintf("of inode %d", s.ino))
	}
	if s.known {
		words = append(words, fmt.Sprintf("in block %d", s.block))
	}
	if s.offset != 0 {
		words = append(words, fmt.Sprintf("at byte %d", s.offset))
	}
	return strings.Join(words, " ")
}

// noted is a field with what it means.
type noted struct {
	ondisk.Field
	note string
}

// A describer lists the fields of a structure that bytes hold, and keeps their values.
type describer interface {
	Describe(b []byte) ([]ondisk.Field, error)
}

// described is the section of a structure at the start of raw. notes, called after the structure has been read, says what its
// fields mean; it may be nil.
func described(structure string, at spot, raw []byte, d describer, notes func() map[string]string) (section, error) {
	s := section{structure: structure, at: at}
	fields, err := d.Describe(raw)
	if err != nil {
		return s, fmt.Errorf("%s %s: %w", structure, at, err)
	}
	meaning := map[string]string{}
	if notes != nil {
		meaning = notes()
	}
	for _, f := range fields {
		s.fields = append(s.fields, noted{f, meaning[f.Name]})
	}
	return s, nil
}

// write shows the section to people: offset, name and value of each field, then the entries as tables.
func (s *section) write(w io.Writer) error {
	title := strings.TrimSpace(s.structure + " " + s.at.String())
	if s.structure == inodeStructure {
		title = strings.Replace(title, " of inode", "", 1) // it is the inode
	}
	if s.note != "" {
		title += ": " + escape(s.note)
	}
	if _, err := fmt.Fprintln(w, title); err != nil {
		return err
	}
	var t table
	for _, f := range s.fields {
		for i, line := range f.lines() {
			at, name := fmt.Sprintf("  0x%03x", f.Offset), f.Name
			if i > 0 {
				at, name = "", ""
			}
			t.add(at, name, line)
		}
	}
	for _, row := range t.rows() {
		fmt.Fprintln(w, row)
	}
	return s.writeEntries(w)
}

// writeEntries writes entries a line each, under a heading wherever what they consist of changes.
func (s *section) writeEntries(w io.Writer) error {
	for from := 0; from < len(s.entries); {
		heading := s.entries[from].labels()
		t := table{heading: true}
		t.add(heading...)
		to := from
		for to < len(s.entries) && slices.Equal(s.entries[to].labels(), heading) {
			t.add(s.entries[to].texts()...)
			to++
		}
		for _, row := range t.rows() {
			if _, err := fmt.Fprintln(w, "  "+row); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

const hexPerLine = 32 // bytes

// lines are the value of a field, with its meaning.
func (f *noted) lines() []string {
	note := ""
	if f.note != "" {
		note = "  " + escape(f.note)
	}
	if f.Bytes == nil {
		return []string{fmt.Sprintf("0x%0*x %d%s", 2*f.Size, f.Value, f.Value, note)}
	}
	if allZero(f.Bytes) {
		return []string{fmt.Sprintf("%d zero bytes%s", len(f.Bytes), note)}
	}
	var lines []string
	for b := f.Bytes; len(b) > 0; {
		n := min(len(b), hexPerLine)
		lines = append(lines, hex.EncodeToString(b[:n]))
		b = b[n:]
	}
	lines[len(lines)-1] += note
	return lines
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// sectionJSON is the shape of an element of dump --json.
type sectionJSON struct {
	Structure string        `json:"structure"`
	Inode     ondisk.Ino    `json:"inode,omitempty"`
	Block     *ondisk.Block `json:"block,omitempty"`
	Offset    int           `json:"offset"`
	Note      string        `json:"note,omitempty"`
	Fields    []fieldJSON   `json:"fields"`
	Entries   []facts       `json:"entries,omitempty"`
}

type fieldJSON struct {
	Name   string  `json:"name"`
	Offset int     `json:"offset"`
	Size   int     `json:"size"`
	Value  *uint64 `json:"value,omitempty"`
	Bytes  []byte  `json:"bytes,omitempty"`
	Note   string  `json:"note,omitempty"`
}

func (s *section) json() *sectionJSON {
	j := &sectionJSON{Structure: s.structure, Inode: s.at.ino, Offset: s.at.offset, Note: s.note, Fields: []fieldJSON{}, Entries: s.entries}
	if s.at.known {
		j.Block = &s.at.block
	}
	for _, f := range s.fields {
		v := fieldJSON{Name: f.Name, Offset: f.Offset, Size: f.Size, Bytes: f.Bytes, Note: f.note}
		if f.Bytes == nil {
			v.Value = &f.Value
		}
		j.Fields = append(j.Fields, v)
	}
	return j
}
