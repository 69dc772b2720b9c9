package ext4_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

func (s *scratch) root() *ext4.Inode {
	s.t.Helper()
	n, err := s.fs.Root()
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// at is the inode that a path names, from the root down.
func (s *scratch) at(path string) *ext4.Inode {
	s.t.Helper()
	n := s.root()
	for _, name := range strings.Split(path, "/") {
		if name == "" {
			continue
		}
		next, err := n.Child(name)
		if err != nil {
			s.t.Fatalf("%s at %q: %v", path, name, err)
		}
		n = next
	}
	return n
}

func (s *scratch) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// listing is the sorted names of a directory but the first two.
func listing(t testing.TB, n *ext4.Inode) (names []string) {
	t.Helper()
	for e, err := range n.ReadDir(0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name != "." && e.Name != ".." {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestNames(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		root := s.root()
		a := ext4.NewAttr{Mode: 0o644, UID: 1000, GID: 100}
		_, err := root.Create("file", a)
		s.must("create", err)
		_, err = root.Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		dir := s.at("dir")
		_, err = dir.Symlink("fast", "../file", a)
		s.must("symlink", err)
		long := strings.Repeat("x/", 200) + "y"
		_, err = dir.Symlink("slow", long, a)
		s.must("long symlink", err)
		_, err = dir.Mknod("tty", ext4.NewAttr{Mode: ondisk.ModeChar | 0o600}, ondisk.Device{Major: 4, Minor: 300})
		s.must("mknod", err)
		_, err = dir.Mknod("pipe", ext4.NewAttr{Mode: ondisk.ModeFIFO | 0o600}, ondisk.Device{})
		s.must("mkfifo", err)
		s.must("link", dir.Link("again", s.at("file")))
		s.must("rename", dir.Rename("pipe", root, "tube", ext4.RenameOptions{}))
		s.must("unlink", dir.Unlink("tty", nil))
		s.must("unlink slow", dir.Unlink("slow", nil))
		_, err = dir.Symlink("slow", long, a)
		s.must("long symlink", err)
		s.remount()
		if got := listing(t, s.root()); !slices.Equal(got, []string{"dir", "file", "lost+found", "tube"}) {
			t.Errorf("root holds %q", got)
		}
		if got := listing(t, s.at("dir")); !slices.Equal(got, []string{"again", "fast", "slow"}) {
			t.Errorf("dir holds %q", got)
		}
		if got, err := s.at("dir/slow").Readlink(); got != long || err != nil {
			t.Errorf("target %q, %v", got, err)
		}
		if at := s.at("file").Attr(); at.Links != 2 || at.UID != 1000 || at.GID != 100 || at.Mode != ondisk.ModeRegular|0o644 || !at.MTime.Equal(s.tick) {
			t.Errorf("file: %+v", at)
		}
		if s.at("file").Ino() != s.at("dir/again").Ino() {
			t.Error("two names of one file lead to two inodes")
		}
	})
}

func TestManyNames(t *testing.T) {
	eachKind(t, 64<<20, func(t *testing.T, s *scratch) {
		count := 3000
		if testing.Short() {
			count = 700
		}
		dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		var want []string
		for i := range count {
			name := fmt.Sprintf("name-%d-%s", i, strings.Repeat("z", i%40))
			_, err := dir.Create(name, ext4.NewAttr{Mode: 0o644})
			s.must(name, err)
			want = append(want, name)
		}
		slices.Sort(want)
		if got := listing(t, dir); !slices.Equal(got, want) {
			t.Fatalf("%d names, want %d", len(got), len(want))
		}
		s.remount()
		s.unmount()
		s.check()
		s.mount()
		dir = s.at("dir")
		if got := listing(t, dir); !slices.Equal(got, want) {
			t.Fatalf("%d names after a remount, want %d", len(got), len(want))
		}
		for _, name := range want {
			if _, err := dir.Child(name); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.must(name, dir.Unlink(name, nil))
		}
		s.must("rmdir", s.root().Rmdir("dir", nil))
	})
}

func TestErrnoOfNames(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	root := s.root()
	a := ext4.NewAttr{Mode: 0o644}
	dir, err := root.Mkdir("dir", a)
	s.must("mkdir", err)
	sub, err := dir.Mkdir("sub", a)
	s.must("mkdir", err)
	file, err := root.Create("file", a)
	s.must("create", err)
	long := strings.Repeat("x", 256)
	create := func(name string) func() error {
		return func() error { _, err := root.Create(name, a); return err }
	}
	rename := func(from *ext4.Inode, old string, to *ext4.Inode, name string, f ext4.RenameFlags) func() error {
		return func() error { return from.Rename(old, to, name, ext4.RenameOptions{Flags: f}) }
	}
	for _, c := range []struct {
		what string
		do   func() error
		want error
	}{
		{"create existing", create("file"), syscall.EEXIST},
		{"create empty", create(""), syscall.ENOENT},
		{"create dot", create("."), syscall.EEXIST},
		{"create long", create(long), syscall.ENAMETOOLONG},
		{"create slash", create("a/b"), syscall.EINVAL},
		{"create in file", func() error { _, err := file.Create("x", a); return err }, syscall.ENOTDIR},
		{"unlink missing", func() error { return root.Unlink("none", nil) }, syscall.ENOENT},
		{"unlink dir", func() error { return root.Unlink("dir", nil) }, syscall.EISDIR},
		{"rmdir file", func() error { return root.Rmdir("file", nil) }, syscall.ENOTDIR},
		{"rmdir full", func() error { return root.Rmdir("dir", nil) }, syscall.ENOTEMPTY},
		{"rmdir dot", func() error { return dir.Rmdir(".", nil) }, syscall.EINVAL},
		{"rmdir dotdot", func() error { return dir.Rmdir("..", nil) }, syscall.ENOTEMPTY},
		{"link dir", func() error { return root.Link("x", dir) }, syscall.EPERM},
		{"link existing", func() error { return root.Link("dir", file) }, syscall.EEXIST},
		{"link twice", func() error { return root.Link(long, file) }, syscall.ENAMETOOLONG},
		{"symlink empty", func() error { _, err := root.Symlink("l", "", a); return err }, syscall.ENOENT},
		{"symlink long", func() error { _, err := root.Symlink("l", strings.Repeat("y", 4096), a); return err }, syscall.ENAMETOOLONG},
		{"rename into itself", rename(root, "dir", sub, "x", 0), syscall.EINVAL},
		{"rename over parent", rename(dir, "sub", root, "dir", 0), syscall.ENOTEMPTY},
		{"rename dir over file", rename(root, "dir", root, "file", 0), syscall.ENOTDIR},
		{"rename file over dir", rename(root, "file", root, "dir", 0), syscall.EISDIR},
		{"rename missing", rename(root, "none", root, "x", 0), syscall.ENOENT},
		{"rename noreplace", rename(root, "file", root, "dir", ext4.RenameNoReplace), syscall.EEXIST},
		{"exchange missing", rename(root, "file", root, "none", ext4.RenameExchange), syscall.ENOENT},
		{"exchange within", rename(root, "dir", dir, "sub", ext4.RenameExchange), syscall.EINVAL},
		{"flags", rename(root, "file", root, "x", ext4.RenameExchange|ext4.RenameNoReplace), syscall.EINVAL},
		{"rename dot", rename(root, ".", root, "x", 0), syscall.EBUSY},
		{"check", func() error { return root.Unlink("file", func(*ext4.Inode) error { return syscall.EACCES }) }, syscall.EACCES},
		{"check rename", func() error {
			return root.Rename("file", dir, "x", ext4.RenameOptions{Check: func(a, b *ext4.Inode) error { return syscall.EACCES }})
		}, syscall.EACCES},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	s.must("rmdir", dir.Rmdir("sub", nil))
	if _, err := sub.Create("x", a); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("create in a directory that was removed: %v", err)
	}
}
