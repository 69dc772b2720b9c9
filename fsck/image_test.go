package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/fsck"
)

// tool skips a test where a program is not installed, and fails it where it ought to be.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// run runs a program to its end and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// source makes a folder with something of everything that an image can be filled with.
func source(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	fill(t, dir, 300)
	return dir
}

// put writes a file of the host, in a folder that it makes.
func put(t testing.TB, name string, data []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// scatter writes n pieces of a file, a step apart.
func scatter(t testing.TB, name string, n, step int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range n {
		if _, err := f.WriteAt([]byte("island"), i*step); err != nil {
			t.Fatal(err)
		}
	}
}

func fill(t testing.TB, dir string, islands int64) {
	t.Helper()
	put := func(name string, data []byte) { put(t, filepath.Join(dir, name), data) }
	for i := range 400 {
		put(fmt.Sprintf("htree/%04d%s", i, strings.Repeat("n", 100)), nil)
	}
	for i := range 40 {
		put(fmt.Sprintf("many/%d", i), []byte(fmt.Sprint(i)))
	}
	for _, n := range []int{10, 24, 60, 61, 100, 128, 129, 400, 5000, 300_000} {
		put(fmt.Sprintf("size%d", n), noise(uint64(n), n))
	}
	put("deep/a/b/c/d/leaf", []byte("leaf"))
	scatter(t, filepath.Join(dir, "islands"), islands, 16384)
	for _, n := range []int{5, 59, 60, 200} {
		if err := os.Symlink(strings.Repeat("t", n), filepath.Join(dir, fmt.Sprintf("link%d", n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "size61"), filepath.Join(dir, "second")); err != nil {
		t.Fatal(err)
	}
}

// noise is n bytes that a seed gives.
func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// mke2fs makes an image with the arguments of a command line, filled from a folder unless that is empty, and with xattrs and indexes.
func mke2fs(t testing.TB, from, size, args string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	cmd := append([]string{"-q", "-F", "-E", "root_owner=0:0,hash_seed=6c7d1f0a-8f4e-4e1e-9d0a-2b1c3d4e5f60", "-U", "0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"}, strings.Fields(args)...)
	if from != "" {
		cmd = append(cmd, "-d", from)
	}
	run(t, "mke2fs", append(cmd, path, size)...)
	if from != "" {
		enrich(t, path, args, "")
		if _, err := os.Stat(filepath.Join(from, "twin")); err == nil {
			enrich(t, path, args, "twin/")
		}
		optimise(t, path)
	}
	return contents(t, path)
}

// enrich adds, below a directory, what mke2fs -d does not.
func enrich(t testing.TB, path, args, at string) {
	t.Helper()
	large := filepath.Join(t.TempDir(), "value")
	put(t, large, noise(9, 5000))
	script := "ea_set /@size10 user.small 12345\nea_set /@size24 user.medium " + strings.Repeat("v", 300) + "\n" +
		"ea_set /@size400 user.medium " + strings.Repeat("w", 300) + "\ncd /@\nmknod pipe p\nmknod char c 5 3\nmknod block b 3 5\n"
	if strings.Contains(args, "ea_inode") {
		script += "ea_set -f " + large + " /@size60 user.large\nea_set -f " + large + " /@size61 user.large\n"
	}
	file := filepath.Join(t.TempDir(), "script")
	put(t, file, []byte(strings.ReplaceAll(script, "@", at)))
	run(t, "debugfs", "-w", "-f", file, path)
}

// optimise gives directories indexes.
func optimise(t testing.TB, path string) {
	t.Helper()
	out, err := exec.Command(tool(t, "e2fsck"), "-fyD", path).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		t.Fatalf("e2fsck -fyD: %v\n%s", err, out)
	}
}

// piece is how much of an image is looked at for being zeros.
const piece = 16 << 10

// store writes an image to a file, with holes where there are zeros.
func store(t testing.TB, path string, image []byte) {
	t.Helper()
	f, err := os.Create(path)
	if err == nil {
		err = f.Truncate(int64(len(image)))
	}
	var zeros [piece]byte
	for off := 0; off < len(image) && err == nil; off += piece {
		if b := image[off:min(off+piece, len(image))]; !bytes.Equal(b, zeros[:len(b)]) {
			_, err = f.WriteAt(b, int64(off))
		}
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// contents reads a file, but for its holes.
func contents(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	for off, end := int64(0), int64(0); ; off = end {
		if off, end, err = disk.NextFileData(f, off, size); err == nil {
			_, err = f.ReadAt(b[off:end], off)
		}
		switch {
		case err == io.EOF:
			return b
		case err != nil:
			t.Fatal(err)
		}
	}
}

// check checks an image in memory. One task and two must find the same, and neither may change it.
func check(t testing.TB, image []byte) *fsck.Report {
	t.Helper()
	seed := maphash.MakeSeed()
	before := maphash.Bytes(seed, image)
	var reports [2]*fsck.Report
	for i := range reports {
		r, err := fsck.Check(context.Background(), disk.NewMemFrom(image), fsck.Options{Workers: i + 1})
		if err != nil {
			t.Fatal(err)
		}
		reports[i] = r
	}
	if got, want := fmt.Sprint(reports[1].Findings, reports[1].Usage), fmt.Sprint(reports[0].Findings, reports[0].Usage); got != want {
		t.Errorf("one task finds\n%s\ntwo find\n%s", want, got)
	}
	if maphash.Bytes(seed, image) != before {
		t.Error("a check changed the image")
	}
	return reports[0]
}

// wantClean fails the test where anything is found that is more than a notice.
func wantClean(t testing.TB, image []byte) *fsck.Report {
	t.Helper()
	r := check(t, image)
	for i, f := range r.Findings {
		if f.Severity > fsck.Notice && i < 10 {
			t.Errorf("%v: %v", f.Severity, f)
		}
	}
	return r
}

// e2fsck runs e2fsck -fn on an image and returns its exit code, what it printed, and the codes of the problems that it logged.
func e2fsck(t testing.TB, image []byte) (code int, out string, problems map[string]bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fsck") // gone at once: there are thousands
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path, conf, log := filepath.Join(dir, "image"), filepath.Join(dir, "e2fsck.conf"), filepath.Join(dir, "problems")
	store(t, path, image)
	if err := os.WriteFile(conf, []byte("[options]\nproblem_log_filename = "+log+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second) // some damage it never comes back from
	defer stop()
	cmd := exec.CommandContext(ctx, tool(t, "e2fsck"), "-fn", path)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "E2FSCK_CONFIG="+conf)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	problems = make(map[string]bool)
	text, _ := os.ReadFile(log)
	for line := range strings.SplitSeq(string(text), "\n") {
		if _, rest, ok := strings.Cut(line, `code="0x`); ok {
			number, _, _ := strings.Cut(rest, `"`)
			problems[number] = true
		}
	}
	return cmd.ProcessState.ExitCode(), string(b), problems
}

// smallSource makes a folder that fits 4 MiB.
func smallSource(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, data []byte) { put(t, filepath.Join(dir, name), data) }
	for i := range 60 {
		put(fmt.Sprintf("htree/%04d%s", i, strings.Repeat("n", 150)), nil)
	}
	for _, n := range []int{10, 24, 60, 61, 100, 400, 30_000} {
		put(fmt.Sprintf("size%d", n), noise(uint64(n), n))
	}
	put("deep/a/b/leaf", []byte("leaf"))
	scatter(t, filepath.Join(dir, "islands"), 30, 8192)
	for _, n := range []int{5, 200} {
		if err := os.Symlink(strings.Repeat("t", n), filepath.Join(dir, fmt.Sprintf("link%d", n))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
