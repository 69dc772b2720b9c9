package ext4_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// crashCases are changes of a file of 24 bytes, and what it may hold after a crash in the middle: what it held before, or what it holds then.
var crashCases = []struct {
	name string
	do   func(n *ext4.Inode) error
	want []string
}{
	{"store", store('m', 3).do, []string{"24a", "3am20a"}},
	{"write_in_place", write('w', 12, 0).do, []string{"24a", "12w12a"}},
	{"grow", write('w', 300, 12).do, []string{"24a", "12a300w"}},
	{"grow_past_block", write('w', 1500, 12).do, []string{"24a", "12a1012w", "12a1500w"}},
	{"truncate_up", truncate(200).do, []string{"24a", "24a176z"}},
	{"truncate_down", truncate(10).do, []string{"24a", "10a"}},
	{"fallocate", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 0, 2048) }, []string{"24a", "24a1000z", "24a2024z"}},
}

// TestCrashes stops the device after each write, and besides loses each single write since the last flush, and reads what a mount finds then. What
// was never written shows as 0xAA.
func TestCrashes(t *testing.T) {
	for _, m := range raceModes {
		for _, c := range crashCases {
			t.Run(m.name+"/"+c.name, func(t *testing.T) {
				crashes(t, filledImage(t, m.args), m.o, c.do, c.want)
			})
		}
	}
}

// crashes changes the file and syncs it, and judges what is left of it after a crash at any moment: one of want, and the last of them once it is synced.
func crashes(t *testing.T, base *disk.Mem, o ext4.Options, do func(n *ext4.Inode) error, want []string) {
	t.Helper()
	rec := disktest.NewRecorder(base.Snapshot())
	fs, err := ext4.Mount(rec, raceOptions(o))
	if err != nil {
		t.Fatal(err)
	}
	n := theFile(fs)
	if err := do(n); err != nil {
		t.Fatal(err)
	}
	if err := n.Fsync(); err != nil {
		t.Fatal(err)
	}
	synced := len(rec.Trace())
	if err := fs.Close(); err != nil {
		t.Fatal(err)
	}
	trace := rec.Trace()
	states := 0
	for end := range len(trace) + 1 {
		if end == synced {
			want = want[len(want)-1:]
		}
		for _, lost := range losses(trace[:end]) {
			states++
			crashState(t, base.Snapshot(), trace[:end], lost, want)
		}
	}
	t.Log(states, "states")
}

// losses are the writes that a crash after the trace may lose, one at a time, and -1 for none.
func losses(trace disktest.Trace) []int {
	out := []int{-1}
	for i := len(trace) - 1; i >= 0 && trace[i].Kind != disktest.Flush; i-- {
		if trace[i].Kind == disktest.Write {
			out = append(out, i)
		}
	}
	return out
}

func crashState(t *testing.T, dev *disk.Mem, trace disktest.Trace, lost int, want []string) {
	t.Helper()
	for i, op := range trace {
		if i != lost {
			if err := op.Apply(dev); err != nil {
				t.Fatal(err)
			}
		}
	}
	fs, err := ext4.Mount(dev, ext4.Options{})
	if err != nil {
		t.Fatalf("after %d operations without %d: %v", len(trace), lost, err)
	}
	got := content(theFile(fs))
	if !slices.ContainsFunc(want, func(w string) bool { return bytes.Equal(spell(w), got) }) {
		t.Fatalf("after %d operations without %d the file holds %q, want one of %q\n%v", len(trace), lost, got, want, trace)
	}
}

// TestFaults makes each operation of the device fail in turn while a file is changed in every way. Nothing hangs or panics; after the
// next mount the file system is sound.
func TestFaults(t *testing.T) {
	modes := append(raceModes[:3:3], raceModes[0])
	modes[3].name, modes[3].o = "write_past", pastOptions
	for _, m := range modes {
		for _, args := range []string{m.args, "-t ext4 -b 1024", "-t ext3"} {
			t.Run(m.name+args, func(t *testing.T) {
				base := filledImage(t, args)
				ops := faultRun(t, base.Snapshot(), disktest.Nth(1<<30, disktest.Fail(syscall.EIO)), m.o)
				step := 1
				if testing.Short() {
					step = 7
				}
				for n := 1; n <= ops; n += step {
					dev := base.Snapshot()
					faultRun(t, dev, disktest.Nth(n, disktest.Fail(syscall.EIO)), m.o)
					recovered(t, dev, fmt.Sprint("operation ", n, " of ", ops))
				}
			})
		}
	}
}

