package extant

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// Flags of OpenFile beside those of package os.
const (
	OpenDirectory = 1 << 29 // only a directory will do (O_DIRECTORY)
	OpenNoFollow  = 1 << 30 // a symbolic link at the end of the path is not followed, but syscall.ELOOP (O_NOFOLLOW)
)

// Create makes a file, or empties it if it is there, and opens it to read and write.
func (v *Volume) Create(name string) (*File, error) {
	return v.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with the flags of package os, and makes it with permissions perm where os.O_CREATE says so. There is nothing behind special
// files: they are syscall.ENXIO.
func (v *Volume) OpenFile(name string, flag int, perm fs.FileMode) (*File, error) {
	f, err := v.openFile(name, flag, perm)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return f, nil
}

func (v *Volume) openFile(name string, flag int, perm fs.FileMode) (*File, error) {
	if flag&os.O_CREATE != 0 && flag&OpenDirectory != 0 {
		return nil, syscall.EINVAL
	}
	o := &opening{v: v, flag: flag, perm: modeBits(perm)}
	const tries = 100 // of a name that others make and remove all the time
	for range tries {
		n, err := o.find(name)
		if err == nil {
			return o.open(name, n)
		}
		if !errors.Is(err, errAgain) {
			return nil, err
		}
	}
	return nil, syscall.EBUSY
}

// errAgain says that the name was made or removed by somebody else in between.
var errAgain = errors.New("the name has changed")

// opening is one OpenFile under way.
type opening struct {
	v       *Volume
	flag    int
	perm    uint16
	created bool
}

// find finds what is to be opened, or makes it. It is held.
func (o *opening) find(name string) (*ext4.Inode, error) {
	for links := 0; ; links++ {
		if links > linksMax {
			return nil, syscall.ELOOP
		}
		p, err := o.v.place(name)
		if err != nil {
			return nil, err
		}
		if p.kind != lastName {
			return o.hold(o.v.Inode(name, true))
		}
		if p.slash && o.flag&os.O_CREATE != 0 {
			return nil, syscall.EISDIR
		}
		n, err := p.find()
		switch {
		case err != nil:
			return nil, err
		case n == nil:
			return o.create(p)
		}
		attr := n.Attr()
		if p.slash && attr.Type() != ondisk.ModeDir && attr.Type() != ondisk.ModeSymlink {
			return nil, syscall.ENOTDIR
		}
		if attr.Type() != ondisk.ModeSymlink || o.stays(p) {
			return o.hold(n, nil)
		}
		if name, err = o.v.target(p, n); err != nil {
			return nil, err
		}
	}
}

// stays reports whether a symbolic link at the end is not followed.
func (o *opening) stays(p place) bool {
	return o.exclusive() || o.flag&OpenNoFollow != 0 && !p.slash
}

func (o *opening) exclusive() bool { return o.flag&os.O_CREATE != 0 && o.flag&os.O_EXCL != 0 }

func (o *opening) hold(n *ext4.Inode, err error) (*ext4.Inode, error) {
	if err == nil && n.Hold() != nil {
		err = errAgain
	}
	return n, err
}

// target is the path that a link at a place leads to.
func (v *Volume) target(p place, link *ext4.Inode) (string, error) {
	t, err := v.targetOf(link)
	switch {
	case err != nil:
		return "", err
	case t == "":
		return "", syscall.ENOENT
	case p.slash:
		t += "/"
	}
	if t[0] != '/' {
		t = strings.TrimSuffix(p.parent, "/") + "/" + t
	}
	return t, nil
}

func (o *opening) create(p place) (*ext4.Inode, error) {
	if o.flag&os.O_CREATE == 0 {
		return nil, syscall.ENOENT
	}
	if err := o.v.cred.may(p.dir, mayWrite|mayExec); err != nil {
		return nil, err
	}
	a := o.v.cred.newAttr(p.dir, o.perm)
	a.Hold = true
	n, err := p.dir.Create(p.name, a)
	if err == syscall.EEXIST && !o.exclusive() {
		err = errAgain
	}
	o.created = err == nil
	return n, err
}

// open makes a File of an inode that is held.
func (o *opening) open(name string, n *ext4.Inode) (*File, error) {
	err := o.check(n)
	if err == nil && o.flag&os.O_TRUNC != 0 && !o.created && !n.IsDir() {
		if err = o.v.cred.dropPrivileges(n); err == nil {
			err = n.Truncate(0)
		}
	}
	if err != nil {
		return nil, cmp.Or(err, n.Release())
	}
	f := newFile(name, n, o.v.names)
	f.cred, f.held = o.v.cred, true
	f.readable = o.flag&os.O_WRONLY == 0
	f.writable = o.flag&(os.O_WRONLY|os.O_RDWR) != 0
	f.appends = o.flag&os.O_APPEND != 0
	f.sync = o.flag&os.O_SYNC != 0
	return f, nil
}

func (o *opening) check(n *ext4.Inode) error {
	a := n.Attr()
	isDir := a.Type() == ondisk.ModeDir
	writes := o.flag&(os.O_WRONLY|os.O_RDWR|os.O_TRUNC) != 0
	switch {
	case o.exclusive() && !o.created:
		return syscall.EEXIST
	case isDir && o.flag&os.O_CREATE != 0:
		return syscall.EISDIR
	case !isDir && o.flag&OpenDirectory != 0:
		return syscall.ENOTDIR
	case a.Type() == ondisk.ModeSymlink:
		return syscall.ELOOP
	case isDir && writes:
		return syscall.EISDIR
	case !isDir && a.Type() != ondisk.ModeRegular:
		return syscall.ENXIO
	case o.created:
		return nil
	}
	want := uint16(0)
	if o.flag&os.O_WRONLY == 0 {
		want |= mayRead
	}
	if writes {
		want |= mayWrite
	}
	if err := o.v.cred.may(n, want); err != nil {
		return err
	}
	if writes && a.Flags&ondisk.InodeVerity != 0 {
		return syscall.EPERM
	}
	plain := o.flag&(os.O_WRONLY|os.O_RDWR) != 0 && o.flag&os.O_APPEND == 0
	if a.Flags&ondisk.InodeAppend != 0 && (plain || o.flag&os.O_TRUNC != 0) {
		return syscall.EPERM
	}
	return nil
}

// WriteFile makes a file that holds data, or makes one that is there hold it and nothing else.
func (v *Volume) WriteFile(name string, data []byte, perm fs.FileMode) error {
	f, err := v.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return cmp.Or(err, f.Close())
}
