package extract_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"extant/disk"
	"extant/extract"
	"extant/internal/ext4test"
	"extant/mkfs"
)

// mke2fsLoses takes away what mke2fs -d of 1.47.0 does not take over.
func mke2fsLoses(name string, f file) file {
	f.mtime = f.mtime.Truncate(time.Second)
	if f.target != "" {
		f.same = "" // hard links of symbolic ones
	}
	if name == "." {
		f = file{}
	}
	return f
}

func TestToDirFromMke2fs(t *testing.T) {
	p := plantVariety(t, true)
	for _, args := range []string{
		"-t ext4", "-t ext4 -b 1024", "-t ext4 -O inline_data -I 512", "-t ext2", "-t ext3 -I 256", "-t ext4 -O bigalloc -C 16384",
		"-t ext4 -O ea_inode,^metadata_csum", "-t ext4 -O ^extent,^64bit",
	} {
		t.Run(args, func(t *testing.T) {
			vol := open(t, mke2fs(t, p.root, "64M", args))
			out, _ := toDir(t, vol, extract.Options{})
			want := readTree(t, p.root)
			if strings.Contains(args, "inline_data") {
				delete(want, "hole")                                           // its hole at the start is written
				for _, name := range []string{"all hole", "hole at the end"} { // their size is lost
					delete(want, name)
					os.Remove(filepath.Join(out, name))
				}
				os.Remove(filepath.Join(out, "hole"))
			}
			compareTrees(t, readTree(t, out), want, mke2fsLoses)
		})
	}
}

// TestToDirFromKernel compares with what the kernel has written and so with everything that a tree has.
func TestToDirFromKernel(t *testing.T) {
	needRoot(t)
	p := plantVariety(t, true)
	p.plantPower()
	image := mke2fs(t, "", "64M", "-t ext4 -I 512 -O inline_data -E root_owner=0:0")
	mnt := t.TempDir()
	if out, err := os.ReadFile("/proc/filesystems"); err != nil || !strings.Contains(string(out), "\text4\n") {
		missing(t, "the kernel has no ext4")
	}
	run(t, tool(t, "mount"), "-o", "loop", image, mnt)
	mounted := true
	unmount := func() {
		if mounted {
			ext4test.Unmount(t, mnt)
			mounted = false
		}
	}
	defer unmount()
	run(t, "cp", "-a", p.root+"/.", mnt)
	unmount()
	out, stats := toDir(t, open(t, image), extract.Options{Privileged: true})
	compareTrees(t, readTree(t, out), readTree(t, p.root), exactly)
	if stats.SetID+stats.Xattrs+stats.Devices+stats.Failed != 0 {
		t.Errorf("left out: %+v", stats)
	}
}

func TestToDirFromMkfs(t *testing.T) {
	p := plantVariety(t, true)
	vol := build(t, p.root)
	for _, workers := range []int{1, 2, 7} {
		out, stats := toDir(t, vol, extract.Options{Workers: workers})
		want := readTree(t, p.root)
		compareTrees(t, readTree(t, out), want, exactly)
		if got := stats.Files + stats.Dirs + 1; got != int64(len(want)) {
			t.Errorf("%d names counted, want %d", got, len(want))
		}
	}
}

// TestPowerStaysInside is S7: nothing that gives power comes out unasked.
func TestPowerStaysInside(t *testing.T) {
	needRoot(t)
	p := plantVariety(t, false)
	p.plantPower()
	vol := build(t, p.root)
	out, stats := toDir(t, vol, extract.Options{})
	got, want := readTree(t, out), readTree(t, p.root)
	for name, f := range want {
		switch f.mode & unix.S_IFMT {
		case unix.S_IFCHR, unix.S_IFBLK:
			delete(want, name)
			continue
		case unix.S_IFDIR:
			f.mode &^= 0o6000
		case unix.S_IFREG:
			f.mode &^= 0o7000
		}
		if strings.HasPrefix(name, "power/") {
			f.xattrs = ""
		}
		want[name] = f
	}
	compareTrees(t, got, want, exactly)
	if stats.SetID != 5 || stats.Devices != 2 || stats.Xattrs != 3 {
		t.Errorf("left out %+v, want 5 modes, 2 devices, 3 xattrs", stats)
	}
	out, _ = toDir(t, vol, extract.Options{Privileged: true})
	compareTrees(t, readTree(t, out), readTree(t, p.root), exactly)
}

