package extract_test

import (
	"os"
	"path/filepath"
	"testing"

	"extant"
	"extant/disk"
	"extant/extract"
	"extant/mkfs"
)

// TestToDirFromWritten takes a small file out of a volume that is mounted to write and still has it in memory: once new, once changed
// in place after it was on the device.
func TestToDirFromWritten(t *testing.T) {
	dev := disk.NewMem(16 << 20)
	if _, err := mkfs.Format(dev, mkfs.Options{}); err != nil {
		t.Fatal(err)
	}
	vol, err := extant.OpenDevice(dev, extant.Options{ReadWrite: true})
	if err != nil {
		t.Fatal(err)
	}
	defer vol.Close()
	f, err := vol.Create("/small")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, want := range []string{"new", "old"} {
		if _, err := f.WriteAt([]byte(want), 0); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := extract.ToDir(t.Context(), vol, []extract.Source{{Path: "/"}}, dir, extract.Options{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "small")); err != nil || string(got) != want {
			t.Errorf("%q, %v came out, want %q", got, err, want)
		}
		if err := vol.Sync(); err != nil {
			t.Fatal(err)
		}
	}
}
