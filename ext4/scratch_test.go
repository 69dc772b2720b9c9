package ext4_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// scratch is a file system in memory that a test changes. When the test ends it is checked.
type scratch struct {
	t    testing.TB
	dev  disk.Device
	mem  *disk.Mem
	fs   *ext4.FS
	o    ext4.Options
	tick time.Time

	damaged bool // on purpose: not checked when the test ends
}

// newScratch makes a file system with the letters of mke2fs and mounts it to write.
func newScratch(t testing.TB, size int64, args string, o ext4.Options) *scratch {
	t.Helper()
	s := &scratch{t: t, mem: disk.NewMem(size), o: o, tick: time.Unix(1_700_000_000, 0)}
	s.dev = s.mem
	mo, err := ext4test.Options(args)
	if err != nil {
		t.Fatal(err)
	}
	mo.Now, mo.Rand = s.tick, seeded(1)
	if _, err := mkfs.Format(s.mem, mo); err != nil {
		t.Fatal(err)
	}
	if s.o.Now == nil {
		s.o.Now = func() time.Time { return s.tick }
	}
	if s.o.Rand == nil {
		s.o.Rand = seeded(2)
	}
	s.o.ReadWrite = true
	s.mount()
	t.Cleanup(func() {
		if s.fs != nil {
			s.unmount()
		}
		if !s.damaged && !t.Failed() {
			s.check()
		}
	})
	return s
}

// seeded is a source of random bytes that are always the same.
func seeded(n byte) io.Reader { return rand.NewChaCha8([32]byte{n}) }

func (s *scratch) mount() {
	s.t.Helper()
	fs, err := ext4.Mount(s.dev, s.o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.fs = fs
}

func (s *scratch) unmount() {
	s.t.Helper()
	if err := s.fs.Close(); err != nil && !s.damaged {
		s.t.Error("unmount:", err)
	}
	s.fs = nil
}

func (s *scratch) remount() {
	s.t.Helper()
	s.unmount()
	s.mount()
}

// editSuper changes the super block of the device, which is not mounted.
func (s *scratch) editSuper(change func(*ondisk.Super)) {
	s.t.Helper()
	sb := superOf(s.t, s.dev)
	change(&sb)
	sb.SetCsum()
	raw := make([]byte, ondisk.SuperSize)
	sb.Encode(raw)
	if _, err := s.dev.WriteAt(raw, ondisk.SuperOffset); err != nil {
		s.t.Fatal(err)
	}
}

// check judges the device, which is not mounted, with our checker and with e2fsck.
func (s *scratch) check() {
	s.t.Helper()
	checkDevice(s.t, s.mem, s.tick)
}

func checkDevice(t testing.TB, dev disk.Device, now time.Time) {
	t.Helper()
	if ownCheck(t, dev, now) {
		e2fsckDevice(t, dev)
	}
}

// ownCheck judges the device with our checker; false where that could not be done.
func ownCheck(t testing.TB, dev disk.Device, now time.Time) bool {
	t.Helper()
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Now: now.AddDate(1, 0, 0)})
	if err != nil {
		t.Error("fsck:", err)
		return false
	}
	for i, f := range r.Findings {
		if i < 10 && f.Severity > fsck.Notice {
			t.Error("fsck:", f)
		}
	}
	return true
}

// e2fsckDevice runs e2fsck -fn on a copy of the device.
func e2fsckDevice(t testing.TB, dev disk.Device) {
	t.Helper()
	path := filepath.Join(ext4test.TempDir(t), "copy")
	writeImage(t, dev, path)
	defer os.Remove(path)
	out, err := exec.Command(tool(t, "e2fsck"), "-fn", path).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("WARNING")) {
		t.Errorf("e2fsck -fn: %v\n%s", err, out)
	}
}

// writeImage copies a device into a file, holes left out.
func writeImage(t testing.TB, dev disk.Device, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(dev.Size()); err != nil {
		t.Fatal(err)
	}
	buf, zero := make([]byte, 64<<10), make([]byte, 64<<10)
	for off := int64(0); off < dev.Size(); off += int64(len(buf)) {
		n, err := dev.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := f.WriteAt(buf[:n], off); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// scratchKinds are the file systems that changes are tested on.
var scratchKinds = []struct{ name, args string }{
	{"default", "-t ext4"},
	{"orphan_file", "-t ext4 -O orphan_file,metadata_csum_seed"},
	{"small_blocks", "-t ext4 -b 1024"},
	{"small_inodes", "-t ext4 -I 128 -b 1024"},
	{"inline", "-t ext4 -O inline_data"},
	{"inline_large", "-t ext4 -O inline_data -I 512 -b 1024"},
	{"bigalloc", "-t ext4 -O bigalloc -C 16384"},
	{"no_journal", "-t ext4 -O ^has_journal"},
	{"ext3", "-t ext3"},
	{"ext2", "-t ext2"},
	{"no_csum", "-t ext4 -O ^metadata_csum,uninit_bg"},
	{"ea_inode", "-t ext4 -O ea_inode"},
	{"casefold", "-t ext4 -O casefold"},
	{"large_dir", "-t ext4 -O large_dir -b 1024"},
	{"no_index", "-t ext4 -O ^dir_index"},
}

// eachKind runs a test on each kind of file system.
func eachKind(t *testing.T, size int64, f func(t *testing.T, s *scratch)) {
	for _, k := range scratchKinds {
		t.Run(k.name, func(t *testing.T) { f(t, newScratch(t, size, k.args, ext4.Options{})) })
	}
}
