package casefold_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"extant/internal/casefold"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"", ""},
		{"README", "readme"},
		{"[\\]^_`@{", "[\\]^_`@{"},
		{"Stra\u00DFe\u200B", "strasse"},
		{"\u00C5\u212B", "a\u030Aa\u030A"},
		{"\u0130", "i\u0307"},
		{"\u0390", "\u03B9\u0308\u0301"},
		{"\u1FB7", "\u03B1\u0342\u03B9"},
		{"\u0345", "\u03B9"},
		{"\u13A0\uAB70\u13F8", "\u13A0\u13A0\u13F0"},
		{"\u10A0\u1C90", "\u2D00\u10D0"},
		{"\uAC00\uAC01\uD7A3", "\u1100\u1161\u1100\u1161\u11A8\u1112\u1175\u11C2"},
		{"\U0001D15E", "\U0001D157\U0001D165"},
		{"\U0002F800", "\u4E3D"},
		{"a\u0301\u0316b", "a\u0316\u0301b"},
		{"\u00E1\u0316", "a\u0316\u0301"},
		{"a\u0301\u0301\u0316\u0316", "a\u0316\u0316\u0301\u0301"},
		{"a\u0301\u034F\u0316", "a\u0301\u0316"},
		{"\u0301\u0316", "\u0316\u0301"},
		{"\u200B\u00AD\uFE0F", ""},
		{"\u32FF\uE000\uFDD0\U0010FFFF", "\u32FF\uE000\uFDD0\U0010FFFF"},
		{"\u0378\u180F\uFFFFA", "\u0378\u180F\uFFFFa"},
		{"\u2065\U000E0000", ""},
		{"a\x00B", "a"},
		{"a\x00\xFF", "a"},
	} {
		got, ok := casefold.Append(nil, []byte(c.name))
		if !ok || string(got) != c.want {
			t.Errorf("%+q folds to %+q, %v, want %+q", c.name, got, ok, c.want)
		}
		if again, ok := casefold.Append(nil, got); !ok || !bytes.Equal(again, got) && c.name != "a\u0301\u034F\u0316" {
			t.Errorf("%+q folds further to %+q", got, again)
		}
		if !casefold.Valid([]byte(c.name)) {
			t.Errorf("%+q is not valid", c.name)
		}
	}
}

var invalid = []string{
	"\xFF", "\x80", "\x80A", "\xBFA\u00C0", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
}

func TestInvalid(t *testing.T) {
	tooLong := "a" + strings.Repeat("\u0301\u0316\x80", 800)
	for _, s := range append(invalid, tooLong) {
		name := []byte(s)
		got, ok := casefold.Append([]byte("kept"), name)
		if ok || string(got) != "kept" || casefold.Valid(name) {
			t.Errorf("%+q folds to %+q, %v", s, got, ok)
		}
		if key := casefold.Key(name); string(key) != s {
			t.Errorf("%+q is indexed as %+q", s, key)
		}
	}
}

// TestStrayBytes has what was worked out by hand from how Linux goes over a run of marks.
func TestStrayBytes(t *testing.T) {
	for name, want := range map[string]string{
		"A\x80B":                        "a\x80b",
		"A\x80\xBF\u00C0":               "a\x80\xBFa\u0300",
		"b\u00C0\xBFC":                  "ba\xBF\u0300\xBFc",
		"a\u0301\x80\u0316":             "a\x80\x80\u0316\u0301\x80",
		"a\u0301\x80\u0316\u200B\u0301": "a\x80\x80\u0316\u0301\x80\u0301",
	} {
		got, ok := casefold.Append(nil, []byte(name))
		if !ok || string(got) != want {
			t.Errorf("%+q folds to %+q, %v, want %+q", name, got, ok, want)
		}
		if casefold.Valid([]byte(name)) {
			t.Errorf("%+q is valid", name)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"abc", "ABC", true},
		{"abc", "ab", false},
		{"ab", "abc", false},
		{"stra\u00DFe", "STRASSE", true},
		{"strasse", "Stra\u1E9Ee", true},
		{"\u00E9", "E\u0301", true},
		{"\u00E9", "e", false},
		{"e", "e\u200B", true},
		{"", "\u200B", true},
		{"\uAC00", "\u1100\u1161", true},
		{"\xFFa", "\xFFa", true},
		{"\xFFa", "\xFFA", false},
		{"a", "a\xFF", false},
		{"a\x80", "A\x80", true},
		{"a\x80", "A\x81", false},
		{"a\u0378", "A\u0378", true},
	} {
		n := casefold.NewName([]byte(c.a))
		m := casefold.NewName([]byte(c.b))
		for _, got := range []bool{
			casefold.Equal([]byte(c.a), []byte(c.b)), casefold.Equal([]byte(c.b), []byte(c.a)),
			n.Matches([]byte(c.b)), m.Matches([]byte(c.a)), bytes.Equal(n.Key(), m.Key()),
		} {
			if got != c.want {
				t.Errorf("%+q and %+q match: %v, want %v", c.a, c.b, got, c.want)
			}
		}
	}
}

func TestAppendKeepsWhatWasThere(t *testing.T) {
	got, ok := casefold.Append([]byte("x"), []byte("\u0301\u0316"))
	if !ok || string(got) != "x\u0316\u0301" {
		t.Errorf("%+q, %v", got, ok)
	}
}

func TestEqualDoesNotAllocate(t *testing.T) {
	a, b := []byte("Makefile of the Stra\u00DFe"), []byte("mAKEFILE OF THE strasse")
	if n := testing.AllocsPerRun(100, func() { casefold.Equal(a, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFold(f *testing.F) {
	f.Add([]byte("Stra\u00DFe\u200B"), []byte("STRASSE"))
	f.Add([]byte("a\u0301\u034F\u0316"), []byte("\xED\xA0\x80"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		folded, ok := casefold.Append(nil, a)
		if casefold.Valid(a) && len(a) < 1000 && (!ok || !utf8.Valid(folded) || len(folded) > 3*len(a)) {
			t.Fatalf("%+q folds to %+q, %v", a, folded, ok)
		}
		n := casefold.NewName(a)
		_, okB := casefold.Append(nil, b)
		same := bytes.Equal(casefold.Key(a), casefold.Key(b)) && ok == okB
		if casefold.Equal(a, b) != same || casefold.Equal(b, a) != same || n.Matches(b) != same {
			t.Fatalf("%+q and %+q: equal %v, keys %v", a, b, casefold.Equal(a, b), same)
		}
	})
}

func BenchmarkEqual(b *testing.B) {
	for _, c := range []struct{ name, x, y string }{
		{"ascii", "Documentation-of-the-thing.txt", "documentation-of-the-thing.TXT"},
		{"latin", "Stra\u00DFe nach M\u00FCnchen.txt", "STRASSE NACH M\u00DCNCHEN.TXT"},
		{"differ", "Documentation-of-the-thing.txt", "license.txt"},
	} {
		x, y := casefold.NewName([]byte(c.x)), []byte(c.y)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				x.Matches(y)
			}
		})
	}
}
