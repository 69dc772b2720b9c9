package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/diskfs/go-diskfs/backend/file"
	diskfs "github.com/diskfs/go-diskfs/filesystem/ext4"
	"golang.org/x/sys/unix"

	"extant/disk"
	"extant/ext4"
	"extant/mkfs"
)

// options are what a case wants of its file system.
type options struct {
	size   int64 // bytes
	inodes uint64
	data   int64 // memory for data, bytes; the kernel takes what it wants
}

// A system is a file system that is mounted to write.
type system interface {
	mkdir(name string) (folder, error)
	sync() error
	close() error
}

// A folder is a directory of it.
type folder interface {
	create(name string) (regular, error)
	stat(name string) error
	unlink(name string) error
}

// A regular is an open file.
type regular interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Sync() error
	Close() error
}

// format makes a fresh image.
func (b *bench) format(o options) (*disk.File, error) {
	dev, err := disk.Create(b.img, o.size)
	if err != nil {
		return nil, err
	}
	if _, err := mkfs.Format(dev, mkfs.Options{Inodes: o.inodes}); err != nil {
		dev.Close()
		return nil, err
	}
	return dev, nil
}

// extant mounts a fresh image by package ext4, with the tasks in the background that a mount of the kernel has.
func (b *bench) extant(o options) (system, error) {
	dev, err := b.format(o)
	if err != nil {
		return nil, err
	}
	fs, err := ext4.Mount(dev, ext4.Options{ReadWrite: true, Background: true, DataBytes: o.data, CacheBytes: 256 * mib})
	if err != nil {
		return nil, err
	}
	return &extantSystem{dev, fs}, nil
}

type extantSystem struct {
	dev *disk.File
	fs  *ext4.FS
}

func (s *extantSystem) mkdir(name string) (folder, error) {
	root, err := s.fs.Root()
	if err != nil {
		return nil, err
	}
	n, err := root.Mkdir(name, ext4.NewAttr{Mode: 0o755})
	return extantFolder{n}, err
}

func (s *extantSystem) sync() error  { return s.fs.Sync() }
func (s *extantSystem) close() error { return errors.Join(s.fs.Close(), s.dev.Close()) }

type extantFolder struct{ *ext4.Inode }

func (d extantFolder) create(name string) (regular, error) {
	n, err := d.Create(name, ext4.NewAttr{Mode: 0o644, Hold: true})
	return extantFile{n}, err
}

func (d extantFolder) stat(name string) error {
	n, err := d.Child(name)
	if err == nil && n.Attr().Links != 1 {
		err = unix.EIO
	}
	return err
}

func (d extantFolder) unlink(name string) error { return d.Unlink(name, nil) }

type extantFile struct{ *ext4.Inode }

func (f extantFile) Sync() error  { return f.Fsync() }
func (f extantFile) Close() error { return f.Release() }

// kernel mounts a fresh image by the kernel.
func (b *bench) kernel(o options) (system, error) {
	dev, err := b.format(o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(dev.Close(), os.MkdirAll(b.mnt, 0o755)); err != nil {
		return nil, err
	}
	return kernelSystem(b.mnt), exec.Command("mount", "-o", "loop", b.img, b.mnt).Run()
}

type kernelSystem string // the mount point

func (s kernelSystem) mkdir(name string) (folder, error) {
	path := filepath.Join(string(s), name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return kernelFolder(fd), err
}

func (s kernelSystem) sync() error {
	fd, err := unix.Open(string(s), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(fd), unix.Close(fd))
}

// close unmounts. The directories that a run had open go with it.
func (s kernelSystem) close() error {
	for fd := range folders {
		unix.Close(int(fd))
	}
	clear(folders)
	var err error
	for range 50 {
		if err = unix.Unmount(string(s), 0); err != unix.EBUSY {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// folders are the open directories of the kernel's mount.
var folders = map[kernelFolder]struct{}{}

type kernelFolder int

func (d kernelFolder) create(name string) (regular, error) {
	fd, err := unix.Openat(int(d), name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o644)
	return kernelFile(fd), err
}

func (d kernelFolder) stat(name string) error {
	var st unix.Stat_t
	return unix.Fstatat(int(d), name, &st, unix.AT_SYMLINK_NOFOLLOW)
}

func (d kernelFolder) unlink(name string) error { return unix.Unlinkat(int(d), name, 0) }

type kernelFile int

func (f kernelFile) ReadAt(p []byte, off int64) (int, error)  { return unix.Pread(int(f), p, off) }
func (f kernelFile) WriteAt(p []byte, off int64) (int, error) { return unix.Pwrite(int(f), p, off) }
func (f kernelFile) Sync() error                              { return unix.Fsync(int(f)) }
func (f kernelFile) Close() error                             { return unix.Close(int(f)) }

// diskfs makes a fresh image by go-diskfs, which has no journal, writes through, and cannot remove the 1,024th inode of a group.
func (b *bench) diskfs(o options) (system, error) {
	os.Remove(b.img)
	back, err := file.CreateFromPath(b.img, o.size)
	if err != nil {
		return nil, err
	}
	fs, err := diskfs.Create(back, o.size, 0, 512, &diskfs.Params{SectorsPerBlock: 8, InodeCount: 8192})
	if err != nil {
		return nil, err
	}
	return diskfsSystem{fs}, nil
}

type diskfsSystem struct{ *diskfs.FileSystem }

func (s diskfsSystem) mkdir(name string) (folder, error) {
	return diskfsFolder{s.FileSystem, name + "/"}, s.Mkdir(name)
}

func (s diskfsSystem) sync() error  { return nil }
func (s diskfsSystem) close() error { return s.FileSystem.Close() }

type diskfsFolder struct {
	*diskfs.FileSystem
	path string
}

func (d diskfsFolder) create(name string) (regular, error) {
	f, err := d.OpenFile(d.path+name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return diskfsFile{f.(*diskfs.File)}, nil
}

func (d diskfsFolder) stat(name string) error {
	_, err := d.Stat(d.path + name)
	return err
}

func (d diskfsFolder) unlink(name string) error { return d.Remove(d.path + name) }

type diskfsFile struct{ *diskfs.File }

// WriteAt and ReadAt are a Seek and a Write or Read, for it has no others.
func (f diskfsFile) WriteAt(p []byte, off int64) (int, error) {
	if _, err := f.Seek(off, 0); err != nil {
		return 0, err
	}
	return f.Write(p)
}

func (f diskfsFile) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.Seek(off, 0); err != nil {
		return 0, err
	}
	return f.Read(p)
}

func (f diskfsFile) Sync() error { return nil }
