package fsck_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// fastCut is a file system that the kernel was cut off from, with changes in fast commits.
func fastCut(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, mke2fs(t, "", "16M", "-t ext4 -b 1024 -O fast_commit -J size=4"), 0o600); err != nil {
		t.Fatal(err)
	}
	var cut []byte
	mounted(t, path, "", func(dir string) {
		do := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		write := func(name string, b []byte) {
			f, err := os.Create(filepath.Join(dir, name))
			do(err)
			_, err = f.Write(b)
			do(err)
			do(f.Sync())
			do(f.Close())
		}
		for i := range 10 {
			write(fmt.Sprint("old", i), noise(uint64(i), 3000*i))
		}
		run(t, "sync", "-f", dir)
		for i := range 10 {
			write(fmt.Sprint("new", i), noise(uint64(i), 2000*i))
			do(os.Mkdir(filepath.Join(dir, fmt.Sprint("dir", i)), 0o755))
			write(fmt.Sprintf("dir%d/file", i), noise(uint64(i), 100))
			if i%2 == 0 {
				do(os.Remove(filepath.Join(dir, fmt.Sprint("old", i))))
			}
		}
		write("last", noise(1, 10))
		cut = contents(t, path)
	})
	return cut
}

// fastTree maps the paths of a file system that needs recovery, or not, to what is there.
func fastTree(t *testing.T, image []byte) map[string]string {
	t.Helper()
	fs, err := ext4.Mount(disk.NewMemFrom(bytes.Clone(image)), ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func(at string, n *ext4.Inode)
	walk = func(at string, n *ext4.Inode) {
		a := n.Attr()
		if !n.IsDir() {
			b := make([]byte, a.Size)
			_, err := n.ReadAt(b, 0)
			out[at] = fmt.Sprintf("%o %d %x %v", a.Mode, a.Links, ondisk.CRC32C(0, b), err)
			return
		}
		out[at] = fmt.Sprintf("%o %d", a.Mode, a.Links)
		for e, err := range n.ReadDir(0) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Name == "." || e.Name == ".." {
				continue
			}
			child, err := n.Child(e.Name)
			if err != nil {
				t.Fatal(at, e.Name, err)
			}
			walk(at+"/"+e.Name, child)
		}
	}
	root, err := fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	walk("", root)
	return out
}

// TestFastCommits wants fast commits to be seen by a check, and replayed by a repair, wherever that is interrupted.
func TestFastCommits(t *testing.T) {
	cut := fastCut(t)
	o := fsck.Options{FastCommits: ext4.ApplyFastCommits}
	r, err := fsck.Check(context.Background(), disk.NewMemFrom(bytes.Clone(cut)), o)
	if err != nil || !r.Clean() || !r.Has(fsck.JournalFastCommits) {
		t.Fatalf("%v, %v", r.Findings, err)
	}
	want := fastTree(t, cut)
	rec := disktest.NewRecorder(disk.NewMemFrom(bytes.Clone(cut)))
	preen := fsck.RepairOptions{Policy: fsck.Preen, Options: o}
	if r, err := fsck.Repair(context.Background(), rec, preen); err != nil || !r.Clean() {
		t.Fatalf("%v, %v", r, err)
	}
	repaired := bytesOf(t, rec)
	if got := fastTree(t, repaired); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("left\n%v\nwant\n%v", got, want)
	}
	if len(want) < 35 {
		t.Errorf("only %d names came through", len(want))
	}
	wantClean(t, repaired)
	for k, op := range rec.Trace() {
		if op.Kind != disktest.Write {
			continue
		}
		dev := disk.NewMemFrom(bytes.Clone(cut))
		if err := rec.Trace()[:k+1].Replay(dev); err != nil {
			t.Fatal(err)
		}
		if r, err := fsck.Repair(context.Background(), dev, preen); err != nil || !r.Clean() {
			t.Fatalf("after write %d: %v, %v", k, r.After.Findings, err)
		}
		if got := fastTree(t, bytesOf(t, dev)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after write %d: left\n%v\nwant\n%v", k, got, want)
		}
	}
}

// TestFastCommitsRefused wants fast commits that cannot be applied to be where Preen stops, and to be given up otherwise, and a repair that has no way to apply
// them to change nothing.
func TestFastCommitsRefused(t *testing.T) {
	cut := fastCut(t)
	dev := disk.NewMemFrom(bytes.Clone(cut))
	var u *ondisk.UnsupportedError
	if _, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes}); !errors.As(err, &u) || !bytes.Equal(bytesOf(t, dev), cut) {
		t.Errorf("without a way: %v", err)
	}
	no := fsck.Options{FastCommits: func(disk.Device, iter.Seq2[ondisk.FastCommitRecord, error]) error {
		return ondisk.Corrupt("fast commit", "no")
	}}
	r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Preen, Options: no})
	if err != nil || r.Stopped == nil || r.Stopped.Code != fsck.JournalFastDamage || !bytes.Equal(bytesOf(t, dev), cut) {
		t.Errorf("preening: %v, %v", r, err)
	}
	if r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes, Options: no}); err != nil || !r.Clean() || r.ExitCode() != 1 {
		t.Errorf("repairing: %v, %v", r, err)
	}
	wantClean(t, bytesOf(t, dev))
}