func TestOwners(t *testing.T) {
	needRoot(t)
	p := plant{t, memDir(t)}
	p.dir("d")
	p.file("d/f", []byte("x"))
	p.do(os.Symlink("f", p.at("d/l")))
	for _, name := range []string{"d", "d/f", "d/l"} {
		p.do(os.Lchown(p.at(name), 1000, 2000))
	}
	p.xattr("d/f", "system.posix_acl_access", acl(0o6, 1000, 0o6, 0o4, 2000, 0o4, 0o6, 0o4))
	vol := build(t, p.root)
	for _, c := range []struct {
		name     string
		o        extract.Options
		uid, gid uint32
		aclUser  uint32
	}{
		{"restored", extract.Options{}, 1000, 2000, 1000},
		{"left", extract.Options{Owners: extract.OwnersNever}, 0, 0, 1000},
		{"mapped", extract.Options{MapUID: func(u uint32) uint32 { return u + 5 }}, 1005, 2000, 1005},
		{"one", extract.Options{MapUID: func(uint32) uint32 { return 7 }, MapGID: func(uint32) uint32 { return 8 }}, 7, 8, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := toDir(t, vol, c.o)
			for _, name := range []string{"d", "d/f", "d/l"} {
				if st := stat(t, filepath.Join(out, name)); st.Uid != c.uid || st.Gid != c.gid {
					t.Errorf("%s: %d:%d, want %d:%d", name, st.Uid, st.Gid, c.uid, c.gid)
				}
			}
			b := make([]byte, 100)
			n, err := unix.Getxattr(filepath.Join(out, "d/f"), "system.posix_acl_access", b)
			if want := acl(0o6, int(c.aclUser), 0o6, 0o4, 0, 0o4, 0o6, 0o4)[:20]; err != nil || string(b[:min(n, 20)]) != string(want) {
				t.Errorf("ACL %x, %v, want it to begin %x", b[:n], err, want)
			}
		})
	}
}

// TestUnprivilegedUser runs an extraction as another user: owners stay behind, directories without write permission come out full.
func TestUnprivilegedUser(t *testing.T) {
	needRoot(t)
	p := plantVariety(t, true)
	vol := build(t, p.root)
	out := filepath.Join(memDir(t), "out")
	p.do(os.Mkdir(out, 0o755))
	p.do(os.Chown(out, 1234, 1234))
	p.do(os.Chmod(filepath.Dir(out), 0o755))
	asUser(t, 1234, func() error {
		_, err := extract.ToDir(context.Background(), vol, wholeVolume, out, extract.Options{
			Owners: extract.OwnersNever, Workers: 1, Report: func(err error) { t.Error(err) },
		})
		return err
	})
	compareTrees(t, readTree(t, out), readTree(t, p.root), func(name string, f file) file {
		if name == "." {
			return file{}
		}
		f.uid, f.gid = 0, 0
		return f
	})
	if st := stat(t, filepath.Join(out, "deep/a")); st.Uid != 1234 {
		t.Errorf("owner %d, want 1234", st.Uid)
	}
}

// asUser calls f while every thread of the process has the rights of another user.
func asUser(t *testing.T, id int, f func() error) {
	t.Helper()
	if err := errors.Join(syscall.Setregid(-1, id), syscall.Setreuid(-1, id)); err != nil {
		t.Fatal(err)
	}
	err := f()
	if err := errors.Join(syscall.Setreuid(-1, 0), syscall.Setregid(-1, 0)); err != nil {
		panic(err) // nothing after this would mean anything
	}
	if err != nil {
		t.Error(err)
	}
}

