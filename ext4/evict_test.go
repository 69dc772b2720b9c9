package ext4_test

import (
	"fmt"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// crash leaves the mount as it is and goes on with what the device holds now, as after a power cut.
func (s *scratch) crash() {
	s.t.Helper()
	s.must("commit", s.fs.Sync())
	s.mem = s.mem.Snapshot()
	s.dev = s.mem
	s.mount()
}

func TestHeldInodes(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		free := s.fs.Super()
		var held []*ext4.Inode
		for i := range 40 {
			name := fmt.Sprint("f", i)
			n, err := s.root().Create(name, ext4.NewAttr{Mode: 0o644, Hold: true})
			s.must("create", err)
			s.must("unlink", s.root().Unlink(name, nil))
			held = append(held, n)
		}
		tmp, err := s.root().Tmpfile(ext4.NewAttr{Mode: 0o600})
		s.must("tmpfile", err)
		if got := held[0].Attr().Links; got != 0 {
			t.Errorf("%d links of a file without names", got)
		}
		if err := s.root().Link("back", held[0]); err != syscall.ENOENT {
			t.Errorf("linking what was unlinked: %v", err)
		}
		s.must("link", s.root().Link("tmp", tmp))
		for i, n := range held {
			if i%3 == 0 {
				s.must("release", n.Release())
			}
		}
		if err := held[0].Hold(); err != syscall.ESTALE {
			t.Errorf("holding what was freed: %v", err)
		}
		if err := held[0].SetXattr("user.x", nil, 0); err != syscall.ESTALE {
			t.Errorf("changing what was freed: %v", err)
		}
		s.crash()
		if got := s.fs.Super().FreeInodesCount; got != free.FreeInodesCount-1 {
			t.Errorf("%d inodes free after a crash, want %d", got, free.FreeInodesCount-1)
		}
		s.at("tmp")
	})
}

// TestUnmountHeld unmounts while files without a name are held.
func TestUnmountHeld(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		for i := range 10 {
			_, err := s.root().Tmpfile(ext4.NewAttr{Mode: 0o600})
			s.must("tmpfile", err)
			name := fmt.Sprint("d", i)
			_, err = s.root().Mkdir(name, ext4.NewAttr{Mode: 0o700, Hold: true})
			s.must("mkdir", err)
			s.must("rmdir", s.root().Rmdir(name, nil))
		}
	})
}

// TestOrphanFileFull makes more orphans than the orphan file has slots.
func TestOrphanFileFull(t *testing.T) {
	s := newScratch(t, 32<<20, "-t ext4 -b 1024 -O orphan_file -N 16384", ext4.Options{})
	sb := s.fs.Super()
	free := sb.FreeInodesCount
	var held []*ext4.Inode
	for sb = s.fs.Super(); sb.LastOrphan == 0 || len(held)%64 != 0; sb = s.fs.Super() {
		n, err := s.root().Tmpfile(ext4.NewAttr{Mode: 0o600})
		s.must("tmpfile", err)
		held = append(held, n)
	}
	for i, n := range held {
		if i%2 == 0 {
			s.must("release", n.Release())
		}
	}
	s.crash()
	if sb = s.fs.Super(); sb.FreeInodesCount != free || sb.LastOrphan != 0 {
		t.Errorf("%d inodes free after a crash, want %d; first orphan %d", sb.FreeInodesCount, free, sb.LastOrphan)
	}
}

func TestShutdown(t *testing.T) {
	for mode, survives := range map[ext4.ShutdownMode]bool{ext4.ShutdownDefault: true, ext4.ShutdownLogFlush: true, ext4.ShutdownNoLogFlush: false} {
		s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
		_, err := s.root().Create("before", ext4.NewAttr{Mode: 0o644})
		s.must("create", err)
		s.must("shutdown", s.fs.Shutdown(mode))
		if _, err := s.root().Create("after", ext4.NewAttr{Mode: 0o644}); err != syscall.EIO {
			t.Errorf("mode %d: creating after a shutdown: %v", mode, err)
		}
		s.remount()
		if _, err := s.root().Child("before"); (err == nil) != survives {
			t.Errorf("mode %d: what was created before: %v", mode, err)
		}
	}
}

