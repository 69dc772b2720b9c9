package extant_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"extant"
)

// smallTree has every kind of name and directory that matters to paths.
func smallTree(t testing.TB) *sourceTree {
	s := newTree(t).
		file("etc/hosts", "127.0.0.1 localhost\n").
		file("etc/empty", "").
		file("big", strings.Repeat("0123456789abcdef", 40000)).
		file("a/b/c/d/e/f/deep", "deep").
		file("näme with ☃", "snow").
		link("link", "etc/hosts").
		link("etc/up", "../big")
	for i := range 300 {
		s.file(fmt.Sprintf("many/file-%03d", i), fmt.Sprint(i))
	}
	return s
}

// TestFSConformance runs the standard library's own test of an fs.FS.
func TestFSConformance(t *testing.T) {
	for _, options := range []string{"-t ext4", "-t ext2 -b 1024", "-t ext4 -O inline_data -I 512"} {
		t.Run(options, func(t *testing.T) {
			v := smallTree(t).volume(options)
			err := fstest.TestFS(v.FS(), "etc/hosts", "etc/empty", "big", "a/b/c/d/e/f/deep", "many/file-299", "näme with ☃", "link", "etc/up")
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFSRefusesPathsThatAreNotIoFS(t *testing.T) {
	sys := smallTree(t).volume("-t ext4").FS()
	for _, name := range []string{"", "/", "/etc", "etc/", "./etc", "etc/../big", "etc//hosts", "..", "bad\xff"} {
		checks := map[string]error{}
		_, checks["Open"] = sys.Open(name)
		_, checks["Stat"] = fs.Stat(sys, name)
		_, checks["Lstat"] = fs.Lstat(sys, name)
		_, checks["ReadFile"] = fs.ReadFile(sys, name)
		_, checks["ReadDir"] = fs.ReadDir(sys, name)
		_, checks["ReadLink"] = fs.ReadLink(sys, name)
		for call, err := range checks {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s(%q): %v", call, name, err)
			}
		}
	}
}

func TestFSReadLink(t *testing.T) {
	sys := smallTree(t).volume("-t ext4").FS()
	if target, err := fs.ReadLink(sys, "etc/up"); target != "../big" || err != nil {
		t.Errorf("%q, %v", target, err)
	}
	if info, err := fs.Lstat(sys, "link"); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("Lstat of a link: %v, %v", info, err)
	}
	if info, err := fs.Stat(sys, "link"); err != nil || !info.Mode().IsRegular() || info.Name() != "link" {
		t.Errorf("Stat of a link: %v, %v", info, err)
	}
}

func TestClosedFile(t *testing.T) {
	f, err := smallTree(t).volume("-t ext4").Open("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	checks := map[string]error{"Close": f.Close()}
	_, checks["Read"] = f.Read(b)
	_, checks["ReadAt"] = f.ReadAt(b, 0)
	_, checks["Seek"] = f.Seek(0, io.SeekStart)
	_, checks["Stat"] = f.Stat()
	_, checks["ReadDir"] = f.ReadDir(-1)
	_, checks["SeekData"] = f.SeekData(0)
	_, checks["SeekHole"] = f.SeekHole(0)
	_, checks["Getxattr"] = f.Getxattr("user.x")
	_, checks["Listxattr"] = f.Listxattr()
	for call, err := range checks {
		var path *fs.PathError
		if !errors.Is(err, fs.ErrClosed) || !errors.As(err, &path) || path.Path != "/etc/hosts" {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestSeek(t *testing.T) {
	v := smallTree(t).volume("-t ext4")
	f, err := v.Open("/big")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 16 * 40000
	for _, c := range []struct {
		offset int64
		whence int
		want   int64 // -1: EINVAL
	}{{5, io.SeekStart, 5}, {3, io.SeekCurrent, 8}, {-16, io.SeekEnd, size - 16}, {size, io.SeekCurrent, 2*size - 16}, {-1, io.SeekStart, -1}, {0, 7, -1}} {
		at, err := f.Seek(c.offset, c.whence)
		if c.want < 0 && !errors.Is(err, syscall.EINVAL) || c.want >= 0 && (at != c.want || err != nil) {
			t.Errorf("Seek(%d, %d) = %d, %v", c.offset, c.whence, at, err)
		}
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read past the end: %d, %v", n, err)
	}
	if _, err := f.Seek(8, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(f); err != nil || len(b) != size-8 || !strings.HasPrefix(string(b), "89abcdef") {
		t.Errorf("after a seek: %d bytes, %v", len(b), err)
	}
}

func TestReadDirInPieces(t *testing.T) {
	v := smallTree(t).volume("-t ext4")
	f, err := v.Open("/many")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		seen := map[string]bool{}
		for {
			list, err := f.ReadDir(7)
			if err == io.EOF && len(list) == 0 {
				break
			}
			if err != nil || len(list) > 7 {
				t.Fatalf("%d entries, %v", len(list), err)
			}
			for _, e := range list {
				if seen[e.Name()] {
					t.Errorf("%s twice", e.Name())
				}
				seen[e.Name()] = true
			}
		}
		if len(seen) != 300 {
			t.Errorf("%d names", len(seen))
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Seek(1, io.SeekStart); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("seek into a directory: %v", err)
	}
}

func TestReadFileOfHoles(t *testing.T) {
	s := newTree(t).file("f", "x")
	image := imageOf(t, s.dir, "-t ext4")
	debugfs(t, image, "set_inode_field /f size 4398046511104\n")
	v := open(t, image)
	if _, err := v.ReadFile("/f"); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a file of 4 TiB: %v", err)
	}
	f, err := v.Open("/f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := []byte{1, 2, 3}
	if n, err := f.ReadAt(b, 1<<41); n != 3 || err != nil || string(b) != "\x00\x00\x00" {
		t.Errorf("in the hole: %d, %v, %v", n, err, b)
	}
}

var _ fs.ReadDirFile = (*extant.File)(nil)
