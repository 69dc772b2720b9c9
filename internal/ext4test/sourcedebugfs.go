package ext4test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"extant/internal/ondisk"
)

// WriteDebugfs returns the commands by which debugfs makes the tree in an empty file system, attributes of the root left out. They take the
// content of files and xattrs from dir. nanos says whether inodes have room for times finer than seconds. Names are quoted no further
// than by blanks.
func (s *Source) WriteDebugfs(dir string, nanos bool) (script string, err error) {
	w := debugfsWriter{dir: dir, nanos: nanos, made: map[int]string{}}
	for _, e := range s.files {
		if e.path == "." {
			continue
		}
		if err := w.entry(e); err != nil {
			return "", err
		}
	}
	for _, e := range s.files { // once all is made, which touches directories
		if e.path != "." {
			w.times(e)
		}
	}
	return w.script.String(), nil
}

type debugfsWriter struct {
	dir    string
	nanos  bool
	script strings.Builder
	made   map[int]string // first names, by id
	stored int            // files in dir
}

func (w *debugfsWriter) say(format string, args ...any) { fmt.Fprintf(&w.script, format+"\n", args...) }

// store keeps bytes in a file for debugfs to read.
func (w *debugfsWriter) store(write func(name string) error) (string, error) {
	w.stored++
	name := filepath.Join(w.dir, fmt.Sprint(w.stored))
	return name, write(name)
}

func (w *debugfsWriter) entry(e *entry) error {
	full, name, n := "/"+e.path, path.Base(e.path), &e.node
	if first, ok := w.made[e.id]; ok {
		w.say("ln %q %q", first, full)
		return nil
	}
	w.made[e.id] = full
	w.say("cd %q", path.Dir(full))
	switch n.Type() {
	case ondisk.ModeDir:
		w.say("mkdir %q", name)
	case ondisk.ModeRegular:
		content, err := w.store(func(host string) error { return writePieces(host, e) })
		if err != nil {
			return err
		}
		w.say("write %q %q", content, name)
	case ondisk.ModeSymlink:
		w.say("symlink %q %q", name, n.Target)
	case ondisk.ModeFIFO:
		w.say("mknod %q p", name)
	case ondisk.ModeChar:
		w.say("mknod %q c %d %d", name, n.Major, n.Minor)
	case ondisk.ModeBlock:
		w.say("mknod %q b %d %d", name, n.Major, n.Minor)
	}
	w.say("sif %q mode 0%o", full, n.Mode)
	w.say("sif %q uid %d", full, n.UID)
	w.say("sif %q gid %d", full, n.GID)
	if n.Links > 1 {
		w.say("sif %q links_count %d", full, n.Links)
	}
	return w.xattrs(full, n)
}

func (w *debugfsWriter) xattrs(full string, n *Node) error {
	for x, value := range n.Xattrs {
		content, err := w.store(func(host string) error { return os.WriteFile(host, []byte(value), 0o600) })
		if err != nil {
			return err
		}
		w.say("ea_set -f %q %q %q", content, full, x)
	}
	return nil
}

func (w *debugfsWriter) times(e *entry) {
	for _, t := range []struct {
		field string
		at    time.Time
	}{{"mtime", e.node.MTime}, {"atime", e.node.ATime}} {
		stamp := ondisk.MakeTimestamp(t.at)
		w.say("sif %q %s @0x%x", "/"+e.path, t.field, stamp.Sec)
		if w.nanos {
			w.say("sif %q %s_extra %d", "/"+e.path, t.field, stamp.Extra)
		}
	}
}
