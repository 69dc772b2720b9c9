package volume

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"extant"
	"extant/disk"
	"extant/internal/model"
	"extant/internal/ondisk"
	"extant/internal/prog"
)

// A Volume is a file system on a device as a prog.System.
type Volume struct {
	dev disk.Device
	o   extant.Options
	vol *extant.Volume
}

var _ prog.System = (*Volume)(nil)

// Open mounts the file system on dev for writing.
func Open(dev disk.Device, o extant.Options) (*Volume, error) {
	o.ReadWrite = true
	vol, err := extant.OpenDevice(dev, o)
	return &Volume{dev: dev, o: o, vol: vol}, err
}

// Read mounts the file system on dev for reading.
func Read(dev disk.Device, o extant.Options) (*Volume, error) {
	vol, err := extant.OpenDevice(dev, o)
	return &Volume{dev: dev, o: o, vol: vol}, err
}

// Close unmounts it. The device stays open.
func (v *Volume) Close() error { return v.vol.Close() }

// Remount unmounts the file system and mounts it again.
func (v *Volume) Remount() error {
	if err := v.vol.Close(); err != nil {
		return err
	}
	vol, err := extant.OpenDevice(v.dev, v.o)
	if err == nil {
		v.vol = vol
	}
	return err
}

func (v *Volume) as(c model.Cred) *extant.Volume {
	return v.vol.As(&extant.Credential{UID: c.UID, GID: c.GID, Groups: c.Groups})
}

// Open opens a file.
func (v *Volume) Open(c model.Cred, path string, flags, mode uint32) (prog.File, error) {
	out := os.O_RDONLY
	switch flags & (model.OpenRead | model.OpenWrite) {
	case model.OpenWrite:
		out = os.O_WRONLY
	case model.OpenRead | model.OpenWrite:
		out = os.O_RDWR
	}
	for _, f := range []struct {
		bit  uint32
		flag int
	}{
		{model.OpenCreate, os.O_CREATE}, {model.OpenExcl, os.O_EXCL}, {model.OpenTrunc, os.O_TRUNC}, {model.OpenAppend, os.O_APPEND},
		{model.OpenDirectory, extant.OpenDirectory}, {model.OpenNoFollow, extant.OpenNoFollow},
	} {
		if flags&f.bit != 0 {
			out |= f.flag
		}
	}
	f, err := v.as(c).OpenFile(path, out, fileMode(mode))
	if err != nil {
		return nil, err
	}
	return &file{v: v, f: f, flags: flags}, nil
}

// fileMode translates a mode without a type.
func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for _, b := range []struct {
		bit uint32
		is  fs.FileMode
	}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}} {
		if mode&b.bit != 0 {
			m |= b.is
		}
	}
	return m
}

var fileTypes = map[uint32]fs.FileMode{
	model.ModeFIFO: fs.ModeNamedPipe, model.ModeSocket: fs.ModeSocket, model.ModeBlock: fs.ModeDevice, model.ModeDir: fs.ModeDir,
	model.ModeChar: fs.ModeDevice | fs.ModeCharDevice, model.ModeSymlink: fs.ModeSymlink, model.ModeRegular: 0,
}

// Mkdir makes a directory.
func (v *Volume) Mkdir(c model.Cred, path string, mode uint32) error {
	return v.as(c).Mkdir(path, fileMode(mode))
}

// Mknod makes a special file.
func (v *Volume) Mknod(c model.Cred, path string, mode, major, minor uint32) error {
	return v.as(c).Mknod(path, fileTypes[mode&model.ModeFmt]|fileMode(mode), major, minor)
}

// Symlink makes a symbolic link.
func (v *Volume) Symlink(c model.Cred, target, path string) error {
	return v.as(c).Symlink(target, path)
}

// Link makes one more name.
func (v *Volume) Link(c model.Cred, old, path string) error { return v.as(c).Link(old, path) }

// Unlink removes a name.
func (v *Volume) Unlink(c model.Cred, path string) error { return v.as(c).Unlink(path) }

// Rmdir removes a directory.
func (v *Volume) Rmdir(c model.Cred, path string) error { return v.as(c).Rmdir(path) }

// Rename changes a name.
func (v *Volume) Rename(c model.Cred, old, path string, flags uint32) error {
	return v.as(c).RenameWith(old, path, extant.RenameFlags(flags))
}

// Stat describes what a path leads to.
func (v *Volume) Stat(c model.Cred, path string, follow bool) (model.Stat, error) {
	stat := v.as(c).Lstat
	if follow {
		stat = v.as(c).Stat
	}
	info, err := stat(path)
	if err != nil {
		return model.Stat{}, err
	}
	return v.statOf(info.Sys().(*extant.Stat)), nil
}

