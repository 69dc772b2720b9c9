package ext4test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"extant/internal/ondisk"

	"golang.org/x/sys/unix"
)

// ReadHost takes a snapshot of a directory of the host, a mount for instance.
func ReadHost(dir string) (Tree, error) {
	r := hostReader{dir: dir, tree: Tree{}, names: names[hostFile]{}}
	if err := filepath.WalkDir(dir, r.visit); err != nil {
		return nil, err
	}
	for _, at := range r.files {
		if err := r.sum(at); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, at), err)
		}
	}
	r.names.note(r.tree)
	return r.tree, nil
}

// hostFile identifies a file of the host.
type hostFile struct{ dev, ino uint64 }

type hostReader struct {
	dir   string
	tree  Tree
	names names[hostFile]
	files []string // regular ones, whose data is read when it is known of all where it is: what was read of an unwritten block is data after it
}

func (r *hostReader) visit(name string, _ fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	at, err := filepath.Rel(r.dir, name)
	if err != nil {
		return err
	}
	if at == lostFound {
		return fs.SkipDir
	}
	r.tree[at], err = r.node(name, at)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r *hostReader) node(name, at string) (n Node, err error) {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return n, err
	}
	n = Node{
		Mode: uint16(st.Mode), UID: st.Uid, GID: st.Gid, MTime: time.Unix(st.Mtim.Unix()),
	}
	if a := time.Unix(st.Atim.Unix()); a.After(n.MTime) && a.After(time.Unix(st.Ctim.Unix())) {
		n.ATime = a // reading does not change it
	}
	if n.Type() != ondisk.ModeDir {
		n.Links = uint32(st.Nlink)
		r.names.add(hostFile{st.Dev, st.Ino}, at)
	}
	switch n.Type() {
	case ondisk.ModeRegular:
		r.files = append(r.files, at)
		n.Size, n.Data, err = hostData(name)
	case ondisk.ModeSymlink:
		n.Target, err = os.Readlink(name)
	case ondisk.ModeChar, ondisk.ModeBlock:
		n.Major, n.Minor = unix.Major(st.Rdev), unix.Minor(st.Rdev)
	}
	if err == nil {
		n.Xattrs, err = hostXattrs(name)
	}
	return n, err
}

// hostData finds out how long a file is, and where it has data.
func hostData(name string) (size int64, data []Range, err error) {
	f, err := openHost(name)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	if size, err = f.Seek(0, io.SeekEnd); err != nil {
		return 0, nil, err
	}
	data, err = dataOf(hostSeeker{f}, size, func(err error) bool { return err == unix.ENXIO })
	return size, data, err
}

// sum reads the data of a file.
func (r *hostReader) sum(at string) error {
	f, err := openHost(filepath.Join(r.dir, at))
	if err != nil {
		return err
	}
	defer f.Close()
	n := r.tree[at]
	n.Sum, err = sumAt(f, n.Size, n.Data)
	r.tree[at] = n
	return err
}

// openHost opens a file to read it without a trace, where that may be.
func openHost(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOATIME, 0)
	if err == unix.EPERM || os.IsPermission(err) {
		f, err = os.Open(name)
	}
	return f, err
}

type hostSeeker struct{ f *os.File }

func (s hostSeeker) SeekData(off int64) (int64, error) {
	return unix.Seek(int(s.f.Fd()), off, unix.SEEK_DATA)
}

func (s hostSeeker) SeekHole(off int64) (int64, error) {
	return unix.Seek(int(s.f.Fd()), off, unix.SEEK_HOLE)
}

// hostXattrs reads xattrs. Labels that security modules give every file are not the tree's.
func hostXattrs(name string) (map[string]string, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(name, buf)
	if err == syscall.EOPNOTSUPP {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, x := range strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 }) {
		if x == "security.selinux" {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(name, x, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x, err)
		}
		out[x] = string(value[:n])
	}
	return out, nil
}
