package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, text, name string }{
		{"plain", "plain", "plain"},
		{"with blank", "with blank", "with blank"},
		{"näme ☃ 𝄞", "näme ☃ 𝄞", "näme ☃ 𝄞"},
		{"a\nb\tc\x07", `a\nb\tc\a`, `a\nb\tc\a`},
		{`back\slash`, `back\slash`, `back\\slash`},
		{"back\\slash\n", `back\\slash\n`, `back\\slash\n`},
		{"\x1b[31m\x7f\u009b", `\033[31m\177\302\233`, `\033[31m\177\302\233`},
		{"\u202egnp.exe", `\342\200\256gnp.exe`, `\342\200\256gnp.exe`},
		{"\u2066\u200b\ufeff", `\342\201\246\342\200\213\357\273\277`, `\342\201\246\342\200\213\357\273\277`},
		{"\xff\xc3", `\377\303`, `\377\303`},
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := escape(c.in); got != c.text {
			t.Errorf("escape(%q) = %s, want %s", c.in, got, c.text)
		}
		if got := escapeName(c.in); got != c.name {
			t.Errorf("escapeName(%q) = %s, want %s", c.in, got, c.name)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\\n\n\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := escapeName(s)
		if !harmless(got) {
			t.Errorf("%q becomes %q", s, got)
		}
		b, err := marshalJSON(s, "")
		if err != nil || !json.Valid(b) || !harmless(strings.ReplaceAll(string(b), `\ufffd`, "")) {
			t.Errorf("%q becomes %q, %v", s, b, err)
		}
		var back string
		if err := json.Unmarshal(b, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && rawBytes(s) == nil {
			t.Errorf("%q comes back as %q", s, back)
		}
	})
}

func TestHumanSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 1023: "1023", 1024: "1.0K", 1025: "1.1K", 10239: "10K", 10240: "10K", 10241: "11K", 1<<20 - 1: "1.0M", 1 << 20: "1.0M", 1023<<10 + 1: "1.0M",
		9<<20 + 943718: "9.9M", 9<<20 + 943719: "10M", 1 << 40: "1.0T", 1<<64 - 1: "16E",
	} {
		if got := humanSize(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestModeText(t *testing.T) {
	for mode, want := range map[uint16]string{
		0o100644: "-rw-r--r--", 0o040755: "drwxr-xr-x", 0o104755: "-rwsr-xr-x", 0o104644: "-rwSr--r--", 0o042711: "drwx--s--x", 0o102644: "-rw-r-Sr--",
		0o041777: "drwxrwxrwt", 0o041776: "drwxrwxrwT", 0o120777: "lrwxrwxrwx", 0o010000: "p---------", 0o140000: "s---------", 0o030000: "?---------", 0o060660: "brw-rw----",
	} {
		if got := modeText(mode); got != want {
			t.Errorf("%#o: %s, want %s", mode, got, want)
		}
	}
}

func TestFlagLetters(t *testing.T) {
	for flags, want := range map[uint32]string{
		0: "----------------------", 0x80000: "--------------e-------", 0x30: "----ia----------------", 0x10000000: "------------------N---",
		^uint32(0): "suSDiadAcEjItTeCxFNPVm",
	} {
		if got := flagLetters(flags); got != want {
			t.Errorf("%#x: %s, want %s", flags, got, want)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", ".a/b", true}, {"*.c", "a.c", true}, {"*.c", "a.cc", false},
		{"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false}, {"?", "é", true}, {"?", "ab", false}, {"??", "\xff\xfe", true}, {"[a-c]x", "bx", true}, {"[a-c]x", "dx", false},
		{"[!a-c]x", "dx", true}, {"[^a-c]x", "bx", false}, {"[]]", "]", true}, {"[!]]", "]", false}, {"[a-]", "-", true}, {"[", "[", true}, {"[a", "[a", true}, {"[a", "a", false},
		{`\*`, "*", true}, {`\*`, "a", false}, {`a\`, `a\`, true}, {`[\]]`, "]", true}, {`\é`, "é", true}, {"[à-ü]", "é", true}, {"[é]", "\xc3", false},
		{strings.Repeat("*a", 30), strings.Repeat("a", 200) + "b", false},
	} {
		if got := globMatch(c.pattern, c.s); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.s, got)
		}
	}
}

func TestACLText(t *testing.T) {
	good := "\x02\x00\x00\x00\x01\x00\x07\x00\xff\xff\xff\xff\x08\x00\x05\x00\x01\x00\x00\x00\x20\x00\x00\x00\xff\xff\xff\xff"
	for in, want := range map[string]string{
		good: "user::rwx,group:1:r-x,other::---", good[:4]: "", good[:6]: "(no)", "": "(no)", "\x03" + good[1:]: "(no)", strings.Replace(good, "\x20\x00\x00", "\x21\x00\x00", 1): "(no)",
	} {
		got, ok := aclText([]byte(in))
		if !ok {
			got = "(no)"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]int64{
		"@12": 12, "1970-01-02": 86400, "1970-01-01 00:01:05": 65, "1970-01-01T00:01": -1, "1970-01-01T00:00:01+01:00": -3599, "1970-01-01 01:00": 3600, "x": -1, "@": -1,
	} {
		got, err := parseTime(in)
		if want == -1 && err == nil || want != -1 && (err != nil || !got.Equal(time.Unix(want, 0))) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func TestWrapText(t *testing.T) {
	in := "one two three\nfour five\n\n  a table   stays\n  as it is\nsix\n\nunbreakable-word-of-many-letters x ☃☃☃☃☃☃☃☃ y\n"
	want := "one two\nthree four\nfive\n\n  a table   stays\n  as it is\nsix\n\nunbreakable-word-of-many-letters\nx ☃☃☃☃☃☃☃☃\ny"
	if got := wrapText(in, 10); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestColumns(t *testing.T) {
	for _, c := range []struct {
		cells []string
		width int
		want  string // widths, then how many lines it took
	}{
		{[]string{"aa", "b", "ccc"}, 80, "1"}, {[]string{"aa", "b", "ccc"}, 7, "2"}, {[]string{"aa", "b", "ccc"}, 3, "3"}, {[]string{"long", "longer"}, 2, "2"},
	} {
		lines := 1
		for ; lines <= len(c.cells); lines++ {
			if _, fits := columnWidths(c.cells, lines, c.width); fits {
				break
			}
		}
		if got := string(rune('0' + lines)); got != c.want {
			t.Errorf("%q in %d columns: %s lines, want %s", c.cells, c.width, got, c.want)
		}
	}
}
