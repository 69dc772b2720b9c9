package mkfs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"extant"
	"extant/disk"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// TestSizeIsSmallest builds at the size that was worked out, and fails below it, saying what is needed.
func TestSizeIsSmallest(t *testing.T) {
	needTool(t, "e2fsck")
	archive := pack(t, "f a "+strings.Repeat("x", 3<<20), "d d", "f d/b "+strings.Repeat("y", 100000))
	for _, args := range []string{"", "-b 4096", "-t ext2", "-O bigalloc", "-O inline_data,quota"} {
		for _, free := range []int64{0, 5 << 20} {
			ctx := context.Background()
			c, err := mkfs.Scan(ctx, mkfs.Tar(bytes.NewReader(archive)), mkfs.FillOptions{Free: free})
			if err != nil {
				t.Fatal(err)
			}
			n, err := c.Size(ctx, options(t, args))
			if err != nil {
				t.Fatal(err)
			}
			path, _ := fill(t, mkfs.Tar(bytes.NewReader(archive)), n, options(t, args), mkfs.FillOptions{})
			left := ondiskSuper(t, path)
			if got := int64(left.BlocksFree()) * int64(left.ClusterRatio()) * int64(left.BlockSize()); got < free || free == 0 && got > 300<<10 {
				t.Errorf("%s: %d bytes free in an image of %d, want %d", args, got, n, free)
			}
			if free == 0 {
				tooSmall(t, c, n, n-200<<10, options(t, args))
			}
		}
	}
}

// TestSizeWhereOptionsGo works out a size for options that go with large file systems alone, and none for those that go with no size.
func TestSizeWhereOptionsGo(t *testing.T) {
	needTool(t, "e2fsck")
	archive := pack(t, "f a x")
	for _, c := range []struct {
		args     string
		min, max int64 // of the size; 0: refused
	}{
		{"-O fast_commit", 2 << 20, 3 << 20},
		{"-b 4096 -O has_journal", 8 << 20, 9 << 20},
		{"-J size=8", 16 << 20, 17 << 20},
		{"-N 3000", 700 << 10, 2 << 20},
		{"-I 128 -O inline_data", 0, 0},
		{"-C 4096", 0, 0},
	} {
		o := options(t, c.args)
		content, err := mkfs.Scan(context.Background(), mkfs.Tar(bytes.NewReader(archive)), mkfs.FillOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := content.Size(context.Background(), o)
		var bad *mkfs.OptionError
		if c.max == 0 != errors.As(err, &bad) || n < c.min || n > c.max {
			t.Errorf("%s: size %d, %v, want %d to %d", c.args, n, err, c.min, c.max)
		}
		if err == nil {
			fill(t, mkfs.Tar(bytes.NewReader(archive)), n, o, mkfs.FillOptions{})
		}
	}
}

// TestSizeWithLargeXattrs works out a size for xattrs with inodes of their own, with every amount of room that what comes before may leave.
func TestSizeWithLargeXattrs(t *testing.T) {
	for names := 1000; names < 1030; names++ {
		fsys := namesFS(names, "name %d")
		fsys["f"] = &fstest.MapFile{Sys: &mkfs.Attributes{Xattrs: map[string][]byte{
			"user.one": bytes.Repeat([]byte{1}, 5000), "user.two": bytes.Repeat([]byte{2}, 20_000), "user.three": bytes.Repeat([]byte{3}, 60_000)}}}
		c, err := mkfs.Scan(context.Background(), mkfs.FS(fsys), mkfs.FillOptions{})
		if err != nil {
			t.Fatal(err)
		}
		o := options(t, "-b 4096 -I 1024 -O ea_inode")
		n, err := c.Size(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Build(context.Background(), disk.NewMem(n), o); err != nil {
			t.Fatalf("%d names: %v", names, err)
		}
	}
}

// tooSmall expects a device of less bytes to be refused untouched.
func tooSmall(t *testing.T, c *mkfs.Content, need, have int64, o mkfs.Options) {
	t.Helper()
	d := disk.NewMem(have)
	_, err := c.Build(context.Background(), d, o)
	var small *mkfs.TooSmallError
	if !errors.As(err, &small) || !errors.Is(err, syscall.ENOSPC) || small.Need != need || small.Have > have {
		t.Errorf("%v on a device of %d bytes, want to be told of %d", err, have, need)
	}
	if n, err := d.Allocated(); n != 0 || err != nil {
		t.Errorf("%d bytes were written, %v", n, err)
	}
}

func ondiskSuper(t testing.TB, path string) *ondisk.Super {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, ondisk.SuperSize)
	if _, err := f.ReadAt(b, ondisk.SuperOffset); err != nil {
		t.Fatal(err)
	}
	var s ondisk.Super
	if err := s.Decode(b); err != nil {
		t.Fatal(err)
	}
	return &s
}

func TestInodesRunOut(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("f f%d", i))
	}
	o := options(t, "-N 16")
	_, err := mkfs.Build(context.Background(), disk.NewMem(4<<20), mkfs.Tar(bytes.NewReader(pack(t, names...))), o, mkfs.FillOptions{})
	var small *mkfs.TooSmallError
	if !errors.As(err, &small) || small.InodesNeed < 111 || small.InodesHave >= 111 {
		t.Errorf("%v, want to be told that 111 inodes are needed", err)
	}
}

