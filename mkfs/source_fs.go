package mkfs

import (
	"archive/tar"
	"context"
	"io"
	"io/fs"
	"os"
	"path"

	"extant/internal/ondisk"
)

// Attributes is what an [fs.FileInfo] of an [FS] source may return from Sys to tell what io/fs has no words for.
type Attributes struct {
	UID, GID     uint32
	Major, Minor uint32            // of a device
	ID           uint64            // not 0: the same for all names of one file
	Xattrs       map[string][]byte // by full names, values as system calls have them
}

// FS is all that a file system in the sense of io/fs holds. Modes and times of modification are kept, symbolic links where it
// implements [fs.ReadLinkFS]; owners, devices, hard links and xattrs where FileInfo.Sys is an [Attributes] (or a pointer to one),
// a *tar.Header, or what package os makes of files of a Unix system. The file system must allow use by several goroutines.
func FS(fsys fs.FS) Source { return &fsSource{fsys: fsys} }

type fsSource struct {
	fsys  fs.FS
	taker xattrTaker
}

func (s *fsSource) close() error { return nil }

func (s *fsSource) scan(ctx context.Context, b *builder) error {
	s.taker.o = b.o
	fi, err := fs.Stat(s.fsys, ".")
	if err != nil {
		return err
	}
	root := s.found(b, ".", fi)
	root.key = fileKey{}
	b.setRoot(&root)
	list := []dirTask{{id: rootNode}}
	for len(list) > 0 {
		task := list[len(list)-1]
		list = list[:len(list)-1]
		subs, err := s.scanDir(ctx, b, task)
		if err != nil {
			return err
		}
		list = append(list, subs...)
	}
	return nil
}

// scanDir adds the files of one directory and returns the directories among them.
func (s *fsSource) scanDir(ctx context.Context, b *builder, task dirTask) (subs []dirTask, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(s.fsys, path.Join(".", task.path))
	if err != nil {
		b.warn.fail(task.path, "some of its content is left out: %v", err)
	}
	var batch []named
	for _, e := range entries {
		p := task.join([]byte(e.Name()))
		if why := ondisk.CheckName([]byte(e.Name())); why != "" || e.Name() == "." || e.Name() == ".." {
			b.warn.fail(p, "left out: not a name for a file: %s", why)
			continue
		}
		f, ok := s.take(b, p, e)
		if ok {
			batch = append(batch, named{name: []byte(e.Name()), found: f})
		}
	}
	if err := b.add(task.id, batch); err != nil {
		return nil, err
	}
	for i := range batch {
		if batch[i].mode&ondisk.ModeFmt == ondisk.ModeDir {
			if task.depth+1 > depthMax {
				return nil, errTooDeep(task.join(batch[i].name))
			}
			subs = append(subs, dirTask{batch[i].id, task.join(batch[i].name), task.depth + 1})
		}
	}
	return subs, nil
}

// take finds out about one file; false says that it is left out.
func (s *fsSource) take(b *builder, p string, e fs.DirEntry) (found, bool) {
	fi, err := e.Info()
	if err != nil {
		b.warn.fail(p, "left out: %v", err)
		return found{}, false
	}
	for _, skip := range b.o.Skip {
		if os.SameFile(fi, skip) {
			b.warn.note(p, leftOutByWish)
			return found{}, false
		}
	}
	f := s.found(b, p, fi)
	switch f.mode & ondisk.ModeFmt {
	case ondisk.ModeSocket:
		b.warn.note(p, leftOutSocket)
		return found{}, false
	case 0:
		b.warn.fail(p, "left out: a file of mode %v", fi.Mode())
		return found{}, false
	case ondisk.ModeSymlink:
		target, err := fs.ReadLink(s.fsys, p)
		if err != nil {
			b.warn.fail(p, "left out: %v", err)
			return found{}, false
		}
		f.target = []byte(target)
	}
	return f, true
}

