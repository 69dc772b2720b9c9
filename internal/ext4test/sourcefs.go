package ext4test

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"extant/mkfs"
)

// FS is the tree as an fs.FS, whose files tell mkfs all of their attributes. It knows nothing of holes and needs no privilege.
func (s *Source) FS() fs.FS {
	f := &sourceFS{s: s, children: map[string][]fs.DirEntry{}}
	for _, e := range s.files {
		if e.path != "." {
			dir := path.Dir(e.path)
			f.children[dir] = append(f.children[dir], sourceInfo{e})
		}
	}
	for _, list := range f.children {
		slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return f
}

type sourceFS struct {
	s        *Source
	children map[string][]fs.DirEntry
}

// find is the entry of a name, which here may be anything that ext4 takes.
func (f *sourceFS) find(op, name string) (*entry, error) {
	if e := f.s.paths[name]; e != nil {
		return e, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

func (f *sourceFS) Open(name string) (fs.File, error) {
	e, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	return &sourceFile{e: e}, nil
}

func (f *sourceFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.find("readdir", name); err != nil {
		return nil, err
	}
	return f.children[name], nil
}

func (f *sourceFS) ReadLink(name string) (string, error) {
	e, err := f.find("readlink", name)
	if err != nil {
		return "", err
	}
	return e.node.Target, nil
}

func (f *sourceFS) Lstat(name string) (fs.FileInfo, error) {
	e, err := f.find("lstat", name)
	return sourceInfo{e}, err
}

// sourceInfo is both what a directory and what stat says of an entry.
type sourceInfo struct{ *entry }

func (i sourceInfo) Name() string               { return path.Base(i.path) }
func (i sourceInfo) Size() int64                { return i.node.Size }
func (i sourceInfo) Mode() fs.FileMode          { return fileMode(i.node.Mode) }
func (i sourceInfo) Type() fs.FileMode          { return i.Mode().Type() }
func (i sourceInfo) ModTime() time.Time         { return i.node.MTime }
func (i sourceInfo) IsDir() bool                { return i.Mode().IsDir() }
func (i sourceInfo) Info() (fs.FileInfo, error) { return i, nil }

func (i sourceInfo) Sys() any {
	n := &i.node
	a := &mkfs.Attributes{UID: n.UID, GID: n.GID, Major: n.Major, Minor: n.Minor, ID: uint64(i.id), Xattrs: map[string][]byte{}}
	for name, value := range n.Xattrs {
		a.Xattrs[name] = []byte(value)
	}
	return a
}

// sourceFile is an open entry.
type sourceFile struct {
	e  *entry
	at int64
}

func (f *sourceFile) Stat() (fs.FileInfo, error) { return sourceInfo{f.e}, nil }
func (f *sourceFile) Close() error               { return nil }

func (f *sourceFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *sourceFile) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), f.e.node.Size-off)))
	clear(p[:n])
	for _, x := range f.e.pieces {
		if from := max(off, x.off); from < min(off+int64(n), x.off+int64(len(x.b))) {
			copy(p[from-off:n], x.b[from-x.off:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
