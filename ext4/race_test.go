package ext4_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/explore"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/lockdep"
	"extant/mkfs"
	"extant/sched"
)

// race is a few tasks at one small file, and what the file may hold when they have ended. The file begins with size bytes 'a'.
type race struct {
	name  string
	size  int
	tasks []raceTask
	want  []string // what its bytes may be in the end; a digit stands for as many of the letter after it
}

type raceTask struct {
	name string
	do   func(n *ext4.Inode) error
}

func write(c byte, k int, off int64) raceTask {
	return raceTask{"write", func(n *ext4.Inode) error {
		_, err := n.WriteAt(bytes.Repeat([]byte{c}, k), off)
		return err
	}}
}

func store(c byte, off int64) raceTask {
	return raceTask{"store", func(n *ext4.Inode) error {
		m, err := n.Map(0, 4096, ext4.MapWrite)
		if err != nil {
			return err
		}
		defer m.Close()
		return m.Store(off, 1, uint64(c))
	}}
}

// storeIfThere is store, but what lies past the end by then is not stored.
func storeIfThere(c byte, off int64) raceTask {
	t := store(c, off)
	return raceTask{"store", func(n *ext4.Inode) error {
		if err := t.do(n); err != nil && err.Error() != "EOF" {
			return err
		}
		return nil
	}}
}

func truncate(sizes ...int64) raceTask {
	return raceTask{"truncate", func(n *ext4.Inode) error {
		for _, size := range sizes {
			if err := n.Truncate(size); err != nil {
				return err
			}
		}
		return nil
	}}
}

var syncTask = raceTask{"sync", func(n *ext4.Inode) error { return n.Fsync() }}

// journalData sends the data of the file through the journal from then on.
var journalData = raceTask{"journal_data", func(n *ext4.Inode) error { return n.SetFlags(n.Attr().Flags | ondisk.InodeJournalData) }}

func copyWithin(from, k, to int64) raceTask {
	return raceTask{"copy", func(n *ext4.Inode) error {
		m, err := n.Map(0, 4096, ext4.MapWrite)
		if err != nil {
			return err
		}
		defer m.Close()
		return m.Access(from, int(k), false, func(b []byte) error {
			_, err := n.WriteAt(b, to)
			return err
		})
	}}
}

// races are the interleavings that ext4's inline data is known to be broken by, and their kin.
var races = []race{
	{"write_store", 24, []raceTask{write('w', 12, 0), store('m', 20)}, []string{"12w8am3a"}},
	{"write_store_sync", 24, []raceTask{write('w', 12, 0), store('m', 20), syncTask}, []string{"12w8am3a"}},
	{"same_byte", 24, []raceTask{write('w', 12, 0), store('m', 3), syncTask}, []string{"12w12a", "3wm8w12a"}},
	{"grow_store", 24, []raceTask{write('w', 200, 10), store('m', 2)}, []string{"2am7a200w"}},
	{"two_writes", 24, []raceTask{write('w', 12, 0), write('v', 200, 12), syncTask}, []string{"12w200v"}},
	{"new_file", 0, []raceTask{write('w', 10, 0), truncate(100), storeIfThere('m', 50)}, []string{
		"10w90z", "10w40zm49z", "10w",
		"10w90z"}},
	{"truncate_store", 24, []raceTask{truncate(10), storeIfThere('m', 4), syncTask}, []string{"4am5a"}},
	{"truncate_down_up", 24, []raceTask{truncate(4, 24), storeIfThere('m', 20), syncTask}, []string{"4a20z", "4a16zm3z"}},
	{"truncate_away", 24, []raceTask{truncate(0), storeIfThere('m', 4), syncTask}, []string{""}},
	{"truncate_write", 24, []raceTask{truncate(0), write('w', 12, 0), storeIfThere('m', 3)}, []string{
		"", "12w", "3wm8w"}},
	{"change_way", 1200, []raceTask{journalData, store('m', 3), syncTask}, []string{"3am1196a"}},
	{"copy_within", 24, []raceTask{copyWithin(0, 12, 6), store('m', 20), syncTask}, []string{"20am3a"}},
}

// spell writes out what race.want abbreviates: z stands for a zero byte.
func spell(short string) []byte {
	var out []byte
	n := 0
	for _, c := range []byte(short) {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == 'z':
			out, n = append(out, make([]byte, max(n, 1))...), 0
		default:
			out, n = append(out, bytes.Repeat([]byte{c}, max(n, 1))...), 0
		}
	}
	return out
}

func (r *race) allows(got []byte) bool {
	return slices.ContainsFunc(r.want, func(w string) bool { return bytes.Equal(spell(w), got) })
}

var raceTime = time.Unix(1_700_000_000, 0)

func raceOptions(o ext4.Options) ext4.Options {
	o.ReadWrite, o.Rand = true, seeded(3)
	o.Now = func() time.Time { return raceTime }
	return o
}

