//go:build !linux

package extract

import (
	"errors"
	"io/fs"
	"os"
	"runtime"

	"extant/ext4"
	"extant/internal/ondisk"
)

// hostDir is a directory of the host. All that is done in it names one entry of it, and nothing leads out of it.
type hostDir struct {
	root  *os.Root
	top   *os.Root // the target
	below string   // path from there, ending in a slash; "" for the target
}

// hostID tells directories apart as far as their names do: os.Root opens no directory by way of a link that leads out.
type hostID struct{}

func (d hostDir) id() hostID   { return hostID{} }
func (d hostDir) isRoot() bool { return os.Geteuid() == 0 }
func (d hostDir) close()       { d.root.Close() }
func (d hostDir) folds() bool  { return false }

// openTarget opens the directory that all goes to, which is made if need be. The path is the user's and may lead over links.
func openTarget(path string) (d hostDir, made bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return d, false, err
		}
		made = true
	}
	root, err := os.OpenRoot(path)
	return hostDir{root: root, top: root}, made, err
}

// open opens a directory in d.
func (d hostDir) open(name string) (hostDir, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return hostDir{}, err
	}
	if !info.IsDir() {
		return hostDir{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	}
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return hostDir{}, err
	}
	opened, err := root.Stat(".")
	if err == nil && !os.SameFile(info, opened) {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("replaced while it was opened")}
	}
	if err != nil {
		root.Close()
		return hostDir{}, err
	}
	return hostDir{root: root, top: d.top, below: d.below + name + "/"}, nil
}

// mkdir makes a directory that only its owner may enter, or opens the one that is there.
func (d hostDir) mkdir(name string) (child hostDir, made bool, err error) {
	err = d.root.Mkdir(name, 0o700)
	if err != nil && !isExist(err) {
		return hostDir{}, false, err
	}
	made = err == nil
	child, err = d.open(name)
	return child, made, err
}

// remove removes what is no directory.
func (d hostDir) remove(name string) error {
	info, err := d.root.Lstat(name)
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "remove", Path: name, Err: errors.New("is a directory")}
	}
	if err != nil {
		return err
	}
	return d.root.Remove(name)
}

func (d hostDir) symlink(target, name string) error { return d.root.Symlink(target, name) }

// link makes a link by paths from the target on, which os.Root keeps within it.
func (d hostDir) link(first hostDir, old, name string) error {
	return d.top.Link(first.below+old, d.below+name)
}

// mknod makes no device nodes and no fifos, which not every system has.
func (d hostDir) mknod(string, *ext4.Attr, *meta) error {
	return &ondisk.UnsupportedError{Detail: "extracting devices and fifos on this system"}
}

// finish gives the directory itself its metadata.
func (d hostDir) finish(m *meta, fail failer) {
	f, err := d.root.Open(".")
	if !fail.check("open", err) {
		return
	}
	defer f.Close()
	setMeta(f, m, fail)
	if m.times {
		fail.check("times", d.root.Chtimes(".", m.atime, m.mtime))
	}
}

// finishNode gives a new link its owner; links have no other metadata that can be set everywhere.
func (d hostDir) finishNode(name string, _ bool, m *meta, fail failer) {
	if m.owner {
		fail.check("owner", d.root.Lchown(name, int(m.uid), int(m.gid)))
	}
}

// hostFile is a regular file that is being written.
type hostFile struct {
	*os.File
	dir  hostDir
	name string
}

// create makes a file that must not be there yet.
func (d hostDir) create(name string, m *meta) (hostFile, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(m.mode&0o700|0o200))
	return hostFile{f, d, name}, err
}

func (f hostFile) write(p []byte, off int64) error {
	_, err := f.WriteAt(p, off)
	return err
}

// sparse says that there will be holes.
func (f hostFile) sparse() { setSparse(f.File) }

func (f hostFile) truncate(size int64) error { return f.Truncate(size) }

func (f hostFile) finish(m *meta, fail failer) {
	setMeta(f.File, m, fail)
	if m.times {
		fail.check("times", f.dir.root.Chtimes(f.name, m.atime, m.mtime))
	}
}

func (f hostFile) close() error { return f.Close() }

// setMeta gives what is open its metadata, but for times, which are set last.
func setMeta(f *os.File, m *meta, fail failer) {
	mode := m.mode
	if m.owner && !fail.check("owner", f.Chown(int(m.uid), int(m.gid))) {
		mode &^= modeSetID // they would be of somebody else
	}
	for _, x := range m.xattrs {
		fail.check("xattr "+x.name, setXattr(f, x))
	}
	if !m.umask && runtime.GOOS != "windows" { // where files have no modes
		fail.check("mode", f.Chmod(fileMode(mode)))
	}
}

// fileMode translates the bits of chmod to those of package io/fs.
func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for bit, is := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= is
		}
	}
	return m
}

func isExist(err error) bool { return errors.Is(err, fs.ErrExist) }

// noLinks reports whether a link failed because the host will have none: there is no telling, so all that fail but for
// a name that is taken count.
func noLinks(err error) bool { return err != nil && !isExist(err) && !errors.Is(err, fs.ErrNotExist) }
