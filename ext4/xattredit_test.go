package ext4_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

func TestSetXattr(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		root := s.root()
		n, err := root.Create("file", ext4.NewAttr{Mode: 0o644})
		s.must("create", err)
		want := map[string][]byte{}
		set := func(name string, value []byte) {
			t.Helper()
			s.must(name, n.SetXattr(name, value, 0))
			want[name] = value
		}
		set("user.a", []byte("first"))
		set("user.empty", nil)
		set("trusted.b", bytes.Repeat([]byte("b"), 100))
		set("user.c", bytes.Repeat([]byte("c"), 300))
		set("user.a", []byte("second and longer than the first one was"))
		set("security.d", bytes.Repeat([]byte("d"), 40))
		set("user.c", []byte("short"))
		s.must("remove", n.RemoveXattr("trusted.b"))
		delete(want, "trusted.b")
		check := func(n *ext4.Inode) {
			t.Helper()
			names, err := n.Xattrs()
			s.must("list", err)
			if len(names) != len(want) {
				t.Errorf("%d xattrs, want %d: %q", len(names), len(want), names)
			}
			for name, value := range want {
				if got, err := n.Xattr(name); err != nil || !bytes.Equal(got, value) {
					t.Errorf("%s is %q, %v; want %q", name, got, err, value)
				}
			}
		}
		check(n)
		s.remount()
		check(s.at("file"))
		for name := range want {
			s.must(name, s.at("file").RemoveXattr(name))
		}
		clear(want)
		check(s.at("file"))
		if b := s.at("file").XattrBlock(); b != 0 {
			t.Errorf("xattr block %d is left", b)
		}
	})
}

func TestErrnoOfXattrs(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
	n, err := s.root().Create("file", ext4.NewAttr{Mode: 0o644})
	s.must("create", err)
	link, err := s.root().Symlink("link", "x", ext4.NewAttr{})
	s.must("symlink", err)
	s.must("set", n.SetXattr("user.a", []byte("x"), ext4.XattrCreate))
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"create", n.SetXattr("user.a", nil, ext4.XattrCreate), syscall.EEXIST},
		{"replace", n.SetXattr("user.b", nil, ext4.XattrReplace), syscall.ENODATA},
		{"remove", n.RemoveXattr("user.b"), syscall.ENODATA},
		{"prefix", n.SetXattr("other.b", nil, 0), syscall.EOPNOTSUPP},
		{"inline data", n.SetXattr("system.data", nil, 0), syscall.EOPNOTSUPP},
		{"long name", n.SetXattr("user."+strings.Repeat("n", 256), nil, 0), syscall.ERANGE},
		{"long value", n.SetXattr("user.b", make([]byte, 64<<10+1), 0), syscall.E2BIG},
		{"value too long", n.SetXattr("user.b", make([]byte, 5000), 0), syscall.ENOSPC},
		{"link", link.SetXattr("user.a", nil, 0), syscall.EPERM},
		{"link", link.SetXattr("trusted.a", nil, 0), nil},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.err, c.want)
		}
	}
}

// TestSharedXattrs gives many files the same xattrs and then others.
func TestSharedXattrs(t *testing.T) {
	for _, args := range []string{"-t ext4", "-t ext4 -I 128", "-t ext4 -O ^has_journal", "-t ext4 -O ea_inode -b 1024", "-t ext4 -O bigalloc -C 16384"} {
		t.Run(args, func(t *testing.T) {
			s := newScratch(t, 16<<20, args, ext4.Options{})
			value := bytes.Repeat([]byte("v"), 700)
			blocks := map[ondisk.Block]int{}
			for i := range 20 {
				n, err := s.root().Create(fmt.Sprint("f", i), ext4.NewAttr{Mode: 0o644})
				s.must("create", err)
				s.must("set", n.SetXattr("user.same", value, 0))
				blocks[n.XattrBlock()]++
			}
			if len(blocks) != 1 {
				t.Errorf("equal xattrs in blocks %v, want one", blocks)
			}
			s.unmount()
			s.check()
			s.mount()
			for i := range 10 {
				n := s.at(fmt.Sprint("f", i))
				s.must("set", n.SetXattr("user.same", []byte(strings.Repeat("w", 600)+fmt.Sprint(i)), 0))
			}
			for i := 10; i < 15; i++ {
				s.must("unlink", s.root().Unlink(fmt.Sprint("f", i), nil))
			}
			for i := range 20 {
				if i >= 10 && i < 15 {
					continue
				}
				got, err := s.at(fmt.Sprint("f", i)).Xattr("user.same")
				if err != nil || i >= 15 && !bytes.Equal(got, value) || i < 10 && !strings.HasSuffix(string(got), fmt.Sprint(i)) {
					t.Errorf("file %d: %q, %v", i, got, err)
				}
			}
		})
	}
}

