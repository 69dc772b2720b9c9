package extant_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"extant"
)

// TestPaths resolves paths, and compares what they lead to with the content of the file there, or the error.
func TestPaths(t *testing.T) {
	s := newTree(t).
		file("etc/hosts", "hosts").
		file("a/b/c", "c").
		link("abs", "/etc/hosts").
		link("etc/out", "../../../../../../etc/hosts").
		link("etc/rel", "../a/b/c").
		link("dir", "/a/b").
		link("dirslash", "a/b/").
		link("fileslash", "etc/hosts/").
		link("dangling", "/nowhere").
		link("self", "self").
		link("ping", "pong").link("pong", "ping").
		link("root", "/").
		link("dot", ".").
		link("long", strings.Repeat("a/../", 200)+"etc/hosts")
	for i := range 45 {
		s.link(fmt.Sprintf("chain%d", i), fmt.Sprintf("chain%d", i+1))
	}
	s.file("chain45", "end")
	v := s.volume("-t ext4")
	const dir = "(dir)"
	for _, c := range []struct {
		path string
		want any // content, dir, or an errno
	}{
		{"/", dir}, {".", dir}, {"..", dir}, {"//", dir}, {"/../..", dir}, {"etc/..", dir}, {"/etc/", dir}, {"etc/.", dir},
		{"etc/hosts", "hosts"}, {"/etc/hosts", "hosts"}, {"//etc///hosts", "hosts"}, {"../../etc/./hosts", "hosts"}, {"a/../etc/hosts", "hosts"},
		{"abs", "hosts"}, {"etc/out", "hosts"}, {"etc/rel", "c"}, {"dir/c", "c"}, {"dir/../../etc/hosts", "hosts"}, {"dir/", dir}, {"dirslash", dir}, {"dirslash/c", "c"},
		{"root/root/root/etc/hosts", "hosts"}, {"dot/dot/dot/abs", "hosts"}, {"long", "hosts"},
		{"chain6", "end"}, {"chain5", "end"}, {"chain4", syscall.ELOOP}, {"self", syscall.ELOOP}, {"ping", syscall.ELOOP}, {"self/x", syscall.ELOOP},
		{"", syscall.ENOENT}, {"nope", syscall.ENOENT}, {"etc/nope", syscall.ENOENT}, {"nope/..", syscall.ENOENT}, {"dangling", syscall.ENOENT}, {"dangling/", syscall.ENOENT},
		{"etc/hosts/", syscall.ENOTDIR}, {"etc/hosts/.", syscall.ENOTDIR}, {"etc/hosts/..", syscall.ENOTDIR}, {"etc/hosts/x", syscall.ENOTDIR},
		{"abs/", syscall.ENOTDIR}, {"fileslash", syscall.ENOTDIR},
		{"a\x00b", syscall.EINVAL}, {strings.Repeat("x", 256), syscall.ENAMETOOLONG}, {strings.Repeat("x", 255), syscall.ENOENT},
	} {
		got, err := contentOf(v, c.path)
		if errno, ok := c.want.(syscall.Errno); ok {
			var path *fs.PathError
			if !errors.Is(err, errno) || !errors.As(err, &path) || path.Path != c.path {
				t.Errorf("%.40q: %q, %v; want %v", c.path, got, err, errno)
			}
		} else if got != c.want || err != nil {
			t.Errorf("%.40q: %q, %v; want %q", c.path, got, err, c.want)
		}
	}
}

// contentOf is the content of a file, or "(dir)".
func contentOf(v *extant.Volume, path string) (string, error) {
	info, err := v.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "(dir)", nil
	}
	b, err := v.ReadFile(path)
	return string(b), err
}

func TestLstatFollowsBeforeSlash(t *testing.T) {
	v := newTree(t).file("a/b", "").link("l", "a").volume("-t ext4")
	for path, want := range map[string]fs.FileMode{"l": fs.ModeSymlink, "l/": fs.ModeDir, "l/.": fs.ModeDir, "l/b": 0} {
		if info, err := v.Lstat(path); err != nil || info.Mode().Type() != want {
			t.Errorf("Lstat(%q): %v, %v", path, info, err)
		}
	}
	if _, err := v.Readlink("a"); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Readlink of a directory: %v", err)
	}
}

