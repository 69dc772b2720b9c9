package extant_test

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/mkfs"
	"extant/sched"
)

// dataTogether changes the data of a few files from several tasks, in every mode, with a cache that is too small.
func dataTogether(t *testing.T) {
	t.Helper()
	for i, args := range []string{"-t ext4 -b 1024 -O inline_data", "-t ext4 -b 1024 -O inline_data,bigalloc -C 4096", "-t ext3 -b 1024"} {
		for _, o := range []ext4.Options{{}, {NoDelalloc: true}, {Data: ext4.DataJournal}, {ReadPast: true, WritePast: 1}} {
			mo, err := ext4test.Options(args)
			if err != nil {
				t.Fatal(err)
			}
			dev := disktest.NewRecorder(disk.NewMem(16 << 20))
			if _, err := mkfs.Format(dev, mo); err != nil {
				t.Fatal(err)
			}
			o.ReadWrite, o.DataBytes, o.Background = true, 1, i == 0
			fs, err := ext4.Mount(dev, o)
			if err != nil {
				t.Fatal(err)
			}
			changeData(t, fs)
			if err := fs.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// storeFirst stores to an inline file before its owner's quota is in memory.
func storeFirst(t *testing.T) {
	t.Helper()
	mo, err := ext4test.Options("-t ext4 -b 1024 -O inline_data,quota")
	if err != nil {
		t.Fatal(err)
	}
	dev := disk.NewMem(16 << 20)
	if _, err := mkfs.Format(dev, mo); err != nil {
		t.Fatal(err)
	}
	onFile := func(do func(root *ext4.Inode) error) {
		fs, err := ext4.Mount(dev, ext4.Options{ReadWrite: true})
		if err != nil {
			t.Fatal(err)
		}
		root, err := fs.Root()
		if err == nil {
			err = do(root)
		}
		if err := errors.Join(err, fs.Close()); err != nil {
			t.Error(err)
		}
	}
	onFile(func(root *ext4.Inode) error {
		n, err := root.Create("f", ext4.NewAttr{Mode: 0o644})
		if err != nil {
			return err
		}
		_, err = n.WriteAt([]byte("inline"), 0)
		return err
	})
	onFile(func(root *ext4.Inode) error {
		n, err := root.Child("f")
		if err != nil {
			return err
		}
		m, err := n.Map(0, 1<<10, ext4.MapWrite)
		if err != nil {
			return err
		}
		_, err = m.WriteAt([]byte("I"), 0)
		return errors.Join(err, m.Close())
	})
}

// changeData has three tasks at two files.
func changeData(t *testing.T, fs *ext4.FS) {
	t.Helper()
	root, err := fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	var files [2]*ext4.Inode
	for i := range files {
		if files[i], err = root.Create(fmt.Sprint("f", i), ext4.NewAttr{Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sched.WaitGroup
	for task := range 3 {
		wg.Go("writer", func() {
			for round := range 6 {
				for i, n := range files {
					if err := everyChange(fs, n, int64(task+1)*(int64(round)*3000+int64(i))); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// everyChange does to a file what can be done to its data, at off.
func everyChange(fs *ext4.FS, n *ext4.Inode, off int64) error {
	p := make([]byte, 5000)
	write := func(p []byte, off int64) error { _, err := n.WriteAt(p, off); return err }
	read := func() error { _, err := n.ReadAt(p, off); return err }
	store := func() error {
		m, err := n.Map(0, 1<<20, ext4.MapWrite)
		if err != nil {
			return err
		}
		_, err = m.WriteAt(p[:100], 3)
		return errors.Join(err, m.Close())
	}
	private := func() error {
		m, err := n.Map(0, 1<<20, ext4.MapWrite|ext4.MapPrivate)
		if err != nil {
			return err
		}
		_, err = m.WriteAt(p[:100], 3)
		_, err2 := m.ReadAt(p[:100], 3)
		return errors.Join(err, err2, m.Close())
	}
	seek := func() error { _, err := n.SeekData(0); return err }
	falloc := func(m ext4.FallocMode) func() error { return func() error { return n.Fallocate(m, 4096, 8192) } }
	trim := func() error { _, err := fs.Trim(0, 1<<40, 0); return err }
	label := func() error { return fs.SetLabel("a name") }
	for _, do := range []func() error{
		func() error { return n.Truncate(0) }, func() error { return write(p[:20], 0) }, store, func() error { return write(p, off) },
		read, n.Fsync, seek, private, func() error { return write(p, off+50_000) }, falloc(ext4.FallocPunch), falloc(ext4.FallocZero),
		falloc(ext4.FallocAllocate), falloc(ext4.FallocInsert), falloc(ext4.FallocCollapse), func() error { return n.Truncate(off / 2) }, fs.Sync, trim, label,
	} {
		err := do()
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENXIO) {
			return err
		}
	}
	return nil
}
