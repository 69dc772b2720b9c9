package model

import "syscall"

// vacancy finds where a new name is to be put. Only a directory may be named with a slash behind it.
func (f *FS) vacancy(c Cred, path string, isDir bool) (place, error) {
	p, err := f.parent(c, path)
	if err != nil {
		return p, err
	}
	if p.kind != lastName {
		return p, syscall.EEXIST
	}
	n, err := p.find()
	switch {
	case err != nil:
		return p, err
	case n != nil:
		return p, syscall.EEXIST
	case p.slash && !isDir:
		return p, syscall.ENOENT
	}
	return p, f.mayCreate(c, p.dir)
}

// add makes a node and its name.
func (f *FS) add(c Cred, p place, mode uint32) *node {
	dir := p.dir
	if mode&ModeFmt != ModeDir && dir.mode&modeSetgid != 0 && mode&(modeSetgid|0o010) == modeSetgid|0o010 && !c.keepsSetgid(dir.gid) {
		mode &^= modeSetgid
	}
	n := f.newNode(mode)
	n.uid, n.gid = c.UID, c.GID
	if dir.mode&modeSetgid != 0 {
		n.gid = dir.gid
		if n.isDir() {
			n.mode |= modeSetgid
		}
	}
	n.flags = inherited(dir.flags, n.kind())
	f.inheritACL(dir, n)
	if n.isDir() {
		n.parent, n.links = dir, 2
		dir.links++
	}
	dir.names[p.name] = n
	f.modified(dir)
	return n
}

// Mkdir makes a directory.
func (f *FS) Mkdir(c Cred, path string, mode uint32) error {
	p, err := f.vacancy(c, path, true)
	if err != nil {
		return err
	}
	if p.dir.links >= hardLinks {
		return syscall.EMLINK
	}
	f.add(c, p, ModeDir|mode&(modePerm|modeSticky))
	return nil
}

// Mknod makes a file of any type but a directory or a link. Only user 0 makes devices.
func (f *FS) Mknod(c Cred, path string, mode, major, minor uint32) error {
	switch mode & ModeFmt {
	case ModeDir:
		return syscall.EPERM
	case ModeRegular, ModeFIFO, ModeSocket, ModeChar, ModeBlock:
	default:
		return syscall.EINVAL
	}
	p, err := f.vacancy(c, path, false)
	if err != nil {
		return err
	}
	device := mode&ModeFmt == ModeChar || mode&ModeFmt == ModeBlock
	if device && !c.root() && !(mode&ModeFmt == ModeChar && major == 0 && minor == 0) {
		return syscall.EPERM
	}
	n := f.add(c, p, mode&(ModeFmt|modeChanging))
	if device {
		n.major, n.minor = major, minor
	}
	return nil
}

// Symlink makes a symbolic link.
func (f *FS) Symlink(c Cred, target, path string) error {
	if err := checkPath(target); err != nil {
		return err
	}
	p, err := f.vacancy(c, path, false)
	if err != nil {
		return err
	}
	if len(target) >= f.c.BlockSize {
		return syscall.ENAMETOOLONG
	}
	f.add(c, p, ModeSymlink|modePerm).target = target
	return nil
}

// Link gives a file one more name. A symbolic link is not followed.
func (f *FS) Link(c Cred, old, path string) error {
	n, err := f.resolve(c, old, false)
	if err != nil {
		return err
	}
	p, err := f.vacancyFor(c, n, path)
	if err != nil {
		return err
	}
	switch {
	case n.flags&(Append|Immutable) != 0 || n.isDir():
		return syscall.EPERM
	case n.links >= hardLinks:
		return syscall.EMLINK
	}
	p.dir.names[p.name] = n
	n.links++
	f.changed(n)
	f.modified(p.dir)
	return nil
}

// vacancyFor is vacancy for one more name of n. Whether c may link to n at all is asked before whether c may write to the directory.
func (f *FS) vacancyFor(c Cred, n *node, path string) (place, error) {
	p, err := f.vacancy(c, path, false)
	if (err == nil || err == syscall.EACCES || err == syscall.EPERM) && p.dir != nil && f.protects(c, n) {
		return p, syscall.EPERM
	}
	return p, err
}

// protects reports whether the system keeps c from linking to a file of somebody else.
func (f *FS) protects(c Cred, n *node) bool {
	if !f.c.ProtectedHardlinks || c.owns(n) {
		return false
	}
	safe := n.isRegular() && n.mode&modeSetuid == 0 && n.mode&(modeSetgid|0o010) != modeSetgid|0o010 &&
		f.permit(c, n, mayRead|mayWrite) == nil
	return !safe
}

// Unlink removes a name of what is not a directory.
func (f *FS) Unlink(c Cred, path string) error {
	p, err := f.parent(c, path)
	if err != nil {
		return err
	}
	if p.kind != lastName {
		return syscall.EISDIR
	}
	n, err := p.find()
	switch {
	case err != nil:
		return err
	case n == nil:
		return syscall.ENOENT
	case p.slash && n.isDir():
		return syscall.EISDIR
	case p.slash:
		return syscall.ENOTDIR
	}
	if err := f.mayDelete(c, p.dir, n, false); err != nil {
		return err
	}
	f.remove(p, n)
	return nil
}

// remove takes the name at a place away.
func (f *FS) remove(p place, n *node) {
	delete(p.dir.names, p.name)
	f.modified(p.dir)
	f.lose(p.dir, n)
}

// lose counts one name less.
func (f *FS) lose(dir, n *node) {
	n.links--
	f.changed(n)
	if n.isDir() {
		n.links, n.dead = 0, true
		dir.links--
	}
}

// Rmdir removes an empty directory.
func (f *FS) Rmdir(c Cred, path string) error {
	p, err := f.parent(c, path)
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
	n, err := p.find()
	switch {
	case err != nil:
		return err
	case n == nil:
		return syscall.ENOENT
	}
	if err := f.mayDelete(c, p.dir, n, true); err != nil {
		return err
	}
	if len(n.names) > 0 {
		return syscall.ENOTEMPTY
	}
	f.remove(p, n)
	return nil
}
