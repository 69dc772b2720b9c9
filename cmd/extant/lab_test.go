package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLab wants of one design its answers, the report of the lock validator and the diagram, in this order.
func TestLab(t *testing.T) {
	dir := t.TempDir()
	page, picture := filepath.Join(dir, "b.html"), filepath.Join(dir, "b.svg")
	r := extantRun("lab", "b", "--html", page, "--svg", picture)
	if r.code != 0 {
		t.Fatal(r)
	}
	rest := r.out
	for _, want := range []string{"b: ->mmap", "fails", "deadlock", "possible circular locking dependency", "*** DEADLOCK ***", "fault_in_iov_iter_readable", "--->"} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q at its place in\n%s", want, r.out)
		}
		rest = after
	}
	for file, begins := range map[string]string{page: "<!DOCTYPE html>", picture: "<svg"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(strings.ToLower(string(b)), strings.ToLower(begins)) || !strings.Contains(string(b), "ext4_file_mmap") {
			t.Errorf("%s begins with %.40q, or lacks the functions", file, b)
		}
	}
}

func TestLabJSON(t *testing.T) {
	r := extantRun("lab", "--broken", "--json")
	var answers []labJSON
	if err := json.Unmarshal([]byte(r.out), &answers); err != nil {
		t.Fatal(err, r)
	}
	if len(answers) == 0 {
		t.Fatal("no answers")
	}
	for _, a := range answers {
		if a.Holds || !a.Exhausted || !a.AsExpected || len(a.Failures) == 0 || a.Failures[0].Schedule == "" {
			t.Errorf("broken %s, %s: %+v", a.Design, a.About, a)
		}
	}
}

func TestLabMisuse(t *testing.T) {
	for _, args := range [][]string{{"lab", "q"}, {"lab", "--svg", "x.svg"}, {"lab", "a", "b"}} {
		if r := extantRun(args...); r.code != exitUsage {
			t.Errorf("%q: exit code %d, want %d", args, r.code, exitUsage)
		}
	}
}
