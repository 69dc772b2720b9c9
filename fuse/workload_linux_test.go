package fuse_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant/internal/ext4test"
)

// sqliteWork is a workload of transactions, rolled back ones too, that ends in a check.
const sqliteWork = `
PRAGMA journal_mode=%MODE%;
PRAGMA mmap_size=%MMAP%;
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB);
CREATE INDEX i ON t(a);
BEGIN;
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<2000) INSERT INTO t SELECT x, 'name '||(x*7919%2000), zeroblob(x%900) FROM n;
COMMIT;
BEGIN; DELETE FROM t WHERE id%2; ROLLBACK;
BEGIN; DELETE FROM t WHERE id%3=0; UPDATE t SET a=a||'x' WHERE id%5=0; COMMIT;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), sum(length(b)) FROM t;
`

// TestSQLite runs SQLite in the mount, with its ways of journaling, with and without mapped pages.
func TestSQLite(t *testing.T) {
	d := mount(t, format(t, 256<<20, "-b 4096 -I 256"), "")
	sqlite := ext4test.Tool(t, "sqlite3")
	want := ""
	for _, mode := range []string{"DELETE", "WAL", "TRUNCATE"} {
		for _, mmap := range []string{"0", "67108864"} {
			script := strings.NewReplacer("%MODE%", mode, "%MMAP%", mmap).Replace(sqliteWork)
			cmd := exec.Command(sqlite, d.path(mode+mmap+".db"))
			cmd.Stdin = strings.NewReader(script)
			out, err := cmd.CombinedOutput()
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if err != nil || len(lines) < 2 || lines[len(lines)-2] != "ok" {
				t.Fatalf("%s, mmap %s: %v\n%s", mode, mmap, err, out)
			}
			if sum := lines[len(lines)-1]; want == "" {
				want = sum
			} else if sum != want {
				t.Errorf("%s, mmap %s: %s, want %s", mode, mmap, sum, want)
			}
		}
	}
}

// TestTar takes a tree with one of everything into the mount and out of it by tar, and reads it from there directly: it stays the same.
func TestTar(t *testing.T) {
	d := mount(t, format(t, 256<<20, "-b 4096 -I 256 -O ea_inode"), "")
	tar := ext4test.Tool(t, "tar")
	from := ext4test.TempDir(t)
	src := ext4test.Rich(ext4test.Room{Block: 4096, Names: 500})
	if err := src.WriteDir(from); err != nil {
		t.Fatal(err)
	}
	want, err := ext4test.ReadHost(from)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "--sparse", "--warning=no-timestamp", "-p", "--format=posix"}
	copyBy := func(from, to string) {
		t.Helper()
		pack := exec.Command(tar, append(flags, "-C", from, "-c", ".")...)
		unpack := exec.Command(tar, append(flags, "-C", to, "-x")...)
		pipe, err := pack.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		unpack.Stdin, unpack.Stderr, pack.Stderr = pipe, os.Stderr, os.Stderr
		if err := pack.Start(); err != nil {
			t.Fatal(err)
		}
		if err := unpack.Run(); err != nil {
			t.Fatal(err)
		}
		if err := pack.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	lost := func(name string, n ext4test.Node) bool { // to tar: sockets, and second names of devices
		kind := n.Mode & syscall.S_IFMT
		return kind == syscall.S_IFSOCK || kind == syscall.S_IFCHR && strings.HasPrefix(name, "links/")
	}
	maps.DeleteFunc(want, lost)
	losses := ext4test.Losses{}
	copyBy(from, d.dir)
	got, err := ext4test.ReadHost(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(got, lost)
	ext4test.Same(t, got, want, losses)
	to := ext4test.TempDir(t)
	copyBy(d.dir, to)
	if got, err = ext4test.ReadHost(to); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(got, lost)
	ext4test.Same(t, got, want, losses)
}

// TestBuild builds this project in the mount, its caches included, after git has cloned it there: EXTANT_ALL asks for it.
func TestBuild(t *testing.T) {
	if os.Getenv("EXTANT_ALL") == "" {
		t.Skip("EXTANT_ALL=1 builds the project in a mount")
	}
	d := mount(t, format(t, 4<<30, "-b 4096 -I 256"), "")
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Run(t, "git", "clone", "-q", here, d.path("src"))
	build := exec.Command("go", "build", "-o", d.path("extant"), "./cmd/extant")
	build.Dir = d.path("src")
	build.Env = append(os.Environ(), "GOCACHE="+d.path("cache"), "GOTMPDIR="+d.dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ext4test.Run(t, "git", "-C", d.path("src"), "fsck", "--full")
	ext4test.Run(t, "git", "-C", d.path("src"), "gc", "-q")
	if out := ext4test.Run(t, d.path("extant"), "version"); out == "" {
		t.Error("what was built says nothing")
	}
}