// TestModesInOddTargets extracts where new files do not get what the process would give them: in a directory with a default ACL, and in one
// that passes its group on.
func TestModesInOddTargets(t *testing.T) {
	needRoot(t)
	p := plantVariety(t, false)
	vol := build(t, p.root)
	for name, prepare := range map[string]func(dir string) error{
		"default ACL": func(dir string) error {
			return unix.Setxattr(dir, "system.posix_acl_default", acl(7, 5, 7, 5, 6, 7, 7, 0), 0)
		},
		"set-group-ID": func(dir string) error { return errors.Join(os.Chown(dir, 0, 777), unix.Chmod(dir, 0o2755)) },
	} {
		t.Run(name, func(t *testing.T) {
			out := memDir(t)
			if err := prepare(out); err != nil {
				t.Fatal(err)
			}
			_, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{})
			if err != nil {
				t.Fatal(err)
			}
			compareTrees(t, readTree(t, out), readTree(t, p.root), func(name string, f file) file {
				if name == "." {
					return file{}
				}
				f.xattrs, f.mode = "", f.mode&^0o2000 // what the target passes on is its owner's business
				return f
			})
		})
	}
}

func TestUmask(t *testing.T) {
	p := plant{t, memDir(t)}
	p.dir("d")
	p.file("d/open", nil)
	p.do(os.Chmod(p.at("d/open"), 0o666))
	p.do(os.Chmod(p.at("d"), 0o777))
	vol := build(t, p.root)
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for omit, want := range map[extract.Meta][2]uint32{0: {0o777, 0o666}, extract.MetaModes: {0o750, 0o640}} {
		out, _ := toDir(t, vol, extract.Options{Omit: omit})
		got := [2]uint32{stat(t, filepath.Join(out, "d")).Mode & 0o7777, stat(t, filepath.Join(out, "d/open")).Mode & 0o7777}
		if got != want {
			t.Errorf("omit %d: modes %o, want %o", omit, got, want)
		}
	}
}

func TestOmit(t *testing.T) {
	p := plantVariety(t, true)
	vol := build(t, p.root)
	out, _ := toDir(t, vol, extract.Options{Omit: extract.MetaXattrs | extract.MetaTimes})
	old := time.Now().Add(-time.Hour)
	for name, f := range readTree(t, out) {
		if f.xattrs != "" || f.mtime.Before(old) {
			t.Errorf("%q has %q and %v", name, f.xattrs, f.mtime)
		}
	}
}

func TestFillHoles(t *testing.T) {
	p := plant{t, memDir(t)}
	p.sparse("hole", 1<<20, map[int64][]byte{512 << 10: []byte("x")})
	out, stats := toDir(t, build(t, p.root), extract.Options{FillHoles: true})
	if st := stat(t, filepath.Join(out, "hole")); st.Blocks*512 < 1<<20 || stats.Bytes != 1<<20 {
		t.Errorf("%d blocks, %d bytes counted", st.Blocks, stats.Bytes)
	}
}

