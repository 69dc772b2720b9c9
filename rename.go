package extant

import (
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// RenameFlags say how RenameWith is to behave, with Linux's numbers.
type RenameFlags = ext4.RenameFlags

// Flags of RenameWith.
const (
	RenameNoReplace = ext4.RenameNoReplace // the new name must not be there
	RenameExchange  = ext4.RenameExchange  // the two names change places
	RenameWhiteout  = ext4.RenameWhiteout  // a whiteout, a character device 0:0, stays at the old name
)

// Rename gives what has the name oldname the name newname, and replaces what is there: a directory only by a directory, and only if it
// is empty. At any time, a crash included, newname is there.
func (v *Volume) Rename(oldname, newname string) error { return v.RenameWith(oldname, newname, 0) }

// RenameWith is Rename with flags.
func (v *Volume) RenameWith(oldname, newname string, flags RenameFlags) error {
	return linkError("rename", oldname, newname, v.rename(oldname, newname, flags))
}

func (v *Volume) rename(oldname, newname string, flags RenameFlags) error {
	const all = RenameNoReplace | RenameExchange | RenameWhiteout
	if flags&^all != 0 || flags&RenameExchange != 0 && flags != RenameExchange {
		return syscall.EINVAL
	}
	from, err := v.place(oldname)
	if err != nil {
		return err
	}
	to, err := v.place(newname)
	switch {
	case err != nil:
		return err
	case from.kind != lastName:
		return syscall.EBUSY
	case to.kind != lastName && flags&RenameNoReplace != 0:
		return syscall.EEXIST
	case to.kind != lastName:
		return syscall.EBUSY
	}
	r := &renaming{cred: v.cred, from: from, to: to, flags: flags}
	if from.slash || to.slash || len(to.name) > ondisk.NameMax {
		if err := r.checkNames(); err != nil {
			return err
		}
	}
	return from.dir.Rename(from.name, to.dir, to.name, ext4.RenameOptions{
		Flags:    flags,
		Whiteout: v.cred.newAttr(from.dir, 0),
		Check:    r.check,
	})
}

// renaming is a Rename whose places have been found.
type renaming struct {
	cred     *Credential
	from, to place
	flags    RenameFlags
}

func (r *renaming) exchange() bool { return r.flags&RenameExchange != 0 }

// checkNames says why names with a slash behind them do not suit what they name. That there is no old one comes before that the new one is too long.
func (r *renaming) checkNames() error {
	source, err := r.from.find()
	switch {
	case err != nil:
		return err
	case source == nil:
		return syscall.ENOENT
	}
	target, err := r.to.find()
	switch {
	case err != nil:
		return err
	case target == nil && r.exchange():
		return syscall.ENOENT
	case target != nil && r.flags&RenameNoReplace != 0:
		return syscall.EEXIST
	case r.exchange() && !target.IsDir() && r.to.slash:
		return syscall.ENOTDIR
	case !source.IsDir() && (r.from.slash || r.to.slash && !r.exchange()):
		return syscall.ENOTDIR
	}
	return nil
}

// check says why it must not be, where package ext4 does not know: who asks. target is nil where the new name is not there.
func (r *renaming) check(source, target *ext4.Inode) error {
	if source == target || r.cred.root() {
		return nil
	}
	return r.checkCredential(source, target)
}

func (r *renaming) checkCredential(source, target *ext4.Inode) error {
	err := r.cred.mayDelete(r.from.dir, source)
	switch {
	case err != nil:
		return err
	case target == nil:
		err = r.cred.may(r.to.dir, mayWrite|mayExec)
	default:
		err = r.cred.mayDelete(r.to.dir, target)
	}
	if err == nil && r.from.dir != r.to.dir && source.IsDir() {
		err = r.cred.may(source, mayWrite)
	}
	if err == nil && r.from.dir != r.to.dir && r.exchange() && target.IsDir() {
		err = r.cred.may(target, mayWrite)
	}
	return err
}
