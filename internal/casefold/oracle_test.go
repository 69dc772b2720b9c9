package casefold_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"extant/internal/casefold"
	"extant/internal/ondisk"
)

// An answer is what debugfs says of a name: its hash in a casefolded directory, or an error, which it makes of most
// names that do not fold.
type answer struct {
	hash  ondisk.NameHash
	given bool
}

// askDebugfs asks about names, which have no white space, quotes or NULs.
func askDebugfs(t *testing.T, names [][]byte) []answer {
	t.Helper()
	debugfs, err := exec.LookPath("debugfs")
	if err != nil {
		debugfs, err = exec.LookPath("/sbin/debugfs")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("debugfs is not installed")
		}
		t.Skip("debugfs is not installed")
	}
	var script bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&script, "dx_hash -c -e utf8 -h half_md4 %s\n", name)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(debugfs, "-f", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return parseAnswers(t, out, names)
}

// parseAnswers reads what debugfs prints: each command, and the hash on the next line unless there is an error.
func parseAnswers(t *testing.T, out []byte, names [][]byte) []answer {
	t.Helper()
	answers := make([]answer, 0, len(names))
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte("debugfs: dx_hash")) {
			answers = append(answers, answer{})
			continue
		}
		if len(answers) == 0 || len(answers) > len(names) {
			t.Fatalf("line %q after %d names", lines.Bytes(), len(answers))
		}
		a, name := &answers[len(answers)-1], names[len(answers)-1]
		rest, ok := bytes.CutPrefix(lines.Bytes(), append([]byte("Hash of "), name...))
		if _, err := fmt.Sscanf(string(rest), " is 0x%x (minor 0x%x)", &a.hash.Major, &a.hash.Minor); !ok || err != nil {
			t.Fatalf("name %+q, answer %q: %v", name, lines.Bytes(), err)
		}
		a.given = true
	}
	if len(answers) != len(names) {
		t.Fatalf("%d answers for %d names", len(answers), len(names))
	}
	return answers
}

// compare wants the hashes of names to be those of e2fsprogs, and no name without one to fold.
func compare(t *testing.T, names [][]byte) {
	t.Helper()
	wrong := 0
	for i, want := range askDebugfs(t, names) {
		key := casefold.Key(names[i])
		hash, err := ondisk.HashName(ondisk.HashHalfMD4, [4]uint32{}, key)
		if err != nil {
			t.Fatal(err)
		}
		_, folds := casefold.Append(nil, names[i])
		if want.given && hash == want.hash || !want.given && !folds {
			continue
		}
		if wrong++; wrong <= 20 {
			t.Errorf("%+q has the key %+q, which debugfs denies (error: %v)", names[i], key, !want.given)
		}
	}
	if wrong > 20 {
		t.Errorf("and %d more", wrong-20)
	}
}

// encoded is the encoding of a code point, surrogates included; nil for what a script cannot carry.
func encoded(r rune) []byte {
	switch {
	case r <= ' ' || r == '"' || r == 0x7F:
		return nil
	case 0xD800 <= r && r <= 0xDFFF:
		return []byte{0xED, 0x80 | byte(r>>6&0x3F), 0x80 | byte(r&0x3F)}
	}
	return utf8.AppendRune(nil, r)
}

// TestEveryCodePoint compares the folding, validity and combining class of every code point with those of e2fsprogs. The
// letter at the end shows whether the name was folded at all; the marks on either side, whether the code point is a mark and roughly which.
func TestEveryCodePoint(t *testing.T) {
	var names [][]byte
	for r := range rune(utf8.MaxRune + 1) {
		if e := encoded(r); e != nil {
			names = append(names, fmt.Appendf(nil, "a\u0301%s\u0316A", e))
		}
	}
	compare(t, names)
}

// classes has a mark of every combining class of Unicode 12.1 but 240, whose only one folds to a letter.
var classes = []rune{
	0x0334, 0x093C, 0x3099, 0x094D, 0x05B0, 0x05B1, 0x05B2, 0x05B3, 0x05B4, 0x05B5, 0x05B6, 0x05B7, 0x05B8, 0x05B9, 0x05BB,
	0x05BC, 0x05BD, 0x05BF, 0x05C1, 0x05C2, 0xFB1E, 0x064B, 0x064C, 0x064D, 0x064E, 0x064F, 0x0650, 0x0651, 0x0652, 0x0670,
	0x0711, 0x0C55, 0x0C56, 0x0E38, 0x0E48, 0x0EB8, 0x0EC8, 0x0F71, 0x0F72, 0x0F74, 0x0321, 0x1DCE, 0x031B, 0x302A, 0x0316,
	0x302D, 0x302E, 0x1D16D, 0x05AE, 0x0301, 0x0315, 0x035C, 0x035D,
}

// TestEveryMark compares the order of every mark with one of every combining class, on either side.
func TestEveryMark(t *testing.T) {
	var names [][]byte
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		run := []byte("\u0301" + string(r) + "\u0334")
		if bytes.Equal(casefold.Key(run), run) {
			continue // it parts the two others, so it is no mark; TestEveryCodePoint says whether that is right
		}
		for _, c := range classes {
			names = append(names, fmt.Appendf(nil, "a%c%c%c", c, r, c))
		}
	}
	if len(names) < 40000 {
		t.Fatalf("%d names", len(names))
	}
	compare(t, names)
}

// TestMalformed compares what is done with names made of the bytes that a decoder must tell apart.
func TestMalformed(t *testing.T) {
	parts := [][]byte{
		{'!'}, {'A'}, {0x80}, {0xBF}, {0x90}, {0xA0}, {0xC0}, {0xC3}, {0xDF}, {0xE0}, {0xE1}, {0xED}, {0xEF}, {0xF0}, {0xF4},
		{0xF5}, {0xFF}, []byte("\u0301"), []byte("\u0316"), []byte("\u00C0"), []byte("\u034F"),
	}
	r := rand.New(rand.NewPCG(11, 12))
	var names [][]byte
	for range 100000 {
		var name []byte
		for range 1 + r.IntN(6) {
			name = append(name, parts[r.IntN(len(parts))]...)
		}
		names = append(names, name)
	}
	for _, s := range invalid {
		names = append(names, []byte(s), []byte("A"+s+"A"))
	}
	compare(t, names)
}

// TestRuns compares long runs of marks with stray bytes and ignorable characters among them.
func TestRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var names [][]byte
	for range 100000 {
		name := []byte("A")
		for range r.IntN(20) {
			switch k := r.IntN(20); k {
			case 0:
				name = append(name, 0x80|byte(r.IntN(0x40)))
			case 1:
				name = append(name, "\u034F"...)
			default:
				name = utf8.AppendRune(name, classes[r.IntN(len(classes))])
			}
		}
		names = append(names, name)
	}
	compare(t, names)
}
