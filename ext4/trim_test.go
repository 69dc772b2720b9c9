package ext4_test

import (
	"bytes"
	"fmt"
	"math"
	"syscall"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

// trimmer is a device that counts what is discarded.
type trimmer struct {
	disk.Device
	bytes sched.Int64
}

func (d *trimmer) Discard(off, n int64) error {
	d.bytes.Add(n)
	return d.Device.Discard(off, n)
}

// TestTrim discards all that is free, beside files that are read, written and removed; the files have what they had.
func TestTrim(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 1024", "-t ext4 -b 4096 -O bigalloc -C 16384", "-t ext4 -b 1024 -O bigalloc,^resize_inode -C 4096", "-t ext3 -b 1024", "-t ext4 -O ^has_journal"} {
		t.Run(args, func(t *testing.T) {
			s := newScratch(t, 40<<20, args, ext4.Options{})
			s.unmount()
			dev := &trimmer{Device: s.mem}
			s.dev = dev
			s.mount()
			var kept []shadow
			for i := range 8 {
				f := shadow{s.file(fmt.Sprint("kept", i)), bytes.Repeat([]byte{byte(i + 1)}, 100_000)}
				if err := write(byte(i+1), len(f.want), 0).do(f.n); err != nil {
					t.Fatal(err)
				}
				kept = append(kept, f)
				name := fmt.Sprint("gone", i)
				if err := write(99, 1<<20, 0).do(s.file(name)); err != nil {
					t.Fatal(err)
				}
				if i%2 == 0 {
					if err := s.fs.Sync(); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.root().Unlink(name, nil); err != nil {
					t.Fatal(err)
				}
			}
			var wg sched.WaitGroup
			wg.Go("write", func() {
				f := s.again("kept0")
				for i := range 40 {
					if err := write(1, 5000, int64(i)*1999).do(f); err != nil {
						t.Error(err)
					}
					if err := f.Fsync(); err != nil {
						t.Error(err)
					}
				}
			})
			for range 5 {
				if _, err := s.fs.Trim(0, math.MaxUint64, 0); err != nil {
					t.Fatal(err)
				}
			}
			wg.Wait()
			s.remount()
			dev.bytes.Store(0)
			n, err := s.fs.Trim(0, math.MaxUint64, 0)
			st, serr := s.fs.StatFS()
			if want := st.BlocksFree * uint64(st.BlockSize); err != nil || serr != nil || n != want || dev.bytes.Load() != int64(want) {
				t.Errorf("%d bytes are said to be trimmed, %d were, %d are free; %v, %v", n, dev.bytes.Load(), want, err, serr)
			}
			for i, f := range kept {
				sameData(t, s.again(fmt.Sprint("kept", i)), f.want)
			}
		})
	}
}

// TestTrimRanges trims parts of what is free.
func TestTrimRanges(t *testing.T) {
	s := newScratch(t, 40<<20, "-t ext4 -b 1024", ext4.Options{})
	all, err := s.fs.Trim(0, math.MaxUint64, 0)
	if err != nil {
		t.Fatal(err)
	}
	low, lerr := s.fs.Trim(0, 20_000_768, 0)
	high, herr := s.fs.Trim(20_000_768, math.MaxUint64, 0)
	if lerr != nil || herr != nil || low+high < all || low == 0 || low == all || high == 0 || high == all {
		t.Errorf("%d and %d bytes of %d; %v, %v", low, high, all, lerr, herr)
	}
	if n, err := s.fs.Trim(0, math.MaxUint64, 8<<20); n == 0 || n%(8<<20) != 0 || err != nil {
		t.Errorf("in groups that are free as a whole %d bytes are, %v", n, err)
	}
	for _, r := range [][3]uint64{{0, 1023, 0}, {40 << 20, 1 << 20, 0}, {0, 1 << 30, 8<<20 + 1024}} {
		if n, err := s.fs.Trim(r[0], r[1], r[2]); n != 0 || err != syscall.EINVAL {
			t.Errorf("%d: %d, %v", r, n, err)
		}
	}
	s.unmount()
	s.dev = noDiscard{s.mem}
	s.mount()
	if _, err := s.fs.Trim(0, math.MaxUint64, 0); err != syscall.EOPNOTSUPP {
		t.Errorf("of a device that cannot discard: %v", err)
	}
}

// TestSetLabel names a file system, in all copies of its super block.
func TestSetLabel(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 1024", "-t ext2 -b 1024 -O ^sparse_super,^resize_inode", "-t ext4 -b 1024 -O bigalloc,^resize_inode -C 4096"} {
		s := newScratch(t, 40<<20, args, ext4.Options{})
		for _, label := range []string{"a name", "", "0123456789abcdef"} {
			if err := s.fs.SetLabel(label); err != nil {
				t.Fatal(err)
			}
			sb, home := s.fs.Super(), superOf(t, s.dev)
			if sb.Label() != label || home.Label() != label {
				t.Errorf("it is %q, and %q on the device, not %q", sb.Label(), home.Label(), label)
			}
		}
		if err := s.fs.SetLabel("0123456789abcdefg"); err != syscall.EINVAL {
			t.Errorf("too long: %v", err)
		}
		s.unmount()
		if label := labelOfAll(t, s.dev); label != "0123456789abcdef" {
			t.Errorf("%s: the copies have %q", args, label)
		}
		s.mount()
		s.unmount()
		s.o.ReadWrite = false
		s.mount()
		if err := s.fs.SetLabel("x"); err != syscall.EROFS {
			t.Errorf("mounted to read: %v", err)
		}
	}
}

// labelOfAll is the name that all copies of the super block have.
func labelOfAll(t *testing.T, dev disk.Device) string {
	t.Helper()
	first := superOf(t, dev)
	for g := range first.BackupGroups() {
		raw := make([]byte, ondisk.SuperSize)
		at := int64(ondisk.SuperOffset)
		if g > 0 {
			at = int64(first.GroupFirstBlock(g)) * int64(first.BlockSize())
		}
		var sb ondisk.Super
		if _, err := dev.ReadAt(raw, at); err != nil {
			t.Fatal(err)
		}
		if err := sb.Decode(raw); err != nil || sb.CheckCsum() != nil || sb.Label() != first.Label() {
			t.Errorf("group %d has %q, not %q: %v, %v", g, sb.Label(), first.Label(), err, sb.CheckCsum())
		}
	}
	return first.Label()
}

// TestSetLabelTogether names a file system from several tasks: in the end all copies have the name of one of them.
func TestSetLabelTogether(t *testing.T) {
	s := newScratch(t, 40<<20, "-t ext4 -b 1024", ext4.Options{})
	var wg sched.WaitGroup
	for task := range 4 {
		wg.Go("naming", func() {
			for range 20 {
				if err := s.fs.SetLabel(string(rune('a' + task))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s.unmount()
	if label := labelOfAll(t, s.dev); len(label) != 1 {
		t.Errorf("the name is %q", label)
	}
}
