package ext4

import (
	"strings"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// RenameFlags change what Rename does (RENAME_...).
type RenameFlags uint8

// The flags of Rename.
const (
	RenameNoReplace RenameFlags = 1 << iota // a name that is there already is syscall.EEXIST
	RenameExchange                          // the two names change places; both are there
	RenameWhiteout                          // a whiteout takes the place of the old name: a character device 0:0
)

// RenameOptions say how to rename.
type RenameOptions struct {
	Flags RenameFlags

	// Whiteout is the owner and so on of a whiteout.
	Whiteout NewAttr

	// Check, unless it is nil, is shown what has the old name and what has the new one, nil for nothing, and what it returns is
	// returned instead. The locks are held: it may look at attributes and xattrs, and change nothing.
	Check func(source, target *Inode) error
}

// Rename gives what has a name in the directory n another name, in the same directory or in to. A name that is there already is replaced, by one of its
// own kind alone. The errors are those of Unlink and Create, and syscall.ENOTDIR or EISDIR for a directory in the place of
// something else or the reverse, ENOTEMPTY for a directory with names, EINVAL for a directory that would come to lie within itself and for flags
// that exclude each other, EXDEV for another file system or project, EBUSY for "." and "..".
func (n *Inode) Rename(oldName string, to *Inode, newName string, o RenameOptions) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	if err := checkRename(oldName, newName, o.Flags); err != nil {
		return err
	}
	if to.fs != n.fs {
		return syscall.EXDEV
	}
	r := &renaming{w: w, from: n, to: to, oldName: oldName, newName: newName, RenameOptions: o}
	err = r.locked()
	switch {
	case err == nil && r.victim != nil && r.victim.core().disk.LinksCount == 0:
		err = r.victim.evict(w)
	case err != nil && undone(err) && r.whiteout != nil:
		r.whiteout.evict(w)
	}
	return n.fs.judge(err)
}

func checkRename(oldName, newName string, flags RenameFlags) error {
	if flags&RenameExchange != 0 && flags&(RenameNoReplace|RenameWhiteout) != 0 {
		return syscall.EINVAL
	}
	for _, name := range [...]string{oldName, newName} {
		switch {
		case name == "." || name == "..":
			return syscall.EBUSY
		case name == "":
			return syscall.ENOENT
		case len(name) > ondisk.NameMax:
			return syscall.ENAMETOOLONG
		case strings.IndexByte(name, '/') >= 0 || strings.IndexByte(name, 0) >= 0:
			return syscall.EINVAL
		}
	}
	return nil
}

// renaming is a rename under way.
type renaming struct {
	w                *writer
	from, to         *Inode
	oldName, newName string
	RenameOptions
	renameHeld bool // the rename lock

	oldAt, newAt entryPlace
	newMatch     *nameMatch
	child        *Inode    // what has the old name
	other        *Inode    // what has the new name; nil for nothing
	victim       *Inode    // other, once it has lost the name
	plan         *creation // of the whiteout; nil for none
	whiteout     *Inode    // what gets the old name
}

func (r *renaming) exchange() bool { return r.Flags&RenameExchange != 0 }
func (r *renaming) across() bool   { return r.from != r.to }

