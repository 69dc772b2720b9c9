package ext4test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	"extant/internal/ondisk"
)

// A Source is a description of a tree. The methods that add to it take paths from the root of the tree; parents come first.
type Source struct {
	files []*entry
	paths map[string]*entry
	ids   int
}

// An entry is one path of a Source.
type entry struct {
	path   string
	node   Node
	id     int     // the same for all names of one file
	pieces []piece // of a regular file, in order; the rest is holes
}

// A piece is bytes of a file at an offset.
type piece struct {
	off int64
	b   []byte
}

// page is how finely a Source knows its holes: that of the page cache, and most file systems, of a host.
const page = 4096

// NewSource is a tree of an empty root.
func NewSource() *Source {
	s := &Source{paths: map[string]*entry{}}
	s.Dir(".")
	return s
}

// base is the time of modification of files that do not say otherwise, and accessed that of access; each gets some nanoseconds of its own.
// The latter lies so far ahead that a host does not change it when the file is read.
var base, accessed = time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC), time.Date(2037, 8, 9, 10, 11, 12, 0, time.UTC)

// add enters a path; its attributes are plain.
func (s *Source) add(name string, mode uint16) *entry {
	if s.paths[name] != nil || name != "." && s.paths[path.Dir(name)] == nil {
		panic(fmt.Sprintf("%q is there, or its parent is not", name))
	}
	s.ids++
	e := &entry{path: name, id: s.ids, node: Node{Mode: mode, Links: 1, Xattrs: map[string]string{}}}
	if e.node.Type() == ondisk.ModeDir {
		e.node.Links = 0
	}
	own := time.Duration(s.ids) * 1_000_003
	e.node.MTime, e.node.ATime = base.Add(own), accessed.Add(2*own)
	s.files, s.paths[name] = append(s.files, e), e
	return e
}

// Dir adds a directory.
func (s *Source) Dir(name string) { s.add(name, ondisk.ModeDir|0o755) }

// File adds a regular file with content.
func (s *Source) File(name string, b []byte) {
	e := s.add(name, ondisk.ModeRegular|0o644)
	if e.node.Size = int64(len(b)); len(b) > 0 {
		e.pieces = []piece{{0, b}}
	}
}

// Sparse adds a regular file of size bytes that has data at some offsets, and holes elsewhere.
func (s *Source) Sparse(name string, size int64, data map[int64][]byte) {
	e := s.add(name, ondisk.ModeRegular|0o600)
	e.node.Size = size
	for _, off := range slices.Sorted(maps.Keys(data)) {
		e.pieces = append(e.pieces, piece{off, data[off]})
	}
}

// Symlink adds a symbolic link.
func (s *Source) Symlink(name, target string) {
	s.add(name, ondisk.ModeSymlink|0o777).node.Target = target
}

// Device adds a device of type ondisk.ModeChar or ModeBlock.
func (s *Source) Device(name string, kind uint16, major, minor uint32) {
	e := s.add(name, kind|0o640)
	e.node.Major, e.node.Minor = major, minor
}

// FIFO adds a fifo.
func (s *Source) FIFO(name string) { s.add(name, ondisk.ModeFIFO|0o622) }

// Link adds one more name of a file.
func (s *Source) Link(name, of string) {
	old, e := s.at(of), s.add(name, 0)
	e.id, e.node, e.pieces = old.id, old.node, old.pieces
	links := old.node.Links + 1
	s.each(name, func(n *Node) { n.Links = links })
}

// Drop takes a file of one name out again.
func (s *Source) Drop(name string) {
	e := s.at(name)
	delete(s.paths, name)
	s.files = slices.DeleteFunc(s.files, func(x *entry) bool { return x == e })
}

// at is the entry of a path that was added.
func (s *Source) at(name string) *entry {
	e := s.paths[name]
	if e == nil {
		panic(fmt.Sprintf("no %q", name))
	}
	return e
}

// each changes all names of a file.
func (s *Source) each(name string, change func(n *Node)) {
	id := s.at(name).id
	for _, e := range s.files {
		if e.id == id {
			change(&e.node)
		}
	}
}

// Mode sets the permissions of a path, setuid, setgid and sticky bit among them.
func (s *Source) Mode(name string, perm uint16) {
	s.each(name, func(n *Node) { n.Mode = n.Type() | perm })
}

// Owner sets owner and group.
func (s *Source) Owner(name string, uid, gid uint32) {
	s.each(name, func(n *Node) { n.UID, n.GID = uid, gid })
}

// MTime sets the time of modification.
func (s *Source) MTime(name string, t time.Time) {
	s.each(name, func(n *Node) {
		if n.MTime = t; !t.Before(n.ATime) {
			n.ATime = time.Time{}
		}
	})
}

// Xattr sets an xattr by its full name.
func (s *Source) Xattr(name, attr string, value []byte) {
	s.each(name, func(n *Node) { n.Xattrs[attr] = string(value) })
}

// Tree is the snapshot of a tree that equals the description.
func (s *Source) Tree() Tree {
	t, names := Tree{}, names[int]{}
	for _, e := range s.files {
		n := e.node
		if n.Type() == ondisk.ModeRegular {
			n.Sum, n.Data = e.sum(), e.data()
		}
		t[e.path] = n
		if n.Links > 0 {
			names.add(e.id, e.path)
		}
	}
	names.note(t)
	return t
}

// data lists the pages of a file that are no hole.
func (e *entry) data() (list []Range) {
	for _, p := range e.pieces {
		list = append(list, Range{p.off, p.off + int64(len(p.b))})
	}
	return roundOut(list, page, e.node.Size)
}

// sum hashes the bytes of a file.
func (e *entry) sum() [sha256.Size]byte {
	s := newPageSum()
	for _, p := range e.pieces {
		s.zeros(p.off)
		s.Write(p.b)
	}
	s.zeros(e.node.Size)
	return s.sum()
}

// writePieces makes a file of the host with the content of an entry.
func writePieces(name string, e *entry) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range e.pieces {
		if _, err := f.WriteAt(p.b, p.off); err != nil {
			return err
		}
	}
	if err := f.Truncate(e.node.Size); err != nil {
		return err
	}
	return f.Close()
}

// Noise is n bytes without a pattern that depend on seed alone.
func Noise(seed uint64, n int) []byte {
	b := make([]byte, 0, n+8)
	for x := seed*0x9E3779B97F4A7C15 + 1; len(b) < n; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return b[:n]
}

// An ACLEntry is one entry of a POSIX ACL; ID counts for named users and groups.
type ACLEntry struct {
	Tag, Perm uint16
	ID        uint32
}

// Tags of ACL entries, as system calls have them.
const (
	ACLOwner, ACLUser, ACLOwnerGroup, ACLGroup, ACLMask, ACLOther = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
)

// ACL is an ACL in the form of the system call.
func ACL(list ...ACLEntry) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range list {
		if e.Tag&(ACLUser|ACLGroup) == 0 {
			e.ID = 1<<32 - 1
		}
		b = binary.LittleEndian.AppendUint16(b, e.Tag)
		b = binary.LittleEndian.AppendUint16(b, e.Perm)
		b = binary.LittleEndian.AppendUint32(b, e.ID)
	}
	return b
}
