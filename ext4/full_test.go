package ext4_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
)

// fullStep is a change that may find no space. One that is refused and done again, with space, does what it would have done at once.
type fullStep struct {
	name string
	do   func(s *scratch) error
	part bool // refused, it may have done a part: the start of a write, say
}

// onFile is a step on a file of the root directory.
func onFile(file, name string, part bool, do func(n *ext4.Inode) error) fullStep {
	return fullStep{file + " " + name, func(s *scratch) error { return do(s.again(file)) }, part}
}

func writeStep(file string, k int, off int64) fullStep {
	return onFile(file, fmt.Sprintf("write %d at %d", k, off), true, func(n *ext4.Inode) error {
		_, err := n.WriteAt(bytes.Repeat([]byte{byte(off>>10) | 1}, k), off)
		return err
	})
}

func fallocStep(file string, mode ext4.FallocMode, off, k int64) fullStep {
	return onFile(file, fmt.Sprintf("fallocate %d of %d at %d", mode, k, off), true, func(n *ext4.Inode) error {
		err := n.Fallocate(mode, off, k)
		if err == syscall.EOPNOTSUPP {
			return nil // a file without extents
		}
		return err
	})
}

func xattrStep(file, name string, size int) fullStep {
	return onFile(file, fmt.Sprint("xattr ", name, " of ", size), false, func(n *ext4.Inode) error {
		return n.SetXattr("user."+name, bytes.Repeat([]byte{'x'}, size), 0)
	})
}

func syncStep(file string) fullStep { return onFile(file, "fsync", true, (*ext4.Inode).Fsync) }

func createStep(name string) fullStep {
	return fullStep{"create " + name[:min(5, len(name))], func(s *scratch) error {
		_, err := s.root().Create(name, ext4.NewAttr{Mode: 0o644})
		return err
	}, false}
}

// fullSteps are changes of every kind that take space.
func fullSteps() []fullStep {
	steps := []fullStep{createStep("f"), createStep("g")}
	for i := range 14 { // more than three blocks of names: a linear directory, then a tree
		steps = append(steps, createStep(fmt.Sprintf("%0240d", i)))
	}
	steps = append(steps,
		fullStep{"mkdir", func(s *scratch) error { _, err := s.root().Mkdir("d", ext4.NewAttr{Mode: 0o755}); return err }, false},
		fullStep{"symlink", func(s *scratch) error {
			_, err := s.root().Symlink("s", strings.Repeat("t", 200), ext4.NewAttr{})
			return err
		}, false},
		fullStep{"link", func(s *scratch) error { return s.at("d").Link(strings.Repeat("l", 200), s.again("f")) }, false},
		fullStep{"rename", func(s *scratch) error {
			return s.root().Rename("g", s.at("d"), strings.Repeat("g", 250), ext4.RenameOptions{})
		}, false},
		fullStep{"whiteout", func(s *scratch) error {
			return s.root().Rename("s", s.at("d"), strings.Repeat("s", 250), ext4.RenameOptions{Flags: ext4.RenameWhiteout})
		}, false},
		fullStep{"rename in place", func(s *scratch) error {
			return s.at("d").Rename(strings.Repeat("g", 250), s.at("d"), strings.Repeat("h", 255), ext4.RenameOptions{})
		}, false},
		xattrStep("f", "a", 20), xattrStep("f", "b", 500), xattrStep("f", "b", 900),
		writeStep("f", 50, 0), writeStep("f", 300, 20), writeStep("f", 5000, 100), syncStep("f"),
	)
	for i := range int64(6) { // a tree with a leaf of its own
		steps = append(steps, writeStep("f", 1000, 40_000+i*4096))
	}
	return append(steps, syncStep("f"), writeStep("f", 40_000, 5000), syncStep("f"),
		fallocStep("f", ext4.FallocAllocate, 100_000, 20_000), fallocStep("f", ext4.FallocPunch, 101_000, 3000),
		fallocStep("f", ext4.FallocZero, 104_000, 40_000), writeStep("f", 3000, 110_000), syncStep("f"),
		onFile("f", "grow", false, func(n *ext4.Inode) error { return n.Truncate(500_001) }),
		onFile("f", "store", false, func(n *ext4.Inode) error {
			m, err := n.Map(0, 500_000, ext4.MapWrite)
			if err != nil {
				return err
			}
			defer m.Close()
			return m.Store(300_000, 8, 7)
		}),
		syncStep("f"),
		onFile("f", "chown", false, func(n *ext4.Inode) error { id := uint32(7); return n.SetAttr(ext4.AttrChange{UID: &id}) }),
	)
}

// extentSteps are more of them, for files with extents.
func extentSteps(block int64) []fullStep {
	return []fullStep{
		onFile("f", "insert", false, func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocInsert, 2*block, block) }),
		onFile("f", "collapse", false, func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocCollapse, 5*block, block) }),
	}
}

