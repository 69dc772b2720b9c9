package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"extant"
)

var timeSelectors = map[string]func(*extant.Stat) time.Time{
	"mtime": func(s *extant.Stat) time.Time { return s.MTime },
	"atime": func(s *extant.Stat) time.Time { return s.ATime },
	"ctime": func(s *extant.Stat) time.Time { return s.CTime },
	"birth": func(s *extant.Stat) time.Time { return s.CrTime },
}

// timeSelector is the time of a file that the word names.
func timeSelector(word string) (func(*extant.Stat) time.Time, error) {
	if sel, ok := timeSelectors[word]; ok {
		return sel, nil
	}
	return nil, usagef("--time is mtime, atime, ctime or birth, not %q", word)
}

var timeStyles = map[string]string{
	"full-iso": "2006-01-02 15:04:05.000000000 -0700",
	"long-iso": "2006-01-02 15:04",
	"iso":      "2006-01-02",
}

// timeFormatter writes times in a style; what an inode has no room for is a dash.
func timeFormatter(style string) (func(time.Time) string, error) {
	layout, ok := timeStyles[style]
	custom, isCustom := strings.CutPrefix(style, "+")
	switch {
	case style == "epoch":
		return func(t time.Time) string {
			return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
		}, nil
	case isCustom:
		layout = custom
	case !ok:
		return nil, usagef("--time-style is full-iso, long-iso, iso, epoch or +FORMAT, not %q", style)
	}
	return func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Local().Format(layout)
	}, nil
}

// show writes entries in the form asked for. inDir says that they are the content of one directory.
func (l *lister) show(entries []*entry, inDir bool) error {
	switch {
	case l.json:
		return l.showJSON(entries)
	case (l.long || l.blocks) && inDir:
		fmt.Fprintf(l.out, "total %s\n", l.space(totalBlocks(entries)))
	}
	switch {
	case l.long:
		l.showLong(entries)
	case l.columns || l.outTTY && !l.oneLine:
		l.showColumns(entries)
	default:
		for _, row := range l.prefixed(entries) {
			fmt.Fprintln(l.out, row)
		}
	}
	return l.stdout.err
}

func (l *lister) showJSON(entries []*entry) error {
	for _, e := range entries {
		if err := l.list.put(e.json()); err != nil {
			return err
		}
	}
	return nil
}

func totalBlocks(entries []*entry) (n uint64) {
	for _, e := range entries {
		n += e.stat.Blocks
	}
	return n
}

// space is a number of sectors as -s and total show it: in KiB.
func (l *lister) space(sectors uint64) string {
	if l.human {
		return humanSize(sectors * 512)
	}
	return strconv.FormatUint((sectors+1)/2, 10)
}

// label is the name of an entry with its mark.
func (l *lister) label(e *entry) string {
	s := l.name(e.name)
	switch {
	case l.classify && !(l.long && e.isLink()):
		s += e.mark()
	case l.slash && e.isDir():
		s += "/"
	}
	return s
}

// mark is what ls -F puts after a name.
func (e *entry) mark() string {
	k := fileKinds[e.stat.Type()]
	if k.letter == '-' && e.stat.Mode&0o111 != 0 {
		return "*"
	}
	return k.mark
}

// prefixed are the labels with inode number and space before them where they are asked for, aligned.
func (l *lister) prefixed(entries []*entry) []string {
	var t table
	for _, e := range entries {
		t.add(append(l.numbers(e), l.label(e))...)
	}
	return t.rows()
}

// numbers are the columns of -i and -s.
func (l *lister) numbers(e *entry) []string {
	var cells []string
	if l.inode {
		cells = append(cells, strconv.FormatUint(uint64(e.stat.Ino), 10))
	}
	if l.blocks {
		cells = append(cells, l.space(e.stat.Blocks))
	}
	return cells
}

func (l *lister) showLong(entries []*entry) {
	var t table
	for _, e := range entries {
		s := &e.stat
		size := strconv.FormatInt(s.Size, 10)
		switch {
		case e.isDevice():
			size = fmt.Sprintf("%d, %d", s.Major, s.Minor)
		case l.human:
			size = humanSize(uint64(s.Size))
		}
		t.add(append(l.numbers(e),
			modeText(s.Mode)+e.aclMark(), strconv.FormatUint(uint64(s.Links), 10),
			strconv.FormatUint(uint64(s.UID), 10), strconv.FormatUint(uint64(s.GID), 10),
			size, l.timeText(l.timeOf(s)), l.label(e)+l.arrow(e))...)
	}
	for _, row := range t.rows() {
		fmt.Fprintln(l.out, row)
	}
}

func (l *lister) arrow(e *entry) string {
	if !e.isLink() {
		return ""
	}
	return " -> " + l.name(e.target)
}

// aclMark is the + that ls puts after the mode of a file with an ACL. An inode whose attributes cannot be read has none.
func (e *entry) aclMark() string {
	names, _ := e.inode.Xattrs()
	for _, n := range names {
		if strings.HasPrefix(n, "system.posix_acl_") {
			return "+"
		}
	}
	return ""
}

// showColumns writes names in as few lines as the width allows, going down first.
func (l *lister) showColumns(entries []*entry) {
	cells := l.prefixed(entries)
	width := l.width
	if width == 0 {
		width = 80
	}
	for lines := 1; lines <= len(cells); lines++ {
		widths, fits := columnWidths(cells, lines, width)
		if !fits && lines < len(cells) {
			continue
		}
		for i := range lines {
			l.columnLine(cells, widths, lines, i)
		}
		return
	}
}

const columnGap = 2

// columnWidths is how wide each column is if cells are laid out in so many lines, and whether they fit.
func columnWidths(cells []string, lines, width int) (widths []int, fits bool) {
	total := -columnGap
	for i := 0; i < len(cells); i += lines {
		w := 0
		for _, c := range cells[i:min(i+lines, len(cells))] {
			w = max(w, utf8.RuneCountInString(c))
		}
		widths = append(widths, w)
		if total += w + columnGap; total > width {
			return widths, lines >= len(cells)
		}
	}
	return widths, true
}

func (l *lister) columnLine(cells []string, widths []int, lines, line int) {
	for col := 0; col*lines+line < len(cells); col++ {
		c := cells[col*lines+line]
		l.out.WriteString(c)
		if (col+1)*lines+line < len(cells) {
			l.out.WriteString(strings.Repeat(" ", widths[col]+columnGap-utf8.RuneCountInString(c)))
		}
	}
	l.out.WriteByte('\n')
}
