package ext4_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/lockdep"
	"extant/sched"
)

// stressKinds are the file systems that everything is done on at once.
var stressKinds = []struct {
	args string
	o    ext4.Options
}{
	{"-t ext4 -b 1024 -O inline_data,quota,project", ext4.Options{QuotaLimits: true}},
	{"-t ext4 -O bigalloc,ea_inode -C 16384", ext4.Options{NoDelalloc: true, LazyTime: true}},
	{"-t ext4 -b 1024 -J size=1 -O metadata_csum_seed", ext4.Options{Data: ext4.DataJournal, ATime: ext4.StrictATime}},
	{"-t ext4 -O ^has_journal,large_dir", ext4.Options{Discard: true}},
	{"-t ext3", ext4.Options{Data: ext4.DataWriteback}},
}

// TestStress has 16 tasks do everything that there is to do, to names, attributes, data and the mount, with caches that are too small, under a
// validator that knows the declared order of locks. It is for the race detector as well. RACE_TIME is how long it takes for all kinds together.
func TestStress(t *testing.T) {
	text, err := os.ReadFile("../LOCKS")
	if err != nil {
		t.Fatal(err)
	}
	order, err := lockdep.ParseOrder(string(text))
	if err != nil {
		t.Fatal(err)
	}
	d := ext4test.RaceTime(t, 2500*time.Millisecond, time.Second) / time.Duration(len(stressKinds))
	for _, k := range stressKinds {
		t.Run(k.args, func(t *testing.T) {
			lockdep.Watch(t, lockdep.Config{Order: order})
			k.o.Background, k.o.CommitEvery = true, 50*time.Millisecond
			k.o.DataBytes, k.o.CacheBytes = 300<<10, 200<<10
			k.o.Now = time.Now
			s := newScratch(t, 48<<20, k.args, k.o)
			st := &stresser{t: t, fs: s.fs, dirs: []*ext4.Inode{s.root()}}
			for i := range 3 {
				dir, err := st.dirs[i%2].Mkdir(fmt.Sprint("dir", i), ext4.NewAttr{Mode: 0o755, Hold: true})
				s.must("mkdir", err)
				st.dirs = append(st.dirs, dir)
			}
			st.run(16, d)
			for _, dir := range st.dirs[1:] {
				s.must("release", dir.Release())
			}
		})
	}
}

// stresser is what the tasks work on: directories that stay, with files and directories that come and go.
type stresser struct {
	t    *testing.T
	fs   *ext4.FS
	dirs []*ext4.Inode
	done [14]sched.Int64 // steps of each kind that were not refused
}

func (st *stresser) run(tasks uint64, d time.Duration) {
	end := time.Now().Add(d)
	var wg sched.WaitGroup
	for k := range tasks {
		wg.Go("stress", func() {
			r := rand.New(rand.NewPCG(k, 2))
			for time.Now().Before(end) && !st.t.Failed() {
				kind := r.IntN(len(st.done))
				err := st.step(kind, r)
				switch {
				case err == nil:
					st.done[kind].Add(1)
				case !expected(err):
					st.t.Errorf("step %d: %v", kind, err)
				}
			}
		})
	}
	wg.Wait()
	var counts []int64
	for i := range st.done {
		counts = append(counts, st.done[i].Load())
	}
	st.t.Log("steps done: ", counts)
}

// expected reports whether an error is an answer that tasks which are in each other's way may get.
func expected(err error) bool {
	for _, e := range []error{
		io.EOF, syscall.ENOSPC, syscall.EDQUOT, syscall.EINVAL, syscall.ENOENT, syscall.EEXIST, syscall.ENOTEMPTY, syscall.ENOTDIR, syscall.EISDIR,
		syscall.ESTALE, syscall.EPERM, syscall.EBUSY, syscall.EROFS, syscall.EOPNOTSUPP, syscall.ENODATA, syscall.EMLINK, syscall.EXDEV, syscall.ENXIO,
		syscall.E2BIG, syscall.EFBIG, syscall.ERANGE,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (st *stresser) dir(r *rand.Rand) *ext4.Inode { return st.dirs[r.IntN(len(st.dirs))] }

// name is one of a few, some of them long: directories get several blocks.
func (st *stresser) name(r *rand.Rand) string {
	return fmt.Sprintf("n%d%s", r.IntN(40), strings.Repeat("x", r.IntN(2)*200))
}

// child is what some name has, held; nil for nothing.
func (st *stresser) child(r *rand.Rand) *ext4.Inode {
	n, err := st.dir(r).Child(st.name(r))
	if err != nil || n.Hold() != nil {
		return nil
	}
	return n
}

func (st *stresser) step(kind int, r *rand.Rand) error {
	dir, name, a := st.dir(r), st.name(r), ext4.NewAttr{Mode: 0o644, UID: uint32(r.IntN(3))}
	switch kind {
	case 0:
		_, err := dir.Create(name, a)
		return err
	case 1:
		_, err := dir.Mkdir(name, ext4.NewAttr{Mode: 0o755})
		return err
	case 2:
		return dir.Unlink(name, nil)
	case 3:
		return dir.Rmdir(name, nil)
	case 4:
		flags := []ext4.RenameFlags{0, 0, ext4.RenameNoReplace, ext4.RenameExchange, ext4.RenameWhiteout}[r.IntN(5)]
		return dir.Rename(name, st.dir(r), st.name(r), ext4.RenameOptions{Flags: flags})
	case 5:
		_, err := dir.Symlink(name, strings.Repeat("t", 1+r.IntN(100)), a)
		return err
	case 6:
		for _, err := range dir.ReadDir(0) {
			if err != nil {
				return err
			}
		}
		return nil
	case 7:
		return st.mount(r)
	}
	n := st.child(r)
	if n == nil {
		return syscall.ENOENT
	}
	return errors.Join(st.change(kind, n, dir, name, r), n.Release())
}

// mount does what is done to the file system as a whole, now and then.
func (st *stresser) mount(r *rand.Rand) error {
	switch r.IntN(40) {
	case 0:
		if err := st.fs.Freeze(); err != nil {
			return err
		}
		return st.fs.Thaw()
	case 1:
		return errors.Join(st.fs.Remount(true), st.fs.Remount(false))
	case 2, 3:
		return st.fs.Sync()
	}
	_, err := st.fs.StatFS()
	return err
}

// change does something to an inode.
func (st *stresser) change(kind int, n, dir *ext4.Inode, name string, r *rand.Rand) error {
	switch kind {
	case 8:
		return dir.Link(name, n)
	case 9:
		key := fmt.Sprint("user.", r.IntN(4))
		switch r.IntN(3) {
		case 0:
			return n.RemoveXattr(key)
		case 1:
			_, err := n.Xattrs()
			return err
		}
		return n.SetXattr(key, make([]byte, r.IntN(600)), 0)
	case 10:
		mode, uid, now := uint16(r.IntN(0o1000)), uint32(r.IntN(3)), time.Now()
		return n.SetAttr(ext4.AttrChange{Mode: &mode, UID: &uid, MTime: &now})
	case 11:
		flags := n.Attr().Flags &^ ondisk.InodeJournalData
		if r.IntN(4) == 0 {
			flags |= ondisk.InodeJournalData
		}
		return n.SetFlags(flags)
	case 12:
		if t, err := n.Readlink(); err == nil || len(t) > 0 {
			return err
		}
		_, err := n.SeekData(int64(r.IntN(50_000)))
		return err
	}
	if n.IsDir() {
		return n.Fsync()
	}
	return stressStep(st.fs, n, r)
}
