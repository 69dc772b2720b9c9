package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"extant/ext4"
)

// hostEnv is what decides which metadata the system gives to a new file.
type hostEnv struct {
	uid, gid uint32
	umask    uint32
}

// hostDir is a directory of the host. All that is done in it names one entry of it, and follows no link.
type hostDir struct {
	fd  int
	ino hostID
	env *hostEnv

	// plain says that new files in it get the process's owner and group, and the mode that they are made with less the umask.
	plain bool
	// acl says that it may have a default ACL, which new files and directories in it get.
	acl bool
}

// hostID tells directories apart.
type hostID struct{ dev, ino uint64 }

func (d hostDir) id() hostID   { return d.ino }
func (d hostDir) isRoot() bool { return d.env.uid == 0 }
func (d hostDir) close()       { unix.Close(d.fd) }

// openTarget opens the directory that all goes to, which is made if need be. The path is the user's and may lead over links.
func openTarget(path string) (d hostDir, made bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return d, false, err
		}
		made = true
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return d, false, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	env := &hostEnv{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid()), umask: readUmask()}
	if d, err = newHostDir(fd, env); err == nil {
		d.acl = d.hasDefaultACL()
	}
	return d, made, err
}

// umaskUnknown stands for a umask that may take any bit.
const umaskUnknown = 0o777

// readUmask finds the umask without changing it.
func readUmask() uint32 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return umaskUnknown
	}
	for line := range bytes.Lines(status) {
		if v, ok := bytes.CutPrefix(line, []byte("Umask:")); ok {
			if n, err := strconv.ParseUint(string(bytes.TrimSpace(v)), 8, 32); err == nil {
				return uint32(n)
			}
		}
	}
	return umaskUnknown
}

// newHostDir makes a hostDir of an open directory, which it closes when that fails.
func newHostDir(fd int, env *hostEnv) (hostDir, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return hostDir{}, err
	}
	return hostDir{fd: fd, ino: hostID{uint64(st.Dev), st.Ino}, env: env, acl: true}, nil
}

// hasDefaultACL reports whether the directory may have one.
func (d hostDir) hasDefaultACL() bool {
	_, err := unix.Fgetxattr(d.fd, aclDefault, nil)
	return err != unix.ENODATA && err != unix.EOPNOTSUPP
}

// folds reports whether the target is known to take names of different case for one.
func (d hostDir) folds() bool {
	var st unix.Statfs_t
	if unix.Fstatfs(d.fd, &st) == nil {
		switch uint32(st.Type) {
		case unix.MSDOS_SUPER_MAGIC, unix.EXFAT_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, ntfsMagic:
			return true
		}
	}
	flags, err := unix.IoctlGetInt(d.fd, unix.FS_IOC_GETFLAGS)
	return err == nil && flags&casefoldFlag != 0
}

const (
	ntfsMagic    = 0x7366746E
	casefoldFlag = 0x40000000 // FS_CASEFOLD_FL
)

// open opens a directory in d.
func (d hostDir) open(name string) (hostDir, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return hostDir{}, err
	}
	return newHostDir(fd, d.env)
}

// mkdir makes a directory that only its owner may enter, or opens the one that is there.
func (d hostDir) mkdir(name string) (child hostDir, made bool, err error) {
	err = unix.Mkdirat(d.fd, name, 0o700)
	if err != nil && err != unix.EEXIST {
		return hostDir{}, false, err
	}
	made = err == nil
	child, err = d.open(name)
	switch {
	case !made && (err == unix.ELOOP || err == unix.ENOTDIR):
		return hostDir{}, false, unix.EEXIST
	case err != nil:
		return hostDir{}, made, err
	}
	child.acl = d.acl
	if !made {
		child.acl = child.hasDefaultACL()
	}
	child.plain = made && !child.acl && child.looksPlain()
	return child, made, nil
}

// looksPlain reports whether a directory that this process has made is plain.
func (d hostDir) looksPlain() bool {
	var st unix.Stat_t
	if unix.Fstat(d.fd, &st) != nil {
		return false
	}
	return st.Uid == d.env.uid && st.Gid == d.env.gid && st.Mode&modeAll == 0o700&^d.env.umask
}

// remove removes what is no directory.
func (d hostDir) remove(name string) error { return unix.Unlinkat(d.fd, name, 0) }

func (d hostDir) symlink(target, name string) error { return unix.Symlinkat(target, d.fd, name) }

func (d hostDir) link(first hostDir, old, name string) error {
	return unix.Linkat(first.fd, old, d.fd, name, 0)
}

// mknod makes a fifo or a device node that only its owner may use.
func (d hostDir) mknod(name string, attr *ext4.Attr, m *meta) error {
	dev := unix.Mkdev(attr.Major, attr.Minor)
	return unix.Mknodat(d.fd, name, uint32(attr.Type())|d.first(m), int(dev))
}

