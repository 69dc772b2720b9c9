package hostdir

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"extant/internal/model"
	"extant/internal/prog"
)

// A Dir is a directory as a prog.System. All calls must come from the goroutine that made it.
type Dir struct {
	outside int // descriptor of the root that the thread had before
	caps    [2]unix.CapUserData
}

var _ prog.System = (*Dir)(nil)

// New makes a directory the root of the calling goroutine, until Close.
func New(dir string) (*Dir, error) {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return nil, err
	}
	d := &Dir{}
	if err := unix.Capget(capHeader(), &d.caps[0]); err != nil {
		return nil, err
	}
	unix.Umask(0)
	var err error
	if d.outside, err = unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return nil, err
	}
	return d, errors.Join(unix.Chdir(dir), unix.Chroot("."))
}

// Close gives the thread its root back.
func (d *Dir) Close() error {
	return errors.Join(unix.Fchdir(d.outside), unix.Chroot("."), unix.Close(d.outside))
}

func capHeader() *unix.CapUserHeader {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
}

// as does something as somebody: a user other than 0 has no capability.
func (d *Dir) as(c model.Cred, do func() error) error {
	if c.UID == 0 && c.GID == 0 && len(c.Groups) == 0 {
		return do()
	}
	if err := d.become(c); err != nil {
		return errors.Join(errors.New("to act as somebody else"), err)
	}
	err := do()
	if back := d.become(model.Cred{}); back != nil {
		panic(back)
	}
	return err
}

func (d *Dir) become(c model.Cred) error {
	caps := d.caps
	if err := unix.Capset(capHeader(), &caps[0]); err != nil {
		return err
	}
	if err := setThread(c); err != nil {
		return err
	}
	if c.UID == 0 {
		return unix.Capset(capHeader(), &caps[0])
	}
	caps[0].Effective, caps[1].Effective = 0, 0
	return unix.Capset(capHeader(), &caps[0])
}

func openFlags(flags uint32) int {
	out := unix.O_CLOEXEC
	switch flags & (model.OpenRead | model.OpenWrite) {
	case model.OpenWrite:
		out |= unix.O_WRONLY
	case model.OpenRead | model.OpenWrite:
		out |= unix.O_RDWR
	}
	for bit, flag := range map[uint32]int{
		model.OpenCreate: unix.O_CREAT, model.OpenExcl: unix.O_EXCL, model.OpenTrunc: unix.O_TRUNC, model.OpenAppend: unix.O_APPEND,
		model.OpenDirectory: unix.O_DIRECTORY, model.OpenNoFollow: unix.O_NOFOLLOW,
	} {
		if flags&bit != 0 {
			out |= flag
		}
	}
	return out
}

