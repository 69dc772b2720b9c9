package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
)

// loop makes a block device of size bytes, which takes root.
func loop(t *testing.T, size int64) string {
	t.Helper()
	losetup := tool(t, "losetup")
	if os.Geteuid() != 0 {
		t.Skip("loop devices need root")
	}
	f := newFile(t, size)
	path := f.Name()
	f.Close()
	dev := strings.TrimSpace(run(t, "", losetup, "--find", "--show", path))
	t.Cleanup(func() { run(t, "", losetup, "-d", dev) })
	return dev
}

func open(t *testing.T, path string, flags disk.Flag) *disk.File {
	t.Helper()
	f, err := disk.Open(path, flags)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestBlockDevice(t *testing.T) {
	dev := loop(t, 4<<20)
	f := open(t, dev, disk.ReadWrite)
	if f.Size() != 4<<20 || f.SectorSize() != 512 {
		t.Errorf("size %d, sectors of %d bytes", f.Size(), f.SectorSize())
	}
	write(t, f, 0, strings.Repeat("block", 3000))
	if err := f.Discard(1000, 10000); err != nil {
		t.Fatal(err)
	}
	expect(t, f, 998, "ck\x00\x00")
	expect(t, f, 10998, "\x00\x00bl")
	disktest.TestDevice(t, func(size int64) disk.Device {
		write(t, f, 0, strings.Repeat("\x00", int(size)))
		return window(t, f, 0, size)
	})
	if err := f.Flush(); err != nil {
		t.Error(err)
	}

	var busy *disk.BusyError
	for _, flags := range []disk.Flag{disk.ReadWrite, disk.ReadOnly} {
		if _, err := disk.Open(dev, flags); !errors.As(err, &busy) {
			t.Errorf("second open, flags %d: %v, want a *BusyError", flags, err)
		}
	}
	open(t, dev, disk.ReadOnly|disk.Shared).Close()
	if _, err := disk.Create(dev, 4096); !errors.Is(err, syscall.EEXIST) {
		t.Errorf("create over a block device: %v", err)
	}
}

func TestBlockDeviceThatIsMounted(t *testing.T) {
	dev := loop(t, 4<<20)
	name, err := os.ReadFile("/sys/block/" + filepath.Base(dev) + "/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	file := strings.TrimSpace(string(name))
	open(t, file, disk.ReadWrite).Close()
	mke2fs := tool(t, "mke2fs")
	run(t, "", mke2fs, "-q", dev)
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(dev, dir, "ext4", 0, ""); err != nil {
		t.Fatalf("mount: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	for _, path := range []string{dev, file} {
		for _, flags := range []disk.Flag{disk.ReadWrite, disk.ReadOnly} {
			_, err := disk.Open(path, flags)
			if !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), "mounted") {
				t.Errorf("%s, flags %d: %v", path, flags, err)
			}
		}
	}
	if _, err := disk.Create(file, 4096); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("made anew while it is mounted: %v", err)
	}
	open(t, file, disk.ReadOnly|disk.Shared).Close()
	f := open(t, dev, disk.ReadOnly|disk.Shared)
	expect(t, f, 1024+56, "\x53\xef")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	open(t, file, disk.ReadOnly).Close()
	if _, err := disk.Open(file, disk.ReadWrite); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("written while it is mounted for reading: %v", err)
	}
}

// Several readers look whether a device is claimed without being in each
// other's way.
func TestBlockDeviceHasManyReaders(t *testing.T) {
	dev := loop(t, 1<<20)
	open(t, dev, disk.ReadOnly)
	open(t, dev, disk.ReadOnly)
	if _, err := disk.Open(dev, disk.ReadWrite); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("writer beside readers: %v", err)
	}
}
