package fsck_test

import (
	"bytes"
	"context"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// TestJournalNumberOfDirectory repairs a file system that says a directory is its journal: the directory stays what it was.
func TestJournalNumberOfDirectory(t *testing.T) {
	dev := disk.NewMem(16 << 20)
	if _, err := mkfs.Format(dev, mkfs.Options{}); err != nil {
		t.Fatal(err)
	}
	slot := func() []byte {
		fs, err := ext4.Mount(dev, ext4.Options{NoLoad: true})
		if err != nil {
			t.Fatal(err)
		}
		n, err := fs.SystemInode(11)
		if err != nil {
			t.Fatal(err)
		}
		return n.Raw()
	}
	want := slot()
	raw := make([]byte, ondisk.SuperSize)
	var sb ondisk.Super
	if _, err := dev.ReadAt(raw, ondisk.SuperOffset); err != nil || sb.Decode(raw) != nil {
		t.Fatal(err)
	}
	sb.JournalInum = 11
	sb.SetCsum()
	sb.Encode(raw)
	if _, err := dev.WriteAt(raw, ondisk.SuperOffset); err != nil {
		t.Fatal(err)
	}
	r, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(slot()[:0x80], want[:0x80]) {
		t.Errorf("inode 11 is another now: %v", r)
	}
	after, err := fsck.Check(context.Background(), dev, fsck.Options{})
	if err != nil || !after.Clean() {
		t.Errorf("%v, %v", after, err)
	}
}
