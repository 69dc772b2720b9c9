package extant_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
	"extant/sched"
)

// namesTogether changes names, attributes and xattrs from several tasks at once, on file systems of several kinds.
func namesTogether(t *testing.T) {
	t.Helper()
	for _, args := range []string{
		"-t ext4 -b 1024 -O inline_data,ea_inode,large_dir,quota", "-t ext4 -b 1024 -O ^has_journal,^orphan_file,casefold", "-t ext3 -b 1024",
	} {
		o, err := ext4test.Options(args)
		if err != nil {
			t.Fatal(err)
		}
		dev := disktest.NewRecorder(disk.NewMem(48 << 20))
		if _, err := mkfs.Format(dev, o); err != nil {
			t.Fatal(err)
		}
		fs, err := ext4.Mount(dev, ext4.Options{ReadWrite: true, CacheBytes: 1 << 20, ATime: ext4.StrictATime, LazyTime: args[len(args)-1] == '4'})
		if err != nil {
			t.Fatal(err)
		}
		root, err := fs.Root()
		if err != nil {
			t.Fatal(err)
		}
		var dirs [2]*ext4.Inode
		for i := range dirs {
			if dirs[i], err = root.Mkdir(fmt.Sprint("dir", i), ext4.NewAttr{Mode: 0o755}); err != nil {
				t.Fatal(err)
			}
		}
		var wg sched.WaitGroup
		for task := range 3 {
			wg.Go("namer", func() { changeNames(t, fs, dirs, uint64(task)) })
		}
		wg.Go("mounter", func() {
			for range 3 {
				if err := freezeAndSync(fs); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		if _, err := root.Tmpfile(ext4.NewAttr{}); err != nil {
			t.Error(err)
		}
		if err := freezeAndSync(fs); err != nil {
			t.Error(err)
		}
		if err := fs.Close(); err != nil {
			t.Error(err)
		}
	}
}

func freezeAndSync(fs *ext4.FS) error {
	for _, f := range []func() error{fs.Sync, fs.Freeze, fs.Thaw, func() error { return fs.Remount(true) }, func() error { return fs.Remount(false) }} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// changeNames is one task's work: each of its steps may fail, for another task has been faster.
func changeNames(t *testing.T, fs *ext4.FS, dirs [2]*ext4.Inode, task uint64) {
	rnd := rand.New(rand.NewPCG(task, 1))
	a := ext4.NewAttr{Mode: 0o644, UID: uint32(task) << 20}
	name := func() string { return fmt.Sprint("a-name-that-is-rather-long-", rnd.IntN(60)) }
	for range 400 {
		d, e := dirs[rnd.IntN(2)], dirs[rnd.IntN(2)]
		switch rnd.IntN(12) {
		case 0, 1, 2:
			d.Create(name(), a)
		case 3:
			d.Mkdir(name(), a)
		case 4:
			d.Symlink(name(), fmt.Sprintf("%0200d", 1), a)
		case 5:
			d.Unlink(name(), nil)
		case 6:
			d.Rmdir(name(), nil)
		case 7:
			d.Rename(name(), e, name(), ext4.RenameOptions{Flags: ext4.RenameFlags(rnd.IntN(2)) * ext4.RenameExchange})
		case 8:
			if n, err := d.Child(name()); err == nil {
				e.Link(name(), n)
				n.Readlink()
			}
		case 9:
			if n, err := d.Child(name()); err == nil {
				n.SetXattr("user.x", make([]byte, rnd.IntN(4000)), 0)
				n.Xattr("user.x")
				mode := uint16(0o600)
				n.SetAttr(ext4.AttrChange{Mode: &mode})
			}
		case 10:
			for range d.ReadDir(0) {
			}
			d.SetFlags(d.Attr().Flags ^ ondisk.InodeDirSync)
		case 11:
			if n, err := e.Tmpfile(a); err == nil {
				d.Link(name(), n)
				n.Release()
			}
		}
	}
}
