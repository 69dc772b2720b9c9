package fsck

import (
	"extant/internal/ondisk"
)

// refGroup is the references that a worker met to the inodes of a group.
type refGroup struct {
	few  []uint8 // refsMany for what is in many
	many map[uint32]uint32
}

const refsMany = 255

// ref counts a reference to an inode that there is.
func (w *worker) ref(ino ondisk.Ino) {
	c := w.c
	if w.refs == nil {
		w.refs = make([]refGroup, len(c.groups))
	}
	g, i := c.sb.InodeGroup(ino)
	r := &w.refs[g]
	if r.few == nil {
		r.few = make([]uint8, c.sb.InodesPerGroup)
	}
	switch r.few[i] {
	case refsMany:
		r.many[i]++
	case refsMany - 1:
		if r.many == nil {
			r.many = make(map[uint32]uint32)
		}
		r.few[i], r.many[i] = refsMany, refsMany
	default:
		r.few[i]++
	}
}

// of is the number of references to the inode at an index.
func (r *refGroup) of(i int) uint32 {
	if r.few == nil {
		return 0
	}
	if n := r.few[i]; n != refsMany {
		return uint32(n)
	}
	return r.many[uint32(i)]
}

// linksMax is the most links that a directory's inode counts (EXT4_LINK_MAX). One that has more says 1.
const linksMax = 65000

// checkLinks compares the references to each inode with the number that it counts.
func (c *checker) checkLinks() error {
	for g := range c.inodes {
		in := &c.inodes[g]
		for i, k := range in.kinds {
			if k == kindUnused || k&(kindHidden|kindOrphan) != 0 {
				continue
			}
			refs := uint32(0)
			for _, w := range c.workers {
				if w.refs != nil {
					refs += w.refs[g].of(i)
				}
			}
			if links := in.linksOf(uint32(i)); refs != uint32(links) || k&kindEA != 0 {
				c.checkLink(ondisk.Ino(uint32(g)*c.sb.InodesPerGroup+uint32(i)+1), k, refs, uint32(links))
			}
		}
	}
	return nil
}

// checkLink judges an inode whose links are not as many as the references to it.
func (c *checker) checkLink(ino ondisk.Ino, k kind, refs, links uint32) {
	place := Place{Ino: ino}
	switch {
	case k&kindEA != 0:
		if !c.valued[ino] {
			c.add(ValueInodeLost, place, "%d links", links)
		}
	case k&kindType == ondisk.FileDir:
		c.checkDirLink(ino, refs, links)
	case refs == 0:
		c.add(InodeUnattached, place, "%d links", links)
	default:
		c.add(LinkCount, place, "i_links_count is %d, not %d", links, refs).want(uint64(refs))
	}
}

// checkDirLink judges the links of a directory: its entry, its own, and the ".." of each directory in it.
func (c *checker) checkDirLink(ino ondisk.Ino, refs, links uint32) {
	i := c.findDir(ino)
	if i < 0 || c.dirs[i].reach == detached && c.dirs[i].parent == 0 {
		return // connecting it changes both
	}
	nlink := c.sb.HasROCompat(ondisk.ROCompatDirNlink)
	switch {
	case links == 1 && nlink && c.dirs[i].indexed():
		return // too many at some time, and never counted again; without an index Linux makes no more than it can count
	case refs >= linksMax && !nlink:
		c.add(LinkOverflow, Place{Ino: ino}, "%d directories in it", refs-2).want(uint64(ondisk.ROCompatDirNlink))
	case refs >= linksMax:
		c.add(LinkCount, Place{Ino: ino}, "i_links_count is %d, not 1 for too many", links).want(1)
	default:
		c.add(LinkCount, Place{Ino: ino}, "i_links_count is %d, not %d", links, refs).want(uint64(refs))
	}
}