// TestInodesNeedRoom has more files than a device of the size could have inodes, which nobody asked for: the answer is how many bytes
// it takes.
func TestInodesNeedRoom(t *testing.T) {
	for _, size := range []int64{64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 1280 << 10} {
		c, err := mkfs.Scan(context.Background(), mkfs.FS(namesFS(5000, "f%d")), mkfs.FillOptions{})
		if err != nil {
			t.Fatal(err)
		}
		o := options(t, "")
		need, err := c.Size(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		tooSmall(t, c, need, size, o)
		if _, err := c.Build(context.Background(), disk.NewMem(need), o); err != nil {
			t.Errorf("on the %d bytes that it takes: %v", need, err)
		}
		c.Close()
	}
}

// namesFS is a directory of empty files.
func namesFS(n int, format string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := range n {
		m[fmt.Sprintf(format, i)] = &fstest.MapFile{Mode: 0o644, ModTime: time.Unix(1, 0)}
	}
	return m
}

func TestLargeDirectories(t *testing.T) {
	needTool(t, "e2fsck")
	long := strings.Repeat("n", 240) + "%08d"
	for _, c := range []struct {
		args, format string
		names        int
	}{
		{"-b 1024", "file %d", 70000},
		{"-b 4096 -O ^metadata_csum", "file %d", 7000},
		{"-b 4096 -O ^dir_index", "file %d", 2000},
		{"-b 65536", "file %d", 7000},
		{"-b 1024 -t ext3", "file %d", 7000},
		{"-b 1024", "\xff%d\x80", 3000},
		{"-b 1024 -O large_dir", long, 52000}, // more than two levels hold
	} {
		o := options(t, c.args)
		path, _ := fill(t, mkfs.FS(namesFS(c.names, c.format)), 0, o, mkfs.FillOptions{})
		found(t, path, c.format, c.names)
	}
	_, err := mkfs.Build(context.Background(), disk.NewMem(200<<20), mkfs.FS(namesFS(52000, long)), options(t, "-b 1024"), mkfs.FillOptions{})
	if err == nil || !strings.Contains(err.Error(), "large_dir") {
		t.Errorf("%v, want the advice to add large_dir", err)
	}
}

// found looks for the names in the root, some of them through its index.
func found(t *testing.T, path, format string, names int) {
	t.Helper()
	v, err := extant.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if list, err := v.ReadDir("/"); err != nil || len(list) != names+1 {
		t.Errorf("%d names, %v; want %d and lost+found", len(list), err, names)
	}
	for i := 0; i < names; i += 97 {
		if _, err := v.Lstat(fmt.Sprintf(format, i)); err != nil {
			t.Error(err)
		}
	}
}

func TestManySubdirectories(t *testing.T) {
	needTool(t, "e2fsck")
	var names []string
	for i := range 65000 {
		names = append(names, fmt.Sprintf("d p/%d", i))
	}
	archive := pack(t, names...)
	path, _ := fill(t, mkfs.Tar(bytes.NewReader(archive)), 0, options(t, "-O inline_data"), mkfs.FillOptions{})
	if out := run(t, "debugfs", "-R", "stat /p", path); !strings.Contains(out, "Links: 1 ") {
		t.Errorf("links of a directory with 65000 in it: %s", out)
	}
	_, err := mkfs.Build(context.Background(), disk.NewMem(300<<20), mkfs.Tar(bytes.NewReader(archive)),
		options(t, "-O inline_data,^dir_nlink"), mkfs.FillOptions{})
	if err == nil || !strings.Contains(err.Error(), "dir_nlink") {
		t.Errorf("%v, want the advice to add dir_nlink", err)
	}
}

// TestLargeXattrs gives values that no block holds inodes of their own, or leaves them out with a warning.
func TestLargeXattrs(t *testing.T) {
	needTool(t, "e2fsck")
	big := bytes.Repeat([]byte("0123456789"), 2000)
	src := fstest.MapFS{}
	for i := range 1500 {
		src[fmt.Sprintf("same%d", i)] = xattrFile(map[string][]byte{"user.big": big, "user.small": []byte("s")})
	}
	src["other"] = xattrFile(map[string][]byte{"user.big": big[1:], "user.too": big, "user.mid": big[:3000]})
	for _, args := range []string{"-O ea_inode", "-O ea_inode,quota -b 4096", "-O ea_inode,inline_data,^metadata_csum"} {
		path, r := fill(t, mkfs.FS(src), 0, options(t, args), mkfs.FillOptions{})
		m := imageManifest(t, path)
		if len(r.Warnings) != 0 || !strings.Contains(m["same77"], "user.big=20000:") || !strings.Contains(m["other"], "user.too=20000:") ||
			!strings.Contains(m["other"], "user.big=19999:") {
			t.Errorf("%s: %v\n%s\n%s", args, r.Warnings, m["same77"], m["other"])
		}
	}
	path, r := fill(t, mkfs.FS(src), 0, options(t, "-b 4096"), mkfs.FillOptions{})
	m := imageManifest(t, path)
	if len(r.Warnings) != 1502 || !r.Failed || !strings.Contains(m["same77"], `user.small="s"`) || !strings.Contains(m["other"], "user.mid=3000:") {
		t.Errorf("%d warnings, %v\n%s\n%s", len(r.Warnings), r.Warnings[0], m["same77"], m["other"])
	}
}

func xattrFile(x map[string][]byte) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("data"), Mode: 0o600, Sys: &mkfs.Attributes{UID: 7, GID: 8, Xattrs: x}}
}