func TestNamesAreBytes(t *testing.T) {
	names := []string{"latin-\xe9", "new\nline", "\x01", "\xff\xfe", "back\\slash"}
	s := newTree(t)
	for _, n := range names {
		s.file(n, n)
	}
	v := s.volume("-t ext4")
	for _, n := range names {
		if b, err := v.ReadFile("/" + n); string(b) != n || err != nil {
			t.Errorf("%q: %q, %v", n, b, err)
		}
	}
	list, err := v.ReadDir("/")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		if e.Name() != "lost+found" {
			got = append(got, e.Name())
		}
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("listed %q, want %q", got, names)
	}
}

func TestWalkDir(t *testing.T) {
	v := newTree(t).file("a/1", "").file("a/b/2", "").file("a.b", "").link("z", "a").volume("-t ext4")
	for _, c := range []struct {
		root, skip string
		want       string
	}{
		{"/", "", "/ /a /a/1 /a/b /a/b/2 /a.b /lost+found /z"},
		{".", "", ". a a/1 a/b a/b/2 a.b lost+found z"},
		{"/a/", "", "/a/ /a/1 /a/b /a/b/2"},
		{"/", "/a", "/ /a /a.b /lost+found /z"},
		{"/", "/a/1", "/ /a /a/1 /a.b /lost+found /z"},
		{"/", "/", "/"},
		{"/z", "", "/z"},
		{"/a.b", "/a.b", "/a.b"},
		{"/nope", "", "/nope: no such file or directory"},
	} {
		var got []string
		err := v.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				path += ": " + errors.Unwrap(err).Error()
			}
			got = append(got, path)
			if path == c.skip {
				return fs.SkipDir
			}
			return nil
		})
		if s := strings.Join(got, " "); s != c.want || err != nil {
			t.Errorf("walk of %s without %s: %s, %v; want %s", c.root, c.skip, s, err, c.want)
		}
	}
}

// TestWalkDirAgrees compares the walk with the standard library's over the fs.FS.
func TestWalkDirAgrees(t *testing.T) {
	v := smallTree(t).volume("-t ext4")
	var want, got []string
	note := func(list *[]string) fs.WalkDirFunc {
		return func(path string, d fs.DirEntry, err error) error {
			*list = append(*list, fmt.Sprint(path, d, err))
			return nil
		}
	}
	if err := fs.WalkDir(v.FS(), ".", note(&want)); err != nil {
		t.Fatal(err)
	}
	if err := v.WalkDir(".", note(&got)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("walks differ: %d and %d files", len(got), len(want))
	}
}

// TestDirectoryLoop makes a directory that contains an ancestor, and one that has two names.
func TestDirectoryLoop(t *testing.T) {
	s := newTree(t).file("a/b/c/file", "x").file("d/file", "y")
	image := imageOf(t, s.dir, "-t ext4")
	debugfs(t, image, "link /a /a/b/c/loop\nlink /d /a/d2\n")
	v := open(t, image)
	var bad []string
	steps := 0
	err := v.WalkDir("/", func(path string, d fs.DirEntry, err error) error {
		if steps++; steps > 100 {
			return fs.SkipAll
		}
		var corrupt *extant.CorruptError
		if errors.As(err, &corrupt) && corrupt.Structure == "directory" && corrupt.Ino != 0 {
			bad = append(bad, path)
		}
		return nil
	})
	if want := []string{"/a/b/c/loop", "/d"}; err != nil || !slices.Equal(bad, want) {
		t.Errorf("after %d steps: %q, %v; want %q", steps, bad, err, want)
	}
	var corrupt *extant.CorruptError
	if _, err := v.Stat("/a/b/c/loop/b"); !errors.As(err, &corrupt) {
		t.Errorf("path through the loop: %v", err)
	}
}

