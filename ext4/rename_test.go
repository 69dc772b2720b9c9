package ext4_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

func TestRename(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		root := s.root()
		mkdir := func(in *ext4.Inode, name string) *ext4.Inode {
			t.Helper()
			n, err := in.Mkdir(name, ext4.NewAttr{Mode: 0o755})
			s.must("mkdir "+name, err)
			return n
		}
		create := func(in *ext4.Inode, name string) *ext4.Inode {
			t.Helper()
			n, err := in.Create(name, ext4.NewAttr{Mode: 0o644})
			s.must("create "+name, err)
			return n
		}
		mv := func(from *ext4.Inode, name string, to *ext4.Inode, as string, f ext4.RenameFlags) {
			t.Helper()
			s.must("rename "+name, from.Rename(name, to, as, ext4.RenameOptions{Flags: f}))
		}
		a, b := mkdir(root, "a"), mkdir(root, "b")
		deep := mkdir(a, "deep")
		create(deep, "x")
		mv(a, "deep", b, "moved", 0)
		if up, err := deep.Lookup(".."); up != b.Ino() || err != nil {
			t.Errorf("parent %d, %v; want %d", up, err, b.Ino())
		}
		if a.Attr().Links != 2 || b.Attr().Links != 3 {
			t.Errorf("links %d and %d, want 2 and 3", a.Attr().Links, b.Attr().Links)
		}
		one, two := create(a, "one"), create(b, "two")
		mv(a, "one", b, "two", ext4.RenameExchange)
		if ino, _ := a.Lookup("one"); ino != two.Ino() {
			t.Error("exchange did not")
		}
		mv(b, "two", a, "one", 0)
		if n, err := a.Child("one"); err != nil || n != one {
			t.Errorf("replacing: %v", err)
		}
		if err := two.Hold(); err != syscall.ESTALE {
			t.Errorf("holding what was replaced and freed: %v", err)
		}
		mv(a, "one", a, "two", ext4.RenameWhiteout)
		if at := s.at("a/one").Attr(); at.Type() != ondisk.ModeChar || at.Major != 0 || at.Minor != 0 {
			t.Errorf("whiteout: %+v", at)
		}
		mkdir(b, "empty")
		mv(b, "moved", b, "empty", 0)
		mkdir(a, "empty")
		mv(b, "empty", a, "empty", 0)
		mv(a, "empty", a, "two", ext4.RenameExchange)
		mv(a, "empty", b, "file", 0)
		mv(b, "file", a, "two", ext4.RenameExchange)
		if a.Attr().Links != 2 || b.Attr().Links != 3 {
			t.Errorf("links %d and %d, want 2 and 3", a.Attr().Links, b.Attr().Links)
		}
		s.remount()
		if got := listing(t, s.at("b/file")); !slices.Equal(got, []string{"x"}) {
			t.Errorf("what was moved about holds %q", got)
		}
	})
}

// TestRenameInFullDirectory renames within directories in which the new name needs room that there is not.
func TestRenameInFullDirectory(t *testing.T) {
	eachKind(t, 32<<20, func(t *testing.T, s *scratch) {
		for i := range 120 {
			_, err := s.root().Create(fmt.Sprintf("a%d", i), ext4.NewAttr{Mode: 0o644})
			s.must("create", err)
		}
		for i := range 120 {
			s.must("rename", s.root().Rename(fmt.Sprintf("a%d", i), s.root(), fmt.Sprintf("a-much-longer-name-than-before-%d", i), ext4.RenameOptions{}))
		}
		if got := len(listing(t, s.root())); got != 121 {
			t.Errorf("%d names, want 121", got)
		}
	})
}

func TestFoldedNames(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O casefold -b 1024", ext4.Options{})
	dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o755})
	s.must("mkdir", err)
	s.must("chattr +F", dir.SetFlags(dir.Attr().Flags|ondisk.InodeCasefold))
	for i := range 200 {
		_, err := dir.Create(fmt.Sprintf("Name-%d", i), ext4.NewAttr{Mode: 0o644})
		s.must("create", err)
	}
	if _, err := dir.Create("nAME-7", ext4.NewAttr{}); err != syscall.EEXIST {
		t.Errorf("the same name in other letters: %v", err)
	}
	s.must("respell", dir.Rename("name-7", dir, "NAME-7", ext4.RenameOptions{}))
	if got := listing(t, dir); !slices.Contains(got, "NAME-7") || slices.Contains(got, "Name-7") {
		t.Error("respelling did not")
	}
	if err := dir.SetFlags(dir.Attr().Flags &^ ondisk.InodeCasefold); err != syscall.ENOTEMPTY {
		t.Errorf("chattr -F of a directory with names: %v", err)
	}
	s.must("unlink", dir.Unlink("NAME-8", nil))
	sub, err := dir.Mkdir("sub", ext4.NewAttr{Mode: 0o755})
	s.must("mkdir", err)
	if sub.Attr().Flags&ondisk.InodeCasefold == 0 {
		t.Error("a directory in one that folds does not")
	}
}
