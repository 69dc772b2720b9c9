package journal_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"extant/disk"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
)

// dirtiedByKernel makes an image, lets the kernel mount it and work change it, and takes a copy while it is mounted: what
// the device holds when the power goes. Commits happen only where work asks for them.
func dirtiedByKernel(t *testing.T, size string, opts []string, mount string, work func(dir string)) *dirty {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		missing(t, "mounting needs Linux and root")
	}
	image := format(t, size, opts...)
	dir := filepath.Join(filepath.Dir(image), "mnt")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "ext4", "-o", "loop,commit=600,"+mount, image, dir).CombinedOutput(); err != nil {
		missing(t, "the kernel does not mount it: %v: %s", err, out)
	}
	mounted := true
	unmount := func() {
		if mounted {
			mounted = false
			ext4test.Unmount(t, dir)
		}
	}
	t.Cleanup(unmount)
	work(dir)
	dirty := filepath.Join(filepath.Dir(image), "copy.img")
	run(t, 0, "cp", "--sparse=always", image, dirty)
	unmount()
	return load(t, dirty)
}

// must is for work: what the kernel answers is not what is tested.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file and makes it durable.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	_, err = f.Write(data)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}

// kernelForms are file systems in which the kernel journals in different forms.
var kernelForms = []struct {
	name  string
	opts  []string
	mount string
	want  ondisk.JournalIncompat
}{
	{"csum v3 64bit", []string{"-t", "ext4", "-b", "4096", "-O", "64bit,metadata_csum", "-J", "size=8"}, "noatime",
		ondisk.JournalIncompat64Bit | ondisk.JournalIncompatCsumV3},
	{"csum v3 1 KiB", []string{"-t", "ext4", "-b", "1024", "-O", "^64bit,metadata_csum", "-J", "size=2"}, "noatime",
		ondisk.JournalIncompatCsumV3},
	{"no checksums", []string{"-t", "ext4", "-b", "1024", "-O", "^64bit,^metadata_csum", "-J", "size=2"}, "noatime", 0},
	{"compat checksum", []string{"-t", "ext4", "-b", "1024", "-O", "^64bit,^metadata_csum", "-J", "size=2"}, "journal_checksum", 0},
	{"async commit", []string{"-t", "ext4", "-b", "1024", "-O", "64bit,^metadata_csum", "-J", "size=2"}, "data=writeback,journal_async_commit",
		ondisk.JournalIncompat64Bit | ondisk.JournalIncompatAsyncCommit},
	{"data journaled", []string{"-t", "ext4", "-b", "1024", "-O", "64bit,metadata_csum", "-J", "size=4"}, "data=journal",
		ondisk.JournalIncompat64Bit | ondisk.JournalIncompatCsumV3},
}

func TestRecoverWhatTheKernelJournaled(t *testing.T) {
	magic := pattern(4096, 4, 3, 0, 1, 2, 3)
	for _, f := range kernelForms {
		t.Run(f.name, func(t *testing.T) {
			d := dirtiedByKernel(t, "48M", f.opts, f.mount, func(dir string) {
				for i := range 30 {
					put(t, filepath.Join(dir, fmt.Sprint("file", i)), magic)
				}
			})
			d.agree(t)
			s := open(t, disk.NewMemFrom(d.data), d.config).Super()
			if got := s.Incompat() &^ ondisk.JournalIncompatRevoke; got != f.want {
				t.Errorf("the journal has %v, want %v", got, f.want)
			}
			if sums := s.Compat() != 0; sums != (f.name == "compat checksum" || f.name == "async commit") {
				t.Errorf("the journal has compat features %v", s.Compat())
			}
		})
	}
}

var loggedAt = regexp.MustCompile(`(FS block \d+ logged at|type 1 \(descriptor block\) at) (?:journal )?block (\d+)`)

// wrapped reports whether the log of a dump goes on at its start.
func wrapped(dump string) bool {
	last := 0
	for _, m := range loggedAt.FindAllStringSubmatch(dump, -1) {
		var n int
		fmt.Sscan(m[2], &n)
		if n < last {
			return true
		}
		last = n
	}
	return false
}

// TestRecoverAWrappedLog works until the log has gone round, which is after a few hundred commits, more or less.
func TestRecoverAWrappedLog(t *testing.T) {
	opts := []string{"-t", "ext4", "-b", "1024", "-O", "64bit,metadata_csum", "-J", "size=1"}
	for files := 120; files < 240; files += 15 {
		d := dirtiedByKernel(t, "32M", opts, "noatime", func(dir string) {
			for i := range files {
				put(t, filepath.Join(dir, fmt.Sprint("file", i)), []byte("content"))
			}
		})
		if wrapped(logdump(t, d.path)) {
			d.agree(t)
			return
		}
	}
	t.Fatal("the log never wrapped")
}

