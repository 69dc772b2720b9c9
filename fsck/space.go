package fsck

import (
	"slices"

	"extant/internal/ondisk"
)

// space is what a repair may allocate: blocks and inodes that nobody refers to, and nobody did at any time of the repair, so that what
// is written there harms nobody when the repair is interrupted.
type space struct {
	busy   blockSet // clusters
	closed blockSet // and those that a bitmap on the disk has in use: something that was lost may have them
	known  bool     // the bitmaps were read
	inodes map[ondisk.Ino]bool
	next   uint64 // cluster to look at first
}

// update adds what a check found to be in use. A check by another super block than the last forgets what was before.
func (s *space) update(c *checker) {
	fresh := newBlockSet(&c.sb)
	if s.busy.perGroup != fresh.perGroup || s.busy.first != fresh.first || len(s.busy.groups) != len(fresh.groups) {
		*s = space{busy: fresh, closed: newBlockSet(&c.sb), inodes: make(map[ondisk.Ino]bool)}
	}
	for _, set := range [...]*blockSet{&s.busy, &s.closed} {
		set.union(&c.used)
		set.union(&c.base)
	}
}

// add notes that clusters are in use.
func (s *space) add(k, n uint64) {
	s.busy.add(k, n)
	s.closed.add(k, n)
}

// learn reads the bitmaps on the disk, and finds what belongs to maps that are yet to be mended: their blocks are in use, although no check could
// say so.
func (m *mender) learn() {
	c, s := m.c, &m.r.space
	b := make(ondisk.Bitmap, c.bs)
	for g := range c.groups {
		gr := &c.groups[g]
		if s.known || gr.uninit || gr.noBlockBitmap || c.read(gr.desc.BlockBitmap(), b) != nil {
			continue
		}
		own := s.closed.group(g)
		for i := range own {
			own[i] |= b[i]
		}
	}
	s.known = true
	if !m.once(task{action: RebuildMap}) {
		return
	}
	for i := range c.list {
		f := &c.list[i]
		if !slices.ContainsFunc(mapProblems, func(p Problem) bool { return p.Code == f.Code }) || !m.once(task{action: TruncateMap, ino: f.Place.Ino}) {
			continue
		}
		if n, _, _, err := m.getInode(f.Place.Ino); err == nil && n.Has(ondisk.InodeExtents) {
			m.salvageExtents(f.Place.Ino, &n).reserve()
		}
	}
}

// reserve makes sure that nothing is allocated where what was salvaged lies.
func (s *salvage) reserve() {
	c := s.m.c
	for _, r := range s.runs {
		from := c.cluster(r.start)
		s.m.r.space.add(from, c.cluster(r.start+ondisk.Block(r.count)-1)+1-from)
	}
	for _, b := range s.nodes {
		s.m.r.space.add(c.cluster(b), 1)
	}
}

// allocate takes up to n clusters in a row, at least one, and returns the first block of them and how many they are.
func (m *mender) allocate(n uint64) (ondisk.Block, uint64, error) {
	m.learn()
	s, first, end := &m.r.space, m.clusterFrom(0), uint64(m.c.end)/m.c.ratio
	for _, set := range [...]*blockSet{&s.closed, &s.busy} {
		from := min(max(s.next, first), end)
		k, got := set.free(from, end, n)
		if got == 0 {
			k, got = set.free(first, from, n)
		}
		if got > 0 {
			s.next = k + got
			return m.takeClusters(k, got), got, nil
		}
	}
	return 0, 0, ErrNoSpace
}

// allocateRun takes n blocks in a row among those from lo up to, but without, hi.
func (m *mender) allocateRun(n uint64, lo, hi ondisk.Block) (ondisk.Block, error) {
	m.learn()
	s, clusters := &m.r.space, (n+m.c.ratio-1)/m.c.ratio
	end := uint64(min(hi, m.c.end)) / m.c.ratio
	for _, set := range [...]*blockSet{&s.closed, &s.busy} {
		for from := m.clusterFrom(lo); from < end; {
			k, got := set.free(from, end, clusters)
			if got == clusters {
				return m.takeClusters(k, got), nil
			}
			if got == 0 {
				break
			}
			from = k + got
		}
	}
	return 0, ErrNoSpace
}

// clusterFrom is the first cluster at or after a block that files may have.
func (m *mender) clusterFrom(b ondisk.Block) uint64 {
	return max(m.r.space.busy.first, (uint64(max(b, m.c.first))+m.c.ratio-1)/m.c.ratio)
}

// takeClusters takes n clusters from k on, and returns their first block.
func (m *mender) takeClusters(k, n uint64) ondisk.Block {
	m.r.space.add(k, n)
	b := ondisk.Block(k * m.c.ratio)
	m.d.take(int64(b)*int64(m.c.bs), int64(n*m.c.ratio)*int64(m.c.bs))
	return b
}

// allocateBlock takes one block, which in a file system with clusters has one to itself.
func (m *mender) allocateBlock() (ondisk.Block, error) {
	b, _, err := m.allocate(1)
	return b, err
}

// newInode takes an inode that is not in use, and lets its group's descriptor know that it is read from now on.
func (m *mender) newInode() (ondisk.Ino, error) {
	c := m.c
	for g := range c.groups {
		gr := &c.groups[g]
		if gr.noTable {
			continue
		}
		for i := range c.sb.InodesPerGroup - gr.unused {
			if ino := ondisk.Ino(uint32(g)*c.sb.InodesPerGroup + i + 1); m.free(ino) {
				m.r.space.inodes[ino] = true
				return ino, nil
			}
		}
		if gr.unused > 0 {
			return m.firstUse(ondisk.Group(g))
		}
	}
	return 0, ErrNoSpace
}

func (m *mender) free(ino ondisk.Ino) bool {
	c := m.c
	return c.kindOf(ino) == kindUnused && !c.hidden(ino) && ino != ondisk.RootIno && !c.orphans[ino] && !m.r.space.inodes[ino]
}

// firstUse takes the first inode of a group that was never used.
func (m *mender) firstUse(g ondisk.Group) (ondisk.Ino, error) {
	gr := &m.c.groups[g]
	ino := ondisk.Ino(uint32(g)*m.c.sb.InodesPerGroup + m.c.sb.InodesPerGroup - gr.unused + 1)
	if err := m.wipeInode(ino); err != nil {
		return 0, err
	}
	gr.unused--
	m.r.space.inodes[ino] = true
	return ino, m.descriptor(g, func(d *ondisk.GroupDesc) {
		d.Flags &^= ondisk.GroupInodeUninit
		d.SetItableUnused(gr.unused)
	})
}
