package ext4_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/internal/ondisk"
)

// superOf is the super block as it lies on a device.
func superOf(t testing.TB, dev disk.Device) (sb ondisk.Super) {
	t.Helper()
	raw := make([]byte, ondisk.SuperSize)
	if _, err := dev.ReadAt(raw, ondisk.SuperOffset); err != nil {
		t.Fatal(err)
	}
	if err := sb.Decode(raw); err != nil {
		t.Fatal(err)
	}
	if err := sb.CheckCsum(); err != nil {
		t.Fatal(err)
	}
	return sb
}

// clean reports whether a super block says that nothing is to be recovered.
func clean(sb *ondisk.Super) bool {
	return sb.State == ondisk.StateClean && !sb.HasIncompat(ondisk.IncompatNeedsRecovery) && !sb.HasROCompat(ondisk.ROCompatOrphanPresent)
}

func TestMountMarks(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		sb := superOf(t, s.dev)
		if clean(&sb) || sb.MountCount != 1 || !sb.Mounted().Equal(s.tick) {
			t.Errorf("mounted: state %#x, features %v %v, %d mounts, last at %v", sb.State,
				ondisk.Incompat(sb.FeatureIncompat), ondisk.ROCompat(sb.FeatureROCompat), sb.MountCount, sb.Mounted())
		}
		s.unmount()
		if sb := superOf(t, s.dev); !clean(&sb) {
			t.Errorf("unmounted: state %#x, features %v %v", sb.State,
				ondisk.Incompat(sb.FeatureIncompat), ondisk.ROCompat(sb.FeatureROCompat))
		}
		s.mount()
	})
}

func TestFreeze(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		if err := s.fs.Freeze(); err != nil {
			t.Fatal(err)
		}
		if err := s.fs.Freeze(); err != syscall.EBUSY {
			t.Errorf("freezing twice: %v", err)
		}
		checkDevice(t, s.mem.Snapshot(), s.tick)
		if err := s.fs.Thaw(); err != nil {
			t.Fatal(err)
		}
		if sb := superOf(t, s.dev); clean(&sb) {
			t.Error("clean after it was thawed")
		}
		if err := s.fs.Thaw(); err != syscall.EINVAL {
			t.Errorf("thawing twice: %v", err)
		}
	})
}

func TestRemount(t *testing.T) {
	eachKind(t, 16<<20, func(t *testing.T, s *scratch) {
		if err := s.fs.Remount(true); err != nil {
			t.Fatal(err)
		}
		checkDevice(t, s.mem.Snapshot(), s.tick)
		if err := s.fs.Freeze(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("freezing what is read only: %v", err)
		}
		if err := s.fs.Remount(false); err != nil {
			t.Fatal(err)
		}
		if sb := superOf(t, s.dev); clean(&sb) {
			t.Error("clean after it was mounted to write again")
		}
	})
}

func TestRefusedToWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		o    ext4.Options
		sb   func(*ondisk.Super)
		want error
	}{
		{name: "NoLoad", o: ext4.Options{NoLoad: true}, want: syscall.EINVAL},
		{name: "Truncated", o: ext4.Options{Truncated: true}, want: syscall.EINVAL},
		{name: "read-only", sb: func(sb *ondisk.Super) { sb.FeatureROCompat |= uint32(ondisk.ROCompatReadOnly) }},
		{name: "unknown", sb: func(sb *ondisk.Super) { sb.FeatureROCompat |= 1 << 30 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScratch(t, 16<<20, "-t ext4", ext4.Options{})
			s.unmount()
			s.damaged = true
			if c.sb != nil {
				s.editSuper(c.sb)
			}
			c.o.ReadWrite = true
			_, err := ext4.Mount(s.dev, c.o)
			var refused *ext4.UnsupportedError
			if c.want != nil && !errors.Is(err, c.want) || c.want == nil && (!errors.As(err, &refused) || len(refused.Features) == 0) {
				t.Errorf("mounted to write: %v", err)
			}
		})
	}
}

// TestDiscard wants the device told of what a file had, once it is gone for good and no sooner.
func TestDiscard(t *testing.T) {
	const size = 40 << 10
	s := newScratch(t, 16<<20, "-t ext4", ext4.Options{Discard: true})
	s.unmount()
	rec := disktest.NewRecorder(s.mem)
	s.dev = rec
	s.mount()
	content := bytes.Repeat([]byte("gone"), size/4)
	_, err := s.file("file").WriteAt(content, 0)
	s.must("write", err)
	s.must("sync", s.fs.Sync())
	s.must("unlink", s.root().Unlink("file", nil))
	discarded := func() (bytes int64) {
		for _, op := range rec.Trace() {
			if op.Kind == disktest.Discard {
				bytes += op.Len
			}
		}
		return bytes
	}
	if got := discarded(); got != 0 {
		t.Errorf("%d bytes discarded that a crash would bring back", got)
	}
	s.must("sync", s.fs.Sync())
	if got := discarded(); got != size {
		t.Errorf("%d bytes discarded, want %d", got, size)
	}
	device := make([]byte, s.mem.Size())
	if _, err := s.mem.ReadAt(device, 0); err != nil || bytes.Contains(device, content[:1024]) {
		t.Errorf("the device still has what the file had, or %v", err)
	}
}