// TestXattrsInBothPlaces divides a set that fits neither in the inode nor in a block.
func TestXattrsInBothPlaces(t *testing.T) {
	needTool(t, "e2fsck")
	x := map[string][]byte{"user.a": bytes.Repeat([]byte("a"), 30), "user.b": bytes.Repeat([]byte("b"), 4000)}
	for _, args := range []string{"-b 4096", "-b 4096 -O inline_data"} {
		path, r := fill(t, mkfs.FS(fstest.MapFS{"f": xattrFile(x)}), 0, options(t, args), mkfs.FillOptions{})
		if line := imageManifest(t, path)["f"]; len(r.Warnings) > 0 || !strings.Contains(line, "user.a=") || !strings.Contains(line, "user.b=4000:") {
			t.Errorf("%v %s", r.Warnings, line)
		}
	}
}

// TestChangesWhileReading changes files between the scan and the copying.
func TestChangesWhileReading(t *testing.T) {
	needTool(t, "e2fsck")
	dir := t.TempDir()
	sizes := map[string]int{"same": 5000, "grown": 5000, "shrunk": 5000, "shrunk much": 3 << 20, "gone": 5000, "small": 100, "now a link": 5000}
	for name, size := range sizes {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("x"), size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	c, err := mkfs.Scan(ctx, mkfs.Dir(dir), mkfs.FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	link := filepath.Join(dir, "now a link")
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "grown"), bytes.Repeat([]byte("x"), 6000), 0o644),
		os.Truncate(filepath.Join(dir, "shrunk"), 4500),
		os.Truncate(filepath.Join(dir, "shrunk much"), 2<<20-5),
		os.Truncate(filepath.Join(dir, "small"), 50),
		os.Remove(filepath.Join(dir, "gone")), os.Remove(link), os.Symlink("same", link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	d := disk.NewMem(16 << 20)
	r, err := c.Build(ctx, d, options(t, "-O inline_data"))
	if err != nil || !r.Failed {
		t.Fatal(err, r)
	}
	m := readAll(t, d)
	for name, kept := range map[string]int{"same": 5000, "grown": 5000, "shrunk": 4500, "shrunk much": 2<<20 - 5, "gone": 0, "small": 50, "now a link": 0} {
		want := append(bytes.Repeat([]byte("x"), kept), make([]byte, sizes[name]-kept)...)
		if !strings.Contains(m[name], contentLine(want)) {
			t.Errorf("%s: %s", name, m[name])
		}
		warned := false
		for _, w := range r.Warnings {
			warned = warned || w.Path == name
		}
		if warned != (name != "same") {
			t.Errorf("%s: warnings %v", name, r.Warnings)
		}
	}
}

// brokenFS cannot read some of its files.
type brokenFS struct{ fstest.MapFS }

func (b brokenFS) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "closed") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	f, err := b.MapFS.Open(name)
	if err == nil && strings.HasPrefix(name, "broken") {
		f = &brokenFile{File: f}
	}
	return f, err
}

