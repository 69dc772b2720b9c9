package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"extant"
)

type putFlags struct {
	copyFlags
	noTarget bool
	owner    string
}

func newPut(a *app) *cobra.Command {
	f := &putFlags{}
	cmd := &cobra.Command{
		Use:     "put [-r] [-a] [-p] [-n] SOURCE... IMAGE:/DEST",
		Short:   "Copy files into an image",
		GroupID: groupChange,
		Long: `put copies files and, with -r, directories into an image, from the host or from images. Into DEST, if that is a directory; under the name DEST, if it is not and there
is one thing to copy. A file that exists is overwritten, unless -n is given. Directories that are there get what is copied besides what they have.

Copies belong to user and group 0, have the permissions of their source without set-ID bits, and holes where the source has zeros. -p or -a keeps owners, modes, times
and, where the system tells, extended attributes and ACLs. Symbolic links are followed without -r and copied as links with it. Hard links become files of their own.

All of it is one mount of the image: an interrupt ends the work between two pieces and leaves a clean image with what was copied so far.`,
		Example: `  extant put hosts disk.img:/etc/hosts
  extant put -r site/ disk.img:/srv
  extant put -a base.img:/usr/share/zoneinfo disk.img:/usr/share`,
		Args: cobra.MinimumNArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	f.register(p, "keep")
	p.BoolVarP(&f.noTarget, "no-target-directory", "T", false, "DEST is the name of the copy, even if it is a directory")
	p.StringVar(&f.owner, "owner", "", "who copies belong to: `OWNER[:GROUP]`, numbers")
	return a.verbCommand(cmd, func(args []string) error {
		return a.put(args[:len(args)-1], args[len(args)-1], f)
	})
}

// put copies sources into an image.
func (a *app) put(sources []string, dest string, f *putFlags) error {
	if err := only(dest); err != nil {
		return err
	}
	c := &copying{app: a, f: f, uid: -1, gid: -1, buf: make([]byte, 1<<20)}
	if f.owner != "" {
		var err error
		if c.uid, c.gid, err = parseOwner(f.owner); err != nil {
			return err
		}
	}
	read := a.options
	if err := a.writing(); err != nil {
		return err
	}
	to, err := a.place(dest)
	if err != nil {
		return err
	}
	a.options = read // what is copied from images is only read
	info, err := to.vol.Stat(to.Path)
	isDir := err == nil && info.IsDir()
	if len(sources) > 1 && (!isDir || f.noTarget) {
		return usagef("%s is no directory that several files could go into", dest)
	}
	f.settle()
	for _, arg := range sources {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if err := c.operand(arg, to, isDir && !f.noTarget); err != nil {
			a.fail(err)
		}
	}
	return nil
}

// operand copies one of the sources.
func (c *copying) operand(arg string, to place, in bool) error {
	src, err := c.app.source(arg)
	if err != nil {
		return err
	}
	if name := src.base(); in && name != "" {
		to = to.at(joinPath(to.Path, name))
	}
	info, err := src.stat(!c.f.recursive)
	switch {
	case err != nil:
		return err
	case info.IsDir() && !c.f.recursive:
		return &addressError{arg, errors.New("a directory, left out: -r copies directories")}
	}
	c.top = 0
	return c.copy(src, info, to)
}

// copying is one put.
type copying struct {
	app      *app
	f        *putFlags
	uid, gid int // who copies are to belong to; -1 for what else is said
	buf      []byte
	top      uint32 // the directory that the copy of an operand begins with; 0 while there is none
}

// copy copies what src is to a place, and what is below it. What fails below is reported, and the rest follows.
func (c *copying) copy(src copySource, info fs.FileInfo, to place) error {
	if err := c.app.ctx.Err(); err != nil {
		return err
	}
	if c.f.noClobber && !info.IsDir() {
		if _, err := to.vol.Lstat(to.Path); err == nil {
			return nil
		}
	}
	if err := c.apart(src, info, to); err != nil {
		return err
	}
	var err error
	switch mode := info.Mode(); mode.Type() {
	case fs.ModeDir:
		return c.directory(src, info, to)
	case 0:
		err = c.file(src, info, to)
	case fs.ModeSymlink:
		err = c.symlink(src, to)
	case fs.ModeSocket:
		return &addressError{src.String(), errors.New("a socket, left out")}
	default:
		major, minor := src.device(info)
		err = anew(to, func(name string) error { return to.vol.Mknod(name, mode, major, minor) })
	}
	if err == nil {
		err = c.attributes(src, info, to)
	}
	return to.wrap(err)
}

// apart refuses to copy a file onto itself, which would lose its content, and a directory into itself, which would have no end.
func (c *copying) apart(src copySource, info fs.FileInfo, to place) error {
	from, ok := src.(imageSource)
	if !ok || from.vol != to.vol {
		return nil
	}
	ino, stat := info.Sys().(*extant.Stat).Ino, to.vol.Stat
	if info.Mode()&fs.ModeSymlink != 0 {
		stat = to.vol.Lstat // it is copied as a link
	}
	if at, err := stat(to.Path); err == nil && at.Sys().(*extant.Stat).Ino == ino {
		return &addressError{src.String(), errors.New("not copied onto itself")}
	}
	if ino == c.top {
		return &addressError{src.String(), errors.New("not copied into itself")}
	}
	return nil
}

func (c *copying) directory(src copySource, info fs.FileInfo, to place) error {
	err := to.vol.Mkdir(to.Path, 0o755)
	there := errors.Is(err, fs.ErrExist)
	if there {
		if at, serr := to.vol.Stat(to.Path); serr != nil || !at.IsDir() {
			return to.wrap(syscall.ENOTDIR)
		}
	} else if err != nil {
		return to.wrap(err)
	}
	if c.top == 0 {
		at, err := to.vol.Stat(to.Path)
		if err != nil {
			return to.wrap(err)
		}
		c.top = at.Sys().(*extant.Stat).Ino
	}
	names, err := src.names()
	if err != nil {
		c.app.fail(err)
	}
	for _, name := range names {
		child := src.child(name)
		info, err := child.stat(false)
		if err == nil {
			err = c.copy(child, info, to.at(joinPath(to.Path, name)))
		}
		if c.app.ctx.Err() != nil {
			return c.app.ctx.Err()
		}
		if err != nil {
			c.app.fail(err)
		}
	}
	if there && !c.f.preserve {
		return nil
	}
	return to.wrap(c.attributes(src, info, to)) // last: a directory that may not be written to is still to be filled before
}

func (c *copying) symlink(src copySource, to place) error {
	target, err := src.readlink()
	if err != nil {
		return err
	}
	return anew(to, func(name string) error { return to.vol.Symlink(target, name) })
}

// file copies the bytes of a file. Blocks of zeros become holes.
func (c *copying) file(src copySource, info fs.FileInfo, to place) (err error) {
	in, err := src.open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := to.vol.OpenFile(to.Path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	size := int64(0)
	for {
		if err := c.app.ctx.Err(); err != nil {
			return err
		}
		n, rerr := io.ReadFull(in, c.buf)
		if err := writeSparse(out, c.buf[:n], size); err != nil {
			return err
		}
		size += int64(n)
		switch rerr {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return out.Truncate(size)
		default:
			return rerr
		}
	}
}

// sparsePiece is what is skipped if it is zero, in bytes.
const sparsePiece = 64 << 10

// writeSparse writes p but for pieces of zeros.
func writeSparse(out *extant.File, p []byte, off int64) error {
	for len(p) > 0 {
		k := min(len(p), sparsePiece)
		if !zero(p[:k]) {
			if _, err := out.WriteAt(p[:k], off); err != nil {
				return err
			}
		}
		p, off = p[k:], off+int64(k)
	}
	return nil
}

func zero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// attributes gives a copy what it is to have of its source.
func (c *copying) attributes(src copySource, info fs.FileInfo, to place) error {
	v, link := to.vol, info.Mode()&fs.ModeSymlink != 0
	uid, gid := c.uid, c.gid
	if c.f.preserve {
		u, g := src.owner(info)
		if uid < 0 {
			uid = u
		}
		if gid < 0 {
			gid = g
		}
	}
	if uid >= 0 || gid >= 0 {
		if err := v.Lchown(to.Path, uid, gid); err != nil {
			return err
		}
	}
	mode := info.Mode()
	if !c.f.preserve {
		mode &^= fs.ModeSetuid | fs.ModeSetgid
	}
	if !link {
		if err := v.Chmod(to.Path, mode); err != nil {
			return err
		}
	}
	if !c.f.preserve {
		return nil
	}
	if err := c.xattrs(src, to); err != nil {
		return err
	}
	return v.LsetTimes(to.Path, src.times(info))
}

func (c *copying) xattrs(src copySource, to place) error {
	list, err := src.xattrs()
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := to.vol.Lsetxattr(to.Path, x.name, x.value, 0); err != nil {
			return err
		}
	}
	return nil
}
