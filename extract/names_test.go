package extract

import (
	"strings"
	"testing"
)

func TestNamePolicy(t *testing.T) {
	for _, c := range []struct {
		name                   string
		linux, darwin, windows bool // allowed
	}{
		{"a", true, true, true},
		{"", false, false, false},
		{".", false, false, false},
		{"..", false, false, false},
		{"...", true, true, false},
		{"/", false, false, false},
		{"a/b", false, false, false},
		{"../x", false, false, false},
		{"/etc", false, false, false},
		{"a\x00b", false, false, false},
		{strings.Repeat("n", 255), true, true, true},
		{strings.Repeat("n", 256), false, false, false},
		{`a\b`, true, true, false},
		{`..\x`, true, true, false},
		{`C:`, true, true, false},
		{"file:stream", true, true, false},
		{"what?", true, true, false},
		{"a*", true, true, false},
		{`"q"`, true, true, false},
		{"a|b", true, true, false},
		{"<", true, true, false},
		{">", true, true, false},
		{"line\n", true, true, false},
		{"\x1f", true, true, false},
		{"dot.", true, true, false},
		{"space ", true, true, false},
		{" space", true, true, true},
		{".hidden", true, true, true},
		{"CON", true, true, false},
		{"con", true, true, false},
		{"Con.txt", true, true, false},
		{"con .txt", true, true, false},
		{"nul.tar.gz", true, true, false},
		{"COM1", true, true, false},
		{"com0", true, true, false},
		{"COM¹", true, true, false},
		{"lpt³.x", true, true, false},
		{"COM10", true, true, true},
		{"COMX", true, true, true},
		{"COM", true, true, true},
		{"LPT", true, true, true},
		{"console", true, true, true},
		{"CONIN$", true, true, false},
		{"conout$.x", true, true, false},
		{"aux.c", true, true, false},
		{"prn", true, true, false},
		{"bytes \xff", true, false, false},
		{"\xc0\xaf", true, false, false},
		{"Grüße", true, true, true},
	} {
		for goos, want := range map[string]bool{"linux": c.linux, "darwin": c.darwin, "windows": c.windows} {
			if why := policyFor(goos, false).fault(c.name); (why == "") != want {
				t.Errorf("%s: %q: fault %q, want allowed %v", goos, c.name, why, want)
			}
		}
	}
}

func TestNameCollisions(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		folds bool // one name where names fold
	}{
		{"a", "A", true},
		{"README", "readme", true},
		{"Stra\u00dfe", "STRASSE", true},
		{"\u00e9", "e\u0301", true},      // composed and not
		{"\u00c9", "e\u0301", true},      // and in another case
		{"\u212b", "\u00e5", true},       // the sign of an angstrom
		{"\uac00", "\u1100\u1161", true}, // Hangul
		{"\u03c3", "\u03c2", true},       // two small sigmas
		{"a\u200db", "ab", true},         // a joiner that nobody sees
		{"a", "b", false},
		{"e", "\u00e9", false},
		{"\xff", "\xfe", false},
	} {
		if p := policyFor("darwin", false); (p.key(c.a) == p.key(c.b)) != c.folds {
			t.Errorf("%q and %q: folds %v, want %v", c.a, c.b, !c.folds, c.folds)
		}
		if p := policyFor("linux", true); (p.key(c.a) == p.key(c.b)) != c.folds {
			t.Errorf("a folding directory of Linux: %q and %q", c.a, c.b)
		}
		if p := policyFor("linux", false); p.key(c.a) == p.key(c.b) {
			t.Errorf("Linux takes %q for %q", c.a, c.b)
		}
	}
}