// TestConcurrentUse has many tasks read one volume. Its worth shows under the race detector.
func TestConcurrentUse(t *testing.T) {
	v := smallTree(t).volume("-t ext4 -b 1024")
	shared, err := v.Open("/big")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("/many/file-%03d", (i*37+j)%300)
				if b, err := v.ReadFile(name); err != nil || string(b) != fmt.Sprint((i*37+j)%300) {
					t.Errorf("%s: %q, %v", name, b, err)
				}
				b := make([]byte, 16)
				if _, err := shared.ReadAt(b, int64(16*(i+j))); err != nil || string(b) != "0123456789abcdef" {
					t.Errorf("shared: %q, %v", b, err)
				}
				if _, err := shared.Stat(); err != nil {
					t.Error(err)
				}
			}
			n := 0
			err := v.WalkDir("/", func(string, fs.DirEntry, error) error { n++; return nil })
			if n < 300 || err != nil {
				t.Errorf("walked %d files, %v", n, err)
			}
		})
	}
	wg.Wait()
}

// TestOddEntries lists a directory with one name twice, and an entry whose inode is not in use.
func TestOddEntries(t *testing.T) {
	s := newTree(t).file("d/one", "1").file("d/two", "22").file("d/gone", "")
	image := imageOf(t, s.dir, "-t ext4 -O ^metadata_csum,^dir_index")
	debugfs(t, image, "clri /d/gone\n")
	content, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(content, []byte("\x03\x01two"))
	if i < 0 {
		t.Fatal("no entry for the name two")
	}
	copy(content[i+2:], "one")
	if err := os.WriteFile(image, content, 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := open(t, image).ReadDir("/d")
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	var corrupt *extant.CorruptError
	if _, err := list[0].Info(); !errors.As(err, &corrupt) || corrupt.Structure != "directory entry" || corrupt.Ino == 0 {
		t.Errorf("%s: %v", list[0], err)
	}
	var sizes []int64
	for _, e := range list[1:] {
		info, err := e.Info()
		if err != nil || e.Name() != "one" {
			t.Fatalf("%s: %v", e, err)
		}
		n, err := extant.InodeOf(e)
		if attr := n.Attr(); err != nil || attr.Size != info.Size() {
			t.Errorf("%s: InodeOf has %d bytes, %v", e, attr.Size, err)
		}
		sizes = append(sizes, info.Size())
	}
	if slices.Sort(sizes); !slices.Equal(sizes, []int64{1, 2}) {
		t.Errorf("sizes %d: one inode for both names", sizes)
	}
	if _, err := extant.InodeOf(fs.FileInfoToDirEntry(fsInfo(t))); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("an entry of the host: %v", err)
	}
}

func fsInfo(t *testing.T) fs.FileInfo {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestDamagedDirectory damages the middle block of a directory: what lies before and behind it is still shown.
func TestDamagedDirectory(t *testing.T) {
	s := newTree(t)
	for i := range 100 {
		s.file(fmt.Sprintf("d/a-name-that-takes-some-room-%03d", i), "")
	}
	image := imageOf(t, s.dir, "-t ext4 -b 1024 -O ^dir_index")
	block := strings.Fields(debugfsOutput(t, image, "blocks /d"))
	n, err := strconv.Atoi(block[len(block)/2])
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xFF, 0xFF}, int64(n)*1024+4); err != nil {
		t.Fatal(err)
	}
	list, err := open(t, image).ReadDir("/d")
	var corrupt *extant.CorruptError
	if !errors.As(err, &corrupt) || len(list) < 60 || len(list) >= 100 {
		t.Errorf("%d names, %v", len(list), err)
	}
	if first, last := list[0].Name(), list[len(list)-1].Name(); !strings.HasSuffix(first, "000") || !strings.HasSuffix(last, "099") {
		t.Errorf("from %s to %s", first, last)
	}
}
