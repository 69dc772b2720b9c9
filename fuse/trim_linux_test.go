package fuse_test

import (
	"bytes"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"extant/internal/ext4test"
)

// trim asks for FITRIM of a range in pieces of least bytes, and returns how many bytes that were.
func trim(t *testing.T, dir string, r [3]uint64) (uint64, syscall.Errno) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const fiTrim = 0xC0185879
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), fiTrim, uintptr(unsafe.Pointer(&r)))
	return r[1], errno
}

// TestTrim trims ranges of an image that has been in use, as the kernel's ext4 does. Space that nothing uses is given back to the system.
func TestTrim(t *testing.T) {
	ext4test.Mounts(t, false)
	image := format(t, 256<<20, conformFormat)
	d := mount(t, image, "")
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(d.path(name), bytes.Repeat([]byte{'x'}, 20<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	syncAll(t, d)
	if err := os.Remove(d.path("b")); err != nil {
		t.Fatal(err)
	}
	d.unmount(t)
	before := blocksOf(t, image)
	if before < 60<<20 {
		t.Fatalf("the image takes %d bytes", before)
	}
	ranges := [][3]uint64{
		{0, math.MaxUint64, 0}, {0, 100_000_000, 0}, {50_000_003, 70_000_000, 65536}, {0, math.MaxUint64, 1 << 20}, {0, 4096, 0}, {4096, 4095, 0},
		{256 << 20, 4096, 0}, {256<<20 - 4096, 1 << 30, 0}, {0, 1 << 30, 128<<20 + 1}, {0, 1 << 30, 1 << 62},
	}
	for _, r := range ranges {
		t.Run("", func(t *testing.T) {
			kernel := func() (uint64, syscall.Errno) {
				dir := ext4test.TempDir(t)
				ext4test.Run(t, "mount", "-o", "loop", image, dir)
				defer ext4test.Unmount(t, dir)
				return trim(t, dir, r)
			}
			d.start(t, "")
			n, errno := trim(t, d.dir, r)
			d.unmount(t)
			if want, werrno := kernel(); n != want || errno != werrno {
				t.Errorf("%d: %d bytes, %v; the kernel has %d, %v", r, n, errno, want, werrno)
			}
		})
	}
	if after := blocksOf(t, image); after > before-19<<20 {
		t.Errorf("the image takes %d bytes, and %d before", after, before)
	}
}

// syncAll waits until all that was written is in the image.
func syncAll(t *testing.T, d *daemon) {
	t.Helper()
	for _, name := range []string{"a", "b", "c"} {
		f, err := os.Open(d.path(name))
		if err == nil {
			err = f.Sync()
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// blocksOf is how many bytes a file takes on its disk.
func blocksOf(t *testing.T, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

// TestLabel has e2label name a file system that is mounted.
func TestLabel(t *testing.T) {
	ext4test.Mounts(t, false)
	ext4test.Tool(t, "tune2fs")
	image := format(t, 64<<20, conformFormat)
	d := mount(t, image, "")
	ext4test.Run(t, "tune2fs", "-L", "a name", image)
	if said := ext4test.Run(t, "tune2fs", "-L", "another", image); !strings.Contains(said, "tune2fs") {
		t.Error(said)
	}
	d.unmount(t)
	if said := ext4test.Run(t, "dumpe2fs", "-h", image); !strings.Contains(said, "Filesystem volume name:   another\n") {
		t.Error(said)
	}
}
