package ext4

import (
	"errors"
	"syscall"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// childLevel is how the lock of an inode is taken beneath that of its directory.
var childLevel = sched.Level(2)

// lockChild takes the lock of an inode beneath that of a directory that holds a name of it, and reports whether it has. In a damaged file system a
// directory may have a name in one that lies below it, so who does not hold the rename lock does not wait for a directory: two tasks that did might wait
// for each other. Who has not got the lock lets go of all and takes the rename lock first.
//
// +checklocksignore
func (n *Inode) lockChild(renameHeld bool) bool {
	switch {
	case !n.IsDir():
		n.mu.Lock()
	case renameHeld:
		n.mu.NestedLock(childLevel)
	default:
		return n.mu.NestedTryLock(childLevel)
	}
	return true
}

// errChildBusy says that lockChild has not got a lock.
var errChildBusy = errors.New("ext4: the directory is in use")

// owns says what is wrong with the name that a directory has in n: it has another parent, and n may lie in it. Both are locked.
//
// +checklocksignore
func (n *Inode) owns(child *Inode) error {
	up, err := child.lookupLocked("..")
	switch {
	case err == syscall.ENOENT:
		return child.corrupt("directory", "no entry \"..\"")
	case err == nil && up != n.ino:
		return n.corrupt("directory entry", "it names directory %d, whose parent is %d", child.ino, up)
	}
	return err
}

// Link gives an inode that is no directory one more name in the directory. Besides what Create answers: syscall.EPERM for a directory,
// or for an inode that is immutable or append-only; EMLINK past 65,000 names; EXDEV for an inode of another file system or
// project; ENOENT for one without any name, unless Tmpfile made it.
func (n *Inode) Link(name string, target *Inode) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	if err := checkNewName(name); err != nil {
		return err
	}
	if target.fs != n.fs {
		return syscall.EXDEV
	}
	return n.fs.judge(n.linkLocked(w, name, target))
}

func (n *Inode) linkLocked(w *writer, name string, target *Inode) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, err := n.vacant(name)
	if err != nil {
		return err
	}
	if target.IsDir() {
		return syscall.EPERM
	}
	target.lockChild(false)
	defer target.mu.Unlock()
	if err := n.mayLink(w, target); err != nil {
		return err
	}
	return n.change(w, entryCredits+3*slotCredits, func(h *journal.Handle) error {
		if err := n.addEntry(h, m, target.ino, ondisk.FileType(target.core().disk.Mode)); err != nil {
			return err
		}
		if err := n.touchDir(w, h, nil); err != nil {
			return err
		}
		return target.gainName(w, h)
	})
}

// mayLink says why an inode cannot get one more name in the directory. Both are locked.
func (n *Inode) mayLink(w *writer, target *Inode) error {
	d := &target.core().disk
	switch {
	case target.core().gone:
		return syscall.ESTALE
	case d.LinksCount == 0 && !target.linkable():
		return syscall.ENOENT
	case d.Flags&(ondisk.InodeImmutable|ondisk.InodeAppend) != 0:
		return syscall.EPERM
	case d.LinksCount >= linksMax:
		return syscall.EMLINK
	case !n.sameProject(target):
		return syscall.EXDEV
	}
	return nil
}

// sameProject reports whether an inode may come into the directory, which may want all in it to be of its project.
func (n *Inode) sameProject(child *Inode) bool {
	dir, d := &n.core().disk, &child.core().disk
	return !n.fs.sb.HasROCompat(ondisk.ROCompatProject) || !dir.Has(ondisk.InodeProjInherit) || dir.ProjID == d.ProjID
}

// gainName counts one more name of an inode, which is an orphan no longer.
func (n *Inode) gainName(w *writer, h *journal.Handle) error {
	now, first := w.now(), false
	err := n.update(h, func(e *edit) error {
		first = e.LinksCount == 0
		e.LinksCount++
		e.SetChanged(now)
		e.bump()
		return nil
	})
	if err == nil && first {
		err = w.orphans.remove(h, n)
	}
	return err
}

// loseName counts one name less of an inode that is locked. Without any it becomes an orphan.
func (n *Inode) loseName(w *writer, h *journal.Handle) error {
	now, last := w.now(), false
	err := n.update(h, func(e *edit) error {
		if e.LinksCount > 0 {
			e.LinksCount--
		}
		if e.Type() == ondisk.ModeDir {
			e.LinksCount = 0
		}
		last = e.LinksCount == 0
		e.SetChanged(now)
		e.bump()
		return nil
	})
	if err == nil && last {
		err = w.orphans.add(h, n)
	}
	return err
}

