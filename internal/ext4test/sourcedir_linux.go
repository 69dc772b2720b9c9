package ext4test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"extant/internal/ondisk"

	"golang.org/x/sys/unix"
)

// WriteDir makes the tree in a directory of the host that is empty. Without root it leaves out what root alone can make:
// devices, owners and xattrs of the system. A snapshot of the directory then says what there is.
func (s *Source) WriteDir(dir string) error {
	w := dirWriter{dir: dir, root: os.Geteuid() == 0, made: map[int]string{}}
	for _, e := range s.files {
		if err := w.make(e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	for _, e := range slices.Backward(s.files) { // directories after what is in them
		if err := w.dress(e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	return nil
}

type dirWriter struct {
	dir  string
	root bool
	made map[int]string // first names, by id
}

func (w *dirWriter) make(e *entry) error {
	name := filepath.Join(w.dir, e.path)
	if first, ok := w.made[e.id]; ok {
		return os.Link(first, name)
	}
	w.made[e.id] = name
	switch e.node.Type() {
	case ondisk.ModeDir:
		if e.path == "." {
			return nil
		}
		return os.Mkdir(name, 0o700)
	case ondisk.ModeSymlink:
		return os.Symlink(e.node.Target, name)
	case ondisk.ModeRegular:
		return writePieces(name, e)
	case ondisk.ModeFIFO:
		return unix.Mkfifo(name, 0o600)
	}
	if !w.root {
		delete(w.made, e.id)
		return nil
	}
	return unix.Mknod(name, uint32(e.node.Mode), int(unix.Mkdev(e.node.Major, e.node.Minor)))
}

// dress gives a file its attributes: permissions after owner, which clears some of them, and times last.
func (w *dirWriter) dress(e *entry) error {
	name := filepath.Join(w.dir, e.path)
	if w.made[e.id] == "" {
		return nil
	}
	n := &e.node
	if w.root {
		if err := os.Lchown(name, int(n.UID), int(n.GID)); err != nil {
			return err
		}
	}
	for x, value := range n.Xattrs {
		if strings.HasPrefix(x, "trusted.") || strings.HasPrefix(x, "security.") {
			if !w.root {
				continue
			}
		}
		if err := unix.Lsetxattr(name, x, []byte(value), 0); err != nil {
			return fmt.Errorf("%s: %w", x, err)
		}
	}
	if n.Type() != ondisk.ModeSymlink {
		if err := unix.Chmod(name, uint32(n.Mode&0o7777)); err != nil {
			return err
		}
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: n.MTime.Unix(), Nsec: int64(n.MTime.Nanosecond())}}
	if !n.ATime.IsZero() {
		times[0] = unix.Timespec{Sec: n.ATime.Unix(), Nsec: int64(n.ATime.Nanosecond())}
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, times, unix.AT_SYMLINK_NOFOLLOW)
}
