package mkfs

import (
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// dirContents reads files of a directory source for one task. Files come in the order of directories, so it keeps the
// directory of the last one open.
type dirContents struct {
	s *dirSource
	t *tree

	dir   nodeID
	dirFD int // -1: none

	n  *node
	fd int // of the file that is read; -1: none
	f  *os.File
}

func (s *dirSource) contents(t *tree) contents { return &dirContents{s: s, t: t, dirFD: -1, fd: -1} }

func (c *dirContents) open(id nodeID) error {
	c.closeFile()
	c.n = c.t.nodes.at(id)
	if err := c.enter(c.n.parent); err != nil {
		return err
	}
	fd, err := openFile(c.dirFD, string(c.t.nodeName(c.n)))
	if err != nil {
		return err
	}
	c.fd = fd
	return nil
}

// enter opens a directory, unless it is the one that is open.
func (c *dirContents) enter(dir nodeID) error {
	if c.dirFD >= 0 && c.dir == dir {
		return nil
	}
	p := c.t.path(dir)
	fd, err := c.s.openDir(p)
	if err != nil {
		return err
	}
	if c.dirFD >= 0 {
		unix.Close(c.dirFD)
	}
	c.dir, c.dirFD = dir, fd
	return nil
}

// openFile opens a regular file without following a symlink, without waiting should it have become a fifo, and, where that is
// allowed, without changing its time of access.
func openFile(dir int, name string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := ignoringEINTR(func() (int, error) { return unix.Openat(dir, name, flags|unix.O_NOATIME, 0) })
	if err == unix.EPERM {
		fd, err = ignoringEINTR(func() (int, error) { return unix.Openat(dir, name, flags, 0) })
	}
	return fd, err
}

func ignoringEINTR(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (c *dirContents) readAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		k, err := ignoringEINTR(func() (int, error) { return unix.Pread(c.fd, p[n:], at+int64(n)) })
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.EOF
		}
		n += k
	}
	return n, nil
}

func (c *dirContents) file() *os.File {
	if c.f == nil {
		c.f = os.NewFile(uintptr(c.fd), path.Join(c.s.path, string(c.t.nodeName(c.n))))
	}
	return c.f
}

func (c *dirContents) changed() bool {
	var st unix.Stat_t
	if err := unix.Fstat(c.fd, &st); err != nil {
		return true
	}
	return st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size != c.n.size ||
		c.n.touched(stamp{int64(st.Mtim.Sec), uint32(st.Mtim.Nsec)})
}

func (c *dirContents) closeFile() {
	switch {
	case c.f != nil:
		c.f.Close()
	case c.fd >= 0:
		unix.Close(c.fd)
	}
	c.f, c.fd = nil, -1
}

func (c *dirContents) close() {
	c.closeFile()
	if c.dirFD >= 0 {
		unix.Close(c.dirFD)
		c.dirFD = -1
	}
}
