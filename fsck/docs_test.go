package fsck_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"extant/fsck"
)

var update = flag.Bool("update", false, "write docs/fsck.md from the table of codes")

const (
	docsPath  = "../docs/fsck.md"
	docsMark  = "<!-- what follows is written by go test ./fsck -run Docs -update -->"
	docsTable = "| code | severity | meaning | repair | e2fsck |\n|---|---|---|---|---|\n"
)

// TestDocs holds the table in docs/fsck.md to the table of codes.
func TestDocs(t *testing.T) {
	have, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(have), docsMark)
	if !ok {
		t.Fatalf("no mark in %s", docsPath)
	}
	want := head + docsMark + "\n" + docsOfCodes() + docsOfBlindness() + docsOfRepairs()
	if want == string(have) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the codes say: go test ./fsck -run Docs -update", docsPath)
	}
	if err := os.WriteFile(docsPath, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// docsOfCodes is a table of codes for each area.
func docsOfCodes() string {
	var b strings.Builder
	last := ""
	for area, p := range fsck.Problems() {
		if area != last {
			fmt.Fprintf(&b, "\n### %s\n\n%s", strings.ToUpper(area[:1])+area[1:], docsTable)
			last = area
		}
		name := p.E2fsck
		if name != "" {
			name = "`" + name + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %v | %s | %v | %s |\n", p.Code, p.Severity, p.Meaning, p.Action, name)
	}
	return b.String()
}

// docsOfBlindness is a table of the damage that e2fsck does not find, or not without writing.
func docsOfBlindness() string {
	var b strings.Builder
	b.WriteString("\n## Where e2fsck -fn says nothing\n\nOf the damage in the tests' catalogue, with the reason.\n\n| damage | code | e2fsck 1.47.0 |\n|---|---|---|\n")
	for _, d := range catalogue {
		if d.blind != "" {
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", d.name, d.code, d.blind)
		}
	}
	return b.String()
}

// docsOfRepairs is what a repair leaves, and where it differs from e2fsck.
func docsOfRepairs() string {
	var b strings.Builder
	list := func(title, head string, of map[string]string) {
		fmt.Fprintf(&b, "\n## %s\n\n| damage | %s |\n|---|---|\n", title, head)
		for _, d := range catalogue {
			if why := of[d.name]; why != "" {
				fmt.Fprintf(&b, "| %s | %s |\n", d.name, why)
			}
		}
	}
	list("What is not repaired", "why", unrepaired)
	list("Where Preen and e2fsck -p differ", "e2fsck", preenDiffers)
	b.WriteString("\nBesides, `Preen` stops where a damage is one that e2fsck does not find.\n")
	return b.String()
}

// TestCodes wants every code to be told apart and to be said in words.
func TestCodes(t *testing.T) {
	seen := make(map[fsck.Code]bool)
	for area, p := range fsck.Problems() {
		if seen[p.Code] {
			t.Errorf("%s is there twice", p.Code)
		}
		seen[p.Code] = true
		if p.Meaning == "" || area == "" || p.Action.String() == "" || strings.ToLower(string(p.Code)) != string(p.Code) {
			t.Errorf("%+v says too little", p)
		}
		if q, ok := fsck.Lookup(p.Code); !ok || q != p {
			t.Errorf("%s cannot be looked up", p.Code)
		}
	}
	if _, ok := fsck.Lookup("no such code"); ok {
		t.Error("a code was found that is none")
	}
}