// settable are the flags that package model knows.
const settable = model.Sync | model.Immutable | model.Append | model.NoDump | model.NoAtime | model.DirSync | model.TopDir

// statOf translates what the volume says. Nothing is to be seen of lost+found, which is why the root has a link less.
func (v *Volume) statOf(a *extant.Stat) model.Stat {
	s := model.Stat{
		Serial: uint64(a.Ino), Mode: uint32(a.Mode), Links: a.Links, UID: a.UID, GID: a.GID, Size: a.Size,
		Major: a.Major, Minor: a.Minor, ATime: a.ATime, MTime: a.MTime, CTime: a.CTime,
	}
	switch a.Type() {
	case ondisk.ModeDir:
		s.Size, s.Flags = 0, a.Flags&settable
		if a.Ino == uint32(ondisk.RootIno) && v.lostFound() {
			s.Links--
		}
	case ondisk.ModeRegular:
		s.Flags = a.Flags & settable
	}
	return s
}

func (v *Volume) lostFound() bool {
	info, err := v.vol.Lstat("/lost+found")
	return err == nil && info.IsDir()
}

// Readlink is the target of a link.
func (v *Volume) Readlink(c model.Cred, path string) (string, error) { return v.as(c).Readlink(path) }

// ReadDir lists a directory.
func (v *Volume) ReadDir(c model.Cred, path string) ([]model.Name, error) {
	f, err := v.as(c).OpenFile(path, os.O_RDONLY|extant.OpenDirectory, 0)
	if err != nil {
		return nil, err
	}
	list, err := f.ReadDir(-1)
	out := make([]model.Name, len(list))
	for i, e := range list {
		out[i].Name = e.Name()
		for bits, is := range fileTypes {
			if is == e.Type() {
				out[i].Type = bits
			}
		}
	}
	return out, errors.Join(err, f.Close())
}

// Chmod changes permissions.
func (v *Volume) Chmod(c model.Cred, path string, mode uint32) error {
	return v.as(c).Chmod(path, fileMode(mode))
}

// Chown changes owners.
func (v *Volume) Chown(c model.Cred, path string, uid, gid int64, follow bool) error {
	chown := v.as(c).Lchown
	if follow {
		chown = v.as(c).Chown
	}
	return chown(path, int(uid), int(gid))
}

// Utimes sets times.
func (v *Volume) Utimes(c model.Cred, path string, atime, mtime model.Time, follow bool) error {
	t := extant.Times{ATimeNow: atime.Now, MTimeNow: mtime.Now, ATime: timeOf(atime), MTime: timeOf(mtime)}
	if follow {
		return v.as(c).SetTimes(path, t)
	}
	return v.as(c).LsetTimes(path, t)
}

func timeOf(t model.Time) time.Time {
	if t.Omit || t.Now {
		return time.Time{}
	}
	return t.At
}

// Truncate changes a size.
func (v *Volume) Truncate(c model.Cred, path string, size int64) error {
	return v.as(c).Truncate(path, size)
}

// SetFlags changes flags.
func (v *Volume) SetFlags(c model.Cred, path string, set, clear uint32) error {
	return v.as(c).ChangeFlags(path, set, clear)
}

// SetXattr sets an attribute.
func (v *Volume) SetXattr(c model.Cred, path, name string, value []byte, flags uint32, follow bool) error {
	set := v.as(c).Lsetxattr
	if follow {
		set = v.as(c).Setxattr
	}
	return set(path, name, value, extant.XattrFlags(flags))
}

// Xattr reads an attribute.
func (v *Volume) Xattr(c model.Cred, path, name string, follow bool) ([]byte, error) {
	if follow {
		return v.as(c).Getxattr(path, name)
	}
	return v.as(c).Lgetxattr(path, name)
}

// ListXattr lists attributes.
func (v *Volume) ListXattr(c model.Cred, path string, follow bool) ([]string, error) {
	if follow {
		return v.as(c).Listxattr(path)
	}
	return v.as(c).Llistxattr(path)
}

// RemoveXattr removes an attribute.
func (v *Volume) RemoveXattr(c model.Cred, path, name string, follow bool) error {
	if follow {
		return v.as(c).Removexattr(path, name)
	}
	return v.as(c).Lremovexattr(path, name)
}

// Freeze lets nothing change any more; Thaw ends that.
func (v *Volume) Freeze() error { return v.vol.Freeze() }

// Thaw ends a Freeze.
func (v *Volume) Thaw() error { return v.vol.Thaw() }

// Sync makes everything durable.
func (v *Volume) Sync() error { return v.vol.Sync() }

// eofIsShort is how package prog wants the end of a file.
func eofIsShort(n int, err error) (int, error) {
	if err == io.EOF {
		err = nil
	}
	return n, err
}
