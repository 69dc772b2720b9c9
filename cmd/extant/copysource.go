package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"extant"
)

// A copySource is a file or directory to be copied into an image.
type copySource interface {
	String() string
	base() string // its name; "" for a root, and for a path that ends with dots instead of a name
	stat(follow bool) (fs.FileInfo, error)
	names() ([]string, error) // of a directory
	child(name string) copySource
	open() (io.ReadCloser, error)
	readlink() (string, error)
	device(fs.FileInfo) (major, minor uint32)
	owner(fs.FileInfo) (uid, gid int) // -1 where the system does not tell
	times(fs.FileInfo) extant.Times
	xattrs() ([]xattr, error)
}

// source is what an operand names: a path of the host, or an address.
func (a *app) source(arg string) (copySource, error) {
	if _, ok := extant.ParseAddress(arg); !ok {
		return hostSource(arg), nil
	}
	p, err := a.place(arg)
	return imageSource{p}, err
}

// properName is a name, but nothing for what stands for a directory by its place.
func properName(name string) string {
	if name == "." || name == ".." || name == "/" || name == string(filepath.Separator) {
		return ""
	}
	return name
}

// hostSource is a path of the host.
type hostSource string

func (h hostSource) String() string { return string(h) }

func (h hostSource) base() string { return properName(filepath.Base(string(h))) }

func (h hostSource) stat(follow bool) (fs.FileInfo, error) {
	if follow {
		return os.Stat(string(h))
	}
	return os.Lstat(string(h))
}

func (h hostSource) names() ([]string, error) {
	list, err := os.ReadDir(string(h))
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name()
	}
	return names, err
}

func (h hostSource) child(name string) copySource { return hostSource(filepath.Join(string(h), name)) }
func (h hostSource) open() (io.ReadCloser, error) { return os.Open(string(h)) }
func (h hostSource) readlink() (string, error)    { return os.Readlink(string(h)) }

// imageSource is a file of an image.
type imageSource struct{ place }

func (s imageSource) base() string { return properName(lastName(s.Path)) }

func (s imageSource) stat(follow bool) (fs.FileInfo, error) {
	stat := s.vol.Lstat
	if follow {
		stat = s.vol.Stat
	}
	info, err := stat(s.Path)
	return info, s.wrap(err)
}

func (s imageSource) names() ([]string, error) {
	list, err := s.vol.ReadDir(s.Path)
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name()
	}
	return names, s.wrap(err)
}

func (s imageSource) child(name string) copySource {
	return imageSource{s.at(joinPath(s.Path, name))}
}

func (s imageSource) open() (io.ReadCloser, error) {
	f, err := s.vol.Open(s.Path)
	if err != nil {
		return nil, s.wrap(err)
	}
	return f, nil
}

func (s imageSource) readlink() (string, error) {
	target, err := s.vol.Readlink(s.Path)
	return target, s.wrap(err)
}

func (s imageSource) device(info fs.FileInfo) (major, minor uint32) {
	st := info.Sys().(*extant.Stat)
	return st.Major, st.Minor
}

func (s imageSource) owner(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*extant.Stat)
	return int(st.UID), int(st.GID)
}

func (s imageSource) times(info fs.FileInfo) extant.Times {
	st := info.Sys().(*extant.Stat)
	return extant.Times{ATime: st.ATime, MTime: st.MTime}
}

func (s imageSource) xattrs() ([]xattr, error) {
	names, err := s.vol.Llistxattr(s.Path)
	var list []xattr
	for _, name := range names {
		var value []byte
		if err == nil {
			value, err = s.vol.Lgetxattr(s.Path, name)
		}
		list = append(list, xattr{name, value, nil})
	}
	return list, s.wrap(err)
}
