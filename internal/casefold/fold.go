package casefold

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// These numbers are repeated in the program that writes the tables.
const (
	leafBits = 4
	midBits  = 6

	classPlain     = 0
	classIgnorable = 1
	classHangul    = 2
	classMark      = 0x100 // and up: plus the combining class
	classMapped    = 0x200 // and up: plus where the string is among the strings
)

// class is the class of a code point up to utf8.MaxRune.
func class(r rune) uint16 {
	const leafMask, midMask = 1<<leafBits - 1, 1<<midBits - 1
	mid := int(mids[int(tops[r>>(leafBits+midBits)])<<midBits|int(r>>leafBits&midMask)])
	return leaves[mid<<leafBits|int(r&leafMask)]
}

// foldedMax is the size of the longest folded form in bytes. A longer one, which no valid name has, does not count.
const foldedMax = 4095

// Append appends the folded form of a name to dst. It returns dst as it was and false where the name does not fold.
func Append(dst, name []byte) ([]byte, bool) {
	var marks marks
	out := dst
	for i := 0; i < len(name); {
		if c := name[i]; c < utf8.RuneSelf {
			if c == 0 {
				break
			}
			out = append(marks.flush(out), lower(c))
			i++
			continue
		}
		r, n := utf8.DecodeRune(name[i:])
		switch {
		case n > 1:
			out = marks.fold(out, r)
		case i > 0 && !utf8.RuneStart(name[i]):
			out = marks.stray(out, name[i])
		default:
			return dst, false
		}
		i += n
	}
	if out = marks.flush(out); len(out)-len(dst) > foldedMax {
		return dst, false
	}
	return out, true
}

// lower is the folded form of an ASCII byte.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// marks are those since the last base character, which wait for their order, and the stray bytes among them.
type marks struct {
	list   []mark
	strays bool
}

type mark struct {
	r     rune   // or a stray byte
	class uint16 // classStray for one
}

// classStray is the class of a continuation byte that continues nothing; it sorts before all marks.
const classStray = classMark

func byClass(a, b mark) int { return int(a.class) - int(b.class) }

// flush appends the waiting marks to out in canonical order.
func (m *marks) flush(out []byte) []byte {
	switch {
	case len(m.list) == 0:
		return out
	case m.strays:
		out = m.passes(out)
	default:
		slices.SortStableFunc(m.list, byClass)
		for _, k := range m.list {
			out = utf8.AppendRune(out, k.r)
		}
	}
	m.list, m.strays = m.list[:0], false
	return out
}

// passes does so where there are stray bytes. Linux finds the order by going over a run of marks once to see the lowest class, then
// once for every class in it; every time it meets a stray byte, out it goes.
func (m *marks) passes(out []byte) []byte {
	classes := slices.SortedFunc(slices.Values(m.list), byClass)
	classes = slices.CompactFunc(classes, func(a, b mark) bool { return a.class == b.class })
	for _, pass := range classes { // the first is classStray
		for _, k := range m.list {
			switch k.class {
			case classStray:
				out = append(out, byte(k.r))
			case pass.class:
				out = utf8.AppendRune(out, k.r)
			}
		}
	}
	return out
}

// stray takes a byte that continues nothing. It stands for itself, but is neither mark nor base character.
func (m *marks) stray(out []byte, c byte) []byte {
	if len(m.list) == 0 {
		return append(out, c)
	}
	m.list, m.strays = append(m.list, mark{rune(c), classStray}), true
	return out
}

// fold appends to out the folded form of a character, as far as it need not wait.
func (m *marks) fold(out []byte, r rune) []byte {
	switch c := class(r); {
	case c == classIgnorable:
		return m.flush(out)
	case c == classHangul:
		return appendHangul(m.flush(out), r)
	case c >= classMapped:
		at := int(c-classMapped) + 1
		for _, r := range strings[at : at+int(strings[at-1])] {
			out = m.put(out, r, class(r))
		}
		return out
	default:
		return m.put(out, r, c)
	}
}

// put does so for a character that is its own folded form.
func (m *marks) put(out []byte, r rune, class uint16) []byte {
	if class > classMark {
		m.list = append(m.list, mark{r, class})
		return out
	}
	return utf8.AppendRune(m.flush(out), r)
}

// Hangul syllables decompose by arithmetic: to a lead, a vowel and perhaps a tail, none of which is a mark.
const (
	hangulBase = 0xAC00
	leadBase   = 0x1100
	vowelBase  = 0x1161
	tailBase   = 0x11A7 // one before the first tail
	vowels     = 21
	tails      = 28 // with none
)

func appendHangul(dst []byte, r rune) []byte {
	s := r - hangulBase
	dst = utf8.AppendRune(dst, leadBase+s/(vowels*tails))
	dst = utf8.AppendRune(dst, vowelBase+s/tails%vowels)
	if tail := s % tails; tail != 0 {
		dst = utf8.AppendRune(dst, tailBase+tail)
	}
	return dst
}

// Valid reports whether a name is valid. A strict file system (s_encoding_flags) takes no others for new names.
// Every valid name folds.
func Valid(name []byte) bool {
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	return utf8.Valid(name)
}
