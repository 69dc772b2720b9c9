package extant

import (
	"strings"
	"syscall"

	"extant/ext4"
)

// lastKind says what the last name of a path is.
type lastKind uint8

const (
	lastName lastKind = iota
	lastDot
	lastDotDot
	lastRoot
)

// A place is where a path leads, but for its last step.
type place struct {
	dir    *ext4.Inode
	parent string // the path of dir
	name   string
	kind   lastKind
	slash  bool // a slash follows the name
}

// place finds where a path leads but for its last step.
func (v *Volume) place(name string) (place, error) {
	if err := checkPath(name); err != nil {
		return place{}, err
	}
	trimmed := strings.TrimRight(name, "/")
	if trimmed == "" {
		return place{dir: v.root, parent: "/", kind: lastRoot}, nil
	}
	p := place{parent: "/", name: trimmed, slash: len(trimmed) < len(name)}
	if i := strings.LastIndexByte(trimmed, '/'); i >= 0 {
		p.parent, p.name = trimmed[:i+1], trimmed[i+1:]
	}
	switch p.name {
	case ".":
		p.kind = lastDot
	case "..":
		p.kind = lastDotDot
	}
	var err error
	if p.dir, err = v.Inode(p.parent, true); err != nil {
		return p, err
	}
	if !p.dir.IsDir() {
		return p, syscall.ENOTDIR
	}
	return p, v.cred.may(p.dir, mayExec)
}

func checkPath(name string) error {
	switch {
	case name == "":
		return syscall.ENOENT
	case strings.IndexByte(name, 0) >= 0:
		return syscall.EINVAL
	}
	return nil
}

// find is the inode at a place; nil where there is none. A name that no entry can have is syscall.ENAMETOOLONG.
func (p *place) find() (*ext4.Inode, error) {
	n, err := p.dir.Child(p.name)
	if err == syscall.ENOENT {
		return nil, nil
	}
	return n, err
}

// vacancy finds where a new name is to be put. Only a directory may be named with a slash behind it.
func (v *Volume) vacancy(name string, isDir bool) (place, error) {
	p, err := v.place(name)
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
	return p, v.cred.may(p.dir, mayWrite|mayExec)
}