// brokenFile fails after its first bytes, and can only be read in order.
type brokenFile struct {
	fs.File
	read int
}

func (b *brokenFile) Read(p []byte) (int, error) {
	if b.read >= 1000 {
		return 0, syscall.EIO
	}
	n, err := b.File.Read(p[:min(len(p), 100)])
	b.read += n
	return n, err
}

func TestUnreadable(t *testing.T) {
	needTool(t, "e2fsck")
	src := brokenFS{fstest.MapFS{
		"closed": {Data: []byte("secret")}, "broken": {Data: bytes.Repeat([]byte("y"), 3000)}, "whole": {Data: []byte("whole")},
	}}
	path, r := fill(t, mkfs.FS(src), 0, options(t, ""), mkfs.FillOptions{})
	m := imageManifest(t, path)
	half := append(bytes.Repeat([]byte("y"), 1000), make([]byte, 2000)...)
	if !strings.Contains(m["broken"], contentLine(half)) || !strings.Contains(m["closed"], contentLine(make([]byte, 6))) {
		t.Errorf("%s\n%s", m["broken"], m["closed"])
	}
	if len(r.Warnings) != 2 || !r.Failed {
		t.Errorf("warnings %v", r.Warnings)
	}
}

// TestOrderlyReading reads from a file system whose files can only be read from start to end, a large one in parts.
func TestOrderlyReading(t *testing.T) {
	needTool(t, "e2fsck")
	data := bytes.Repeat([]byte("0123456789abcde\n"), 9<<20)
	src := onlyReader{fstest.MapFS{"large": {Data: data}, "small": {Data: data[:77]}}}
	path, r := fill(t, mkfs.FS(src), 0, options(t, ""), mkfs.FillOptions{Workers: 3})
	m := imageManifest(t, path)
	if !strings.Contains(m["large"], contentLine(data)) || !strings.Contains(m["small"], contentLine(data[:77])) || r.Failed {
		t.Errorf("%s\n%s\n%v", m["large"], m["small"], r.Warnings)
	}
}

type onlyReader struct{ fstest.MapFS }

func (o onlyReader) Open(name string) (fs.File, error) {
	f, err := o.MapFS.Open(name)
	if _, dir := f.(fs.ReadDirFile); err != nil || dir {
		return f, err
	}
	return struct{ fs.File }{f}, nil
}