// faultRun changes the file while operations fail as in says, and returns how many operations there were.
func faultRun(t *testing.T, dev disk.Device, in disktest.Injector, o ext4.Options) int {
	t.Helper()
	f := disktest.NewFaulty(dev, in)
	fs, err := ext4.Mount(f, raceOptions(o))
	if err != nil {
		return f.Ops()
	}
	root, err := fs.Root()
	if err != nil {
		fs.Close()
		return f.Ops()
	}
	ino, err := root.Lookup("f")
	if err != nil {
		fs.Close()
		return f.Ops()
	}
	n, err := fs.Inode(ino)
	if err != nil {
		fs.Close()
		return f.Ops()
	}
	for _, do := range []func(n *ext4.Inode) error{
		write('w', 12, 0).do, store('m', 3).do, syncTask.do, write('v', 5000, 100).do, truncate(3000).do, syncTask.do,
		write('u', 3000, 20_000).do, storeIfThere('o', 100).do,
		func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocPunch, 1024, 2048) },
		func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 30_000, 10_000) },
		syncTask.do, truncate(100).do, write('x', 100, 50).do,
	} {
		if err := do(n); err != nil && len(f.Faults()) == 0 {
			if err != syscall.EOPNOTSUPP {
				t.Fatalf("%v, though nothing has failed", err)
			}
		}
	}
	fs.Close()
	return f.Ops()
}

// recovered mounts a device after faults and unmounts it: it is sound then.
func recovered(t *testing.T, dev disk.Device, when string) {
	t.Helper()
	fs, err := ext4.Mount(dev, raceOptions(ext4.Options{}))
	if err != nil {
		t.Fatalf("%s: mount: %v", when, err)
	}
	content(theFile(fs))
	if err := fs.Close(); err != nil {
		t.Fatalf("%s: unmount: %v", when, err)
	}
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Now: raceTime})
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	for _, f := range r.Findings {
		noted := f.Code == fsck.JournalAborted || f.Code == fsck.SuperErrors // what the abort is there to leave
		if f.Severity > fsck.Notice && !noted {
			t.Fatalf("%s: %v", when, f)
		}
	}
}

// unreadable refuses reads of a part of the device while it is on.
type unreadable struct {
	off, end int64
	on       bool
}

func (u *unreadable) String() string { return "unreadable" }

func (u *unreadable) Inject(op disktest.Op) disktest.Fault {
	if u.on && op.Kind == disktest.Read && op.Off < u.end && op.Off+op.Len > u.off {
		return disktest.Fault{Err: syscall.EIO}
	}
	return disktest.Fault{}
}

// TestBitmapUnread has the device refuse to read a bitmap for a while: who asks then is told, whoever asks later is served, and the counts are right.
func TestBitmapUnread(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	d, err := s.fs.Group(0)
	s.must("group", err)
	s.unmount()
	for _, at := range []ondisk.Block{d.BlockBitmap(), d.InodeBitmap()} {
		bad := &unreadable{int64(at) << 12, int64(at+1) << 12, true}
		s.dev = disktest.NewFaulty(s.mem, bad)
		s.mount()
		name := fmt.Sprint("f", at)
		n, err := s.root().Create(name, ext4.NewAttr{Mode: 0o644})
		if at == d.InodeBitmap() {
			if !errors.Is(err, syscall.EIO) {
				t.Errorf("create: %v", err)
			}
			bad.on = false
			n = s.file(name)
		}
		_, err = n.WriteAt(blocksOf("A"), 0)
		s.must("write", err)
		if err := n.Fsync(); bad.on != errors.Is(err, syscall.EIO) {
			t.Errorf("fsync: %v", err)
		}
		bad.on = false
		s.must("fsync", n.Fsync())
		s.unmount()
		s.check()
	}
	s.dev = s.mem
	s.mount()
}