// raceImage makes an image with a file of size bytes.
func raceImage(t *testing.T, args string, size int) *disk.Mem {
	t.Helper()
	mem := disk.NewMem(2 << 20)
	formatRace(t, mem, args, size)
	return mem
}

// formatRace makes a file system on dev with a file f of size bytes 'a'.
func formatRace(t *testing.T, dev disk.Device, args string, size int) {
	t.Helper()
	mo, err := ext4test.Options(args)
	if err != nil {
		t.Fatal(err)
	}
	mo.Now, mo.Rand = raceTime, seeded(1)
	if _, err := mkfs.Format(dev, mo); err != nil {
		t.Fatal(err)
	}
	fs, err := ext4.Mount(dev, raceOptions(ext4.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	root, err := fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	n, err := root.Create("f", ext4.NewAttr{Mode: 0o644})
	if err == nil {
		err = write('a', size, 0).do(n)
	}
	if err == nil {
		err = fs.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run runs the tasks on a fresh copy of the image, after those of begin one by one, and judges what comes of it.
func (r *race) run(base *disk.Mem, o ext4.Options, begin ...raceTask) {
	dev := base.Snapshot()
	fs, err := ext4.Mount(dev, raceOptions(o))
	explore.Assert(err == nil, "mount: %v", err)
	n := theFile(fs)
	for _, t := range begin {
		err := t.do(n)
		explore.Assert(err == nil, "%s: %v", t.name, err)
	}
	var tasks []*sched.Task
	for _, t := range r.tasks {
		tasks = append(tasks, sched.Go(t.name, func() {
			err := t.do(n)
			explore.Assert(err == nil, "%s: %v", t.name, err)
		}))
	}
	for _, t := range tasks {
		t.Wait()
	}
	warm := content(n)
	explore.Assert(r.allows(warm), "the file holds %q", warm)
	explore.Assert(n.Fsync() == nil, "fsync fails")
	crashed := dev.Snapshot()
	explore.Assert(fs.Close() == nil, "unmount fails")
	for _, d := range []*disk.Mem{dev, crashed} {
		fs, err = ext4.Mount(d, ext4.Options{})
		explore.Assert(err == nil, "second mount: %v", err)
		cold := content(theFile(fs))
		explore.Assert(bytes.Equal(warm, cold), "the file held %q, and %q after another mount", warm, cold)
	}
	report, err := fsck.Check(context.Background(), dev, fsck.Options{Now: raceTime})
	explore.Assert(err == nil, "fsck: %v", err)
	for _, f := range report.Findings {
		explore.Assert(f.Severity <= fsck.Notice, "fsck: %v", f)
	}
}

func theFile(fs *ext4.FS) *ext4.Inode {
	root, err := fs.Root()
	explore.Assert(err == nil, "root: %v", err)
	ino, err := root.Lookup("f")
	explore.Assert(err == nil, "lookup: %v", err)
	n, err := fs.Inode(ino)
	explore.Assert(err == nil, "inode: %v", err)
	return n
}

func content(n *ext4.Inode) []byte {
	b := make([]byte, 1<<16)
	k, err := n.ReadAt(b, 0)
	explore.Assert(err != nil && err.Error() == "EOF", "read: %v", err)
	return b[:k]
}

// raceModes are the modes of writing, each of which has the race in another shape.
var raceModes = []struct {
	name, args string
	o          ext4.Options
}{
	{"ordered", "-t ext4 -O inline_data -b 1024", ext4.Options{}},
	{"nodelalloc", "-t ext4 -O inline_data -b 1024", ext4.Options{NoDelalloc: true}},
	{"journal", "-t ext4 -O inline_data -b 1024", ext4.Options{Data: ext4.DataJournal}},
	{"no_journal", "-t ext4 -O inline_data,^has_journal -b 1024", ext4.Options{}},
}

// TestRaces runs each race in each mode under the schedules of a few strategies, with a validator of locks above.
func TestRaces(t *testing.T) {
	limit := ext4test.RaceTime(t, 500*time.Millisecond, 150*time.Millisecond)
	for _, m := range raceModes {
		for _, r := range races {
			t.Run(m.name+"/"+r.name, func(t *testing.T) {
				base := raceImage(t, m.args, r.size)
				explore.Test(t, func() { r.run(base, m.o) }, explore.Config{
					Strategy: explore.Portfolio(1, explore.POS(1), explore.Preemptions(2), explore.Random(1)), Time: limit, StepsMax: 40_000, Watch: watchLocks(t),
				})
			})
		}
	}
}

// watchLocks puts a validator of locks over an explorer, which tells of deadlocks itself.
func watchLocks(t *testing.T) func(sched.Hook) sched.Hook {
	return func(under sched.Hook) sched.Hook {
		return lockdep.New(lockdep.Config{Under: under, Report: func(r *lockdep.Report) {
			if r.Kind != lockdep.Deadlock {
				t.Error(r)
			}
		}})
	}
}

func TestSpell(t *testing.T) {
	if got, want := string(spell("2am3z")), "aam"+strings.Repeat("\x00", 3); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
