package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"extant/disk"
	"extant/internal/ext4test"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// ourForms are file systems whose logs we write in different forms.
var ourForms = []struct {
	name            string
	size            string
	opts            []string
	checksums, wide bool
}{
	{"csum v3 64bit", "64M", []string{"-t", "ext4", "-b", "4096", "-O", "64bit,metadata_csum", "-J", "size=4"}, true, true},
	{"csum v3 1 KiB", "32M", []string{"-t", "ext4", "-b", "1024", "-O", "^64bit,metadata_csum", "-J", "size=1"}, true, false},
	{"64bit", "32M", []string{"-t", "ext4", "-b", "1024", "-O", "64bit,^metadata_csum", "-J", "size=1"}, false, true},
	{"ext3", "32M", []string{"-t", "ext3", "-b", "1024", "-J", "size=1"}, false, false},
}

// oursOnto makes two file systems of which the second has some files more, and journals onto the first what makes it the second. Before that,
// the same blocks but that of the super block, which the kernel looks at while it replays, get other content in rounds transactions, so
// that the log goes round; one block that is free is journaled, revoked and written directly. The log is left as a crash would leave it.
func oursOnto(t *testing.T, size string, opts []string, checksums, wide bool, rounds int) (d *dirty, want []byte, revoked ondisk.Block) {
	t.Helper()
	image := format(t, size, opts...)
	dir := filepath.Dir(image)
	goal, small, large := filepath.Join(dir, "goal.img"), filepath.Join(dir, "small"), filepath.Join(dir, "large")
	run(t, 0, "cp", "--sparse=always", image, goal)
	writeFile(t, small, []byte("small"))
	writeFile(t, large, pattern(4096, 9, 3, 0, 2, 5))
	debugfs(t, goal, "mkdir sub", "cd sub", "write "+small+" small", "write "+large+" large", "symlink link /sub/large")
	debugfs(t, goal, "feature needs_recovery")
	debugfs(t, image, "feature needs_recovery")
	d = load(t, image)
	to := load(t, goal)
	dev := disk.NewMemFrom(d.data)
	r := startJournal(t, dev, d.config, true, func(w *journal.WriteConfig) { w.Checksums, w.Wide = checksums, wide })
	var changed []ondisk.Block
	for b := range ondisk.Block(d.config.Blocks) {
		if !bytes.Equal(d.blockOf(d.data, b), to.blockOf(to.data, b)) {
			changed = append(changed, b)
		}
	}
	revoked = ondisk.Block(d.config.Blocks - 100)
	if len(changed) < 8 {
		t.Fatalf("only %d blocks differ", len(changed))
	}
	super := ondisk.Block(ondisk.SuperOffset / d.config.BlockSize)
	others := slices.DeleteFunc(slices.Clone(changed), func(b ondisk.Block) bool { return b == super })
	for i := range rounds {
		must(t, r.Commit(r.set(t, byte(i), others[i%len(others)], revoked)))
	}
	h, err := r.Start(len(changed))
	must(t, err)
	must(t, h.Forget(revoked))
	for i, b := range changed {
		if i%3 == 2 {
			must(t, h.Log(b, to.blockOf(to.data, b)))
			continue
		}
		buf, err := r.cache.Read(b)
		must(t, err)
		data, err := h.Access(buf)
		must(t, err)
		copy(data, to.blockOf(to.data, b))
		h.Dirty(buf)
	}
	must(t, h.Stop())
	must(t, r.Force())
	_, err = dev.WriteAt(bytes.Repeat([]byte{0xEE}, d.config.BlockSize), int64(revoked)*int64(d.config.BlockSize))
	must(t, err)
	writeFile(t, d.path, contents(t, dev))
	return load(t, d.path), to.data, revoked
}

var loggedLine = regexp.MustCompile(`FS block \d+ logged at`)