var fullKinds = []struct {
	name, args string
	o          ext4.Options
	cluster    int64 // 0 for no extents
}{
	{"default", "-t ext4 -b 1024 -O quota,project", ext4.Options{}, 1024},
	{"nodelalloc", "-t ext4 -b 1024 -O quota,inline_data", ext4.Options{NoDelalloc: true}, 1024},
	{"inline", "-t ext4 -b 1024 -O quota,inline_data", ext4.Options{}, 1024},
	{"journal", "-t ext4 -b 1024 -O quota,ea_inode", ext4.Options{Data: ext4.DataJournal}, 1024},
	{"bigalloc", "-t ext4 -b 1024 -O quota,bigalloc -C 16384", ext4.Options{}, 16384},
	{"no_journal", "-t ext4 -b 1024 -O quota,^has_journal", ext4.Options{}, 1024},
	{"ext3", "-t ext3 -b 1024", ext4.Options{}, 0},
}

// fullRun does the steps, and refuses what refuse is asked for from request n on until a step fails with errno. It reports whether one did.
type fullRun struct {
	*scratch
	steps  []fullStep
	errno  syscall.Errno
	refuse func(fs *ext4.FS, when func() bool)
	once   bool   // only request n is refused
	want   []tree // after each step
}

// normal is what does not depend on what was refused.
func normal(_ string, n *node) {
	n.Blocks = 0
	if n.Mode&0xf000 == 0x4000 {
		n.Size = 0
	}
}

func (r *fullRun) run(n int) (refused bool) {
	asked, over := 0, false
	r.refuse(r.fs, func() bool {
		asked++
		refused = refused || asked >= n && !over
		return asked == n && r.once || asked >= n && !over && !r.once
	})
	for i, step := range r.steps {
		err := step.do(r.scratch)
		if err == nil {
			continue
		}
		if err != r.errno || over || !refused {
			r.t.Fatalf("request %d: step %q: %v", n, step.name, err)
		}
		over = true
		if !step.part && i > 0 {
			compareTrees(r.t, readTree(r.t, r.fs), r.want[i-1], normal)
		}
		if r.t.Failed() {
			r.t.Fatalf("request %d: step %q was refused, and is half done", n, step.name)
		}
		if err := step.do(r.scratch); err != nil {
			r.t.Fatalf("request %d: step %q again: %v", n, step.name, err)
		}
	}
	r.refuse(r.fs, nil)
	if r.want != nil {
		compareTrees(r.t, readTree(r.t, r.fs), r.want[len(r.want)-1], normal)
	}
	return refused
}

// TestSpaceRefused refuses space, and what a quota allows, at each request for it: the change says so and is not half done, can be done again when there
// is space, and what is left is sound.
func TestSpaceRefused(t *testing.T) {
	space := func(fs *ext4.FS, when func() bool) { fs.RefuseSpace(when) }
	quota := func(fs *ext4.FS, when func() bool) { fs.RefuseQuota(when) }
	for _, k := range fullKinds {
		for _, how := range []fullRun{
			{errno: syscall.ENOSPC, refuse: space}, {errno: syscall.ENOSPC, refuse: space, once: true},
			{errno: syscall.EDQUOT, refuse: quota}, {errno: syscall.EDQUOT, refuse: quota, once: true},
		} {
			if how.errno == syscall.EDQUOT && k.cluster == 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d/%v", k.name, how.errno, how.once), func(t *testing.T) {
				how.steps = fullSteps()
				if k.cluster > 0 {
					how.steps = append(how.steps, extentSteps(k.cluster)...)
				}
				if strings.Contains(k.args, "ea_inode") {
					how.steps = append(how.steps, xattrStep("f", "c", 1900), xattrStep("f", "c", 3000))
				}
				s := newScratch(t, 16<<20, k.args, k.o)
				s.unmount()
				base := s.mem
				how.scratch = s
				how.expect(t, base.Snapshot())
				step := 1
				if testing.Short() {
					step = 11
				}
				n := 1
				for ; ; n += step {
					s.mem = base.Snapshot()
					s.dev = s.mem
					s.mount()
					refused := how.run(n)
					s.unmount()
					if t.Failed() {
						t.Fatalf("request %d", n)
					}
					r, err := fsck.Check(context.Background(), s.mem, fsck.Options{Now: s.tick})
					s.must("fsck", err)
					for _, f := range r.Findings {
						if f.Severity > fsck.Notice {
							t.Fatalf("request %d: %v", n, f)
						}
					}
					if !refused {
						break
					}
					if n%16 == 0 {
						s.check()
					}
				}
				t.Log(n-1, "requests")
			})
		}
	}
}

// expect notes what the steps do where there is space.
func (r *fullRun) expect(t *testing.T, dev *disk.Mem) {
	t.Helper()
	r.mem, r.dev = dev, dev
	r.mount()
	for _, step := range r.steps {
		r.must(step.name, step.do(r.scratch))
		r.want = append(r.want, readTree(t, r.fs))
	}
	r.unmount()
}
