package model

import (
	"math"
	"syscall"
)

// Flags of Open.
const (
	OpenRead = 1 << iota
	OpenWrite
	OpenCreate
	OpenExcl
	OpenTrunc
	OpenAppend
	OpenDirectory
	OpenNoFollow
)

// File is an open file. It does what its opener may.
type File struct {
	f     *FS
	n     *node
	c     Cred
	flags uint32
}

// Open opens a file, and makes it where the flags say so. Special files are syscall.ENXIO: there is nothing behind them.
func (f *FS) Open(c Cred, path string, flags, mode uint32) (*File, error) {
	if flags&OpenCreate != 0 && flags&OpenDirectory != 0 {
		return nil, syscall.EINVAL
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	w := &walk{f: f, c: c}
	n, created, err := w.open(path, flags, mode)
	if err != nil {
		return nil, err
	}
	if err := checkOpen(n, flags, created); err != nil {
		return nil, err
	}
	if !created {
		if err := f.mayOpen(c, n, flags); err != nil {
			return nil, err
		}
		if flags&OpenTrunc != 0 && n.isRegular() {
			f.truncate(c, n, 0)
		}
	}
	return &File{f: f, n: n, c: c, flags: flags}, nil
}

// open finds what is to be opened, or makes it.
func (w *walk) open(path string, flags, mode uint32) (n *node, created bool, err error) {
	dir := w.f.root
	for {
		p, err := w.parent(dir, path)
		if err != nil {
			return nil, false, err
		}
		if p.slash && flags&OpenCreate != 0 && p.kind == lastName {
			return nil, false, syscall.EISDIR
		}
		n, err := p.find()
		switch {
		case err != nil:
			return nil, false, err
		case n == nil && flags&OpenCreate == 0:
			return nil, false, syscall.ENOENT
		case n == nil:
			if err := w.f.mayCreate(w.c, p.dir); err != nil {
				return nil, false, err
			}
			return w.f.add(w.c, p, ModeRegular|mode&modeChanging), true, nil
		}
		exclusive := flags&(OpenCreate|OpenExcl) == OpenCreate|OpenExcl
		if !n.isLink() || exclusive || flags&OpenNoFollow != 0 && !p.slash {
			if p.slash && !n.isDir() {
				err = syscall.ENOTDIR
			}
			return n, false, err
		}
		if w.links++; w.links > linksMax {
			return nil, false, syscall.ELOOP
		}
		dir, path = p.dir, n.target
		if p.slash {
			path += "/"
		}
	}
}

func checkOpen(n *node, flags uint32, created bool) error {
	switch {
	case flags&(OpenCreate|OpenExcl) == OpenCreate|OpenExcl && !created:
		return syscall.EEXIST
	case flags&OpenCreate != 0 && n.isDir():
		return syscall.EISDIR
	case flags&OpenDirectory != 0 && !n.isDir():
		return syscall.ENOTDIR
	case n.isLink():
		return syscall.ELOOP
	case n.isDir() && flags&(OpenWrite|OpenTrunc) != 0:
		return syscall.EISDIR
	case !n.isRegular() && !n.isDir():
		return syscall.ENXIO
	}
	return nil
}

func (f *FS) mayOpen(c Cred, n *node, flags uint32) error {
	want := uint32(0)
	if flags&OpenRead != 0 {
		want |= mayRead
	}
	if flags&(OpenWrite|OpenTrunc) != 0 {
		want |= mayWrite
	}
	err := f.permit(c, n, want)
	switch {
	case err != nil:
		return err
	case n.flags&Append != 0 && (flags&OpenWrite != 0 && flags&OpenAppend == 0 || flags&OpenTrunc != 0):
		return syscall.EPERM
	}
	return nil
}

// Close ends the use of a file.
func (o *File) Close() error { return nil }

// Stat describes the file.
func (o *File) Stat() (Stat, error) { return o.n.stat(), nil }

// ReadAt reads at an offset. Past the end there is nothing, and no error.
func (o *File) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, syscall.EINVAL
	case o.flags&OpenRead == 0:
		return 0, syscall.EBADF
	case off > math.MaxInt64-int64(len(p)):
		return 0, syscall.EINVAL
	case o.n.isDir():
		return 0, syscall.EISDIR
	}
	return o.n.data.read(p, off), nil
}

// WriteAt writes at an offset, or at the end if the file was opened to append.
func (o *File) WriteAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, syscall.EINVAL
	case o.flags&OpenWrite == 0:
		return 0, syscall.EBADF
	case off > math.MaxInt64-int64(len(p)):
		return 0, syscall.EINVAL
	case o.n.flags&Immutable != 0:
		return 0, syscall.EPERM
	case len(p) == 0:
		return 0, nil
	}
	if o.flags&OpenAppend != 0 {
		off = o.n.data.size
	}
	if off >= o.f.c.SizeMax {
		return 0, syscall.EFBIG
	}
	p = p[:min(int64(len(p)), o.f.c.SizeMax-off)]
	dropPrivileges(o.c, o.n)
	o.n.data.write(p, off)
	o.f.modified(o.n)
	return len(p), nil
}

// Truncate changes the size of the file.
func (o *File) Truncate(size int64) error {
	switch {
	case size < 0 || o.flags&OpenWrite == 0 || !o.n.isRegular():
		return syscall.EINVAL
	case o.n.flags&Append != 0:
		return syscall.EPERM
	}
	return o.f.resize(o.c, o.n, size)
}

// Truncate changes the size of what a path leads to.
func (f *FS) Truncate(c Cred, path string, size int64) error {
	if size < 0 {
		return syscall.EINVAL
	}
	n, err := f.resolve(c, path, true)
	switch {
	case err != nil:
		return err
	case n.isDir():
		return syscall.EISDIR
	case !n.isRegular():
		return syscall.EINVAL
	}
	if err := f.permit(c, n, mayWrite); err != nil {
		return err
	}
	if n.flags&Append != 0 {
		return syscall.EPERM
	}
	return f.resize(c, n, size)
}

func (f *FS) resize(c Cred, n *node, size int64) error {
	switch {
	case n.flags&Immutable != 0:
		return syscall.EPERM
	case size > f.c.SizeMax && size > n.data.size:
		return syscall.EFBIG
	}
	f.truncate(c, n, size)
	return nil
}

func (f *FS) truncate(c Cred, n *node, size int64) {
	dropPrivileges(c, n)
	n.data.resize(size)
	f.modified(n)
}

// Sync makes the file durable.
func (o *File) Sync(bool) error { return nil }

// Sync makes everything durable.
func (f *FS) Sync() error { return nil }