// TestSharedXattrsTogether reads from a block for the first time while others come to share it.
func TestSharedXattrsTogether(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	a, b := s.file("a"), s.file("b")
	for i := range 300 {
		value := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 1500)
		s.must("set", a.SetXattr("user.x", value, 0))
		var wg sched.WaitGroup
		wg.Go("sharer", func() {
			if err := b.SetXattr("user.x", value, 0); err != nil {
				t.Error(err)
			}
		})
		got, err := a.Xattr("user.x")
		wg.Wait()
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("value %d: %d bytes, %v", i, len(got), err)
		}
	}
}

// TestXattrInodes gives values that need inodes of their own.
func TestXattrInodes(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O ea_inode -b 1024", ext4.Options{})
	big := bytes.Repeat([]byte("0123456789abcdef"), 64<<10/16)
	for i := range 3 {
		n, err := s.root().Create(fmt.Sprint("f", i), ext4.NewAttr{Mode: 0o644})
		s.must("create", err)
		s.must("set", n.SetXattr("user.big", big, 0))
		s.must("set", n.SetXattr("user.own", bytes.Repeat([]byte{byte('a' + i)}, 3000), 0))
	}
	free := s.fs.Super().FreeInodesCount
	s.unmount()
	s.check()
	s.mount()
	for i := range 3 {
		n := s.at(fmt.Sprint("f", i))
		got, err := n.Xattr("user.big")
		if err != nil || !bytes.Equal(got, big) {
			t.Errorf("file %d: %d bytes, %v", i, len(got), err)
		}
	}
	s.must("replace", s.at("f0").SetXattr("user.big", []byte("small"), 0))
	s.must("remove", s.at("f1").RemoveXattr("user.big"))
	s.must("unlink", s.root().Unlink("f2", nil))
	if got := s.fs.Super().FreeInodesCount; got != free+3 {
		t.Errorf("%d inodes free, want %d: the shared value, that of f2 and f2", got, free+3)
	}
}

func TestACLs(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o775, UID: 1, GID: 2})
		s.must("mkdir", err)
		acl := ondisk.ACL{
			{Tag: ondisk.ACLUserObj, Perm: 7}, {Tag: ondisk.ACLUser, Perm: 6, ID: 1000}, {Tag: ondisk.ACLGroupObj, Perm: 5},
			{Tag: ondisk.ACLMask, Perm: 6}, {Tag: ondisk.ACLOther, Perm: 4},
		}
		s.must("access", dir.SetXattr("system.posix_acl_access", acl.EncodeXattr(), 0))
		if got := dir.Attr().Mode & 0o777; got != 0o764 {
			t.Errorf("mode %#o after an access list, want 0764", got)
		}
		s.must("default", dir.SetXattr("system.posix_acl_default", acl.EncodeXattr(), 0))
		file, err := dir.Create("file", ext4.NewAttr{Mode: 0o666, Umask: 0o077})
		s.must("create", err)
		if got := file.Attr().Mode & 0o777; got != 0o664 {
			t.Errorf("mode %#o of a file under a default list, want 0664: the umask does not count", got)
		}
		sub, err := dir.Mkdir("sub", ext4.NewAttr{Mode: 0o777})
		s.must("mkdir", err)
		if names, err := sub.Xattrs(); err != nil || !slices.Contains(names, "system.posix_acl_default") || !slices.Contains(names, "system.posix_acl_access") {
			t.Errorf("directory under a default list has %q, %v", names, err)
		}
		mode := uint16(0o640)
		s.must("chmod", file.SetAttr(ext4.AttrChange{Mode: &mode}))
		raw, err := file.Xattr("system.posix_acl_access")
		s.must("get", err)
		got, err := ondisk.DecodeXattrACL(raw)
		s.must("decode", err)
		if got[0].Perm != 6 || got[2].Perm != 5 || got[3].Perm != 4 || got[4].Perm != 0 {
			t.Errorf("list after chmod 0640: %+v", got)
		}
		plain := ondisk.ACL{{Tag: ondisk.ACLUserObj, Perm: 6}, {Tag: ondisk.ACLGroupObj, Perm: 0}, {Tag: ondisk.ACLOther, Perm: 4}}
		s.must("plain", file.SetXattr("system.posix_acl_access", plain.EncodeXattr(), 0))
		if _, err := file.Xattr("system.posix_acl_access"); !errors.Is(err, syscall.ENODATA) || file.Attr().Mode&0o777 != 0o604 {
			t.Errorf("a list that says no more than a mode: %v, mode %#o", err, file.Attr().Mode)
		}
		if err := file.SetXattr("system.posix_acl_default", acl.EncodeXattr(), 0); !errors.Is(err, syscall.EACCES) {
			t.Errorf("default list of a file: %v", err)
		}
		if err := file.SetXattr("system.posix_acl_access", []byte("x"), 0); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("no list: %v", err)
		}
	})
}
