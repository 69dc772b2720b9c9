package extant_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// depsRules is the statement of which package may import which: "a < b" lets b import a and all that a
// chain of "<" puts below a. "a !< b" says that b must never come to depend on a, by any path.
// A package that is not named here may not exist. Tests may import what they like.
//
// The root package is written ".", and the standard library and golang.org/x/sys are open to all.
// "outside" lists the packages that may import other modules.
const depsRules = `
	sched, internal/casefold, internal/invariant < internal/ondisk;
	sched < disk;
	disk < disk/disktest, disk/undo, crash;
	sched < lockdep, explore, examples/bankaccount;
	explore, lockdep < lab, examples/bankaccount;

	sched < internal/clock;
	disk, internal/ondisk, internal/clock < internal/buffer;
	internal/buffer < internal/journal;
	internal/buffer, internal/journal < internal/alloc, internal/page;
	internal/alloc, internal/page < ext4;
	disk, internal/ondisk, mkfs/internal/tarscan < mkfs;
	disk, internal/ondisk, internal/journal < fsck;
	fsck, internal/ondisk < fsck/page;

	ext4, disk < .;
	. < extract;
	., mkfs, fsck, internal/model < internal/ext4test;
	ext4, . < fuse;
	sched < internal/conform;
	internal/model, sched < internal/prog;
	internal/prog < internal/prog/hostdir;
	., internal/prog < internal/prog/volume;
	internal/prog/volume, explore, lockdep, mkfs, fsck < internal/prog/race;
	internal/prog/race < cmd/extant;
	disk/undo, extract, fuse, mkfs, fsck, fsck/page, lab, crash, explore < cmd/extant;

	ext4 !< mkfs, fsck;
	mkfs !< ext4, fsck, .;
	internal/ondisk, disk !< sched, lockdep, explore;
	internal/ondisk, ext4 !< disk, crash;
	cmd/extant !< .;
`

// outside may import modules other than golang.org/x/sys, because no engine package imports them.
var outside = []string{"cmd/extant", "fuse"}

func TestImportDirection(t *testing.T) {
	rules, err := parseDeps(depsRules)
	if err != nil {
		t.Fatal(err)
	}
	imports := moduleImports(t)
	for _, pkg := range slices.Sorted(maps.Keys(imports)) {
		if !rules.known[pkg] {
			t.Errorf("package %s is not in depsRules", pkg)
		}
		for _, dep := range imports[pkg] {
			checkImport(t, rules, pkg, dep)
		}
	}
	for _, n := range rules.never {
		if chain := reach(imports, n.upper, n.lower, nil); chain != nil {
			t.Errorf("%s must never depend on %s, but %s", n.upper, n.lower, strings.Join(chain, " imports "))
		}
	}
}

func checkImport(t *testing.T, rules *depGraph, pkg, dep string) {
	own, local := strings.CutPrefix(dep, "extant")
	switch {
	case local && (own == "" || own[0] == '/'):
		own = strings.TrimPrefix(own, "/")
		if own == "" {
			own = "."
		}
		if !rules.below(own, pkg) {
			t.Errorf("%s imports %s: no rule allows it", pkg, own)
		}
	case strings.Contains(strings.Split(dep, "/")[0], "."):
		if !strings.HasPrefix(dep, "golang.org/x/sys/") && !slices.Contains(outside, pkg) {
			t.Errorf("%s imports %s: the engine knows only the standard library and golang.org/x/sys", pkg, dep)
		}
	}
}

// TestPackagesDocumented wants each package in the table of docs/architecture.md.
func TestPackagesDocumented(t *testing.T) {
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range moduleImports(t) {
		if pkg == "." {
			pkg = "extant"
		}
		if !strings.Contains(string(text), "\n| `"+pkg+"`") {
			t.Errorf("package %s is not in the table of docs/architecture.md", pkg)
		}
	}
}

// TestImportRulesBite makes sure that the rules can fail.
func TestImportRulesBite(t *testing.T) {
	rules, err := parseDeps("a < b; b < c; c !< a")
	if err != nil {
		t.Fatal(err)
	}
	if !rules.below("a", "c") || rules.below("c", "a") || rules.below("b", "b") {
		t.Error("order of a < b < c not understood")
	}
	if reach(map[string][]string{"a": {"extant/b"}, "b": {"extant/c"}}, "a", "c", nil) == nil {
		t.Error("a imports b imports c: not found")
	}
	if _, err := parseDeps("a < b; b < a"); err == nil {
		t.Error("a circle of rules was accepted")
	}
}

type depGraph struct {
	known map[string]bool
	lower map[string][]string // for each package, those directly below it
	never []neverDep
}

type neverDep struct{ lower, upper string }

// parseDeps reads "a, b < c, d; e !< f;" lines.
func parseDeps(text string) (*depGraph, error) {
	g := &depGraph{known: map[string]bool{}, lower: map[string][]string{}}
	for rule := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(rule) == "" {
			continue
		}
		low, high, ok := strings.Cut(rule, "<")
		if !ok {
			return nil, fmt.Errorf("no < in rule %q", strings.TrimSpace(rule))
		}
		low, never := strings.CutSuffix(strings.TrimSpace(low), "!")
		for _, l := range list(low) {
			for _, h := range list(high) {
				g.add(l, h, never)
			}
		}
	}
	for p := range g.lower {
		if g.below(p, p) {
			return nil, fmt.Errorf("rules put %s below itself", p)
		}
	}
	return g, nil
}

func (g *depGraph) add(l, h string, never bool) {
	if never {
		g.never = append(g.never, neverDep{lower: l, upper: h})
		return
	}
	g.known[l], g.known[h] = true, true
	g.lower[h] = append(g.lower[h], l)
}

// below reports whether some chain of rules puts l below h.
func (g *depGraph) below(l, h string) bool {
	seen := map[string]bool{}
	var walk func(p string) bool
	walk = func(p string) bool {
		for _, q := range g.lower[p] {
			if q == l {
				return true
			}
			if !seen[q] {
				seen[q] = true
				if walk(q) {
					return true
				}
			}
		}
		return false
	}
	return walk(h)
}

func list(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		out = append(out, strings.TrimSpace(f))
	}
	return out
}

// reach returns a chain of imports from one package of the module to another, or nil.
func reach(imports map[string][]string, from, to string, seen map[string]bool) []string {
	if seen == nil {
		seen = map[string]bool{}
	}
	seen[from] = true
	for _, dep := range imports[from] {
		own, local := strings.CutPrefix(dep, "extant/")
		if !local || seen[own] {
			continue
		}
		if own == to {
			return []string{from, to}
		}
		if chain := reach(imports, own, to, seen); chain != nil {
			return append([]string{from}, chain...)
		}
	}
	return nil
}

// moduleImports lists what each package of the module imports, its tests left out, on any system.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for file := range sourceFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := path.Dir(filepath.ToSlash(file))
		for _, im := range f.Imports {
			out[pkg] = append(out[pkg], strings.Trim(im.Path.Value, `"`))
		}
		out[pkg] = slices.Compact(slices.Sorted(slices.Values(out[pkg])))
	}
	return out
}

// sourceFiles yields the module's Go files; a folder with a go.mod of its own is another module.
func sourceFiles(t *testing.T) map[string]bool {
	t.Helper()
	files := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() && name != ".":
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		case strings.HasSuffix(name, ".go"):
			files[name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
