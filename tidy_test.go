package extant_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	fileLinesMax = 600 // tables and field lists are counted by what is not a literal
	funcLinesMax = 70
)

// engineFree lists the packages that stand outside the engine's rules: the seam itself, the tools
// that drive it, the programs.
var engineFree = []string{"sched", "lockdep", "explore", "lab", "cmd/extant", "fuse", "internal/prog/hostdir", "internal/conform"}

// bannedImports are what engine code reaches only through sched or through options.
var bannedImports = map[string]string{
	"sync":         "use package sched",
	"sync/atomic":  "use package sched",
	"math/rand":    "randomness comes in through options",
	"math/rand/v2": "randomness comes in through options",
	"unsafe":       "not in the engine",
}

var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "types", "misc"}

var bannedText = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK|nolint)\b`)

// TestTidy holds the source to the rules that a machine can check.
func TestTidy(t *testing.T) {
	documented := map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(sourceFiles(t))) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		s := &source{file: filepath.ToSlash(file), src: src, fset: fset, ast: f}
		pkg := path.Dir(s.file)
		documented[pkg] = documented[pkg] || f.Doc != nil && !s.test()
		for _, complaint := range s.check() {
			t.Error(complaint)
		}
	}
	for pkg := range moduleImports(t) {
		if !documented[pkg] {
			t.Errorf("%s: package has no doc comment", pkg)
		}
		if slices.Contains(bannedNames, path.Base(pkg)) {
			t.Errorf("%s: a package is named for what it does", pkg)
		}
	}
}

// TestTidyBites makes sure that the checks can fail.
func TestTidyBites(t *testing.T) {
	const bad = "package p\n\nimport \"sync\"\n\nvar mu sync.Mutex // TODO\n\nfunc Exported() {  go f() }\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", bad, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{file: "ext4/x.go", src: []byte(bad), fset: fset, ast: f}
	if got := s.check(); len(got) != 5 {
		t.Errorf("complaints: %q, want 5: format, word, import, go statement, doc", got)
	}
}

// A source is one parsed file.
type source struct {
	file string
	src  []byte
	fset *token.FileSet
	ast  *ast.File
	bad  []string
}

func (s *source) test() bool { return strings.HasSuffix(s.file, "_test.go") }

func (s *source) engine() bool {
	return !s.test() && !slices.Contains(engineFree, path.Dir(s.file)) && !s.generator()
}

// generator reports whether the file is a program that writes tables, run by go generate.
func (s *source) generator() bool { return s.ast.Name.Name == "main" }

func (s *source) complain(pos token.Pos, format string, args ...any) {
	line := s.fset.Position(pos).Line
	s.bad = append(s.bad, fmt.Sprintf("%s:%d: ", s.file, line)+fmt.Sprintf(format, args...))
}

func (s *source) check() []string {
	s.checkFormat()
	s.checkWords()
	s.checkLength()
	if s.engine() {
		s.checkEngine()
	}
	if !s.test() && !s.generator() {
		s.checkDocs()
	}
	return s.bad
}

func (s *source) checkFormat() {
	out, err := format.Source(s.src)
	if err != nil || !bytes.Equal(out, s.src) {
		s.complain(s.ast.Package, "not gofmt-ed")
	}
}

func (s *source) checkWords() {
	for _, g := range s.ast.Comments {
		if w := bannedText.FindString(g.Text()); w != "" {
			s.complain(g.Pos(), "%s: finish it, or leave it out", w)
		}
	}
}

// checkLength counts lines, those of composite literals and field lists left out.
func (s *source) checkLength() {
	lines := s.fset.File(s.ast.Pos()).LineCount()
	if n := lines - s.tableLines(s.ast); n > fileLinesMax && !ast.IsGenerated(s.ast) {
		s.complain(s.ast.Package, "%d lines, over %d: it has outgrown its noun", n, fileLinesMax)
	}
	for _, d := range s.ast.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name == "fields" {
			continue
		}
		n := s.span(f) - s.tableLines(f)
		if n > funcLinesMax && !s.test() {
			s.complain(f.Pos(), "%s has %d lines, over %d", f.Name.Name, n, funcLinesMax)
		}
	}
}

func (s *source) span(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// tableLines is the number of lines taken by the outermost literals and fields functions in n.
func (s *source) tableLines(n ast.Node) int {
	total := 0
	ast.Inspect(n, func(c ast.Node) bool {
		switch c := c.(type) {
		case *ast.CompositeLit:
			total += s.span(c) - 1
			return false
		case *ast.StructType:
			total += s.span(c) - 1
			return false
		case *ast.FuncDecl:
			if c.Name.Name == "fields" {
				total += s.span(c) - 1
				return false
			}
		}
		return true
	})
	return total
}

func (s *source) checkEngine() {
	for _, im := range s.ast.Imports {
		if why := bannedImports[strings.Trim(im.Path.Value, `"`)]; why != "" && !s.system() {
			s.complain(im.Pos(), "imports %s: %s", im.Path.Value, why)
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			s.complain(n.Pos(), "go statement: use sched.Go")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Sleep") {
				s.complain(n.Pos(), "time.%s: the clock comes in through options", n.Sel.Name)
			}
		}
		return true
	})
}

// system reports whether the file is for one operating system, where unsafe system calls live.
func (s *source) system() bool {
	for _, os := range []string{"_linux.go", "_darwin.go", "_windows.go", "_unix.go"} {
		if strings.HasSuffix(s.file, os) {
			return true
		}
	}
	return false
}

func (s *source) checkDocs() {
	for _, d := range s.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !interfaceMethod(d.Name.Name) {
				s.complain(d.Pos(), "exported %s has no doc comment", d.Name.Name)
			}
		case *ast.GenDecl:
			s.checkGenDocs(d)
		}
	}
}

// interfaceMethod reports whether a method of this name is documented by the interface it satisfies.
func interfaceMethod(name string) bool {
	return slices.Contains([]string{"Error", "Unwrap", "String", "Is", "Len", "Less", "Swap"}, name)
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = exported || id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// checkGenDocs wants a comment on each exported type, constant and variable, or on its group.
func (s *source) checkGenDocs(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				s.complain(spec.Pos(), "exported %s has no doc comment", spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, n := range spec.Names {
				if n.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					s.complain(n.Pos(), "exported %s has no comment, nor has its group", n.Name)
				}
			}
		}
	}
}
