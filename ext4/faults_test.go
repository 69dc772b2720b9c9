package ext4_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// nameSteps is a little of everything that changes names, attributes and xattrs. It stops at the first error.
func nameSteps(fs *ext4.FS) error {
	root, err := fs.Root()
	if err != nil {
		return err
	}
	a := ext4.NewAttr{Mode: 0o644}
	dir, err := root.Mkdir("dir", a)
	if err != nil {
		return err
	}
	for i := range 12 {
		if _, err := dir.Create(fmt.Sprintf("%0200d", i), a); err != nil {
			return err
		}
	}
	link, err := dir.Symlink("link", strings.Repeat("t", 200), a)
	if err != nil {
		return err
	}
	file, err := root.Create("file", a)
	if err != nil {
		return err
	}
	mode := uint16(0o600)
	for _, f := range []func() error{
		func() error { return file.SetXattr("user.a", make([]byte, 300), 0) },
		func() error { return file.SetXattr("user.b", make([]byte, 20), 0) },
		func() error { return root.Link("again", file) },
		func() error { return dir.Rename("link", root, "moved", ext4.RenameOptions{}) },
		func() error { return root.Rename("again", dir, fmt.Sprintf("%0200d", 3), ext4.RenameOptions{}) },
		func() error { return file.SetAttr(ext4.AttrChange{Mode: &mode}) },
		fs.Sync,
		func() error { return root.Unlink("moved", nil) },
		func() error { return dir.Unlink(fmt.Sprintf("%0200d", 5), nil) },
		func() error { return file.RemoveXattr("user.a") },
		func() error { _, err := link.Readlink(); _ = err; return nil },
		fs.Sync,
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

var errInjected = errors.New("injected")

// TestEachOperationFails fails each operation of the device once, from the mount to the unmount: what meets it returns the error, and what a mount then
// recovers is sound.
func TestEachOperationFails(t *testing.T) {
	for _, args := range []string{"-t ext4 -b 1024 -O inline_data", "-t ext4 -b 1024", "-t ext4 -b 1024 -O ^has_journal,^orphan_file"} {
		t.Run(args, func(t *testing.T) {
			now := time.Unix(1_700_000_000, 0)
			o, err := ext4test.Options(args)
			if err != nil {
				t.Fatal(err)
			}
			o.Now, o.Rand = now, seeded(1)
			blank := disk.NewMem(16 << 20)
			if _, err := mkfs.Format(blank, o); err != nil {
				t.Fatal(err)
			}
			step := 1
			if testing.Short() {
				step = 7
			}
			for n := 1; ; n += step {
				if !failNth(t, blank.Snapshot(), n, now, !strings.Contains(args, "^has_journal")) {
					t.Logf("%d operations", n-1)
					return
				}
			}
		})
	}
}

// failNth runs the steps with operation n failing, and says whether there was such an operation.
func failNth(t *testing.T, mem *disk.Mem, n int, now time.Time, journaled bool) bool {
	t.Helper()
	dev := disktest.NewFaulty(mem, disktest.Nth(n, disktest.Fail(errInjected)))
	o := ext4.Options{ReadWrite: true, Now: func() time.Time { return now }, Rand: seeded(2), CacheBytes: 1 << 20}
	fs, err := ext4.Mount(dev, o)
	if err == nil {
		err = nameSteps(fs)
		// Nothing is left locked: everything returns.
		if root, e := fs.Root(); e == nil {
			root.Create("more", ext4.NewAttr{})
			for range root.ReadDir(0) {
			}
		}
		err = errors.Join(err, fs.Close())
	}
	if dev.Ops() < n {
		if err != nil {
			t.Fatalf("no operation failed: %v", err)
		}
		return false
	}
	if err == nil && dev.Faults()[0].Kind != disktest.Read { // a read that was a hint may be done again
		t.Errorf("operation %d of %d failed and nobody noticed: %v", n, dev.Ops(), dev.Faults())
	}
	var corrupt *ext4.CorruptError
	if errors.As(err, &corrupt) {
		t.Errorf("operation %d: taken for damage: %v", n, err)
	}
	if !journaled {
		return true // what is left is for a checker to repair
	}
	again, err := ext4.Mount(mem, o)
	if err != nil {
		t.Fatalf("mounting after operation %d failed: %v", n, err)
	}
	if err := again.Close(); err != nil {
		t.Fatalf("unmounting after operation %d failed: %v", n, err)
	}
	var sb = superOf(t, mem)
	if sb.State&ondisk.StateError != 0 {
		sb.State = ondisk.StateClean
		if err := rewriteSuper(mem, &sb); err != nil {
			t.Fatal(err)
		}
	}
	if checkDevice(t, mem, now); t.Failed() {
		t.Fatalf("operation %d of the device failed", n)
	}
	return true
}

func rewriteSuper(dev disk.Device, sb *ondisk.Super) error {
	sb.ErrorCount = 0
	sb.SetCsum()
	raw := make([]byte, ondisk.SuperSize)
	sb.Encode(raw)
	_, err := dev.WriteAt(raw, ondisk.SuperOffset)
	return err
}
