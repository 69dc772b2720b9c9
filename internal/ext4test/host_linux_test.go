package ext4test_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"extant/internal/ext4test"
)

// TestDirectory makes a directory of a rich tree and reads it back: description and snapshot agree in all that a host has.
func TestDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		ext4test.Lacking(t, "owners and devices need root")
	}
	s := ext4test.Rich(ext4test.Room{Block: 4096})
	dir := ext4test.TempDir(t)
	if err := s.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ext4test.ReadHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Same(t, got, s.Tree(), ext4test.Losses{Block: 64 << 10, ATimes: true})
}

// TestUnwrittenTwice reads a file that has two names and an unwritten block: that the block was read under one of them makes it no data under the other.
func TestUnwrittenTwice(t *testing.T) {
	if os.Geteuid() != 0 {
		ext4test.Lacking(t, "only the super user mounts")
	}
	image, dir := filepath.Join(ext4test.TempDir(t), "image"), t.TempDir()
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 16<<20)); err != nil {
		t.Fatal(err)
	}
	ext4test.Run(t, "mkfs.ext4", "-q", "-F", image)
	ext4test.Run(t, "mount", "-o", "loop", image, dir)
	defer ext4test.Unmount(t, dir)
	f, err := os.Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("data"), 8192)
	if err := errors.Join(err, unix.Fallocate(int(f.Fd()), 0, 0, 8192), f.Sync(), f.Close(), os.Link(f.Name(), filepath.Join(dir, "b"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := ext4test.ReadHost(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"a", "b"} {
			if n := got[at]; len(n.Data) != 1 || n.Data[0].Start != 8192 || n.Links != 2 {
				t.Errorf("%s has data %v, and %d names", at, n.Data, n.Links)
			}
		}
		ext4test.Unmount(t, dir)
		ext4test.Run(t, "mount", "-o", "loop", image, dir)
	}
}
