package extant

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// dirEntry is a name in a directory. Its inode is read when it is wanted.
type dirEntry struct {
	dir      string // path of the directory, for errors
	dirInode *ext4.Inode
	e        ext4.DirEntry
}

func (d *dirEntry) Name() string   { return d.e.Name }
func (d *dirEntry) IsDir() bool    { return d.Type().IsDir() }
func (d *dirEntry) String() string { return fs.FormatDirEntry(d) }

// Type is the type that the directory notes, or where it notes none, the inode's.
func (d *dirEntry) Type() fs.FileMode {
	if mode := ondisk.ModeOfFileType(d.e.Type); mode != 0 {
		return fileType(mode)
	}
	info, err := d.Info()
	if err != nil {
		return fs.ModeIrregular
	}
	return info.Mode().Type()
}

// Info describes the inode that the entry names.
func (d *dirEntry) Info() (fs.FileInfo, error) {
	n, err := d.inode()
	if err != nil {
		return nil, err
	}
	return newInfo(d.e.Name, n), nil
}

// inode is what the entry itself names: to look its name up again would cost more, and find another where a name is there twice.
func (d *dirEntry) inode() (*ext4.Inode, error) {
	n, err := d.dirInode.FS().Inode(d.e.Ino)
	if errors.Is(err, syscall.ESTALE) {
		if ino, lerr := d.dirInode.Lookup(d.e.Name); lerr == nil && ino == d.e.Ino {
			err = ondisk.Corrupt("directory entry", "%q names inode %d, which is not in use", d.e.Name, d.e.Ino).At(d.dirInode.Ino(), 0)
		} else {
			err = syscall.ENOENT // it is gone since it was listed
		}
	}
	return n, pathError("lstat", join(d.dir, d.e.Name), err)
}

// InodeOf is the inode behind an entry that this package gave, for tools that look below paths. An entry of another file system is
// syscall.EINVAL.
func InodeOf(d fs.DirEntry) (*ext4.Inode, error) {
	if d, ok := d.(*dirEntry); ok {
		return d.inode()
	}
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	if i, ok := info.(*fileInfo); ok {
		return i.inode, nil
	}
	return nil, syscall.EINVAL
}

// ReadDir reads a directory, sorted by name, without "." and "..". With an error it returns what it could read.
func (v *Volume) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := v.Open(name)
	if err != nil {
		return nil, err
	}
	list, err := readSorted(f)
	return list, cmp.Or(err, f.Close())
}

func readSorted(f *File) ([]fs.DirEntry, error) {
	list, err := f.ReadDir(-1)
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, err
}

// WalkPathMax is how long a path may be, in bytes, for WalkDir to go further down. It bounds the walk on an image that has
// directories in each other without end in sight.
const WalkPathMax = 64 << 10

// WalkDir walks the tree below root as filepath.WalkDir does: in order of name, without following symbolic links, errors given
// to fn. A directory that is met a second time, which no sound image has, is a *CorruptError, and one whose path is longer than
// WalkPathMax is syscall.ENAMETOOLONG: the walk ends on any image.
func (v *Volume) WalkDir(root string, fn fs.WalkDirFunc) error {
	n, err := v.Inode(root, false)
	if err != nil {
		err = fn(root, nil, pathError("lstat", root, err))
	} else {
		t := &treeWalk{fn: fn, seen: map[ondisk.Ino]bool{}}
		err = t.visit(root, fs.FileInfoToDirEntry(newInfo(base(root), n)), n)
	}
	if err == fs.SkipDir || err == fs.SkipAll {
		return nil
	}
	return err
}

// treeWalk is one WalkDir under way.
type treeWalk struct {
	fn   fs.WalkDirFunc
	seen map[ondisk.Ino]bool // directories met
}

// visit shows d, and if n is a directory what is below it. n may be nil if d is no directory.
func (t *treeWalk) visit(name string, d fs.DirEntry, n *ext4.Inode) error {
	err := t.fn(name, d, nil)
	if err == nil && d.IsDir() {
		err = t.content(name, d, n)
	}
	if err == fs.SkipDir && d.IsDir() {
		return nil
	}
	return err
}

// content visits what is in the directory n.
func (t *treeWalk) content(name string, d fs.DirEntry, n *ext4.Inode) error {
	if err := t.enter(name, n); err != nil {
		return t.fn(name, d, pathError("readdir", name, err))
	}
	list, err := readSorted(newFile(name, n, nil))
	if err != nil {
		if err := t.fn(name, d, err); err != nil {
			return err
		}
	}
	for _, e := range list {
		if err := t.below(name, e.(*dirEntry)); err != nil {
			return err
		}
	}
	return nil
}

// enter says why the walk must not go into a directory, if it must not.
func (t *treeWalk) enter(name string, n *ext4.Inode) error {
	switch {
	case t.seen[n.Ino()]:
		return ondisk.Corrupt("directory", "has more than one name").At(n.Ino(), 0)
	case len(name) > WalkPathMax:
		return syscall.ENAMETOOLONG
	}
	t.seen[n.Ino()] = true
	return nil
}

// below visits one entry of a directory.
func (t *treeWalk) below(dir string, e *dirEntry) error {
	name := join(dir, e.Name())
	if !e.IsDir() {
		return t.visit(name, e, nil)
	}
	child, err := e.inode()
	if err != nil {
		return t.fn(name, e, err)
	}
	return t.visit(name, e, child)
}

func join(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + name
}