func TestCancel(t *testing.T) {
	src := mkfs.Tar(bytes.NewReader(pack(t, "f a 1", "f b 2")))
	ctx, cancel := context.WithCancel(context.Background())
	c, err := mkfs.Scan(ctx, src, mkfs.FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	d := disk.NewMem(8 << 20)
	if _, err := c.Build(ctx, d, options(t, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if magic(t, d) == ondisk.SuperMagic {
		t.Error("there is a file system, half filled")
	}
	if _, err := mkfs.Scan(ctx, mkfs.Tar(bytes.NewReader(pack(t, "f a 1"))), mkfs.FillOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestSkipAndProgress(t *testing.T) {
	needTool(t, "e2fsck")
	dir := t.TempDir()
	for _, name := range []string{"image", "file"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 1<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fi, err := os.Stat(filepath.Join(dir, "image"))
	if err != nil {
		t.Fatal(err)
	}
	var last mkfs.FillProgress
	path, r := fill(t, mkfs.Dir(dir), 0, options(t, ""), mkfs.FillOptions{
		Skip: []fs.FileInfo{fi}, Progress: func(p mkfs.FillProgress) { last = p },
	})
	m := imageManifest(t, path)
	if m["image"] != "" || m["file"] == "" || len(r.Warnings) != 1 || r.Failed {
		t.Errorf("%v %v", m, r.Warnings)
	}
	if last.Bytes != 1<<20 || last.BytesTotal < 1<<20 || last.Files != last.FilesTotal || last.Files != 1 {
		t.Errorf("progress ended with %+v", last)
	}
}

// TestEpoch takes no time later than the epoch, and identities from names and attributes alone.
func TestEpoch(t *testing.T) {
	needTool(t, "e2fsck")
	epoch := time.Unix(500, 7)
	build := func(lines ...string) *ondisk.Super {
		path, _ := fill(t, mkfs.Tar(bytes.NewReader(pack(t, lines...))), 8<<20, mkfs.Options{}, mkfs.FillOptions{Epoch: &epoch})
		if m := imageManifest(t, path); !strings.Contains(m["a"], " 500.000000007 ") {
			t.Errorf("a is %s", m["a"])
		}
		return ondiskSuper(t, path)
	}
	first, again, other := build("f a 1", "f b 1"), build("f a 1", "f b 1"), build("f a 1", "f c 1")
	if *first != *again {
		t.Error("another super block from the same content")
	}
	if first.UUID == other.UUID || first.HashSeed == other.HashSeed {
		t.Error("other content, same identity")
	}
	if !first.Made().Equal(time.Unix(500, 0)) {
		t.Errorf("made %v", first.Made())
	}
}

// TestFillOverOldContent fills a device that holds something else and cannot discard it.
func TestFillOverOldContent(t *testing.T) {
	needTool(t, "e2fsck")
	archive := pack(t, "d d", "f d/a 1", "f b "+strings.Repeat("z", 70000), "l s "+strings.Repeat("t", 100))
	for _, args := range []string{"", "-O bigalloc", "-t ext2 -b 1024", "-O inline_data"} {
		o := options(t, args)
		o.Extended.NoDiscard = true
		lazy := false
		o.Extended.LazyItableInit = &lazy
		d := dirtyDevice(t, 16<<20)
		if _, err := mkfs.Build(context.Background(), d, mkfs.Tar(bytes.NewReader(archive)), o, mkfs.FillOptions{}); err != nil {
			t.Fatal(err)
		}
		want, _ := fill(t, mkfs.Tar(bytes.NewReader(archive)), 16<<20, options(t, args), mkfs.FillOptions{})
		readAll(t, d).equal(t, imageManifest(t, want))
		path := filepath.Join(tempDir(t), "img")
		if err := os.WriteFile(path, contentOf(t, d), 0o600); err != nil {
			t.Fatal(err)
		}
		ext4test.Check(t, path)
	}
}

func contentOf(t *testing.T, d disk.Device) []byte {
	t.Helper()
	b := make([]byte, d.Size())
	if _, err := d.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return b
}

func TestLostFoundIsADirectory(t *testing.T) {
	_, err := mkfs.Scan(context.Background(), mkfs.Tar(bytes.NewReader(pack(t, "f lost+found 1"))), mkfs.FillOptions{})
	if err == nil || !strings.Contains(err.Error(), "lost+found") {
		t.Errorf("%v, want a complaint about lost+found", err)
	}
}
