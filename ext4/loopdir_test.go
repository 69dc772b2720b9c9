package ext4_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"extant/explore"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/sched"
)

// dirs makes directories, each within the one before.
func (s *scratch) dirs(names ...string) (list []*ext4.Inode) {
	s.t.Helper()
	d := s.root()
	for _, name := range names {
		var err error
		d, err = d.Mkdir(name, ext4.NewAttr{Mode: 0o755})
		s.must("mkdir", err)
		list = append(list, d)
	}
	return list
}

// loopSteps are changes of names in /a/b/c, where "up" names a and "self" c itself, and those of a in the root, none of which may go on.
var loopSteps = []struct {
	name string
	do   func(root, a, b, c *ext4.Inode) error
}{
	{"rmdir", func(root, a, b, c *ext4.Inode) error { return c.Rmdir("up", nil) }},
	{"rmdir_self", func(root, a, b, c *ext4.Inode) error { return c.Rmdir("self", nil) }},
	{"rename", func(root, a, b, c *ext4.Inode) error { return c.Rename("up", c, "x", ext4.RenameOptions{}) }},
	{"rename_self", func(root, a, b, c *ext4.Inode) error { return c.Rename("self", root, "x", ext4.RenameOptions{}) }},
	{"replace", func(root, a, b, c *ext4.Inode) error { return c.Rename("dir", c, "up", ext4.RenameOptions{}) }},
	{"out", func(root, a, b, c *ext4.Inode) error { return c.Rename("up", root, "x", ext4.RenameOptions{}) }},
	{"into", func(root, a, b, c *ext4.Inode) error { return c.Rename("up", b, "x", ext4.RenameOptions{}) }},
	{"into_it", func(root, a, b, c *ext4.Inode) error { return c.Rename("up", a, "x", ext4.RenameOptions{}) }},
	{"out_of_it", func(root, a, b, c *ext4.Inode) error { return a.Rename("other", c, "up", ext4.RenameOptions{}) }},
	{"exchange", func(root, a, b, c *ext4.Inode) error {
		return c.Rename("up", c, "dir", ext4.RenameOptions{Flags: ext4.RenameExchange})
	}},
	{"exchange_across", func(root, a, b, c *ext4.Inode) error {
		return root.Rename("else", c, "up", ext4.RenameOptions{Flags: ext4.RenameExchange})
	}},
}

// TestEntryNamesAncestor has a directory hold names of one that it lies in, and of itself: that is damage, and nothing waits for itself.
func TestEntryNamesAncestor(t *testing.T) {
	for _, step := range loopSteps {
		t.Run(step.name, func(t *testing.T) {
			s := newScratch(t, 16<<20, "-t ext4", ext4.Options{Errors: ext4.ErrorsContinue})
			s.damaged = true
			l := s.dirs("a", "b", "c")
			for _, d := range []struct {
				dir  *ext4.Inode
				name string
			}{{s.root(), "else"}, {l[0], "other"}, {l[2], "dir"}} {
				_, err := d.dir.Mkdir(d.name, ext4.NewAttr{Mode: 0o755})
				s.must("mkdir", err)
			}
			s.must("plant", l[2].Plant("up", l[0]))
			s.must("plant", l[2].Plant("self", l[2]))
			var damage *ext4.CorruptError
			if err := step.do(s.root(), l[0], l[1], l[2]); !errors.As(err, &damage) {
				t.Errorf("%v", err)
			} else {
				t.Log(err)
			}
		})
	}
}

// TestDirectoriesInCircle has two directories say that they lie in each other, and a third in one of them.
func TestDirectoriesInCircle(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{Errors: ext4.ErrorsContinue})
	s.damaged = true
	l := s.dirs("a", "b", "c")
	s.must("circle", l[0].SetParent(l[1].Ino()))
	_, err := l[2].Create("f", ext4.NewAttr{Mode: 0o644})
	s.must("create", err)
	var damage *ext4.CorruptError
	if err := l[2].Rename("f", s.root(), "f", ext4.RenameOptions{}); !errors.As(err, &damage) {
		t.Errorf("%v", err)
	}
}

// TestCircleUnderSchedules has tasks take each of two directories out of the other, and rename in them: nobody waits for ever.
func TestCircleUnderSchedules(t *testing.T) {
	base := raceImage(t, "-t ext4 -b 1024", 0)
	strategy := explore.Portfolio(1, explore.POS(1), explore.Preemptions(2), explore.Random(1))
	explore.Test(t, func() {
		fs, err := ext4.Mount(base.Snapshot(), raceOptions(ext4.Options{Errors: ext4.ErrorsContinue}))
		explore.Assert(err == nil, "mount: %v", err)
		root, err := fs.Root()
		explore.Assert(err == nil, "root: %v", err)
		a, err := root.Mkdir("a", ext4.NewAttr{Mode: 0o755})
		explore.Assert(err == nil, "mkdir: %v", err)
		b, err := a.Mkdir("b", ext4.NewAttr{Mode: 0o755})
		explore.Assert(err == nil, "mkdir: %v", err)
		explore.Assert(b.Plant("up", a) == nil && a.SetParent(b.Ino()) == nil, "no circle")
		one := sched.Go("rmdir", func() {
			err := a.Rmdir("b", nil)
			explore.Assert(err == syscall.ENOTEMPTY, "rmdir: %v", err)
		})
		two := sched.Go("rename", func() { b.Rename("up", b, "x", ext4.RenameOptions{}) })
		err = b.Rmdir("up", nil)
		explore.Assert(err == syscall.ENOTEMPTY || err == syscall.ENOENT, "rmdir: %v", err)
		one.Wait()
		two.Wait()
		explore.Assert(fs.Close() == nil, "unmount fails")
	}, explore.Config{Strategy: strategy, Time: ext4test.RaceTime(t, 500*time.Millisecond, 150*time.Millisecond), StepsMax: 40_000, Watch: watchLocks(t)})
}
