package extant

import (
	"io/fs"

	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

// How many names a volume remembers, and of how many at most in one directory. A name takes about 100 bytes.
const (
	namesMax      = 64 << 10
	namesInDirMax = namesMax / 4
)

var namesClass = &sched.Class{Name: "extant-names", Doc: "the names remembered of directories that were listed", Wait: sched.Spinning}

// A nameCache remembers the names in the directories that were listed last. Who lists a directory mostly goes on to open what is in it, and a
// directory without an index has to be searched from its start for every name. Its methods do nothing on a nil cache.
type nameCache struct {
	mu sched.Mutex
	// +checklocks:mu
	dirs map[ondisk.Ino]map[string]ondisk.Ino
	// +checklocks:mu
	order []ondisk.Ino // of dirs, the one that was listed first is forgotten first
	// +checklocks:mu
	names int // in all of dirs
}

func newNameCache() *nameCache {
	c := &nameCache{dirs: map[ondisk.Ino]map[string]ondisk.Ino{}}
	c.mu.Init(namesClass)
	return c
}

// add remembers the whole list of a directory. Directories in which a name can be looked up in another form than the one listed, and those in which it is
// there twice, are left to Lookup.
func (c *nameCache) add(dir *ext4.Inode, list []fs.DirEntry) {
	attr := dir.Attr()
	if c == nil || len(list) > namesInDirMax || attr.Flags&(ondisk.InodeCasefold|ondisk.InodeEncrypt) != 0 {
		return
	}
	names := make(map[string]ondisk.Ino, len(list))
	for _, e := range list {
		names[e.Name()] = e.(*dirEntry).e.Ino
	}
	if len(names) < len(list) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.dirs[dir.Ino()]; ok {
		return
	}
	c.dirs[dir.Ino()] = names
	c.order = append(c.order, dir.Ino())
	c.names += len(names) + 1 // the directory itself takes something, too
	for c.names > namesMax {
		c.names -= len(c.dirs[c.order[0]]) + 1
		delete(c.dirs, c.order[0])
		c.order = c.order[1:]
	}
}

// find is the inode number of a name that is remembered.
func (c *nameCache) find(dir ondisk.Ino, name string) (ino ondisk.Ino, ok bool) {
	if c == nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ino, ok = c.dirs[dir][name]
	return ino, ok
}

// child is dir.Child, by way of what is remembered.
func (c *nameCache) child(dir *ext4.Inode, name string) (*ext4.Inode, error) {
	if ino, ok := c.find(dir.Ino(), name); ok {
		if n, err := dir.FS().Inode(ino); err == nil {
			return n, nil
		}
	}
	return dir.Child(name)
}
