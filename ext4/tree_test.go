package ext4_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

// node is all that one file of a tree has, in a form that compares.
type node struct {
	Mode         uint16
	UID, GID     uint32
	Links        uint32
	Size         int64
	Blocks       uint64
	MTime        time.Time
	CTime        time.Time
	Major, Minor uint32
	Sum          [32]byte // of a regular file's content
	Target       string
	Xattrs       map[string]string
}

// tree maps paths to nodes; the root is ".".
type tree map[string]node

// readTree reads a whole file system. lost+found is left out.
func readTree(t testing.TB, fs *ext4.FS) tree {
	t.Helper()
	out := tree{}
	root, err := fs.Root()
	if err != nil {
		t.Fatal(err)
	}
	readSubtree(t, out, ".", root)
	return out
}

func readSubtree(t testing.TB, out tree, at string, n *ext4.Inode) {
	t.Helper()
	out[at] = readNode(t, at, n)
	if !n.IsDir() {
		return
	}
	dots := 0
	for e, err := range n.ReadDir(0) {
		if err != nil {
			t.Errorf("%s: %v", at, err)
			return
		}
		if e.Name == "." || e.Name == ".." {
			dots++
			continue
		}
		if at == "." && e.Name == "lost+found" {
			continue
		}
		child, err := n.Child(e.Name)
		if err != nil {
			t.Errorf("%s: %v", path.Join(at, e.Name), err)
			continue
		}
		if child.Ino() != e.Ino {
			t.Errorf("%s: ReadDir says inode %d, Lookup %d", path.Join(at, e.Name), e.Ino, child.Ino())
		}
		attr := child.Attr()
		if want := ondisk.FileType(attr.Mode); e.Type != want && e.Type != ondisk.FileUnknown {
			t.Errorf("%s: entry of type %d, inode of %d", path.Join(at, e.Name), e.Type, want)
		}
		readSubtree(t, out, path.Join(at, e.Name), child)
	}
	if dots != 2 {
		t.Errorf("%s: %d dot entries, want 2", at, dots)
	}
}

func readNode(t testing.TB, at string, n *ext4.Inode) node {
	t.Helper()
	a := n.Attr()
	out := node{
		Mode: a.Mode, UID: a.UID, GID: a.GID, Links: a.Links, Size: a.Size, Blocks: a.Blocks,
		MTime: a.MTime, CTime: a.CTime, Major: a.Major, Minor: a.Minor, Xattrs: map[string]string{},
	}
	var err error
	switch a.Type() {
	case ondisk.ModeRegular:
		h := sha256.New()
		if c, e := io.Copy(h, io.NewSectionReader(n, 0, a.Size)); e != nil || c != a.Size {
			err = fmt.Errorf("%d of %d bytes: %w", c, a.Size, e)
		}
		h.Sum(out.Sum[:0])
	case ondisk.ModeSymlink:
		out.Target, err = n.Readlink()
	}
	if err != nil {
		t.Errorf("%s: %v", at, err)
	}
	names, err := n.Xattrs()
	for _, name := range names {
		v, e := n.Xattr(name)
		out.Xattrs[name] = string(v)
		err = errors.Join(err, e)
	}
	if err != nil {
		t.Errorf("%s: xattrs: %v", at, err)
	}
	return out
}

// compareTrees reports where got differs from want, after both have gone through normal.
func compareTrees(t testing.TB, got, want tree, normal func(path string, n *node)) {
	t.Helper()
	for _, p := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[p]
		w := want[p]
		if !ok {
			t.Errorf("%s is missing", p)
			continue
		}
		if normal != nil {
			normal(p, &g)
			normal(p, &w)
		}
		if gs, ws := describe(g), describe(w); gs != ws {
			t.Errorf("%s:\n got %s\nwant %s", p, gs, ws)
		}
	}
	for p := range got {
		if _, ok := want[p]; !ok {
			t.Errorf("%s is there and should not be", p)
		}
	}
}

func describe(n node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "mode %o owner %d:%d links %d size %d blocks %d mtime %v ctime %v dev %d:%d sum %x target %q", n.Mode, n.UID, n.GID,
		n.Links, n.Size, n.Blocks, n.MTime, n.CTime, n.Major, n.Minor, n.Sum[:4], n.Target)
	for _, k := range slices.Sorted(maps.Keys(n.Xattrs)) {
		fmt.Fprintf(&b, " %s=%x", k, n.Xattrs[k])
	}
	return b.String()
}