// first is the mode to make a file with. What others may do with it they may only once it has its owner.
func (d hostDir) first(m *meta) uint32 {
	if d.owned(m) && len(m.xattrs) == 0 {
		return m.mode & 0o777
	}
	return m.mode & 0o700
}

// owned reports whether a new file has the owner it is to have.
func (d hostDir) owned(m *meta) bool {
	return !m.owner || d.plain && m.uid == d.env.uid && m.gid == d.env.gid
}

// moded reports whether a new file has the mode it is to have.
func (d hostDir) moded(m *meta) bool {
	return d.plain && d.owned(m) && len(m.xattrs) == 0 && m.mode&^0o777 == 0 && (m.umask || m.mode&d.env.umask == 0)
}

// finalMode is the mode to set.
func (d hostDir) finalMode(m *meta) uint32 {
	if m.umask && d.env.umask != umaskUnknown {
		return m.mode &^ d.env.umask
	}
	return m.mode
}

// finish gives the directory itself its metadata.
func (d hostDir) finish(m *meta, fail failer) {
	d.setMeta(d.fd, m, false, fail)
}

// setMeta gives what is open as fd, and new in d unless that is itself, its metadata.
func (d hostDir) setMeta(fd int, m *meta, isNew bool, fail failer) {
	mode := d.finalMode(m)
	if m.owner && !(isNew && d.owned(m)) && !fail.check("owner", unix.Fchown(fd, int(m.uid), int(m.gid))) {
		mode &^= modeSetID // they would be of somebody else
	}
	for _, x := range m.xattrs {
		fail.check(fmt.Sprintf("xattr %q", x.name), unix.Fsetxattr(fd, x.name, x.value, 0))
	}
	if !isNew || !d.moded(m) {
		fail.check("mode", unix.Fchmod(fd, mode))
	}
	if m.times {
		fail.check("times", futimens(fd, m.atime, m.mtime))
	}
}

// futimens sets the times of an open file. The wrapper in x/sys wants a path, whose lookup would cost more than the call.
func futimens(fd int, atime, mtime time.Time) error {
	ts := [2]unix.Timespec{timespec(atime), timespec(mtime)}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func timespec(t time.Time) unix.Timespec {
	ts, err := unix.TimeToTimespec(t)
	if err != nil { // beyond what the system's time_t holds
		ts = unix.Timespec{Nsec: unix.UTIME_OMIT}
	}
	return ts
}

// finishNode gives a new link, fifo or device node its metadata.
func (d hostDir) finishNode(name string, isLink bool, m *meta, fail failer) {
	mode := d.finalMode(m)
	if !d.owned(m) && !fail.check("owner", unix.Fchownat(d.fd, name, int(m.uid), int(m.gid), unix.AT_SYMLINK_NOFOLLOW)) {
		mode &^= modeSetID
	}
	for _, x := range m.xattrs {
		fail.check(fmt.Sprintf("xattr %q", x.name), unix.Lsetxattr(d.procPath(name), x.name, x.value, 0))
	}
	if !isLink && !d.moded(m) {
		fail.check("mode", d.chmodNode(name, mode))
	}
	if m.times {
		ts := []unix.Timespec{timespec(m.atime), timespec(m.mtime)}
		fail.check("times", unix.UtimesNanoAt(d.fd, name, ts, unix.AT_SYMLINK_NOFOLLOW))
	}
}

// procPath is a path that leads to a name in the directory that is open, whatever has become of the way to it.
func (d hostDir) procPath(name string) string { return fmt.Sprintf("/proc/self/fd/%d/%s", d.fd, name) }

// chmodNode changes the mode of a fifo or device node without opening it.
func (d hostDir) chmodNode(name string, mode uint32) error {
	fd, err := unix.Openat(d.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), mode)
}

// hostFile is a regular file that is being written.
type hostFile struct {
	fd  int
	dir hostDir
}

// create makes a file that must not be there yet.
func (d hostDir) create(name string, m *meta) (hostFile, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, d.first(m))
	return hostFile{fd, d}, err
}

func (f hostFile) write(p []byte, off int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(f.fd, p, off)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// sparse says that there will be holes.
func (f hostFile) sparse() {}

func (f hostFile) truncate(size int64) error { return unix.Ftruncate(f.fd, size) }

func (f hostFile) finish(m *meta, fail failer) { f.dir.setMeta(f.fd, m, true, fail) }

func (f hostFile) close() error { return unix.Close(f.fd) }

func isExist(err error) bool { return err == unix.EEXIST }

// noLinks reports whether a link failed because the host will have no more, or none, of this file.
func noLinks(err error) bool {
	return err == unix.EMLINK || err == unix.EPERM || err == unix.EOPNOTSUPP || err == syscall.EXDEV
}
