package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const racesDir = "../../testdata/races/"

// TestExplore wants a line for each way to run a program that holds, and the same as JSON, from other processes.
func TestExplore(t *testing.T) {
	r := extantRun("explore", "--mode", "nojournal", "-j1", racesDir+"d1-store.prog")
	if r.code != 0 || strings.Count(r.out, "holds  exhausted") != 2 || !strings.Contains(r.out, "nojournal cut") {
		t.Error(r)
	}
	r = extantRun("explore", "--mode", "nojournal,ordered", "-j2", "--json", racesDir+"d1-store.prog")
	var list []exploreJSON
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || len(list) != 4 {
		t.Fatal(err, r)
	}
	for _, o := range list {
		if !o.Holds || !o.Exhausted || o.Schedules != 1 || o.Room != nil || o.Failure != nil {
			t.Errorf("%+v", o)
		}
	}
}

// TestExploreFails wants of a program that makes no sense the exit code, the diagram, the line that runs it again, and the files.
func TestExploreFails(t *testing.T) {
	dir := t.TempDir()
	file, page := filepath.Join(dir, "x.prog"), filepath.Join(dir, "x.html")
	if err := os.WriteFile(file, []byte("# about: nothing is open\nfile a 24\nthread write a 0 12\nthread close @f\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := extantRun("explore", "--mode", "nojournal", "--html", page, file)
	if r.code != exitFailed {
		t.Fatal(r)
	}
	for _, want := range []string{"FAILS", "refused: @f is not open", "Inode.writeChunk", "again: extant explore --mode nojournal --replay '"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in %s", want, r.out)
		}
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "Inode.writeChunk") {
		t.Errorf("the page: %v, %d bytes", err, len(b))
	}
	_, again, _ := strings.Cut(r.out, "--replay '")
	again, _, _ = strings.Cut(again, "'")
	if r = extantRun("explore", "--mode", "nojournal", "--replay", again, file); r.code != exitFailed || !strings.Contains(r.out, "refused: @f is not open") {
		t.Error(r)
	}
}

func TestExploreMisuse(t *testing.T) {
	for _, args := range [][]string{{}, {"--mode", "fast", racesDir + "d1-store.prog"}, {"--strategy", "luck", racesDir + "d1-store.prog"}, {"--replay", "x", racesDir + "d1-store.prog"}} {
		if r := extantRun(append([]string{"explore"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: exit code %d, want %d", args, r.code, exitUsage)
		}
	}
}