// locked takes the locks of both directories, with the one first that lies above the other.
//
// +checklocksignore
func (r *renaming) locked() error {
	if !r.from.IsDir() || !r.to.IsDir() {
		return syscall.ENOTDIR
	}
	if !r.across() {
		if err := r.within(); err != errChildBusy {
			return err
		}
	}
	r.w.rename.Lock()
	defer r.w.rename.Unlock()
	r.renameHeld = true
	if !r.across() {
		return r.within()
	}
	// Nothing gets another parent meanwhile, so what lies above what does not change.
	below, err := r.to.under(r.from)
	if err != nil {
		return err
	}
	above, err := r.from.under(r.to)
	if err != nil {
		return err
	}
	first, second := r.from, r.to
	if above != nil || below == nil && r.to.ino < r.from.ino {
		first, second = r.to, r.from
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	second.mu.NestedLock(sched.Level(1))
	defer second.mu.Unlock()
	return r.prepare(below, above)
}

// within renames in one directory. The error is errChildBusy where the rename lock is needed.
func (r *renaming) within() error {
	r.from.mu.Lock()
	defer r.from.mu.Unlock()
	return r.prepare(nil, nil)
}

// under returns, where n lies below the directory top, the child of top that it lies below or is; else nil. The rename lock is held.
func (n *Inode) under(top *Inode) (*Inode, error) {
	left := n.fs.sb.InodesCount
	for d := n; d.ino != ondisk.RootIno; left-- {
		if left == 0 {
			return nil, n.corrupt("directory", "what it lies in lies within itself")
		}
		up, err := d.parent()
		if err == syscall.ENOENT {
			return nil, nil // removed
		}
		if err != nil {
			return nil, err
		}
		if up == top.ino {
			return d, nil
		}
		if up == d.ino {
			return nil, d.corrupt("directory", "it is its own parent")
		}
		next, err := n.fs.Inode(up)
		if err != nil {
			return nil, err
		}
		if !next.IsDir() {
			return nil, d.corrupt("directory", "inode %d, its parent, is no directory", up)
		}
		d = next
	}
	return nil, nil
}

// prepare looks both names up and locks what they name. below is the child of from that to lies in, above that of to that from lies in.
func (r *renaming) prepare(below, above *Inode) error {
	if err := r.lookUp(); err != nil || r.child == r.other {
		return err
	}
	switch {
	case r.child == below && below != nil, r.exchange() && r.other == above && above != nil:
		return syscall.EINVAL
	case r.other == above && above != nil:
		return syscall.ENOTEMPTY
	}
	if r.other == nil {
		if err := r.mayAdd(); err != nil {
			return err
		}
	}
	for _, x := range [...]*Inode{r.child, r.other} {
		if x != nil && (x == r.from || x == r.to) {
			return x.corrupt("directory", "it has a name where it does not lie")
		}
	}
	first, second := r.child, r.other
	if second != nil && (second.IsDir() && !first.IsDir() || second.IsDir() == first.IsDir() && second.ino < first.ino) {
		first, second = second, first
	}
	if !first.lockChild(r.renameHeld) {
		return errChildBusy
	}
	defer first.mu.Unlock()
	if second != nil {
		if !second.lockChildAfter(first, r.renameHeld) {
			return errChildBusy
		}
		defer second.mu.Unlock()
	}
	return r.checkAndRun()
}

// checkAndRun is the rest, with all locked.
func (r *renaming) checkAndRun() error {
	for _, x := range [...]struct{ dir, child *Inode }{{r.from, r.child}, {r.to, r.other}} {
		if x.child != nil && x.child.IsDir() {
			if err := x.dir.owns(x.child); err != nil {
				return err
			}
		}
	}
	if r.Check != nil {
		if err := r.Check(r.child, r.other); err != nil {
			return err
		}
	}
	if err := r.allowed(); err != nil {
		return err
	}
	return r.run()
}

// lockChildAfter is lockChild where first, of the same directory or another, is locked already.
//
// +checklocksignore
func (n *Inode) lockChildAfter(first *Inode, renameHeld bool) bool {
	switch {
	case n.IsDir() && renameHeld:
		n.mu.NestedLock(sched.Level(3))
	case n.IsDir():
		return n.mu.NestedTryLock(sched.Level(3))
	case !first.IsDir():
		n.mu.NestedLock(sched.Level(1))
	default:
		n.mu.Lock()
	}
	return true
}

// lookUp finds both names.
func (r *renaming) lookUp() error {
	if r.from.encrypted() || r.to.encrypted() {
		return errNoKey
	}
	var err error
	if r.oldAt, r.child, err = r.from.entry(r.oldName); err != nil {
		return err
	}
	if r.newMatch, err = r.to.matcher(r.newName); err != nil {
		return err
	}
	r.newAt, r.other, err = r.to.entry(r.newName)
	switch {
	case err == syscall.ENOENT && r.exchange():
		return err
	case err == syscall.ENOENT:
		return nil
	case err == nil && r.Flags&RenameNoReplace != 0:
		return syscall.EEXIST
	case err == nil && r.other == r.child && r.sameEntry():
		r.other = nil // only the letters of the name change
	}
	return err
}

// mayAdd says why the directory cannot take the new name, which is not there.
func (r *renaming) mayAdd() error {
	if r.sameEntry() {
		return r.to.mayAdd()
	}
	_, err := r.to.vacant(r.newName)
	return err
}

// sameEntry reports whether both names are found in one entry, by folding case, and yet are not the same.
func (r *renaming) sameEntry() bool {
	return r.oldName != r.newName && !r.across() && r.oldAt == r.newAt
}

// allowed says why the names may not change. All is locked.
func (r *renaming) allowed() error {
	const fixed = ondisk.InodeImmutable | ondisk.InodeAppend
	child := &r.child.core().disk
	if (r.from.core().disk.Flags|child.Flags)&fixed != 0 || r.to.core().disk.Has(ondisk.InodeImmutable) {
		return syscall.EPERM
	}
	if r.across() && (!r.to.sameProject(r.child) || r.exchange() && !r.from.sameProject(r.other)) {
		return syscall.EXDEV
	}
	if r.other != nil {
		if err := r.mayReplace(fixed); err != nil {
			return err
		}
	}
	gains := r.across() && r.child.IsDir() && (r.other == nil || !r.other.IsDir())
	loses := r.across() && r.exchange() && r.other.IsDir() && !r.child.IsDir()
	if gains && r.to.linksFull() || loses && r.from.linksFull() {
		return syscall.EMLINK
	}
	return nil
}

// mayReplace says why the other inode may not lose its name.
func (r *renaming) mayReplace(fixed uint32) error {
	if (r.to.core().disk.Flags&ondisk.InodeAppend | r.other.core().disk.Flags&fixed) != 0 {
		return syscall.EPERM
	}
	switch dir := r.child.IsDir(); {
	case r.exchange():
		return nil
	case dir && !r.other.IsDir():
		return syscall.ENOTDIR
	case !dir && r.other.IsDir():
		return syscall.EISDIR
	case !dir:
		return nil
	}
	empty, err := r.other.empty()
	if err == nil && !empty {
		err = syscall.ENOTEMPTY
	}
	return err
}

const renameCredits = entryCredits + 2*removeCredits + createCredits

// run changes the names.
func (r *renaming) run() error {
	if r.Flags&RenameWhiteout != 0 && r.sameEntry() {
		return syscall.EINVAL
	}
	if err := r.planWhiteout(); err != nil {
		return err
	}
	return r.from.change(r.w, renameCredits, func(h *journal.Handle) error {
		if r.exchange() {
			return r.swap(h)
		}
		err := r.move(h)
		if err != nil && undone(err) && r.whiteout != nil {
			return r.whiteout.disown(r.w, h, err)
		}
		return err
	})
}

// move gives the child the new name and takes the old one away.
func (r *renaming) move(h *journal.Handle) error {
	if err := r.makeWhiteout(h); err != nil {
		return err
	}
	kind := ondisk.FileType(r.child.core().disk.Mode)
	if r.sameEntry() {
		if err := r.from.removeEntry(h, r.oldAt); err != nil {
			return err
		}
		return r.respell(h, kind)
	}
	if r.other == nil {
		if err := r.to.addEntry(h, r.newMatch, r.child.ino, kind); err != nil {
			return err
		}
	} else if err := r.to.replaceEntry(h, r.newAt, r.child.ino, kind); err != nil {
		return err
	}
	if err := r.dropOld(h); err != nil {
		return err
	}
	if err := r.settle(h); err != nil {
		return err
	}
	if r.other != nil {
		r.victim = r.other
		return r.other.loseName(r.w, h)
	}
	return nil
}

// respell puts the entry back under another spelling of its name. There is room: it was just taken out.
func (r *renaming) respell(h *journal.Handle, kind uint8) error {
	if err := r.to.addEntry(h, r.newMatch, r.child.ino, kind); err != nil {
		if undone(err) {
			err = r.from.corrupt("directory", "no room for a name that was just taken out: %v", err)
		}
		return err
	}
	return r.settle(h)
}

// dropOld takes the old name out or gives it to the whiteout. Adding the new one may have moved it.
func (r *renaming) dropOld(h *journal.Handle) error {
	at, err := r.findOld()
	if err != nil {
		return err
	}
	if r.whiteout != nil {
		return r.from.replaceEntry(h, at, r.whiteout.ino, ondisk.FileChar)
	}
	return r.from.removeEntry(h, at)
}

// findOld is where the old name lies now.
func (r *renaming) findOld() (entryPlace, error) {
	if r.across() {
		return r.oldAt, nil
	}
	m, err := r.from.matcher(r.oldName)
	if err != nil {
		return entryPlace{}, err
	}
	at, err := r.from.find(m)
	if err == nil && at.ino != r.child.ino {
		err = r.from.corrupt("directory", "%q is gone while it is renamed", r.oldName)
	}
	return at, err
}

// settle changes the slots: times, parents and counts of directories.
func (r *renaming) settle(h *journal.Handle) error {
	now := r.w.now()
	if err := r.child.update(h, func(e *edit) error {
		e.SetChanged(now)
		e.bump()
		return nil
	}); err != nil {
		return err
	}
	moved := r.across() && r.child.IsDir()
	if moved {
		if err := r.child.setParent(h, r.to.ino); err != nil {
			return err
		}
	}
	replaced := r.other != nil && r.other.IsDir()
	if err := r.from.touchDir(r.w, h, func(e *edit) {
		if moved || replaced && !r.across() {
			e.dropDirLink()
		}
	}); err != nil || !r.across() {
		return err
	}
	return r.to.touchDir(r.w, h, func(e *edit) {
		if moved && !replaced {
			e.addLink(r.to.indexed())
		}
	})
}

// planWhiteout finds out what is to take the place of the old name.
func (r *renaming) planWhiteout() error {
	if r.Flags&RenameWhiteout == 0 {
		return nil
	}
	r.plan = &creation{NewAttr: r.Whiteout}
	r.plan.Mode = r.plan.Mode&0o777 | ondisk.ModeChar
	if err := r.from.inherit(r.plan); err != nil {
		return err
	}
	return r.w.quotas.ready(r.from.childIDs(r.plan))
}

// makeWhiteout makes what was planned.
func (r *renaming) makeWhiteout(h *journal.Handle) (err error) {
	if r.plan != nil {
		r.whiteout, err = r.from.newChild(r.w, h, r.plan)
	}
	return err
}

// swap exchanges the two names.
func (r *renaming) swap(h *journal.Handle) error {
	if err := r.to.replaceEntry(h, r.newAt, r.child.ino, ondisk.FileType(r.child.core().disk.Mode)); err != nil {
		return err
	}
	if err := r.from.replaceEntry(h, r.oldAt, r.other.ino, ondisk.FileType(r.other.core().disk.Mode)); err != nil {
		return err
	}
	for _, x := range [...]struct{ child, up *Inode }{{r.child, r.to}, {r.other, r.from}} {
		if err := x.child.update(h, func(e *edit) error {
			e.SetChanged(r.w.now())
			e.bump()
			return nil
		}); err != nil {
			return err
		}
		if x.child.IsDir() && r.across() {
			if err := x.child.setParent(h, x.up.ino); err != nil {
				return err
			}
		}
	}
	comes := r.across() && r.child.IsDir() && !r.other.IsDir()
	goes := r.across() && !r.child.IsDir() && r.other.IsDir()
	count := func(dir *Inode, more, less bool) error {
		return dir.touchDir(r.w, h, func(e *edit) {
			if more {
				e.addLink(dir.indexed())
			}
			if less {
				e.dropDirLink()
			}
		})
	}
	if err := count(r.from, goes, comes); err != nil || !r.across() {
		return err
	}
	return count(r.to, comes, goes)
}
