package extract

import (
	"strings"

	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

// A node is a directory on its way out, from when the walk enters it until all below it is there.
type node struct {
	parent *node  // nil for the target itself
	name   string // in the target
	path   string // in the volume
	below  string // path in the target: "" for the target itself, else it ends in a slash
	depth  int    // below the target

	inode *ext4.Inode // whose metadata it gets; nil where it keeps what it has

	// pending counts what may still be made in it: 1 for the walk, 1 for each directory in it that is not finished, each file that is
	// queued, and each file in it that others may yet be linked to.
	pending sched.Int64

	host hostState
}

// child is the node of a directory in n that gets a name.
func (n *node) child(e entry) *node {
	c := &node{parent: n, name: e.name, path: e.at(), below: n.below + e.name + "/", depth: n.depth + 1, inode: e.inode}
	c.pending.Store(1)
	return c
}

// join is the path of a name in the directory.
func (n *node) join(name string) string { return joinPath(n.path, name) }

func joinPath(dir, name string) string {
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}

// cleanPath is a path of the volume from its root on, without slashes to spare.
func cleanPath(path string) string {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(names, "/")
}

// lastName is the last name in a path.
func lastName(path string) string {
	path = cleanPath(path)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// An entry is a name in the volume that is to come out.
type entry struct {
	dir   *node
	name  string // in the target
	path  string // in the volume; "" for the name in dir
	inode *ext4.Inode
	attr  ext4.Attr  // of inode
	group *linkGroup // of a file with several names
}

// at is the entry's path in the volume.
func (e *entry) at() string {
	if e.path != "" {
		return e.path
	}
	return e.dir.join(e.name)
}

// waits reports whether the file is to be a link to another name of it, which has to be there first.
func (e *entry) waits() bool {
	return e.group != nil && !(e.group.dir == e.dir && e.group.name == e.name)
}

// A linkGroup is the names of one file.
type linkGroup struct {
	ino  ondisk.Ino
	dir  *node  // of the first name that was met, which is written; the others are links to it
	name string // the first name
	path string // of the first name, in the volume

	done sched.Event // the first name is there, or has failed
	err  error       // why it has failed
}

var linkClass = &sched.Class{Name: "extract-link", Doc: "waiting until the first name of a file is there, to link to it"}
