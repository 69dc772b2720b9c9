package main

import "unicode/utf8"

// globMatch matches as fnmatch does without flags: * is any text, slashes and dots included, ? one character, [a-z] and [!a-z] one
// of a set, and \ takes the character after it as it is. Its time is bounded by the product of the lengths. A bracket that
// is not closed stands for itself.
func globMatch(pattern, s string) bool {
	star, mark := -1, 0 // where to take up again: after the last *, and from this place in s on
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, mark = p, i
			continue
		}
		if pn, sn, ok := globStep(pattern[p:], s[i:]); ok {
			p, i = p+pn, i+sn
			continue
		}
		if star < 0 {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		p, i = star, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// globStep matches one character of s, which is not empty, and says how long pattern and character are.
func globStep(pattern, s string) (pn, sn int, ok bool) {
	if pattern == "" {
		return 0, 0, false
	}
	r, sn := utf8.DecodeRuneInString(s)
	switch pattern[0] {
	case '?':
		return 1, sn, true
	case '[':
		if n, in := globSet(pattern, r); n > 0 {
			return n, sn, in
		}
	case '\\':
		if len(pattern) > 1 {
			pr, n := utf8.DecodeRuneInString(pattern[1:])
			return 1 + n, sn, pattern[1:1+n] == s[:sn] || pr == r && r != utf8.RuneError
		}
	}
	_, pn = utf8.DecodeRuneInString(pattern)
	return pn, sn, pattern[:pn] == s[:sn]
}

// globSet says how long the bracket is that pattern begins with, 0 for none, and whether r is in it.
func globSet(pattern string, r rune) (n int, in bool) {
	i := 1
	not := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if not {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, in != not
		}
		lo, n := globSetRune(pattern[i:])
		i += n
		hi := lo
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			hi, n = globSetRune(pattern[i+1:])
			i += 1 + n
		}
		in = in || lo <= r && r <= hi
	}
	return 0, false
}

func globSetRune(s string) (rune, int) {
	if s[0] == '\\' && len(s) > 1 {
		r, n := utf8.DecodeRuneInString(s[1:])
		return r, 1 + n
	}
	return utf8.DecodeRuneInString(s)
}
