package fsck

import (
	"bytes"
	"slices"

	"extant/internal/ondisk"
)

// A kind is what is known of an inode in a byte: the file type of its directory entries, and marks.
type kind uint8

const (
	kindUnused kind = 0
	kindType   kind = 0x0F // FileRegular to FileSymlink, or kindNone
	kindNone   kind = 0x0F // in use, but of no type

	kindEA      kind = 0x10 // holds the value of an xattr
	kindOrphan  kind = 0x20
	kindHidden  kind = 0x40 // the file system's own
	kindEncrypt kind = 0x80
)

// inodeGroup is what is known of the inodes of a group. It takes memory once an inode of the group is in use.
type inodeGroup struct {
	kinds []kind
	links []uint8 // i_links_count; linksMany for what is in many
	many  map[uint32]uint16
	dirs  []dir
	runs  []mapRun // of those directories
	used  uint32   // inodes
	nDirs uint32   // directories
}

const linksMany = 255

// kindOf is what is known of an inode; kindUnused for numbers that are no inode's as well.
func (c *checker) kindOf(ino ondisk.Ino) kind {
	if ino == 0 || uint32(ino) > c.sb.InodesCount {
		return kindUnused
	}
	g, i := c.sb.InodeGroup(ino)
	if k := c.inodes[g].kinds; int(i) < len(k) {
		return k[i]
	}
	return kindUnused
}

// checkInodes looks at all inodes. Where it meets something twice, it does so again in one task, which can say whose it is.
func (c *checker) checkInodes() error {
	before := c.findings
	c.findings = findings{max: before.max}
	err := c.each("inodes", len(c.groups), (*worker).checkTable)
	if err != nil {
		return err
	}
	c.gatherClaims()
	if c.shared {
		if err := c.checkInodesAgain(); err != nil {
			return err
		}
	}
	before.take(&c.findings)
	c.findings = before
	c.gatherDirs()
	for _, w := range c.workers {
		c.usage.add(&w.usage)
	}
	return nil
}

// gatherClaims puts together what the workers claimed.
func (c *checker) gatherClaims() {
	nodes := newBlockSet(&c.sb)
	for _, w := range c.workers {
		clash := c.used.merge(&w.used, &c.dup)
		c.shared = c.shared || clash || w.shared
		c.dup.union(&w.dup)
		if w.nodes.groups != nil {
			c.shared = nodes.merge(&w.nodes, &c.dup) || c.shared
		}
	}
	c.claimXattrBlocks()
}

// checkInodesAgain repeats the phase in one task, knowing which clusters are claimed twice.
func (c *checker) checkInodesAgain() error {
	c.findings.drop()
	for _, w := range c.workers {
		w.forget()
	}
	c.owners = newOwnerMap()
	workers := c.o.Workers
	c.o.Workers = 1
	defer func() { c.o.Workers = workers }()
	c.used = newBlockSet(&c.sb)
	clear(c.inodes)
	if err := c.each("owners", len(c.groups), (*worker).checkTable); err != nil {
		return err
	}
	c.used.union(&c.workers[0].used)
	c.claimXattrBlocks()
	c.nameOwners()
	return nil
}

// forget drops what a worker noted of inodes.
func (w *worker) forget() {
	w.used.clear()
	w.dup.clear()
	w.nodes = blockSet{}
	w.xrefs, w.usage, w.shared = nil, Usage{}, false
	w.spent = [quotaKinds]map[uint32]spent{}
}

// gatherDirs makes one list of the directories, in order of their inodes.
func (c *checker) gatherDirs() {
	n := 0
	for i := range c.inodes {
		n += len(c.inodes[i].dirs)
	}
	c.dirs = make([]dir, 0, n)
	for i := range c.inodes {
		c.dirs = append(c.dirs, c.inodes[i].dirs...)
		c.inodes[i].dirs = nil
	}
}

// findDir is the index of a directory in the list, or -1.
func (c *checker) findDir(ino ondisk.Ino) int {
	i, ok := slices.BinarySearchFunc(c.dirs, ino, func(d dir, ino ondisk.Ino) int { return int(int64(d.ino) - int64(ino)) })
	if !ok {
		return -1
	}
	return i
}

// tableBytes is how much of an inode table is read at a time.
const tableBytes = 256 << 10

// checkTable looks at the inodes of a group, as far as the group's descriptor says that they were ever used.
func (w *worker) checkTable(g int) {
	c := w.c
	gr := &c.groups[g]
	scan := c.sb.InodesPerGroup - gr.unused
	if scan == 0 || gr.noTable {
		return
	}
	first := uint64(g)*uint64(c.sb.InodesPerGroup) + 1
	at := int64(gr.desc.InodeTable()) * int64(c.bs)
	step := uint32(max(tableBytes/c.slot, 1))
	for i := uint32(0); i < scan; i += step {
		n := min(step, scan-i)
		b := buf(&w.table, int(n)*c.slot)
		w.table = b
		if err := readAt(c.dev, b, at+int64(i)*int64(c.slot)); err != nil {
			w.add(GroupTableUnreadable, Place{Group: ondisk.Group(g)}, "inodes %d to %d: %v", first+uint64(i), first+uint64(i+n)-1, err)
			continue
		}
		for k := range n {
			slot := b[int(k)*c.slot:][:c.slot]
			if !blank(slot) {
				w.checkSlot(&c.inodes[g], i+k, ondisk.Ino(first+uint64(i+k)), slot)
			}
		}
		if c.ctx.Err() != nil {
			return
		}
	}
}

var zeros [ondisk.InodeSizeMax]byte

// blank reports whether a slot was never used.
func blank(slot []byte) bool { return slot[0] == 0 && bytes.Equal(slot, zeros[:len(slot)]) }

// note keeps what is known of an inode in use.
func (g *inodeGroup) note(c *checker, i uint32, k kind, links uint16) {
	if g.kinds == nil {
		g.kinds = make([]kind, c.sb.InodesPerGroup)
		g.links = make([]uint8, c.sb.InodesPerGroup)
	}
	g.kinds[i] = k
	g.used++
	if links < linksMany {
		g.links[i] = uint8(links)
		return
	}
	if g.many == nil {
		g.many = make(map[uint32]uint16)
	}
	g.links[i] = linksMany
	g.many[i] = links
}

// linksOf is i_links_count of the inode at an index.
func (g *inodeGroup) linksOf(i uint32) uint16 {
	if n := g.links[i]; n != linksMany {
		return uint16(n)
	}
	return g.many[i]
}

func (u *Usage) add(v *Usage) {
	u.Inodes += v.Inodes
	u.Directories += v.Directories
	u.Files += v.Files
	u.Symlinks += v.Symlinks
	u.Special += v.Special
	u.Fragmented += v.Fragmented
}