// Unlink takes a name out of a directory; without another name and a Hold the inode is freed. The errors are syscall.ENOENT, EISDIR for a
// directory, EPERM for what is immutable or append-only, ENAMETOOLONG, EROFS; a *CorruptError, or the device's.
//
// check, unless it is nil, is shown the inode that would lose the name, and what it returns is returned instead. The locks are held: it may look
// at attributes and xattrs, and change nothing.
func (n *Inode) Unlink(name string, check func(victim *Inode) error) error {
	return n.remove(name, false, check)
}

// Rmdir takes an empty directory out of a directory; syscall.ENOTDIR for another inode, ENOTEMPTY for one with names, EINVAL for ".".
// check is as for Unlink.
func (n *Inode) Rmdir(name string, check func(victim *Inode) error) error {
	return n.remove(name, true, check)
}

func (n *Inode) remove(name string, dir bool, check func(*Inode) error) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	if err := checkOldName(name, dir); err != nil {
		return err
	}
	child, err := n.removeLocked(w, name, dir, false, check)
	if err == errChildBusy {
		w.rename.Lock()
		child, err = n.removeLocked(w, name, dir, true, check)
		w.rename.Unlock()
	}
	if err == nil && child.core().disk.LinksCount == 0 {
		err = child.evict(w)
	}
	return n.fs.judge(err)
}

// checkOldName refuses what Unlink and Rmdir cannot remove whatever the directory holds.
func checkOldName(name string, dir bool) error {
	switch {
	case name == "":
		return syscall.ENOENT
	case name == "." && dir:
		return syscall.EINVAL
	case name == ".." && dir:
		return syscall.ENOTEMPTY
	case name == "." || name == "..":
		return syscall.EISDIR
	case len(name) > ondisk.NameMax:
		return syscall.ENAMETOOLONG
	}
	return nil
}

// removeLocked takes the name out, and returns the inode that it named. The error is errChildBusy where the rename lock is needed.
func (n *Inode) removeLocked(w *writer, name string, dir, renameHeld bool, check func(*Inode) error) (*Inode, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, child, err := n.entry(name)
	if err != nil {
		return nil, err
	}
	if !child.lockChild(renameHeld) {
		return nil, errChildBusy
	}
	defer child.mu.Unlock()
	if check != nil {
		if err := check(child); err != nil {
			return nil, err
		}
	}
	if err := n.mayRemove(child, dir); err != nil {
		return nil, err
	}
	light := child.keepLight()
	defer child.endLight(light)
	err = n.change(w, removeCredits+alloc.FreeInodeCredits, func(h *journal.Handle) error {
		if err := n.removeEntry(h, at); err != nil {
			return err
		}
		if err := n.touchDir(w, h, func(e *edit) {
			if dir {
				e.dropDirLink()
			}
		}); err != nil {
			return err
		}
		if light && child.light() {
			return child.loseAll(w, h)
		}
		return child.loseName(w, h)
	})
	if child.core().gone {
		child.dropCache()
	}
	return child, err
}

// entry finds a name in the directory, and the inode that it names. mu is held exclusively.
func (n *Inode) entry(name string) (entryPlace, *Inode, error) {
	if !n.IsDir() {
		return entryPlace{}, nil, syscall.ENOTDIR
	}
	m, err := n.matcher(name)
	if err != nil {
		return entryPlace{}, nil, err
	}
	at, err := n.find(m)
	switch {
	case err != nil:
		return at, nil, err
	case at.ino == 0:
		return at, nil, syscall.ENOENT
	}
	if at.ino == n.ino {
		return at, nil, n.corrupt("directory entry", "%q names the directory itself", name)
	}
	child, err := n.fs.Inode(at.ino)
	if err == syscall.ESTALE {
		err = n.corrupt("directory entry", "%q names inode %d, which is not in use", name, at.ino)
	}
	return at, child, err
}

// mayRemove says why the name of an inode cannot be taken out of the directory. Both are locked.
func (n *Inode) mayRemove(child *Inode, dir bool) error {
	const fixed = ondisk.InodeImmutable | ondisk.InodeAppend
	switch {
	case (n.core().disk.Flags|child.core().disk.Flags)&fixed != 0:
		return syscall.EPERM
	case dir && !child.IsDir():
		return syscall.ENOTDIR
	case !dir && child.IsDir():
		return syscall.EISDIR
	case child.ino == ondisk.RootIno:
		return syscall.EBUSY
	case !dir:
		return nil
	}
	if err := n.owns(child); err != nil {
		return err
	}
	empty, err := child.empty()
	if err == nil && !empty {
		err = syscall.ENOTEMPTY
	}
	return err
}