// TestExisting checks what becomes of what is in the target already.
func TestExisting(t *testing.T) {
	p := plant{t, memDir(t)}
	p.dir("d/sub")
	for _, name := range []string{"file", "link", "dangling", "fifo", "busy", "d/f"} {
		p.file(name, []byte("new "+name))
	}
	vol := build(t, p.root)
	prepare := func() (plant, string) {
		q := plant{t, memDir(t)}
		q.dir("out/d")
		q.dir("out/busy")
		q.do(os.Chmod(q.at("out/d"), 0o700))
		q.file("outside", []byte("old"))
		q.file("out/file", []byte("old"))
		q.do(os.Symlink("../outside", q.at("out/link")))
		q.do(os.Symlink("../not there", q.at("out/dangling")))
		q.do(unix.Mkfifo(q.at("out/fifo"), 0o600))
		q.dir("elsewhere")
		q.do(os.Symlink("../../elsewhere", q.at("out/d/sub")))
		return q, q.at("out")
	}
	for _, overwrite := range []bool{false, true} {
		q, out := prepare()
		failed := map[string]bool{}
		s, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{
			Overwrite: overwrite,
			Report: func(err error) {
				var pe *fs.PathError
				errors.As(err, &pe)
				failed[pe.Path] = errors.Is(err, fs.ErrExist)
			},
		})
		var partial *extract.PartialError
		if !errors.As(err, &partial) || partial.Failed != s.Failed {
			t.Errorf("overwrite %v: %v", overwrite, err)
		}
		want := map[string]bool{"/file": true, "/link": true, "/dangling": true, "/fifo": true, "/busy": true, "/d/sub": true}
		if overwrite {
			want = map[string]bool{"/busy": false} // a directory is not removed
		}
		if !maps.Equal(failed, want) {
			t.Errorf("overwrite %v: failed %v, want %v", overwrite, failed, want)
		}
		for _, name := range []string{"file", "link", "dangling", "fifo"} {
			b, err := os.ReadFile(filepath.Join(out, "d/f"))
			if overwrite {
				b, err = os.ReadFile(filepath.Join(out, name))
			} else {
				name = "d/f"
			}
			if string(b) != "new "+name || err != nil {
				t.Errorf("overwrite %v: %s holds %q, %v", overwrite, name, b, err)
			}
		}
		if b, _ := os.ReadFile(q.at("outside")); string(b) != "old" {
			t.Errorf("a file outside was written through a link: %q", b)
		}
		if list, _ := os.ReadDir(q.at("elsewhere")); len(list) != 0 {
			t.Error("a link to a directory was followed")
		}
		if mode := stat(t, filepath.Join(out, "d")).Mode & 0o777; (mode == 0o755) != overwrite {
			t.Errorf("overwrite %v: the directory that was there has mode %o", overwrite, mode)
		}
	}
}

func TestSources(t *testing.T) {
	p := plantVariety(t, false)
	p.do(os.Symlink("deep/a", p.at("way")))
	vol := build(t, p.root)
	for _, c := range []struct {
		sources []extract.Source
		want    []string
		failed  int64
	}{
		{[]extract.Source{{Path: "/deep/a/b/c/d"}}, []string{".", "e", "e/f", "e/f/g", "e/f/g/leaf"}, 0},
		{[]extract.Source{{Path: "deep//a/b/c/d/", As: "new"}}, []string{".", "new", "new/e", "new/e/f", "new/e/f/g", "new/e/f/g/leaf"}, 0},
		{[]extract.Source{{Path: "/sizes/59"}, {Path: "/sizes/60", As: "b"}}, []string{".", "59", "b"}, 0},
		{[]extract.Source{{Path: "/way", As: "w"}}, []string{".", "w"}, 0},
		{[]extract.Source{{Path: "/way/b/c/d/e/f/g", Follow: true}}, []string{".", "leaf"}, 0},
		{[]extract.Source{{Path: "/no"}, {Path: "/empty", As: "e"}}, []string{".", "e"}, 1},
		{[]extract.Source{{Path: "/sizes/1", As: "../x"}, {Path: "/sizes/1", As: ".."}, {Path: "/sizes/1", As: "ok"}}, []string{".", "ok"}, 2},
		{[]extract.Source{{Path: "/sizes/1", As: "x"}, {Path: "/sizes/59", As: "x"}}, []string{".", "x"}, 1},
	} {
		out := filepath.Join(memDir(t), "out")
		s, _ := extract.ToDir(t.Context(), vol, c.sources, out, extract.Options{})
		if got := slices.Sorted(maps.Keys(readTree(t, out))); !slices.Equal(got, c.want) || s.Failed != c.failed {
			t.Errorf("%+v: got %q and %d failures, want %q and %d", c.sources, got, s.Failed, c.want, c.failed)
		}
	}
}

