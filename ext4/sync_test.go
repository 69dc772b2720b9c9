package ext4_test

import (
	"bytes"
	"testing"

	"extant/disk"
	"extant/ext4"
)

// syncSteps are changes of the file f after which an fsync is all that makes them durable, and what a mount then has to find.
var syncSteps = []struct {
	name string
	do   func(s *scratch)
	find func(t *testing.T, fs *ext4.FS)
}{
	{"create", func(s *scratch) {
		s.must("fsync", s.file("f").Fsync())
	}, func(t *testing.T, fs *ext4.FS) { theFile(fs) }},
	{"write", func(s *scratch) {
		n := s.file("f")
		_, err := n.WriteAt(blocksOf("A"), 0)
		s.must("write", err)
		s.must("fdatasync", n.Fdatasync())
	}, findData("A")},
	{"forgotten", func(s *scratch) { // the cache has let go of the inode since it was changed
		n := s.file("f")
		s.must("fsync", n.Fsync())
		s.must("truncate", n.Truncate(4096))
		s.fs.ForgetInode(n.Ino())
		s.must("fdatasync", s.again("f").Fdatasync())
	}, findData("\x00")},
	{"leaf", func(s *scratch) { // nothing but a leaf of the extent tree changes
		n := s.file("f")
		for i := range int64(6) {
			s.must("fallocate", n.Fallocate(ext4.FallocAllocate, i*8192, 4096))
		}
		s.must("fsync", n.Fsync())
		_, err := n.WriteAt(blocksOf("A"), 0)
		s.must("write", err)
		s.must("fdatasync", n.Fdatasync())
	}, findData("A")},
}

// findData looks for whole blocks at the start of f, one for each letter.
func findData(letters string) func(t *testing.T, fs *ext4.FS) {
	return func(t *testing.T, fs *ext4.FS) {
		want := blocksOf(letters)
		got := make([]byte, len(want))
		if _, err := theFile(fs).ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q... was read, %v", got[:4], err)
		}
	}
}

// TestSyncSuffices cuts the power after an fsync.
func TestSyncSuffices(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 1024", "-t ext4 -b 4096", "-t ext3"} {
		for _, step := range syncSteps {
			t.Run(args+"/"+step.name, func(t *testing.T) {
				if args == "-t ext3" && step.name == "leaf" {
					return // it has no extent trees
				}
				s := newScratch(t, 16<<20, args, ext4.Options{})
				s.remount()
				step.do(s)
				after := s.mem.Snapshot()
				step.find(t, mountCopy(t, after, s.o))
			})
		}
	}
}

// mountCopy recovers a device, which is checked when the test ends.
func mountCopy(t *testing.T, mem *disk.Mem, o ext4.Options) *ext4.FS {
	t.Helper()
	o.Rand = seeded(3)
	fs, err := ext4.Mount(mem, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fs.Close(); err != nil {
			t.Error(err)
		}
		checkDevice(t, mem, o.Now())
	})
	return fs
}