// Open opens a file, but no special file.
func (d *Dir) Open(c model.Cred, path string, flags, mode uint32) (prog.File, error) {
	fd := -1
	err := d.as(c, func() (err error) {
		var st unix.Stat_t
		exclusive := flags&(model.OpenCreate|model.OpenExcl) == model.OpenCreate|model.OpenExcl
		if flags&model.OpenDirectory == 0 && !exclusive && unix.Fstatat(unix.AT_FDCWD, path, &st, noFollow(flags&model.OpenNoFollow == 0)) == nil {
			if kind := st.Mode & model.ModeFmt; kind != model.ModeRegular && kind != model.ModeDir && kind != model.ModeSymlink {
				return syscall.ENXIO
			}
		}
		fd, err = unix.Open(path, openFlags(flags), mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &file{d: d, c: c, fd: fd, write: flags&model.OpenWrite != 0}, nil
}

func noFollow(follow bool) int {
	if follow {
		return 0
	}
	return unix.AT_SYMLINK_NOFOLLOW
}

// Mkdir makes a directory.
func (d *Dir) Mkdir(c model.Cred, path string, mode uint32) error {
	return d.as(c, func() error { return unix.Mkdir(path, mode) })
}

// Mknod makes a special file.
func (d *Dir) Mknod(c model.Cred, path string, mode, major, minor uint32) error {
	return d.as(c, func() error { return unix.Mknod(path, mode, int(unix.Mkdev(major, minor))) })
}

// Symlink makes a symbolic link.
func (d *Dir) Symlink(c model.Cred, target, path string) error {
	return d.as(c, func() error { return unix.Symlink(target, path) })
}

// Link makes one more name.
func (d *Dir) Link(c model.Cred, old, path string) error {
	return d.as(c, func() error { return unix.Linkat(unix.AT_FDCWD, old, unix.AT_FDCWD, path, 0) })
}

// Unlink removes a name.
func (d *Dir) Unlink(c model.Cred, path string) error {
	return d.as(c, func() error { return unix.Unlink(path) })
}

// Rmdir removes a directory.
func (d *Dir) Rmdir(c model.Cred, path string) error {
	return d.as(c, func() error { return unix.Rmdir(path) })
}

// Rename changes a name.
func (d *Dir) Rename(c model.Cred, old, path string, flags uint32) error {
	return d.as(c, func() error { return unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, path, uint(flags)) })
}

// Stat describes what a path leads to.
func (d *Dir) Stat(c model.Cred, path string, follow bool) (model.Stat, error) {
	var st unix.Stat_t
	err := d.as(c, func() error { return unix.Fstatat(unix.AT_FDCWD, path, &st, noFollow(follow)) })
	if err != nil {
		return model.Stat{}, err
	}
	s := statOf(&st)
	if kind := s.Mode & model.ModeFmt; kind == model.ModeRegular || kind == model.ModeDir {
		s.Flags, err = flagsOf(path)
	}
	return s, err
}

func statOf(st *unix.Stat_t) model.Stat {
	s := model.Stat{
		Serial: st.Ino, Mode: st.Mode, Links: uint32(st.Nlink), UID: st.Uid, GID: st.Gid, Size: st.Size,
		ATime: stamp(st.Atim), MTime: stamp(st.Mtim), CTime: stamp(st.Ctim),
	}
	switch st.Mode & model.ModeFmt {
	case model.ModeDir:
		s.Size = 0
	case model.ModeChar, model.ModeBlock:
		s.Major, s.Minor = unix.Major(st.Rdev), unix.Minor(st.Rdev)
	}
	return s
}

func stamp(t unix.Timespec) time.Time { return time.Unix(t.Unix()) }

// settable are the flags that package model knows.
const settable = model.Sync | model.Immutable | model.Append | model.NoDump | model.NoAtime | model.DirSync | model.TopDir

func flagsOf(path string) (uint32, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	return flags & settable, err
}

// Readlink is the target of a link.
func (d *Dir) Readlink(c model.Cred, path string) (string, error) {
	p := make([]byte, model.PathMax)
	n := 0
	err := d.as(c, func() (err error) {
		n, err = unix.Readlink(path, p)
		return err
	})
	return string(p[:max(n, 0)]), err
}

// ReadDir lists a directory.
func (d *Dir) ReadDir(c model.Cred, path string) ([]model.Name, error) {
	var list []model.Name
	err := d.as(c, func() error {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		buf := make([]byte, 32<<10)
		for {
			n, err := unix.Getdents(fd, buf)
			if n <= 0 || err != nil {
				return err
			}
			list = append(list, direntsOf(buf[:n])...)
		}
	})
	return list, err
}

// direntsOf reads struct linux_dirent64.
func direntsOf(p []byte) (out []model.Name) {
	for len(p) > 0 {
		size := int(p[16]) | int(p[17])<<8
		name, _, _ := strings.Cut(string(p[19:size]), "\x00")
		if name != "." && name != ".." {
			out = append(out, model.Name{Name: name, Type: uint32(p[18]) << 12})
		}
		p = p[size:]
	}
	return out
}

// Chmod changes permissions.
func (d *Dir) Chmod(c model.Cred, path string, mode uint32) error {
	return d.as(c, func() error { return unix.Chmod(path, mode) })
}

// Chown changes owners.
func (d *Dir) Chown(c model.Cred, path string, uid, gid int64, follow bool) error {
	return d.as(c, func() error { return unix.Fchownat(unix.AT_FDCWD, path, int(uid), int(gid), noFollow(follow)) })
}

// Utimes sets times.
func (d *Dir) Utimes(c model.Cred, path string, atime, mtime model.Time, follow bool) error {
	ts := []unix.Timespec{timespec(atime), timespec(mtime)}
	return d.as(c, func() error { return unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, noFollow(follow)) })
}

func timespec(t model.Time) unix.Timespec {
	switch {
	case t.Now:
		return unix.Timespec{Nsec: unix.UTIME_NOW}
	case t.Omit:
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	}
	return unix.Timespec{Sec: t.At.Unix(), Nsec: int64(t.At.Nanosecond())}
}

// Truncate changes a size.
func (d *Dir) Truncate(c model.Cred, path string, size int64) error {
	return d.as(c, func() error { return unix.Truncate(path, size) })
}

// SetFlags changes flags.
func (d *Dir) SetFlags(c model.Cred, path string, set, clear uint32) error {
	f, err := d.Open(c, path, model.OpenRead, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fd := f.(*file).fd
	return d.as(c, func() error {
		flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
		if err != nil {
			return err
		}
		return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, int(flags&^clear|set))
	})
}

// Sync makes everything durable.
func (d *Dir) Sync() error {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(fd), unix.Close(fd))
}

// Remount makes everything durable: the directory stays mounted.
func (d *Dir) Remount() error { return d.Sync() }

// Empty removes all that is in the directory, and makes it removable.
func (d *Dir) Empty() error { return d.empty("/") }

func (d *Dir) empty(dir string) error {
	const held = model.Immutable | model.Append
	d.SetFlags(model.Cred{}, dir, 0, held)
	list, err := d.ReadDir(model.Cred{}, dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		path := dir + e.Name
		switch e.Type {
		case model.ModeDir:
			err = errors.Join(err, d.empty(path+"/"), unix.Rmdir(path))
		case model.ModeRegular:
			d.SetFlags(model.Cred{}, path, 0, held)
			fallthrough
		default:
			err = errors.Join(err, unix.Unlink(path))
		}
	}
	return err
}
