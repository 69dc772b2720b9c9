package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// missing reports that the test cannot run here: fatal where nothing may be missing.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// run runs a tool of e2fsprogs or the system and returns what it printed. An exit status above ok is fatal.
func run(t testing.TB, ok int, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "%s is not installed", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() < 0 || cmd.ProcessState.ExitCode() > ok) {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// scratch is a folder in memory where there is one: images are large and sparse.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "journal")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// format makes an image of size (as mke2fs takes it) with the options given and returns its path.
func format(t testing.TB, size string, opts ...string) string {
	t.Helper()
	image := filepath.Join(scratch(t), "disk.img")
	run(t, 0, "mke2fs", append(append([]string{"-q", "-F"}, opts...), image, size)...)
	return image
}

// debugfs runs commands on an image.
func debugfs(t testing.TB, image string, commands ...string) string {
	t.Helper()
	file := filepath.Join(filepath.Dir(image), "commands")
	if err := os.WriteFile(file, []byte(strings.Join(commands, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, 0, "debugfs", "-w", "-f", file, image)
}

// logdump is what debugfs makes of the log.
func logdump(t testing.TB, image string) string {
	t.Helper()
	return run(t, 0, "debugfs", "-R", "logdump -a", image)
}

var runOfBlocks = regexp.MustCompile(`\((\d+)(?:-(\d+))?\):(\d+)`)

// configOf says where the journal of an image lies, asking debugfs.
func configOf(t testing.TB, image string, data []byte) journal.Config {
	t.Helper()
	var s ondisk.Super
	if err := s.Decode(data[1024:]); err != nil {
		t.Fatal(err)
	}
	c := journal.Config{BlockSize: s.BlockSize(), Blocks: s.Blocks()}
	for _, m := range runOfBlocks.FindAllStringSubmatch(run(t, 0, "debugfs", "-R", "stat <8>", image), -1) {
		first, _ := strconv.ParseUint(m[1], 10, 32)
		last := first
		if m[2] != "" {
			last, _ = strconv.ParseUint(m[2], 10, 32)
		}
		start, _ := strconv.ParseUint(m[3], 10, 64)
		c.Extents = append(c.Extents, journal.Extent{Start: ondisk.Block(start), Count: uint32(last - first + 1)})
	}
	return c
}

// A dirty image is one whose journal is to be recovered, with what is known of it.
type dirty struct {
	path   string
	data   []byte
	config journal.Config
}

func load(t testing.TB, image string) *dirty {
	t.Helper()
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return &dirty{image, data, configOf(t, image, data)}
}

func open(t testing.TB, dev disk.Device, c journal.Config) *journal.Log {
	t.Helper()
	l, err := journal.Open(dev, c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func recovered(t testing.TB, dev disk.Device, c journal.Config) *journal.Overlay {
	t.Helper()
	o, err := open(t, dev, c).Recover()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func contents(t testing.TB, dev disk.Device) []byte {
	t.Helper()
	b := make([]byte, dev.Size())
	if _, err := dev.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// agree holds a recovery of d to three things: the view through the log writes nothing, a replay leaves what the view
// showed, and e2fsck's replay of a copy leaves the same.
func (d *dirty) agree(t *testing.T) *journal.Overlay {
	t.Helper()
	dev := disk.NewMemFrom(d.data)
	o := recovered(t, dev, d.config)
	if o.Len() == 0 {
		t.Fatal("nothing to recover: the image does not test what it should")
	}
	if o.Damage() != nil {
		t.Fatal(o.Damage())
	}
	view := contents(t, o.View(dev))
	if !bytes.Equal(contents(t, dev), d.data) {
		t.Fatal("the view changed the device")
	}
	err := o.Replay(journal.ReplayOptions{FastCommits: func(disk.Device) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	ours := contents(t, dev)
	d.same(t, "view and replay", view, ours)
	if l := open(t, dev, d.config); !l.Empty() {
		t.Error("the log is not empty after a replay")
	}
	if !o.HasFastCommits() {
		d.same(t, "replay and e2fsck's", ours, d.e2fsckReplay(t))
	}
	return o
}

// e2fsckReplay is the image after e2fsck has replayed its journal.
func (d *dirty) e2fsckReplay(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(filepath.Dir(d.path), "e2fsck.img")
	if err := os.WriteFile(path, d.data, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, 1, "e2fsck", "-y", "-E", "journal_only", path) // with -f it would go on to check and repair
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same compares two images block by block, but for the super blocks of file system and journal, which every replay
// marks in its own way.
func (d *dirty) same(t *testing.T, what string, a, b []byte) {
	t.Helper()
	size := d.config.BlockSize
	skip := []int{1024 / size, int(d.config.Extents[0].Start)}
	for n := range len(a) / size {
		if !slices.Contains(skip, n) && !bytes.Equal(a[n*size:(n+1)*size], b[n*size:(n+1)*size]) {
			t.Fatalf("%s differ in block %d", what, n)
		}
	}
}

// blockOf is block n of an image.
func (d *dirty) blockOf(data []byte, n ondisk.Block) []byte {
	size := d.config.BlockSize
	return data[int(n)*size : (int(n)+1)*size]
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// pattern is n blocks of size bytes, different for each seed, of which those listed in magic start like a journal block.
func pattern(size, n int, seed byte, magic ...int) []byte {
	b := make([]byte, size*n)
	for i := range b {
		b[i] = seed + byte(i%251) + byte(i/size)
	}
	for _, m := range magic {
		copy(b[m*size:], []byte{0xC0, 0x3B, 0x39, 0x98})
	}
	return b
}

// jw is a debugfs command that journals the blocks listed as one transaction with the content of file.
func jw(file string, blocks []int, more ...string) string {
	var list []string
	for _, b := range blocks {
		list = append(list, strconv.Itoa(b))
	}
	return fmt.Sprintf("jw -b %s %s %s", strings.Join(list, ","), strings.Join(more, " "), file)
}
