package extant

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Mkdir makes a directory.
func (v *Volume) Mkdir(name string, perm fs.FileMode) error {
	p, err := v.vacancy(name, true)
	if err == nil {
		_, err = p.dir.Mkdir(p.name, v.cred.newAttr(p.dir, modeBits(perm)&(modeSticky|0o777)))
	}
	return pathError("mkdir", name, err)
}

// MkdirAll makes a directory and those above it that are not there. A directory that is there is no error.
func (v *Volume) MkdirAll(name string, perm fs.FileMode) error {
	if n, err := v.Inode(name, true); err == nil {
		if n.IsDir() {
			return nil
		}
		return pathError("mkdir", name, syscall.ENOTDIR)
	}
	trimmed := strings.TrimRight(name, "/")
	if i := strings.LastIndexByte(trimmed, '/'); i > 0 {
		if err := v.MkdirAll(trimmed[:i], perm); err != nil {
			return err
		}
	}
	err := v.Mkdir(name, perm)
	if errors.Is(err, fs.ErrExist) {
		if n, lerr := v.Inode(name, true); lerr == nil && n.IsDir() {
			return nil
		}
	}
	return err
}

// Symlink makes a symbolic link that leads to oldname.
func (v *Volume) Symlink(oldname, newname string) error {
	err := checkPath(oldname)
	if len(oldname) > targetMax {
		err = syscall.ENAMETOOLONG
	}
	if err == nil {
		var p place
		if p, err = v.vacancy(newname, false); err == nil {
			_, err = p.dir.Symlink(p.name, oldname, v.cred.newAttr(p.dir, 0o777))
		}
	}
	return linkError("symlink", oldname, newname, err)
}

// targetMax is the longest target of a symbolic link, in bytes (PATH_MAX without its zero byte).
const targetMax = 4095

// Mknod makes a device node, a named pipe, a socket or an empty file, as the type in mode says. Only user 0 makes devices.
func (v *Volume) Mknod(name string, mode fs.FileMode, major, minor uint32) error {
	return pathError("mknod", name, v.mknod(name, mode, ondisk.Device{Major: major, Minor: minor}))
}

func (v *Volume) mknod(name string, mode fs.FileMode, dev ondisk.Device) error {
	bits := typeBits(mode) | modeBits(mode)
	switch bits & ondisk.ModeFmt {
	case ondisk.ModeDir:
		return syscall.EPERM
	case ondisk.ModeSymlink, 0:
		return syscall.EINVAL
	}
	p, err := v.vacancy(name, false)
	if err != nil {
		return err
	}
	whiteout := bits&ondisk.ModeFmt == ondisk.ModeChar && dev == ondisk.Device{}
	if mode&fs.ModeDevice != 0 && !v.cred.root() && !whiteout {
		return syscall.EPERM
	}
	_, err = p.dir.Mknod(p.name, v.cred.newAttr(p.dir, bits), dev)
	return err
}

// Link gives a file one more name. A symbolic link at the end of oldname is not followed.
func (v *Volume) Link(oldname, newname string) error {
	for {
		n, err := v.Inode(oldname, false)
		if err == nil {
			var p place
			if p, err = v.vacancy(newname, false); err == nil {
				err = link(p, n)
			}
		}
		if err != nil && n != nil && n.Attr().Links == 0 {
			continue // its last name went meanwhile: another file may have it by now, as after a rename
		}
		return linkError("link", oldname, newname, err)
	}
}

func link(p place, n *ext4.Inode) error {
	if a := n.Attr(); a.Type() == ondisk.ModeDir || mayAlter(&a) != nil {
		return syscall.EPERM
	}
	return p.dir.Link(p.name, n)
}

// Unlink removes the name of anything but a directory. A file without a name left goes away when nobody has it open.
func (v *Volume) Unlink(name string) error { return pathError("unlink", name, v.unlink(name)) }

func (v *Volume) unlink(name string) error {
	p, err := v.place(name)
	if err != nil {
		return err
	}
	if p.kind != lastName {
		return syscall.EISDIR
	}
	if p.slash {
		n, err := p.find()
		switch {
		case err != nil:
			return err
		case n == nil:
			return syscall.ENOENT
		case n.IsDir():
			return syscall.EISDIR
		}
		return syscall.ENOTDIR
	}
	return p.dir.Unlink(p.name, v.cred.deleting(p.dir))
}

// deleting is mayDelete as package ext4 asks for it; nil for those who may do everything.
func (c *Credential) deleting(dir *ext4.Inode) func(*ext4.Inode) error {
	if c.root() {
		return nil
	}
	return func(victim *ext4.Inode) error { return c.mayDelete(dir, victim) }
}

// Rmdir removes an empty directory.
func (v *Volume) Rmdir(name string) error { return pathError("rmdir", name, v.rmdir(name)) }

func (v *Volume) rmdir(name string) error {
	p, err := v.place(name)
	if err != nil {
		return err
	}
	switch p.kind {
	case lastDotDot:
		return syscall.ENOTEMPTY
	case lastDot:
		return syscall.EINVAL
	case lastRoot:
		return syscall.EBUSY
	}
	return p.dir.Rmdir(p.name, v.cred.deleting(p.dir))
}

// Remove removes a file or an empty directory.
func (v *Volume) Remove(name string) error {
	err := v.unlink(name)
	if errors.Is(err, syscall.EISDIR) {
		err = v.rmdir(name)
	}
	return pathError("remove", name, err)
}

// RemoveAll removes what a path leads to and everything below it. That there is nothing is no error. It goes on after an error, and returns the
// first.
func (v *Volume) RemoveAll(name string) error {
	n, err := v.Inode(name, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return pathError("remove", name, err)
	}
	var first error
	if n.IsDir() {
		first = v.removeBelow(name)
	}
	err = v.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if first != nil {
		return first
	}
	return err
}

// removeBelow empties a directory.
func (v *Volume) removeBelow(dir string) (first error) {
	if len(dir) > WalkPathMax {
		return pathError("remove", dir, syscall.ENAMETOOLONG)
	}
	list, first := v.ReadDir(dir)
	for _, e := range list {
		if err := v.RemoveAll(join(dir, e.Name())); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// linkError puts both paths to an error.
func linkError(op, oldname, newname string, err error) error {
	if err = gone(err); err == nil {
		return nil
	}
	return &os.LinkError{Op: op, Old: oldname, New: newname, Err: err}
}

// modeBits is the permissions, set-ID and sticky bits of a mode as i_mode has them.
func modeBits(m fs.FileMode) uint16 {
	bits := uint16(m.Perm())
	if m&fs.ModeSetuid != 0 {
		bits |= modeSetuid
	}
	if m&fs.ModeSetgid != 0 {
		bits |= modeSetgid
	}
	if m&fs.ModeSticky != 0 {
		bits |= modeSticky
	}
	return bits
}

// typeBits is the type of a mode as i_mode has it; 0 for one that ext4 does not know.
func typeBits(m fs.FileMode) uint16 {
	switch m.Type() {
	case 0:
		return ondisk.ModeRegular
	case fs.ModeDir:
		return ondisk.ModeDir
	case fs.ModeSymlink:
		return ondisk.ModeSymlink
	case fs.ModeNamedPipe:
		return ondisk.ModeFIFO
	case fs.ModeSocket:
		return ondisk.ModeSocket
	case fs.ModeDevice:
		return ondisk.ModeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		return ondisk.ModeChar
	}
	return 0
}
