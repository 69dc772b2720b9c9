package disk_test

import (
	"path/filepath"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
)

func TestDevicesKeepTheirContract(t *testing.T) {
	for name, newDevice := range map[string]func(t *testing.T, size int64) disk.Device{
		"mem":      func(t *testing.T, size int64) disk.Device { return disk.NewMem(size) },
		"mem from": func(t *testing.T, size int64) disk.Device { return disk.NewMemFrom(make([]byte, size)) },
		"snapshot": func(t *testing.T, size int64) disk.Device { return usedMem(t, size).Snapshot() },
		"overlay":  func(t *testing.T, size int64) disk.Device { return disk.NewOverlay(disk.NewMem(size)) },
		"overlay snapshot": func(t *testing.T, size int64) disk.Device {
			return disk.NewOverlay(usedMem(t, size)).Snapshot()
		},
		"file": func(t *testing.T, size int64) disk.Device { return newFile(t, size) },
		"window of a mem": func(t *testing.T, size int64) disk.Device {
			return window(t, disk.NewMem(size+9000), 4444, size)
		},
		"window of a file": func(t *testing.T, size int64) disk.Device {
			return window(t, newFile(t, size+9000), 4444, size)
		},
		"recorder": func(t *testing.T, size int64) disk.Device { return disktest.NewRecorder(disk.NewMem(size)) },
		"faulty": func(t *testing.T, size int64) disk.Device {
			return disktest.NewFaulty(disk.NewMem(size), disktest.Any())
		},
	} {
		t.Run(name, func(t *testing.T) {
			disktest.TestDevice(t, func(size int64) disk.Device { return newDevice(t, size) })
		})
	}
}

// usedMem returns a Mem of zeros that has been written.
func usedMem(t *testing.T, size int64) *disk.Mem {
	m := disk.NewMem(size)
	if _, err := m.WriteAt(make([]byte, size), 0); err != nil {
		t.Fatal(err)
	}
	return m
}

// newFile creates an image in a folder of the test.
func newFile(t *testing.T, size int64) *disk.File {
	t.Helper()
	f, err := disk.Create(filepath.Join(t.TempDir(), "disk.img"), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func window(t *testing.T, d disk.Device, off, n int64) disk.Device {
	t.Helper()
	w, err := disk.Window(d, off, n)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
