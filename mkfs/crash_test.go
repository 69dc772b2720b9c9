package mkfs_test

import (
	"encoding/binary"
	"errors"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// oldSystem is a device with a file system on it.
func oldSystem(t *testing.T) *disk.Mem {
	t.Helper()
	d := disk.NewMem(24 << 20)
	if _, err := mkfs.Format(d, options(t, "-L old -b 1024")); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWriteOrder looks at what a power cut can leave behind: what follows from the order of writes and flushes.
func TestWriteOrder(t *testing.T) {
	for _, args := range []string{"-t ext4", "-t ext2", "-E nodiscard", "-b 1024 -E nodiscard"} {
		r := disktest.NewRecorder(oldSystem(t))
		if _, err := mkfs.Format(r, options(t, args)); err != nil {
			t.Fatal(err)
		}
		trace := r.Trace()
		first, last := flushes(trace)
		for i, op := range trace {
			wipes := op.Kind == disktest.Discard || op.Kind == disktest.Write && op.Off == 0 && allZero(op.Data)
			touches := op.Kind == disktest.Write && op.Off < ondisk.SuperOffset+ondisk.SuperSize && op.Off+op.Len > ondisk.SuperOffset
			switch {
			case op.Kind == disktest.Flush:
			case i < first && !wipes:
				t.Errorf("%s: %v before the old super block is surely gone", args, op)
			case i > first && i < last && touches:
				t.Errorf("%s: %v while the new file system is half made", args, op)
			case i > last && (op.Off != ondisk.SuperOffset || op.Len != ondisk.SuperSize):
				t.Errorf("%s: %v together with the super block", args, op)
			}
		}
		if end := trace[len(trace)-1]; end.Kind != disktest.Flush {
			t.Errorf("%s: the last operation is %v, not a flush", args, end)
		}
	}
}

// flushes finds the first flush and the last but one.
func flushes(trace disktest.Trace) (first, last int) {
	var at []int
	for i, op := range trace {
		if op.Kind == disktest.Flush {
			at = append(at, i)
		}
	}
	if len(at) < 3 {
		return 0, 0
	}
	return at[0], at[len(at)-2]
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// TestFailures fails every operation in turn: the error comes back, and unless it was the first or the last operation no
// file system is found, neither the old one nor half of the new one.
func TestFailures(t *testing.T) {
	for _, args := range []string{"-O quota,project,mmp", "-t ext3 -E nodiscard"} {
		clean := disktest.NewFaulty(oldSystem(t), disktest.From(1<<30, disktest.Fail(syscall.EIO)))
		if _, err := mkfs.Format(clean, options(t, args)); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= clean.Ops(); n++ {
			old := oldSystem(t)
			dev := disktest.NewFaulty(old, disktest.From(n, disktest.Fail(syscall.EIO)))
			if _, err := mkfs.Format(dev, options(t, args)); !errors.Is(err, syscall.EIO) {
				t.Fatalf("%s: operation %d failed, and the error is %v", args, n, err)
			}
			if n > 1 && n < clean.Ops() && magic(t, old) == ondisk.SuperMagic {
				t.Errorf("%s: a file system is found after operation %d of %d failed", args, n, clean.Ops())
			}
		}
	}
}

func magic(t *testing.T, d disk.Device) uint16 {
	t.Helper()
	var b [2]byte
	if _, err := d.ReadAt(b[:], ondisk.SuperOffset+0x38); err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint16(b[:])
}