func TestOthersReadWhatWeJournaled(t *testing.T) {
	forms := ourForms
	if testing.Short() {
		forms = forms[1:2]
	}
	for _, f := range forms {
		for _, rounds := range []int{3, 700} {
			t.Run(fmt.Sprint(f.name, " ", rounds), func(t *testing.T) {
				d, want, revoked := oursOnto(t, f.size, f.opts, f.checksums, f.wide, rounds)
				s := open(t, disk.NewMemFrom(d.data), d.config).Super()
				if s.Incompat().Has(ondisk.JournalIncompatCsumV3) != f.checksums || s.Incompat().Has(ondisk.JournalIncompat64Bit) != f.wide {
					t.Errorf("the journal has %v", s.Incompat())
				}
				d.agree(t)
				replayed := d.e2fsckReplay(t)
				d.same(t, "e2fsck's replay and the goal", withBlocks(d, replayed, want, revoked), want)
				if !bytes.Equal(d.blockOf(replayed, revoked), bytes.Repeat([]byte{0xEE}, d.config.BlockSize)) {
					t.Error("e2fsck replayed a revoked block")
				}
				dump := logdump(t, d.path)
				if n := len(loggedLine.FindAllString(dump, -1)); n < 8 || !strings.Contains(dump, fmt.Sprintf("Revoke FS block %d", revoked)) {
					t.Errorf("debugfs finds %d blocks in the log:\n%s", n, dump)
				}
				if strings.Contains(dump, "invalid") || strings.Contains(dump, "corrupt") {
					t.Errorf("debugfs says\n%s", dump)
				}
				if rounds > 100 && s.Sequence < 100 {
					t.Errorf("the log starts with transaction %d: it has not gone round", s.Sequence)
				}
				checked := filepath.Join(filepath.Dir(d.path), "checked.img")
				writeFile(t, checked, d.data)
				run(t, 1, "e2fsck", "-fy", checked)
				run(t, 0, "e2fsck", "-fn", checked)
			})
		}
	}
}

// withBlocks is image a with the journal and block b, which are not compared, as in image like.
func withBlocks(d *dirty, a, like []byte, b ondisk.Block) []byte {
	a = bytes.Clone(a)
	copy(d.blockOf(a, b), d.blockOf(like, b))
	for _, e := range d.config.Extents {
		for n := range ondisk.Block(e.Count) {
			copy(d.blockOf(a, e.Start+n), d.blockOf(like, e.Start+n))
		}
	}
	return a
}

// TestTheKernelRecoversWhatWeJournaled mounts what a crash left, reads the files, changes some and hands it back.
func TestTheKernelRecoversWhatWeJournaled(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		missing(t, "mounting needs Linux and root")
	}
	forms := ourForms[:3]
	if testing.Short() {
		forms = forms[:1]
	}
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			d, _, unused := oursOnto(t, f.size, f.opts, f.checksums, f.wide, 50)
			d.mounted(t, "new")
			// And back: what the kernel left is gone on with, and left to it empty, with the log in its midst.
			back := load(t, d.path)
			dev := disk.NewMemFrom(back.data)
			r := startJournal(t, dev, back.config, true)
			for i := range 20 {
				must(t, r.Commit(r.set(t, byte(i), unused)))
			}
			must(t, r.Flush())
			writeFile(t, d.path, contents(t, dev))
			d.mounted(t, "newer")
		})
	}
}

// mounted lets the kernel mount the image, reads a file, makes another, and checks what the kernel leaves.
func (d *dirty) mounted(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(d.path), "mnt")
	must(t, os.MkdirAll(dir, 0o700))
	if out, err := exec.Command("mount", "-t", "ext4", "-o", "loop,noatime", d.path, dir).CombinedOutput(); err != nil {
		missing(t, "the kernel does not mount it: %v: %s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "sub", "large"))
	put(t, filepath.Join(dir, "sub", name), []byte("new"))
	ext4test.Unmount(t, dir)
	if err != nil || !bytes.Equal(got, pattern(4096, 9, 3, 0, 2, 5)) {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
	run(t, 0, "e2fsck", "-fn", d.path)
}
