package model

import (
	"strings"
	"syscall"
)

// lastKind says what the last name of a path is.
type lastKind int

const (
	lastName lastKind = iota
	lastDot
	lastDotDot
	lastRoot
)

// A place is where a path leads, but for its last step.
type place struct {
	dir   *node
	name  string
	kind  lastKind
	slash bool // a slash follows the name
}

// A walk resolves one path.
type walk struct {
	f     *FS
	c     Cred
	links int // symbolic links followed
}

// resolve finds what a path leads to.
func (f *FS) resolve(c Cred, path string, follow bool) (*node, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	w := &walk{f: f, c: c}
	return w.resolve(f.root, path, follow)
}

// parent finds where a path leads but for its last step.
func (f *FS) parent(c Cred, path string) (place, error) {
	if err := checkPath(path); err != nil {
		return place{}, err
	}
	w := &walk{f: f, c: c}
	return w.parent(f.root, path)
}

func checkPath(path string) error {
	switch {
	case path == "":
		return syscall.ENOENT
	case len(path) >= PathMax:
		return syscall.ENAMETOOLONG
	}
	return nil
}

func (w *walk) resolve(dir *node, path string, follow bool) (*node, error) {
	p, err := w.parent(dir, path)
	if err != nil {
		return nil, err
	}
	n, err := p.find()
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return nil, err
	}
	if n.isLink() && (follow || p.slash) {
		if n, err = w.follow(p.dir, n); err != nil {
			return nil, err
		}
	}
	if p.slash && !n.isDir() {
		return nil, syscall.ENOTDIR
	}
	return n, nil
}

// follow resolves a link that lies in a directory.
func (w *walk) follow(dir, link *node) (*node, error) {
	if w.links++; w.links > linksMax {
		return nil, syscall.ELOOP
	}
	return w.resolve(dir, link.target, true)
}

// find is what is at the place; nil where nothing is.
func (p *place) find() (*node, error) {
	switch p.kind {
	case lastDotDot:
		return p.dir.parent, nil
	case lastDot, lastRoot:
		return p.dir, nil
	}
	return p.dir.lookup(p.name)
}

// lookup is the node of a name in a directory; nil where there is none.
func (n *node) lookup(name string) (*node, error) {
	if len(name) > NameMax {
		return nil, syscall.ENAMETOOLONG
	}
	return n.names[name], nil
}

func (w *walk) parent(dir *node, path string) (place, error) {
	if path[0] == '/' {
		dir, path = w.f.root, strings.TrimLeft(path, "/")
		if path == "" {
			return place{dir: dir, kind: lastRoot}, nil
		}
	}
	for {
		if err := w.f.permit(w.c, dir, mayExec); err != nil {
			return place{}, err
		}
		name, rest, slash := strings.Cut(path, "/")
		p := place{dir: dir, name: name, slash: slash}
		switch name {
		case ".":
			p.kind = lastDot
		case "..":
			p.kind = lastDotDot
		}
		path = strings.TrimLeft(rest, "/")
		if path == "" {
			return p, nil
		}
		next, err := w.step(p)
		if err != nil {
			return place{}, err
		}
		dir = next
	}
}

// step goes down to the directory at a place.
func (w *walk) step(p place) (*node, error) {
	n, err := p.find()
	if err == nil && n != nil && n.isLink() {
		n, err = w.follow(p.dir, n)
	}
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, syscall.ENOENT
	case !n.isDir():
		return nil, syscall.ENOTDIR
	}
	return n, nil
}
