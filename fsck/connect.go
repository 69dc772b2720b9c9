package fsck

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// A dirLink is an entry for a directory.
type dirLink struct {
	child, parent ondisk.Ino
	file          ondisk.FileBlock
	block         ondisk.Block
	offset        int32
}

// reach says what is known of the way from the root to a directory.
type reach uint8

const (
	unreached reach = iota
	visiting        // on the way that is being followed
	connected       // there is one
	detached        // there is none; it was reported
)

// connect gives every directory its parent and looks for those that no way leads to.
func (c *checker) connect() error {
	var links []dirLink
	for _, w := range c.workers {
		links = append(links, w.links...)
		w.links = nil
	}
	slices.SortFunc(links, func(a, b dirLink) int {
		return cmp.Or(cmp.Compare(a.child, b.child), cmp.Compare(a.parent, b.parent), cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	c.adopt(links)
	root := c.findDir(ondisk.RootIno)
	if root < 0 {
		c.missingRoot()
	} else {
		c.dirs[root].parent, c.dirs[root].reach = ondisk.RootIno, connected
		c.checkLostFound()
	}
	for i := range c.dirs {
		c.trace(i)
	}
	for i := range c.dirs {
		c.checkParent(&c.dirs[i])
	}
	return nil
}

// adopt gives every directory the parent that its first entry is in. Any other entry is one too many, and the directory's own ".." says
// which of several is the first.
func (c *checker) adopt(links []dirLink) {
	for len(links) > 0 {
		n := 1
		for n < len(links) && links[n].child == links[0].child {
			n++
		}
		if i := c.findDir(links[0].child); i >= 0 {
			keep := max(0, slices.IndexFunc(links[:n], func(l dirLink) bool { return l.parent == c.dirs[i].dotdot }))
			c.dirs[i].parent = links[keep].parent
			for k, l := range links[:n] {
				if k != keep {
					c.add(EntryHardLink, Place{Ino: l.parent, Block: l.block, File: l.file, Offset: int(l.offset)}, "inode %d is a directory that inode %d has an entry for", l.child, links[keep].parent)
				}
			}
		}
		links = links[n:]
	}
}

func (c *checker) missingRoot() {
	if k := c.kindOf(ondisk.RootIno); k&kindType != kindUnused {
		c.add(RootNotDir, Place{Ino: ondisk.RootIno}, "its file type is %d", k&kindType)
		return
	}
	c.add(RootMissing, Place{Ino: ondisk.RootIno}, "inode 2 is not in use")
}

// trace follows the parents of a directory up to one whose way is known, and marks all on the way. What comes back to itself, or ends at a
// directory without an entry, is reported once, there.
func (c *checker) trace(i int) {
	var way []int
	result := unreached
	for {
		d := &c.dirs[i]
		if d.reach == visiting || d.reach == unreached && d.parent == 0 {
			c.add(DirUnconnected, Place{Ino: d.ino}, "its own entry for its parent says %d", d.dotdot)
			way, result = append(way, i), detached
			break
		}
		if d.reach != unreached {
			result = d.reach
			break
		}
		d.reach = visiting
		way = append(way, i)
		k := c.findDir(d.parent)
		if k < 0 {
			result = detached
			break
		}
		i = k
	}
	for _, k := range way {
		c.dirs[k].reach = result
	}
}

// checkParent compares what a directory says of its parent with where its entry is.
func (c *checker) checkParent(d *dir) {
	if d.parent == 0 || d.dotdot == d.parent || d.dotdot == 0 && !d.inline() {
		return // a block without the entry is found as such
	}
	c.add(DotDotWrong, Place{Ino: d.ino, Name: ".."}, "it says inode %d, but inode %d has the entry", d.dotdot, d.parent).want(uint64(d.parent))
}

// lostFoundName is the directory in the root that what has lost its name is linked into.
const lostFoundName = "lost+found"

// checkLostFound looks for lost+found in the root.
func (c *checker) checkLostFound() {
	if !c.lostFound {
		c.add(LostFoundAbsent, Place{Ino: ondisk.RootIno, Name: lostFoundName}, "the root has no such directory")
	}
}
