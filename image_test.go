package extant_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant"
	"extant/disk"
	"extant/internal/ondisk"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct{ in, image, path string }{
		{"disk.img:/etc", "disk.img", "/etc"},
		{"disk.img#2:/", "disk.img#2", "/"},
		{"/dev/sda1:/a:/b", "/dev/sda1", "/a:/b"},
		{"a:b.img:/x", "a:b.img", "/x"},
		{`C:\disks\a.img:/etc`, `C:\disks\a.img`, "/etc"},
		{"C:/disks/a.img:/etc", "C:/disks/a.img", "/etc"},
		{"C:/disks/a.img", "", ""},
		{"d:/x", "", ""}, // a drive, not an image of one letter
		{"disk.img", "", ""}, {"disk.img:", "", ""}, {"disk.img:etc", "", ""}, {":/etc", "", ""}, {"", "", ""}, {"/", "", ""},
	} {
		at, ok := extant.ParseAddress(c.in)
		if ok != (c.image != "") || at.Image != c.image || at.Path != c.path {
			t.Errorf("%q: %+v, %v", c.in, at, ok)
		}
		if ok && at.String() != c.in {
			t.Errorf("%q becomes %q", c.in, at)
		}
	}
}

// partitioned makes a disk with a GPT: a partition without a file system, and one that holds a file "which" with the text "second".
func partitioned(t *testing.T) string {
	content, err := os.ReadFile(imageOf(t, newTree(t).file("which", "second").dir, "-t ext4"))
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const start = 4 << 20
	if err := f.Truncate(int64(len(content)) + start + 1<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(content, start); err != nil {
		t.Fatal(err)
	}
	command(t, "label: gpt\nstart=2048, size=2048, type=uefi\nstart=8192, size=32768, type=linux\n", "sfdisk", "-q", image)
	return image
}

func TestPartitions(t *testing.T) {
	image := partitioned(t)
	for _, name := range []string{"#2", "#type=" + disk.TypeLinuxGPT, "#type=" + strings.ToLower(disk.TypeLinuxGPT)} {
		if b, err := open(t, image+name).ReadFile("/which"); string(b) != "second" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for name, want := range map[string]string{
		"":         "it holds partitions, name one of them: #1 (type C12A7328-F81F-11D2-BA4B-00A0C93EC93B, 1 MiB), #2 (type " + disk.TypeLinuxGPT + ", 16 MiB)",
		"#1":       "not an ext2, ext3 or ext4 file system",
		"#3":       "no partition 3",
		"#x":       `partition "x" is not a number`,
		"#type=83": "0 partitions of type 83",
	} {
		_, err := extant.Open(image + name)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), image+name) {
			t.Errorf("%q: %v; want %s", name, err, want)
		}
	}
	if _, err := extant.Open(filepath.Join(t.TempDir(), "nope#1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("partition of no image: %v", err)
	}
}

func TestOpenImageForWriting(t *testing.T) {
	image := partitioned(t)
	dev, err := extant.OpenImage(image+"#2", disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if dev.Size() != 16<<20 {
		t.Errorf("size %d", dev.Size())
	}
	if start, _, err := disk.NextData(dev, 15<<20); err == nil && start == 15<<20 {
		t.Log("the hole at the end is not known; the system cannot tell")
	} else if _, ok := dev.(disk.Sparse); !ok {
		t.Error("a partition of a sparse file is not sparse")
	}
	var busy *disk.BusyError
	if _, err := extant.Open(image + "#2"); !errors.As(err, &busy) || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("opened for reading beside a writer: %v", err)
	}
	v, err := extant.OpenWith(image+"#2", extant.Options{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if err := dev.Close(); err != nil {
		t.Error(err)
	}
	open(t, image+"#2") // the writer's lock is gone with it
}

// TestFileNamedLikeAPartition opens a file whose name has a # in it.
func TestFileNamedLikeAPartition(t *testing.T) {
	image := imageOf(t, newTree(t).file("f", "x").dir, "-t ext2")
	odd := filepath.Join(t.TempDir(), "disk#2")
	if err := os.Rename(image, odd); err != nil {
		t.Fatal(err)
	}
	if b, err := open(t, odd).ReadFile("f"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestReadingWritesNothing opens an image whose journal needs recovery, reads all of it, and compares the bytes.
func TestReadingWritesNothing(t *testing.T) {
	image := imageOf(t, smallTree(t).dir, "-t ext4")
	block := newTree(t).file("block", strings.Repeat("\x00", 4096)).dir
	debugfs(t, image, "journal_open\njournal_write -b 15000 "+block+"/block\njournal_close\n")
	before, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, image)
	if super := v.Ext4().Super(); !super.HasIncompat(ondisk.IncompatNeedsRecovery) {
		t.Fatal("the journal does not need recovery")
	}
	err = v.WalkDir("/", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			_, err = v.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	after, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the image has changed")
	}
}

func TestOptions(t *testing.T) {
	image := imageOf(t, newTree(t).file("f", "x").dir, "-t ext4 -b 1024")
	if err := os.Truncate(image, 12<<20); err != nil {
		t.Fatal(err)
	}
	var corrupt *extant.CorruptError
	if _, err := extant.Open(image); !errors.As(err, &corrupt) {
		t.Errorf("a truncated image: %v", err)
	}
	for _, o := range []extant.Options{{Truncated: true}, {Truncated: true, SuperBlock: 8193}, {Truncated: true, NoLoad: true, CacheBytes: 1 << 16}} {
		v, err := extant.OpenWith(image, o)
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if b, err := v.ReadFile("f"); string(b) != "x" || err != nil {
			t.Errorf("%+v: %q, %v", o, b, err)
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := extant.OpenWith(image, extant.Options{Truncated: true, SuperBlock: 5}); !errors.As(err, &corrupt) {
		t.Errorf("no super block there: %v", err)
	}
}

func TestXattrs(t *testing.T) {
	s := newTree(t).file("f", "x").link("l", "f")
	image := imageOf(t, s.dir, "-t ext4")
	debugfs(t, image, "ea_set /f user.one 1\nea_set /f security.two two\n")
	v := open(t, image)
	if b, err := v.Getxattr("l", "user.one"); string(b) != "1" || err != nil {
		t.Errorf("through a link: %q, %v", b, err)
	}
	if _, err := v.Lgetxattr("l", "user.one"); !errors.Is(err, syscall.ENODATA) {
		t.Errorf("of the link: %v", err)
	}
	if names, err := v.Listxattr("f"); strings.Join(names, " ") != "user.one security.two" && strings.Join(names, " ") != "security.two user.one" || err != nil {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := v.Llistxattr("l"); len(names) != 0 || err != nil {
		t.Errorf("of the link: %q, %v", names, err)
	}
}
