package mkfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"extant/disk"
	"extant/mkfs"
)

// TestCreateImage looks at what is under the name while a file is made, after it failed, and after it was done.
func TestCreateImage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "img")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("failure")
	err := mkfs.CreateImage(path, 1<<20, func(d disk.Device) error {
		if _, err := d.WriteAt([]byte("new"), 0); err != nil {
			t.Error(err)
		}
		return failure
	})
	expectFiles(t, dir, err, failure, "old")

	err = mkfs.CreateImage(path, 1<<20, func(d disk.Device) error {
		if got, err := os.ReadFile(path); string(got) != "old" {
			t.Errorf("while the new file is written the name holds %q, %v", got, err)
		}
		_, err := d.WriteAt([]byte("new"), 0)
		return err
	})
	expectFiles(t, dir, err, nil, "new"+strings.Repeat("\x00", 1<<20-3))
	if fi, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v, %v", fi.Mode(), err)
	}
}

// expectFiles checks the error, and that the folder holds the image with some content and nothing else.
func expectFiles(t *testing.T, dir string, err, want error, content string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("%d files in the folder, %v", len(list), err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "img")); string(got) != content {
		t.Errorf("the image holds %d bytes, %v, want %d", len(got), err, len(content))
	}
}

func TestCreateImageThroughLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "img"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("img", link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := mkfs.CreateImage(link, 4096, func(disk.Device) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is now %v, %v", fi.Mode(), err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Size() != 4096 {
		t.Errorf("the image has %d bytes, %v", fi.Size(), err)
	}
}

func TestOccupant(t *testing.T) {
	formatted := disk.NewMem(8 << 20)
	if _, err := mkfs.Format(formatted, options(t, "-L mine")); err != nil {
		t.Fatal(err)
	}
	text := disk.NewMemFrom([]byte("a letter to somebody\n"))
	boot := disk.NewMem(1 << 20)
	if _, err := boot.WriteAt([]byte{0x55, 0xAA}, 510); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dev  disk.Device
		want string
	}{
		{disk.NewMem(1 << 20), ""}, {disk.NewMem(0), ""}, {text, "data"}, {dirtyDevice(t, 1<<20), "data"},
		{formatted, "an ext2, ext3 or ext4 file system labelled mine"}, {boot, "a partition table or a boot sector"},
	} {
		if got, err := mkfs.Occupant(c.dev); got != c.want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
}
