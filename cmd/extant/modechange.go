package main

import (
	"io/fs"
	"strconv"
	"strings"
)

// A modeChange is what chmod is told: a mode in octal, or clauses.
type modeChange struct {
	octal   bool
	mode    fs.FileMode
	clauses []modeClause
}

// A modeClause adds (+), removes (-) or sets (=) permissions of some (u, g, o).
type modeClause struct {
	who   fs.FileMode // all bits that the clause may touch
	op    byte
	perms string // letters of rwxXst, or one of ugo
}

const (
	modeSpecial = fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	modeAll     = fs.ModePerm | modeSpecial
)

// Bits that a letter before the sign stands for.
var modeWho = map[byte]fs.FileMode{
	'u': 0o700 | fs.ModeSetuid,
	'g': 0o070 | fs.ModeSetgid,
	'o': 0o007,
	'a': modeAll,
}

// parseModeChange reads "755", "u+x" or "go-w,a=rX". An empty one changes nothing.
func parseModeChange(s string) (modeChange, error) {
	if s == "" {
		return modeChange{}, nil
	}
	if n, err := strconv.ParseUint(s, 8, 12); err == nil {
		return modeChange{octal: true, mode: octalMode(n)}, nil
	}
	var c modeChange
	for part := range strings.SplitSeq(s, ",") {
		clauses, ok := parseModeClauses(part)
		if !ok {
			return c, usagef("%q is no mode: an octal number, or like u+x,go-w", s)
		}
		c.clauses = append(c.clauses, clauses...)
	}
	return c, nil
}

func octalMode(n uint64) fs.FileMode {
	m := fs.FileMode(n & 0o777)
	for bit, is := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			m |= is
		}
	}
	return m
}

// parseModeClauses reads "ug+x-w": letters, and then signs with permissions.
func parseModeClauses(s string) (out []modeClause, ok bool) {
	k := strings.IndexAny(s, "+-=")
	if k < 0 {
		return nil, false
	}
	who := fs.FileMode(0)
	for i := range k {
		bits, ok := modeWho[s[i]]
		if !ok {
			return nil, false
		}
		who |= bits
	}
	if k == 0 {
		who = modeAll
	}
	if who&0o777 != 0 {
		who |= fs.ModeSticky
	}
	for s = s[k:]; s != ""; {
		op := s[0]
		end := strings.IndexAny(s[1:], "+-=") + 1
		if end == 0 {
			end = len(s)
		}
		perms := s[1:end]
		copies := len(perms) == 1 && strings.Contains("ugo", perms)
		if !copies && strings.Trim(perms, "rwxXst") != "" {
			return nil, false
		}
		out, s = append(out, modeClause{who, op, perms}), s[end:]
	}
	return out, true
}

// apply is a mode as it is after the change.
func (c *modeChange) apply(m fs.FileMode) fs.FileMode {
	if c.octal {
		if m.IsDir() && c.mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 {
			return c.mode | m&(fs.ModeSetuid|fs.ModeSetgid) // as chmod does: a directory keeps them
		}
		return c.mode
	}
	out := m & modeAll
	for _, clause := range c.clauses {
		bits := clause.bits(out, m.IsDir()) & clause.who
		switch clause.op {
		case '+':
			out |= bits
		case '-':
			out &^= bits
		case '=':
			keep := fs.FileMode(0)
			if m.IsDir() {
				keep = fs.ModeSetuid | fs.ModeSetgid
			}
			out = out&^(clause.who&^keep) | bits
		}
	}
	return out
}

// bits are the permissions of a clause, for everybody.
func (c *modeClause) bits(m fs.FileMode, isDir bool) (bits fs.FileMode) {
	for _, letter := range c.perms {
		switch letter {
		case 'r':
			bits |= 0o444
		case 'w':
			bits |= 0o222
		case 'x':
			bits |= 0o111
		case 'X':
			if isDir || m&0o111 != 0 {
				bits |= 0o111
			}
		case 's':
			bits |= fs.ModeSetuid | fs.ModeSetgid
		case 't':
			bits |= fs.ModeSticky
		case 'u':
			bits |= m >> 6 & 7 * 0o111
		case 'g':
			bits |= m >> 3 & 7 * 0o111
		case 'o':
			bits |= m & 7 * 0o111
		}
	}
	return bits
}