func TestLimits(t *testing.T) {
	p := plantVariety(t, false)
	vol := build(t, p.root)
	for _, c := range []struct {
		l    extract.Limits
		what string
	}{
		{extract.Limits{Bytes: 100_000}, "bytes"},
		{extract.Limits{Files: 100}, "files"},
	} {
		out := memDir(t)
		s, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{Limits: c.l})
		var limit *extract.LimitError
		if !errors.As(err, &limit) || limit.What != c.what {
			t.Errorf("%+v: %v", c.l, err)
		}
		if s.Bytes > 100_000 && c.what == "bytes" || s.Files+s.Dirs > 100 && c.what == "files" {
			t.Errorf("%+v: went on to %+v", c.l, s)
		}
		if _, err := extract.ToTar(t.Context(), vol, wholeVolume, discard{}, extract.Options{Limits: c.l}); !errors.As(err, &limit) {
			t.Errorf("%+v: archive: %v", c.l, err)
		}
	}
	out := memDir(t)
	var failed []string
	_, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{
		Limits: extract.Limits{Depth: 3, Files: -1, Bytes: -1}, Report: func(err error) { failed = append(failed, err.Error()) },
	})
	if len(failed) != 1 || !strings.Contains(failed[0], "/deep/a/b/c") || err == nil {
		t.Errorf("depth: %q, %v", failed, err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCancel(t *testing.T) {
	p := plantVariety(t, false)
	vol := build(t, p.root)
	ctx, cancel := context.WithCancel(t.Context())
	out := memDir(t)
	_, err := extract.ToDir(ctx, vol, wholeVolume, out, extract.Options{Progress: func(extract.Stats) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	want := readTree(t, p.root)
	for name, f := range readTree(t, out) {
		if f.sum != want[name].sum {
			t.Errorf("%q was left half written", name)
		}
	}
	if _, err := extract.ToTar(ctx, vol, wholeVolume, discard{}, extract.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("archive: %v", err)
	}
}

// TestReportsInOrder breaks many files and wants the failures in the same order whatever the number of workers.
func TestReportsInOrder(t *testing.T) {
	p := plantVariety(t, false)
	vol := build(t, p.root)
	var first []string
	for _, workers := range []int{1, 2, 8, 8, 8} {
		out := memDir(t)
		for name, f := range readTree(t, p.root) { // directories and every other file are in the way
			if f.mode&unix.S_IFMT == unix.S_IFDIR {
				p.do(os.MkdirAll(filepath.Join(out, name), 0o755))
			}
		}
		for i, name := range slices.Sorted(maps.Keys(readTree(t, p.root))) {
			if i%2 == 0 {
				os.WriteFile(filepath.Join(out, name), nil, 0o644)
			}
		}
		var got []string
		_, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{
			Workers: workers, Report: func(err error) { got = append(got, err.Error()) },
		})
		if err == nil || len(got) < 300 {
			t.Fatalf("%d failures, %v", len(got), err)
		}
		if first == nil {
			first = got
		}
		if !slices.Equal(got, first) {
			t.Fatalf("%d workers: another order", workers)
		}
	}
}

// TestManyDirectories has more directories open at once than may stay open, wide and deep.
func TestManyDirectories(t *testing.T) {
	p := plant{t, memDir(t)}
	for i := range 700 {
		p.dir(fmt.Sprintf("wide/%d/below", i))
		p.file(fmt.Sprintf("wide/%d/below/file", i), []byte{1})
		p.do(os.Chmod(p.at(fmt.Sprintf("wide/%d", i)), 0o555))
	}
	deep := "deep" + strings.Repeat("/d", 600)
	p.dir(deep)
	p.file(deep+"/leaf", []byte("x"))
	p.do(os.Link(p.at(deep+"/leaf"), p.at("wide/0/below/link")))
	p.stamp()
	out, _ := toDir(t, build(t, p.root), extract.Options{})
	compareTrees(t, readTree(t, out), readTree(t, p.root), exactly)
}

// TestLinksAcrossDirectories has many files whose other names lie in other directories, so that whoever makes one waits for somebody else.
func TestLinksAcrossDirectories(t *testing.T) {
	p := plant{t, memDir(t)}
	for i := range 12 {
		p.dir(fmt.Sprintf("d%d", i))
	}
	for i := range 1200 {
		first := fmt.Sprintf("d%d/f%d", i%12, i)
		p.file(first, []byte{1})
		for _, step := range []int{1, 5} {
			p.do(os.Link(p.at(first), p.at(fmt.Sprintf("d%d/l%d-%d", (i+step)%12, i, step))))
		}
	}
	p.stamp()
	vol, want := build(t, p.root), readTree(t, p.root)
	for _, workers := range []int{1, 2, 3, 8} {
		out, _ := toDir(t, vol, extract.Options{Workers: workers})
		compareTrees(t, readTree(t, out), want, exactly)
	}
}

// TestLinkToEarlierSource takes a file twice, in a directory and beside it. Who has made what comes before that directory must not go on with
// the file beside it, which waits for the one in the directory, while nobody else is there to make that.
func TestLinkToEarlierSource(t *testing.T) {
	p := plant{t, memDir(t)}
	p.file("before", []byte{1})
	p.dir("d")
	p.file("d/first", []byte{2})
	p.do(os.Link(p.at("d/first"), p.at("d/second")))
	p.stamp()
	vol := build(t, p.root)
	sources := []extract.Source{{Path: "/before"}, {Path: "/d", As: "d"}, {Path: "/d/second"}}
	for _, workers := range []int{1, 2} {
		out := memDir(t)
		if _, err := extract.ToDir(t.Context(), vol, sources, out, extract.Options{Workers: workers}); err != nil {
			t.Fatal(err)
		}
		first, err := os.Stat(filepath.Join(out, "d", "first"))
		if err != nil {
			t.Fatal(err)
		}
		if beside, err := os.Stat(filepath.Join(out, "second")); err != nil || !os.SameFile(first, beside) {
			t.Errorf("%d workers: beside the directory there is another file, %v", workers, err)
		}
	}
}

// TestDamagedFile checks what is left of a file whose data cannot be read.
func TestDamagedFile(t *testing.T) {
	p := plant{t, memDir(t)}
	p.file("good", noise(1, 5000))
	p.file("bad", noise(2, 1<<20))
	dev := disk.NewMem(64 << 20)
	if _, err := mkfs.Build(t.Context(), dev, mkfs.Dir(p.root), mkfs.Options{}, mkfs.FillOptions{}); err != nil {
		t.Fatal(err)
	}
	vol := openDevice(t, &badDevice{Mem: dev, needle: noise(2, 1<<20)[600<<10:][:4096]})
	for _, keep := range []bool{false, true} {
		out := memDir(t)
		var failed []string
		_, err := extract.ToDir(t.Context(), vol, wholeVolume, out, extract.Options{
			KeepPartial: keep, Report: func(err error) { failed = append(failed, err.Error()) },
		})
		if err == nil || len(failed) != 1 || !strings.Contains(failed[0], "/bad") || !errors.Is(err, errBadSector) {
			t.Errorf("failed %q, %v", failed, err)
		}
		if b, _ := os.ReadFile(filepath.Join(out, "good")); string(b) != string(noise(1, 5000)) {
			t.Error("the other file is not whole")
		}
		b, err := os.ReadFile(filepath.Join(out, "bad"))
		if !keep && !errors.Is(err, fs.ErrNotExist) || keep && !strings.HasPrefix(string(noise(2, 1<<20)), string(b[:512<<10])) {
			t.Errorf("keep %v: %d bytes, %v", keep, len(b), err)
		}
	}
}

var errBadSector = errors.New("bad sector")

// badDevice cannot read the sectors that hold some bytes.
type badDevice struct {
	*disk.Mem
	needle []byte
}

func (d *badDevice) ReadAt(p []byte, off int64) (int, error) {
	n, err := d.Mem.ReadAt(p, off)
	if i := strings.Index(string(p[:n]), string(d.needle)); i >= 0 {
		return i, errBadSector
	}
	return n, err
}
