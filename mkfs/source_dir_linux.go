package mkfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/sched"

	"golang.org/x/sys/unix"
)

// Dir is the directory at path, of which a symbolic link is followed, with all below it: names, types, permissions, owners, times,
// hard links, holes, device numbers and, on Linux, extended attributes and ACLs. Symbolic links within are never followed. Sockets are left
// out with a note, what cannot be read with a warning that counts as failure.
func Dir(path string) Source { return &dirSource{path: path, root: -1} }

// dirSource reads a directory through descriptors, so that names are never longer than the system allows and a symlink put in
// the way of the scan leads nowhere.
type dirSource struct {
	path string
	root int // descriptor; -1 before the scan
	euid int
	skip map[fileKey]bool
}

func (s *dirSource) scan(ctx context.Context, b *builder) error {
	fd, err := ignoringEINTR(func() (int, error) {
		return unix.Open(s.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return &fs.PathError{Op: "open", Path: s.path, Err: err}
	}
	s.root, s.euid, s.skip = fd, unix.Geteuid(), skipKeys(b.o.Skip)
	q := newDirQueue(dirTask{id: rootNode})
	var wg sched.WaitGroup
	for range b.o.workers() {
		w := newDirWalker(s, b, q)
		wg.Go("mkfs scan", func() { q.serve(ctx, w.walk) })
	}
	wg.Wait()
	return q.result()
}

func skipKeys(list []fs.FileInfo) map[fileKey]bool {
	skip := map[fileKey]bool{}
	for _, fi := range list {
		if st, ok := fi.Sys().(*syscall.Stat_t); ok {
			skip[fileKey{uint64(st.Dev), st.Ino}] = true
		}
	}
	return skip
}

func (s *dirSource) close() error {
	if s.root < 0 {
		return nil
	}
	fd := s.root
	s.root = -1
	return unix.Close(fd)
}

// openDir opens a directory by its path from the root, through no symlink.
func (s *dirSource) openDir(path string) (int, error) {
	return s.openAt(path, unix.O_RDONLY|unix.O_DIRECTORY)
}

// openAt opens a path below the root, through no symlink.
func (s *dirSource) openAt(path string, flags int) (int, error) {
	if path == "" {
		path = "."
	}
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC | unix.O_NOFOLLOW), Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH}
	fd, err := ignoringEINTR(func() (int, error) { return unix.Openat2(s.root, path, &how) })
	switch err {
	case unix.ENAMETOOLONG, unix.ENOSYS, unix.EPERM, unix.EINVAL, unix.E2BIG:
		return s.openStepwise(path, flags)
	}
	return fd, err
}

// openStepwise does it without openat2, and for paths that are too long for one call.
func (s *dirSource) openStepwise(path string, flags int) (int, error) {
	at := s.root
	for {
		name, rest, more := cutSlash(path)
		f := unix.O_RDONLY | unix.O_DIRECTORY
		if !more {
			f = flags
		}
		fd, err := ignoringEINTR(func() (int, error) { return unix.Openat(at, name, f|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0) })
		if at != s.root {
			unix.Close(at)
		}
		if err != nil || !more {
			return fd, err
		}
		at, path = fd, rest
	}
}

// A dirWalker reads directories for one task. What it finds in one of them it hands over in batches.
type dirWalker struct {
	s     *dirSource
	b     *builder
	q     *dirQueue
	x     xattrReader
	names direntReader
	batch []named
	subs  []dirTask
}

func newDirWalker(s *dirSource, b *builder, q *dirQueue) *dirWalker {
	return &dirWalker{s: s, b: b, q: q, x: xattrReader{taker: xattrTaker{o: b.o}}}
}

// walk reads one directory and queues those in it.
func (w *dirWalker) walk(ctx context.Context, task dirTask) error {
	fd, err := w.s.openDir(task.path)
	if err != nil {
		w.b.warn.fail(task.path, "its content is left out: %v", err)
		return nil
	}
	defer unix.Close(fd)
	if task.id == rootNode {
		if err := w.takeRoot(fd); err != nil {
			return err
		}
	}
	w.subs = w.subs[:0]
	for {
		names, err := w.names.read(fd)
		if err != nil {
			w.b.warn.fail(task.path, "the rest of its content is left out: %v", err)
		}
		if len(names) == 0 || err != nil {
			break
		}
		if err := w.takeNames(ctx, fd, task, names); err != nil {
			return err
		}
	}
	w.q.push(w.subs)
	return nil
}

func (w *dirWalker) takeRoot(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &fs.PathError{Op: "stat", Path: w.s.path, Err: err}
	}
	f := w.attributes(&st)
	f.key = fileKey{}
	w.takeXattrs(fd, ".", "", &f)
	w.b.setRoot(&f)
	return nil
}

