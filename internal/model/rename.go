package model

import "syscall"

// Flags of Rename.
const (
	NoReplace = 1 << iota // fail if the new name is there
	Exchange              // the two names change places
	Whiteout              // leave a whiteout, a character device 0:0, behind
)

// Rename gives what has one name another.
func (f *FS) Rename(c Cred, old, path string, flags uint32) error {
	if flags&^(NoReplace|Exchange|Whiteout) != 0 || flags&Exchange != 0 && flags&(NoReplace|Whiteout) != 0 {
		return syscall.EINVAL
	}
	from, err := f.parent(c, old)
	if err != nil {
		return err
	}
	to, err := f.parent(c, path)
	switch {
	case err != nil:
		return err
	case from.kind != lastName:
		return syscall.EBUSY
	case to.kind != lastName && flags&NoReplace != 0:
		return syscall.EEXIST
	case to.kind != lastName:
		return syscall.EBUSY
	}
	source, err := from.find()
	if err == nil && source == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return err
	}
	target, err := to.find()
	if err != nil {
		return err
	}
	if err := checkRename(from, to, source, target, flags); err != nil {
		return err
	}
	if source == target {
		return nil
	}
	if err := f.mayRename(c, from, to, source, target, flags); err != nil {
		return err
	}
	f.move(c, from, to, source, target, flags)
	return nil
}

// checkRename says what cannot be renamed by anybody.
func checkRename(from, to place, source, target *node, flags uint32) error {
	switch {
	case target != nil && flags&NoReplace != 0:
		return syscall.EEXIST
	case target == nil && flags&Exchange != 0:
		return syscall.ENOENT
	case flags&Exchange != 0 && !target.isDir() && to.slash:
		return syscall.ENOTDIR
	case !source.isDir() && (from.slash || to.slash && flags&Exchange == 0):
		return syscall.ENOTDIR
	case source.above(to.dir):
		return syscall.EINVAL
	case target != nil && target.above(from.dir) && flags&Exchange == 0:
		return syscall.ENOTEMPTY
	case target != nil && target.above(from.dir):
		return syscall.EINVAL
	}
	return nil
}

// above reports whether n is d or a directory on the way to it.
func (n *node) above(d *node) bool {
	for {
		if d == n {
			return true
		}
		if d == d.parent {
			return false
		}
		d = d.parent
	}
}

// mayRename says whether c may.
func (f *FS) mayRename(c Cred, from, to place, source, target *node, flags uint32) error {
	exchange := flags&Exchange != 0
	err := f.mayDelete(c, from.dir, source, source.isDir())
	switch {
	case err != nil:
	case target == nil:
		err = f.mayCreate(c, to.dir)
	case exchange:
		err = f.mayDelete(c, to.dir, target, target.isDir())
	default:
		err = f.mayDelete(c, to.dir, target, source.isDir())
	}
	if err == nil && from.dir != to.dir && source.isDir() {
		err = f.permit(c, source, mayWrite)
	}
	if err == nil && from.dir != to.dir && exchange && target.isDir() {
		err = f.permit(c, target, mayWrite)
	}
	switch {
	case err != nil:
		return err
	case !exchange && target != nil && target.isDir() && len(target.names) > 0:
		return syscall.ENOTEMPTY
	}
	return nil
}

func (f *FS) move(c Cred, from, to place, source, target *node, flags uint32) {
	delete(from.dir.names, from.name)
	if flags&Exchange != 0 {
		from.dir.names[from.name] = target
		target.reparent(to.dir, from.dir)
		f.changed(target)
	} else if target != nil {
		f.lose(to.dir, target)
	}
	to.dir.names[to.name] = source
	source.reparent(from.dir, to.dir)
	f.changed(source)
	f.modified(from.dir)
	f.modified(to.dir)
	if flags&Whiteout != 0 {
		f.add(c, from, ModeChar)
	}
}

// reparent moves a directory to another.
func (n *node) reparent(from, to *node) {
	if n.isDir() {
		n.parent = to
		from.links--
		to.links++
	}
}