func TestAttributes(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		n, err := s.root().Create("file", ext4.NewAttr{Mode: 0o644})
		s.must("create", err)
		uid, gid, mode := uint32(70000), uint32(80000), uint16(0o4751)
		at, mt := s.tick.AddDate(50, 0, 0).Add(123456789), s.tick.AddDate(-60, 0, 0).Add(5)
		s.must("setattr", n.SetAttr(ext4.AttrChange{Mode: &mode, UID: &uid, GID: &gid, ATime: &at, MTime: &mt}))
		s.remount()
		got := s.at("file").Attr()
		if got.Mode != ondisk.ModeRegular|mode || got.UID != uid || got.GID != gid {
			t.Errorf("%+v", got)
		}
		if long := got.CrTime.Unix() != 0 && !got.CrTime.IsZero(); long && (!got.ATime.Equal(at) || !got.MTime.Equal(mt)) {
			t.Errorf("times %v and %v, want %v and %v", got.ATime, got.MTime, at, mt)
		}
		n = s.at("file")
		s.must("chattr +i", n.SetFlags(got.Flags|ondisk.InodeImmutable))
		for what, err := range map[string]error{
			"chmod":    n.SetAttr(ext4.AttrChange{Mode: &mode}),
			"setxattr": n.SetXattr("user.a", nil, 0),
			"unlink":   s.root().Unlink("file", nil),
			"link":     s.root().Link("x", n),
			"rename":   s.root().Rename("file", s.root(), "x", ext4.RenameOptions{}),
		} {
			if err != syscall.EPERM {
				t.Errorf("%s of an immutable file: %v", what, err)
			}
		}
		s.must("chattr -i", n.SetFlags(got.Flags))
		s.must("chattr +a", s.root().SetFlags(s.root().Attr().Flags|ondisk.InodeAppend))
		if err := s.root().Unlink("file", nil); err != syscall.EPERM {
			t.Errorf("unlink in an append-only directory: %v", err)
		}
		_, err = s.root().Create("more", ext4.NewAttr{Mode: 0o644})
		s.must("create in an append-only directory", err)
		s.must("chattr -a", s.root().SetFlags(s.root().Attr().Flags&^ondisk.InodeAppend))
		if err := n.SetFlags(got.Flags ^ ondisk.InodeExtents); err != syscall.EOPNOTSUPP {
			t.Errorf("changing the kind of map: %v", err)
		}
	})
}

func TestInheritance(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O project", ext4.Options{})
	dir, err := s.root().Mkdir("dir", ext4.NewAttr{Mode: 0o2755, GID: 55})
	s.must("mkdir", err)
	proj := uint32(7)
	s.must("project", dir.SetAttr(ext4.AttrChange{ProjID: &proj}))
	s.must("chattr", dir.SetFlags(dir.Attr().Flags|ondisk.InodeProjInherit|ondisk.InodeNoDump|ondisk.InodeDirSync))
	sub, err := dir.Mkdir("sub", ext4.NewAttr{Mode: 0o755, GID: 1})
	s.must("mkdir", err)
	file, err := dir.Create("file", ext4.NewAttr{Mode: 0o644, GID: 1})
	s.must("create", err)
	const all = ondisk.InodeProjInherit | ondisk.InodeNoDump | ondisk.InodeDirSync
	if a := sub.Attr(); a.GID != 55 || a.Mode&0o2000 == 0 || a.ProjID != 7 || a.Flags&all != all {
		t.Errorf("directory: %+v", a)
	}
	if a := file.Attr(); a.GID != 55 || a.Mode&0o2000 != 0 || a.ProjID != 7 || a.Flags&all != ondisk.InodeNoDump {
		t.Errorf("file: %+v", a)
	}
	other, err := s.root().Create("other", ext4.NewAttr{Mode: 0o644})
	s.must("create", err)
	if err := dir.Link("x", other); err != syscall.EXDEV {
		t.Errorf("link into another project: %v", err)
	}
	if err := s.root().Rename("other", dir, "x", ext4.RenameOptions{}); err != syscall.EXDEV {
		t.Errorf("rename into another project: %v", err)
	}
}

func TestATime(t *testing.T) {
	for _, c := range []struct {
		name string
		o    ext4.Options
		want [3]bool // set by a read at once, by another, by one a day later
	}{
		{"relatime", ext4.Options{}, [3]bool{true, false, true}},
		{"noatime", ext4.Options{ATime: ext4.NoATime}, [3]bool{}},
		{"strictatime", ext4.Options{ATime: ext4.StrictATime}, [3]bool{true, true, true}},
		{"lazytime", ext4.Options{ATime: ext4.StrictATime, LazyTime: true}, [3]bool{true, true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScratch(t, 16<<20, "-t ext4", c.o)
			_, err := s.root().Symlink("link", "target", ext4.NewAttr{})
			s.must("symlink", err)
			for i, step := range []int{1, 60, 90000} {
				s.tick = s.tick.Add(1e9 * 1)
				for range step {
					s.tick = s.tick.Add(1e9)
				}
				if _, err := s.at("link").Readlink(); err != nil {
					t.Fatal(err)
				}
				if got := s.at("link").Attr().ATime.Equal(s.tick); got != c.want[i] {
					t.Errorf("read %d: i_atime set: %v, want %v", i, got, c.want[i])
				}
			}
			was := s.at("link").Attr().ATime
			s.remount()
			if got := s.at("link").Attr().ATime; !got.Equal(was) {
				t.Errorf("i_atime %v after a remount, %v before", got, was)
			}
		})
	}
}