// takeNames adds the files of some names.
func (w *dirWalker) takeNames(ctx context.Context, fd int, task dirTask, names []dirName) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.batch = w.batch[:0]
	for _, n := range names {
		w.takeName(fd, task, n)
	}
	if err := w.b.add(task.id, w.batch); err != nil {
		return err
	}
	for i := range w.batch {
		if f := &w.batch[i]; f.mode&ondisk.ModeFmt == ondisk.ModeDir {
			if task.depth+1 > depthMax {
				return errTooDeep(task.join(f.name))
			}
			w.subs = append(w.subs, dirTask{f.id, task.join(f.name), task.depth + 1})
		}
	}
	return nil
}

// takeName adds one file to the batch, if it is one to keep.
func (w *dirWalker) takeName(fd int, task dirTask, n dirName) {
	if n.kind == unix.DT_SOCK {
		w.b.warn.note(task.join(n.name), leftOutSocket)
		return
	}
	name := string(n.name)
	var st unix.Stat_t
	if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		w.b.warn.fail(task.join(n.name), "left out: %v", err)
		return
	}
	f := w.attributes(&st)
	switch {
	case len(w.s.skip) > 0 && w.s.skip[fileKey{uint64(st.Dev), st.Ino}]:
		w.b.warn.note(task.join(n.name), leftOutByWish)
		return
	case st.Mode&unix.S_IFMT == unix.S_IFSOCK:
		w.b.warn.note(task.join(n.name), leftOutSocket)
		return
	case st.Mode&unix.S_IFMT == unix.S_IFREG && !w.s.readable(fd, name, &st):
		w.b.warn.fail(task.join(n.name), "left out: %v", unix.EACCES)
		return
	}
	if err := w.takeDetails(fd, name, &st, &f); err != nil {
		w.b.warn.fail(task.join(n.name), "left out: %v", err)
		return
	}
	w.takeXattrs(fd, name, task.path, &f)
	w.batch = append(w.batch, named{name: n.name, found: f})
}

// attributes is what stat tells of a file.
func (w *dirWalker) attributes(st *unix.Stat_t) found {
	f := found{
		mode:  uint16(st.Mode),
		uid:   st.Uid,
		gid:   st.Gid,
		size:  st.Size,
		mtime: stamp{int64(st.Mtim.Sec), uint32(st.Mtim.Nsec)},
		atime: stamp{int64(st.Atim.Sec), uint32(st.Atim.Nsec)},
		major: unix.Major(uint64(st.Rdev)),
		minor: unix.Minor(uint64(st.Rdev)),
	}
	if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		f.key = fileKey{uint64(st.Dev), st.Ino}
	}
	return f
}

// takeDetails finds out what stat does not tell: where a symlink points, which parts of a file are holes.
func (w *dirWalker) takeDetails(fd int, name string, st *unix.Stat_t, f *found) (err error) {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		f.target, err = readLink(fd, name, st.Size)
	case unix.S_IFREG:
		if st.Blocks*512 < st.Size {
			f.sparse = true
			f.segments, err = w.segments(fd, name, st.Size)
		}
	}
	return err
}

// readLink reads where a symlink points; size is what stat says of it, which may be nothing.
func readLink(dir int, name string, size int64) ([]byte, error) {
	buf := make([]byte, max(size+1, 64))
	for {
		n, err := unix.Readlinkat(dir, name, buf)
		if err != nil {
			return nil, err
		}
		if n < len(buf) {
			return buf[:n], nil
		}
		buf = make([]byte, 2*len(buf))
	}
}

// segments lists the data of a file with holes.
func (w *dirWalker) segments(dir int, name string, size int64) (list []segment, err error) {
	fd, err := openFile(dir, name)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	for at := int64(0); ; {
		start, end, err := disk.NextFileData(f, at, size)
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return list, err
		}
		list = append(list, segment{start, end - start, uint64(start)})
		at = end
	}
}

// readable reports whether a file can be opened for reading, before it is given a place in the image.
func (s *dirSource) readable(dir int, name string, st *unix.Stat_t) bool {
	if s.euid == 0 || st.Size == 0 || st.Mode&0o444 == 0o444 {
		return true
	}
	err := unix.Faccessat2(dir, name, unix.R_OK, unix.AT_EACCESS|unix.AT_SYMLINK_NOFOLLOW)
	return !errors.Is(err, unix.EACCES)
}

// takeXattrs reads the xattrs of a file.
func (w *dirWalker) takeXattrs(fd int, name, dir string, f *found) {
	if w.b.o.NoXattrs {
		return
	}
	list, err := w.x.read(fd, name)
	for _, e := range w.x.troubles {
		w.b.warn.fail(joinPath(dir, name), "extended attribute %s is left out: %v", e.name, e.err)
	}
	if err != nil {
		w.b.warn.fail(joinPath(dir, name), "extended attributes are left out: %v", err)
		return
	}
	f.xattrs = list
}
