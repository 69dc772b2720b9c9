package sched_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestChecklocks lets the analyzer judge a package whose functions say in their names what the
// verdict must be.
func TestChecklocks(t *testing.T) {
	tool, err := exec.LookPath("checklocks")
	if err != nil {
		const reason = "checklocks is not installed: go install gvisor.dev/gvisor/tools/checklocks/cmd/checklocks@latest"
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	const file = "testdata/guarded/guarded.go"
	out, err := exec.Command("go", "vet", "-vettool="+tool, "./testdata/guarded").CombinedOutput()
	if err == nil {
		t.Fatal("the analyzer has no complaint at all")
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blamed := blamedFunctions(string(src), string(out))
	want := []string{"badStillHeld", "badUnlocked", "badWriteUnderRead"}
	if !slices.Equal(blamed, want) {
		t.Errorf("analyzer blames %v, want %v:\n%s", blamed, want, out)
	}
}

// blamedFunctions returns, sorted and without repetition, the functions of src that the analyzer's
// output points into.
func blamedFunctions(src, out string) []string {
	decl := regexp.MustCompile(`^func \(b \*box\) (\w+)`)
	lines := strings.Split(src, "\n")
	var names []string
	for _, m := range regexp.MustCompile(`guarded\.go:(\d+):`).FindAllStringSubmatch(out, -1) {
		n := 0
		for _, d := range m[1] {
			n = n*10 + int(d-'0')
		}
		for ; n > 0; n-- {
			if f := decl.FindStringSubmatch(lines[n-1]); f != nil {
				names = append(names, f[1])
				break
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