// found is what the FileInfo of a file tells.
func (s *fsSource) found(b *builder, p string, fi fs.FileInfo) found {
	t := fi.ModTime()
	f := found{mode: modeOf(fi.Mode()), size: fi.Size(), mtime: stamp{t.Unix(), uint32(t.Nanosecond())}}
	f.atime = f.mtime
	switch sys := fi.Sys().(type) {
	case *Attributes:
		s.attributes(b, p, &f, sys)
	case Attributes:
		s.attributes(b, p, &f, &sys)
	case *tar.Header:
		f.uid, f.gid = uint32(sys.Uid), uint32(sys.Gid)
		f.major, f.minor = uint32(sys.Devmajor), uint32(sys.Devminor)
	default:
		systemAttributes(fi, &f)
	}
	return f
}

func (s *fsSource) attributes(b *builder, p string, f *found, a *Attributes) {
	f.uid, f.gid, f.major, f.minor = a.UID, a.GID, a.Major, a.Minor
	if a.ID != 0 && f.mode&ondisk.ModeFmt != ondisk.ModeDir {
		f.key = fileKey{ino: a.ID}
	}
	s.taker.reset()
	for name, value := range a.Xattrs {
		if err := s.taker.take(name, value); err != nil {
			b.warn.fail(p, "extended attribute %s is left out: %v", name, err)
		}
	}
	f.xattrs = s.taker.list
}

// modeOf is the mode of an inode; without a type where ext4 has none such.
func modeOf(m fs.FileMode) uint16 {
	mode := uint16(m.Perm())
	for _, bit := range []struct {
		from fs.FileMode
		to   uint16
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if m&bit.from != 0 {
			mode |= bit.to
		}
	}
	switch m.Type() {
	case 0:
		return mode | ondisk.ModeRegular
	case fs.ModeDir:
		return mode | ondisk.ModeDir
	case fs.ModeSymlink:
		return mode | ondisk.ModeSymlink
	case fs.ModeNamedPipe:
		return mode | ondisk.ModeFIFO
	case fs.ModeSocket:
		return mode | ondisk.ModeSocket
	case fs.ModeDevice:
		return mode | ondisk.ModeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		return mode | ondisk.ModeChar
	}
	return mode
}

// fsContents reads files of an FS for one task.
type fsContents struct {
	s    *fsSource
	t    *tree
	n    *node
	f    fs.File
	name string
	at   int64 // how far f has been read, where it can only be read from start to end
}

func (s *fsSource) contents(t *tree) contents { return &fsContents{s: s, t: t} }

func (c *fsContents) open(id nodeID) (err error) {
	c.close()
	c.n, c.at, c.name = c.t.nodes.at(id), 0, c.t.path(id)
	c.f, err = c.s.fsys.Open(c.name)
	return err
}

func (c *fsContents) readAt(p []byte, at int64) (int, error) {
	if r, ok := c.f.(io.ReaderAt); ok {
		return r.ReadAt(p, at)
	}
	if at < c.at {
		if err := c.reopen(); err != nil {
			return 0, err
		}
	}
	if skipped, err := io.CopyN(io.Discard, c.f, at-c.at); err != nil {
		c.at += skipped
		return 0, err
	}
	c.at = at
	n, err := io.ReadFull(c.f, p)
	c.at += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// reopen starts again with a file that cannot be read backwards.
func (c *fsContents) reopen() (err error) {
	c.f.Close()
	c.at = 0
	c.f, err = c.s.fsys.Open(c.name)
	return err
}

func (c *fsContents) file() *os.File {
	f, _ := c.f.(*os.File)
	return f
}

func (c *fsContents) changed() bool {
	fi, err := c.f.Stat()
	if err != nil || fi.Size() != c.n.size {
		return true
	}
	t := fi.ModTime()
	return c.n.touched(stamp{t.Unix(), uint32(t.Nanosecond())})
}

func (c *fsContents) close() {
	if c.f != nil {
		c.f.Close()
		c.f = nil
	}
}
