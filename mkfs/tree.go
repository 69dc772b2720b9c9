package mkfs

import (
	"bytes"
	"slices"

	"extant/internal/ondisk"
)

// nodeID numbers the nodes of a tree: the files, directories and so on that get an inode each. The root is 0.
type nodeID uint32

const rootNode nodeID = 0

// A stamp is a time as sources give it: seconds since 1970, and nanoseconds after them.
type stamp struct {
	sec  int64
	nsec uint32
}

// A node is what the tree knows of one inode. It has no pointers, so that a hundred thousand of them cost the
// garbage collector nothing.
type node struct {
	size  int64  // bytes of a regular file or of a symlink's target
	where uint64 // a file's bytes: where the source has them; a symlink: its target in tree.names

	mtime, atime         int64 // seconds
	mtimeNsec, atimeNsec uint32

	uid, gid uint32
	links    uint32
	xattrs   xattrSet
	lo, hi   uint32 // a directory: its entries in tree.entries; a sparse file: its data in tree.segments; a device: its numbers
	parent   nodeID // of the name by which the node is opened and reported
	name     uint32 // that name in tree.names
	nameLen  uint8
	sparse   bool
	clamped  bool // mtime was later than the epoch
	timeless bool // the source knew no times
	mode     uint16

	// Set by the plan.
	ino    ondisk.Ino
	acl    uint32       // 1 + the index of its xattr block in the plan; 0: none
	mapped uint32       // 1 + the index of its i_block in the plan; 0: it follows from at
	at     ondisk.Block // of its data; the rest follows in the free space
	blocks uint64       // of the file system, all that it takes
	inline bool         // its content lies in the inode
}

func (n *node) kind() uint16    { return n.mode & ondisk.ModeFmt }
func (n *node) isDir() bool     { return n.kind() == ondisk.ModeDir }
func (n *node) isRegular() bool { return n.kind() == ondisk.ModeRegular }
func (n *node) isSymlink() bool { return n.kind() == ondisk.ModeSymlink }

// touched reports whether a file modified at m is not as it was scanned.
func (n *node) touched(m stamp) bool {
	return !n.clamped && m != stamp{n.mtime, n.mtimeNsec}
}

// An entry is one name in a directory.
type entry struct {
	dir, node nodeID
	name      uint32 // in tree.names
	hash      uint32 // of the name, set by the plan in directories that have an index
	nameLen   uint8
}

// A segment is n bytes of data at off in a file; at is where the source has them.
type segment struct {
	off, n int64
	at     uint64
}

// A tree is what a source holds, without the bytes of its files. Entries are grouped by directory and sorted by name once
// the tree is complete.
type tree struct {
	nodes    nodeList
	entries  []entry
	names    []byte
	segments []segment
	xattrs   xattrTable
}

func (t *tree) entryName(e *entry) []byte {
	return t.names[e.name:][:e.nameLen:e.nameLen]
}

func (t *tree) nodeName(n *node) []byte {
	return t.names[n.name:][:n.nameLen:n.nameLen]
}

// target is where a symlink points.
func (t *tree) target(n *node) []byte { return t.names[n.where:][:n.size:n.size] }

// children are the entries of a directory.
func (t *tree) children(n *node) []entry { return t.entries[n.lo:n.hi] }

// data lists the parts of a regular file that are not holes. scratch is used where the answer is one part.
func (t *tree) data(n *node, scratch *[1]segment) []segment {
	switch {
	case n.sparse:
		return t.segments[n.lo:n.hi]
	case n.size == 0:
		return nil
	}
	scratch[0] = segment{n: n.size, at: n.where}
	return scratch[:]
}

// dataBytes is how many bytes of a regular file are not holes.
func (t *tree) dataBytes(n *node) (sum int64) {
	var scratch [1]segment
	for _, s := range t.data(n, &scratch) {
		sum += s.n
	}
	return sum
}

// path is the name of a node from the root, without a leading slash; "." is the root.
func (t *tree) path(id nodeID) string {
	if id == rootNode {
		return "."
	}
	var parts [][]byte
	for ; id != rootNode; id = t.nodes.at(id).parent {
		parts = append(parts, t.nodeName(t.nodes.at(id)))
	}
	slices.Reverse(parts)
	return string(bytes.Join(parts, []byte("/")))
}

// sortEntries groups entries by directory and sorts them by name, and tells each directory which are its own.
func (t *tree) sortEntries() {
	starts := make([]uint32, t.nodes.len()+1)
	for i := range t.entries {
		starts[t.entries[i].dir+1]++
	}
	for id, n := range t.nodes.all {
		starts[id+1] += starts[id]
		if n.isDir() {
			n.lo, n.hi = starts[id], starts[id+1]
		}
	}
	sorted := make([]entry, len(t.entries))
	for _, e := range t.entries {
		sorted[starts[e.dir]] = e
		starts[e.dir]++
	}
	t.entries = sorted
	for _, n := range t.nodes.all {
		if n.isDir() {
			slices.SortFunc(t.children(n), func(a, b entry) int { return bytes.Compare(t.entryName(&a), t.entryName(&b)) })
		}
	}
}
