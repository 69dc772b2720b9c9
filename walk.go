package extant

import (
	"cmp"
	"io/fs"
	"strings"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// linksMax is how many symbolic links one path may lead through.
const linksMax = 40

// A walker resolves one path. trail is the way from the root to where it stands, so that ".." needs no look at the disk
// and cannot leave the volume.
type walker struct {
	v     *Volume
	trail []*ext4.Inode
	rest  string // what is left of the path
	links int    // symbolic links followed
}

// Inode resolves a path to the inode it names. follow says whether a symbolic link at its very end is followed; those before
// always are, and so is one that a slash follows.
func (v *Volume) Inode(name string, follow bool) (*ext4.Inode, error) {
	if err := checkPath(name); err != nil {
		return nil, err
	}
	w := &walker{v: v, trail: []*ext4.Inode{v.root}, rest: name}
	for w.rest != "" {
		if err := w.step(follow); err != nil {
			return nil, err
		}
	}
	return w.at(), nil
}

func (w *walker) at() *ext4.Inode { return w.trail[len(w.trail)-1] }

// step goes one name further.
func (w *walker) step(follow bool) error {
	name := w.next()
	if !w.at().IsDir() {
		return syscall.ENOTDIR
	}
	if name == "/" {
		return nil
	}
	if err := w.v.cred.may(w.at(), mayExec); err != nil {
		return err
	}
	switch name {
	case ".":
		return nil
	case "..":
		w.trail = w.trail[:max(1, len(w.trail)-1)]
		return nil
	}
	child, err := w.v.names.child(w.at(), name)
	if err != nil {
		return err
	}
	attr := child.Attr()
	if attr.Type() == ondisk.ModeSymlink && (follow || w.rest != "") {
		return w.follow(child)
	}
	return w.enter(child)
}

// next takes the first name off the path. A slash at the end is a name of its own, so that only a directory will do.
func (w *walker) next() string {
	if w.rest[0] == '/' {
		w.rest = strings.TrimLeft(w.rest, "/")
		if w.rest == "" {
			return "/"
		}
	}
	i := strings.IndexByte(w.rest, '/')
	if i < 0 {
		name := w.rest
		w.rest = ""
		return name
	}
	name := w.rest[:i]
	w.rest = w.rest[i:]
	return name
}

// follow puts the target of a link in front of the rest of the path. An absolute one starts at the volume's root.
func (w *walker) follow(link *ext4.Inode) error {
	if w.links++; w.links > linksMax {
		return syscall.ELOOP
	}
	target, err := w.v.targetOf(link)
	if err != nil {
		return err
	}
	if target == "" {
		return syscall.ENOENT
	}
	if target[0] == '/' {
		w.trail = w.trail[:1]
	}
	w.rest = target + w.rest
	return nil
}

// enter steps down to child. A directory below itself would make paths without end. In a volume that changes, directories on the way may have
// been moved meanwhile.
func (w *walker) enter(child *ext4.Inode) error {
	for _, n := range w.trail {
		if n.Ino() == child.Ino() && !w.v.writes {
			return ondisk.Corrupt("directory", "contains itself, by way of inode %d", w.at().Ino()).At(child.Ino(), 0)
		}
	}
	w.trail = append(w.trail, child)
	return nil
}

// targetOf is where a symbolic link leads. The link is held: in a volume that changes it may lose its last name meanwhile.
func (v *Volume) targetOf(link *ext4.Inode) (target string, err error) {
	if v.writes {
		if err := link.Hold(); err != nil {
			return "", err
		}
		defer func() { err = cmp.Or(err, link.Release()) }()
	}
	return link.Readlink()
}

// gone makes of the error of an inode that was freed between being found and being used what its name would have been a moment later.
func gone(err error) error {
	if err == syscall.ESTALE {
		return syscall.ENOENT
	}
	return err
}

// pathError puts the path to an error, once.
func pathError(op, name string, err error) error {
	if err = gone(err); err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
