package extant_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"extant"
	"extant/disk"
	"extant/mkfs"
	"testing/fstest"
)

// TestNamesAreRemembered opens by path what has been listed, more of it than is remembered, and what has not.
func TestNamesAreRemembered(t *testing.T) {
	source := fstest.MapFS{}
	for d := range 9 {
		for i := range 10_000 {
			source[fmt.Sprintf("d%d/%d", d, i)] = &fstest.MapFile{}
		}
	}
	source["d0/7"].Data = []byte("seven")
	source["large"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	for i := range 17_000 {
		source[fmt.Sprintf("large/%d", i)] = &fstest.MapFile{}
	}
	dev := disk.NewMem(128 << 20)
	if _, err := mkfs.Build(t.Context(), dev, mkfs.FS(source), mkfs.Options{Inodes: 120_000}, mkfs.FillOptions{}); err != nil {
		t.Fatal(err)
	}
	vol, err := extant.OpenDevice(dev, extant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer vol.Close()
	for _, dir := range []string{"d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "large", "d0"} {
		for _, listed := range []bool{false, true} {
			if listed {
				if list, err := vol.ReadDir(dir); err != nil || len(list) < 10_000 {
					t.Fatalf("%s: %d names, %v", dir, len(list), err)
				}
			}
			for i := range 100 {
				name := fmt.Sprintf("%s/%d", dir, i*99)
				if info, err := vol.Stat(name); err != nil || info.Name() != fmt.Sprint(i*99) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if _, err := vol.Stat(dir + "/none"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s/none: %v", dir, err)
			}
		}
	}
	if b, err := vol.ReadFile("d0/7"); string(b) != "seven" {
		t.Errorf("%q, %v", b, err)
	}
}