// TestRecoverRevokedBlocks frees directories, whose blocks were journaled, and fills the device so that they hold file data.
func TestRecoverRevokedBlocks(t *testing.T) {
	opts := []string{"-t", "ext4", "-b", "1024", "-O", "64bit,metadata_csum", "-J", "size=4"}
	var files []string
	d := dirtiedByKernel(t, "24M", opts, "noatime,nodelalloc", func(dir string) {
		files = churn(t, dir)
	})
	if dump := logdump(t, d.path); strings.Count(dump, "Revoke FS block") < 50 {
		t.Fatalf("few revoke records in the log:\n%s", dump)
	}
	d.agree(t)
	after := filepath.Join(filepath.Dir(d.path), "after.img")
	dev := disk.NewMemFrom(d.data)
	writeFile(t, after, contents(t, recovered(t, dev, d.config).View(dev)))
	for _, f := range files {
		out := filepath.Join(filepath.Dir(d.path), "out")
		run(t, 0, "debugfs", "-R", fmt.Sprintf("dump /%s %s", f, out), after)
		if got, err := os.ReadFile(out); err != nil || string(got) != strings.Repeat(f, len(got)/len(f)) || len(got) < 1<<20 {
			t.Errorf("%s has other content than was made durable: %d bytes, %v", f, len(got), err)
		}
	}
}

// churn makes 60 directories durable, removes them, and fills the device with files, whose names it returns.
func churn(t *testing.T, dir string) (files []string) {
	t.Helper()
	for i := range 60 {
		sub := filepath.Join(dir, fmt.Sprint("dir", i))
		must(t, os.Mkdir(sub, 0o700))
		must(t, os.WriteFile(filepath.Join(sub, "x"), nil, 0o600))
	}
	put(t, filepath.Join(dir, "a"), []byte("a"))
	for i := range 60 {
		must(t, os.RemoveAll(filepath.Join(dir, fmt.Sprint("dir", i))))
	}
	put(t, filepath.Join(dir, "a"), []byte("b"))
	for i := range 9 {
		name := fmt.Sprint("fill", i)
		put(t, filepath.Join(dir, name), []byte(strings.Repeat(name, 400_000)))
		files = append(files, name)
	}
	return files
}

func TestFastCommitsOfTheKernel(t *testing.T) {
	opts := []string{"-t", "ext4", "-b", "4096", "-O", "fast_commit,64bit,metadata_csum", "-J", "size=8,fast_commit_size=1024"}
	d := dirtiedByKernel(t, "64M", opts, "noatime", func(dir string) {
		put(t, filepath.Join(dir, "full"), []byte("full"))
		run(t, 0, "sync", "-f", dir)
		fastWork(t, dir)
	})
	o := d.agree(t)
	if !o.HasFastCommits() {
		t.Fatal("no fast commits: the image does not test what it should")
	}
	var got []string
	for r, err := range o.FastCommits() {
		must(t, err)
		if r.Tag != ondisk.FCTail {
			got = append(got, fastLine(t, r))
		}
	}
	if want := fastLines(logdump(t, d.path)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("fast commits are\n%s\ndebugfs finds\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fastWork makes changes that the kernel commits fast, enough for several blocks of the area.
func fastWork(t *testing.T, dir string) {
	t.Helper()
	for i := range 6 {
		put(t, filepath.Join(dir, fmt.Sprint("f", i)), []byte("fast"))
	}
	must(t, os.Link(filepath.Join(dir, "f1"), filepath.Join(dir, "link")))
	must(t, os.Remove(filepath.Join(dir, "f2")))
	for i := range 40 { // one fast commit over more than a block
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("many", i)), []byte("x"), 0o600))
	}
	f, err := os.OpenFile(filepath.Join(dir, "f3"), os.O_RDWR, 0)
	must(t, err)
	must(t, f.Truncate(1))
	must(t, f.Sync())
	must(t, f.Close())
}

// fastLine is a record in the words of debugfs.
func fastLine(t *testing.T, r ondisk.FastCommitRecord) string {
	t.Helper()
	switch r.Tag {
	case ondisk.FCInode:
		var n ondisk.FastCommitInode
		must(t, n.Decode(r.Value))
		return fmt.Sprintf("tag INODE, inode %d", n.Ino)
	case ondisk.FCAddRange:
		var a ondisk.FastCommitAddRange
		must(t, a.Decode(r.Value))
		return fmt.Sprintf("tag ADD_RANGE, inode %d", a.Ino)
	case ondisk.FCDelRange:
		var a ondisk.FastCommitDelRange
		must(t, a.Decode(r.Value))
		return fmt.Sprintf("tag DEL_RANGE, inode %d, lblk %d, len %d", a.Ino, int32(a.Block), a.Len)
	}
	var e ondisk.FastCommitDentry
	must(t, e.Decode(r.Value))
	word := map[ondisk.FastCommitTag]string{ondisk.FCCreat: "CREAT_DENTRY", ondisk.FCLink: "ADD_ENTRY", ondisk.FCUnlink: "DEL_ENTRY"}[r.Tag]
	return fmt.Sprintf("tag %s, parent %d, ino %d, name %q", word, e.ParentIno, e.Ino, r.Value[ondisk.FastCommitDentrySize:])
}

var (
	extentOfRange = regexp.MustCompile(`(tag ADD_RANGE, inode \d+),.*`)
	nameRest      = regexp.MustCompile(`[\x00-\x1f]+`) // debugfs prints names to the next zero, some of the next tag with them
)

// fastLines is what debugfs lists of the fast-commit area, without heads, tails and the extents of added ranges.
func fastLines(dump string) (lines []string) {
	for _, l := range strings.Split(dump, "\n") {
		l = nameRest.ReplaceAllString(extentOfRange.ReplaceAllString(strings.TrimSpace(l), "$1"), "")
		if strings.HasPrefix(l, "tag ") && !strings.HasPrefix(l, "tag HEAD") && !strings.HasPrefix(l, "tag TAIL") && !strings.HasPrefix(l, "tag PAD") {
			lines = append(lines, l)
		}
	}
	return lines
}
