package ext4test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extant"
	"extant/disk"
	"extant/fsck"
	"extant/mkfs"
)

// Format makes an empty file system in memory with the letters of mke2fs.
func Format(t testing.TB, size int64, args string) *disk.Mem {
	t.Helper()
	dev := disk.NewMem(size)
	o, err := Options(args)
	if err == nil {
		o.Now = time.Unix(1_700_000_000, 0)
		_, err = mkfs.Format(dev, o)
	}
	if err != nil {
		t.Fatalf("mkfs %s: %v", args, err)
	}
	return dev
}

// New makes a file system in memory and mounts it for writing. When the test ends it is unmounted, and checked by CheckDevice.
func New(t testing.TB, m Mode) *extant.Volume {
	t.Helper()
	dev := Format(t, m.Size, m.Mkfs)
	o := m.Mount
	o.ReadWrite = true
	v, err := extant.OpenDevice(dev, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Errorf("unmount: %v", err)
		}
		CheckDevice(t, dev)
	})
	return v
}

// CheckDevice fails the test unless package fsck and, where it is installed, e2fsck find nothing to say of a file system.
func CheckDevice(t testing.TB, dev *disk.Mem) {
	t.Helper()
	if err := errors.Join(Judge(dev), JudgeE2fsck(dev)); err != nil {
		t.Error(err)
	}
}

// Judge is what package fsck finds wrong with the file system on dev.
func Judge(dev disk.Device) error {
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Workers: 1, FindingsMax: 10})
	if err != nil {
		return fmt.Errorf("fsck: %w", err)
	}
	if r.Replay {
		return errors.New("fsck: the journal wants to be replayed")
	}
	if r.Clean() {
		return nil
	}
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n\t%v", f)
	}
	return fmt.Errorf("fsck finds:%s", &b)
}

// JudgeE2fsck is what e2fsck finds wrong with the file system on dev. Where there is no e2fsck it finds nothing.
func JudgeE2fsck(dev *disk.Mem) error {
	tool := "/sbin/e2fsck"
	if _, err := os.Stat(tool); err != nil {
		if tool, err = exec.LookPath("e2fsck"); err != nil {
			return nil
		}
	}
	dir, err := os.MkdirTemp("/dev/shm", "ext4test")
	if err != nil {
		if dir, err = os.MkdirTemp("", "ext4test"); err != nil {
			return err
		}
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "disk.img")
	if err := Save(dev, image); err != nil {
		return err
	}
	return e2fsck(tool, image)
}

// Save writes a device to a file, with holes where it has some.
func Save(dev *disk.Mem, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p := make([]byte, 1<<20)
	for at := int64(0); at < dev.Size(); {
		start, end, err := dev.NextData(at)
		if err != nil || start >= dev.Size() {
			break
		}
		for at = start; at < end; {
			n := min(int64(len(p)), end-at)
			if _, err := dev.ReadAt(p[:n], at); err != nil {
				return err
			}
			if _, err := f.WriteAt(p[:n], at); err != nil {
				return err
			}
			at += n
		}
	}
	return f.Truncate(dev.Size())
}
