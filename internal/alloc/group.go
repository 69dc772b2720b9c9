package alloc

import (
	"errors"
	"slices"

	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// group is one block group. Its numbers of clusters count from the group's start.
type group struct {
	num   ondisk.Group // immutable
	span  *span        // immutable
	slot  int          // immutable: its index in span
	first ondisk.Block // immutable
	size  int          // immutable: whole clusters

	inodes sched.Int64 // free, as space counts them

	mu sched.Mutex // class: alloc-group
	// +checklocks:mu
	opened bool // desc is read
	// +checklocks:mu
	desc ondisk.GroupDesc
	// +checklocks:mu
	descBuf *buffer.Buffer
	// +checklocks:mu
	blockErr error // why no block is given out or taken back
	// +checklocks:mu
	inodeErr error // why no inode is
	// +checklocks:mu
	news error // what Config.Corrupt is to be told once the lock is released
	// +checklocks:mu
	blockBuf *buffer.Buffer // the block bitmap; nil until wanted
	// +checklocks:mu
	inodeBuf *buffer.Buffer
	// +checklocks:mu
	inodeNext int // no inode before this one is free
	// +checklocks:mu
	fixed []stretch // what the file system's own structures take, ascending, disjoint; known when free is
	// +checklocks:mu
	free *freeMap // clusters to be had; nil until wanted
	// +checklocks:mu
	used bool // since the clock passed
	// +checklocks:mu
	noted edits // which of its bitmaps space knows as edited
	// +checklocks:mu
	held []heldStretch // freed, but not yet for good
	// +checklocks:mu
	claimed ondisk.Bitmap // what ClaimBlocks claimed; nil for nothing
	// +checklocks:mu
	pieces []*piece // preallocated
	// +checklocks:mu
	window stretch // for small files, preallocated
}

// edits says which bitmaps of a group were changed.
type edits uint8

const (
	editedBlocks edits = 1 << iota
	editedInodes
)

// stretch is the clusters of a group from at up to, but without, end.
type stretch struct{ at, end int }

func (s stretch) len() int { return s.end - s.at }

type heldStretch struct {
	stretch
	tid journal.TID // the transaction that freed them
}

// newGroup makes a group.
//
// +checklocks:a.space.mu
func (a *Allocator) newGroup(n ondisk.Group, sp *span) *group {
	g := &group{
		num: n, span: sp, slot: int(n) % a.sb.DescriptorsPerBlock(),
		first: a.sb.GroupFirstBlock(n), size: int(uint64(a.sb.GroupBlocks(n)) / a.ratio),
	}
	g.mu.Init(groupClass)
	g.inodes.Store(int64(sp.counts[g.slot].inodes))
	return g
}

// block is the first block of a cluster.
func (a *Allocator) block(g *group, at int) ondisk.Block {
	return g.first + ondisk.Block(uint64(at)*a.ratio)
}

// counted is how many clusters of the group the descriptor counts: one that the file system's end cuts off counts, but is never given out.
func (a *Allocator) counted(g *group) int {
	return int((uint64(a.sb.GroupBlocks(g.num)) + a.ratio - 1) / a.ratio)
}

// openLocked reads the descriptor.
//
// +checklocks:g.mu
func (a *Allocator) openLocked(g *group) error {
	if g.opened {
		if g.blockErr != nil && g.inodeErr != nil {
			return g.blockErr
		}
		return nil
	}
	at, off := a.sb.DescriptorBlock(g.num)
	buf, err := a.cache.Read(at)
	if err != nil {
		return err
	}
	raw := buf.Data()[off : off+a.sb.DescriptorSize()]
	if err := g.desc.Decode(raw); err != nil {
		return err
	}
	g.descBuf, g.opened = buf, true
	if err := a.checkDesc(g.num, &g.desc, raw); err != nil {
		a.shutBlocksLocked(g, ondisk.Locate(err, 0, at))
		a.shutInodesLocked(g, g.blockErr)
		return g.blockErr
	}
	return nil
}

// checkDesc judges a descriptor: its checksum, and where its tables are.
func (a *Allocator) checkDesc(g ondisk.Group, d *ondisk.GroupDesc, raw []byte) error {
	if want, ok := a.descCsum(g, raw); ok && d.Checksum != want {
		return ondisk.Corrupt("group descriptor", "group %d: checksum %#04x, not %#04x", g, d.Checksum, want)
	}
	for _, p := range [...]struct {
		what string
		at   ondisk.Block
		n    uint64
	}{
		{"block bitmap", d.BlockBitmap(), 1},
		{"inode bitmap", d.InodeBitmap(), 1},
		{"inode table", d.InodeTable(), uint64(a.sb.ItableBlocks())},
	} {
		if uint64(p.at) <= uint64(a.sb.FirstDataBlock) || uint64(p.at) >= a.sb.Blocks() || p.n > a.sb.Blocks()-uint64(p.at) {
			return ondisk.Corrupt("group descriptor", "group %d: %s in block %d, outside the file system of %d", g, p.what, p.at, a.sb.Blocks())
		}
	}
	return nil
}

// descCsum is the checksum that belongs in a descriptor; false where descriptors have none.
func (a *Allocator) descCsum(g ondisk.Group, raw []byte) (uint16, bool) {
	switch {
	case a.csum:
		return ondisk.GroupDescCsum(a.seed, g, raw), true
	case a.flags:
		return ondisk.GroupDescCRC16(a.sb.UUID, g, raw), true
	}
	return 0, false
}

// shutBlocksLocked ends the giving out of the group's blocks.
//
// +checklocks:g.mu
func (a *Allocator) shutBlocksLocked(g *group, why error) {
	if g.blockErr != nil {
		return
	}
	g.blockErr = why
	s := &a.space
	s.mu.Lock()
	free := &g.span.counts[g.slot].clusters
	s.spare -= int64(*free)
	s.shut += int64(*free)
	for _, h := range g.held {
		s.spare += int64(h.len())
		s.held -= int64(h.len())
	}
	g.held, *free = nil, 0
	s.blocks.set(int(g.num), 0)
	s.mu.Unlock()
	for _, p := range g.pieces {
		p.alive = false
	}
	g.free, g.pieces, g.window = nil, nil, stretch{}
	g.news = why
}

// shutInodesLocked ends the giving out of the group's inodes.
//
// +checklocks:g.mu
func (a *Allocator) shutInodesLocked(g *group, why error) {
	if g.inodeErr != nil {
		return
	}
	g.inodeErr = why
	s := &a.space
	s.mu.Lock()
	free := &g.span.counts[g.slot].inodes
	s.inodes -= int64(*free)
	s.shutInodes += int64(*free)
	*free = 0
	s.tables.set(int(g.num), 0)
	g.inodes.Store(0)
	s.mu.Unlock()
	g.news = why
}

// leave releases the group's lock and passes on what was found meanwhile.
//
// +checklocksrelease:g.mu
func (a *Allocator) leave(g *group) {
	news := g.news
	g.news = nil
	g.mu.Unlock()
	if news != nil {
		a.corrupt(news)
	}
}

// uninit reports whether the descriptor says that a bitmap was never written.
//
// +checklocks:g.mu
func (a *Allocator) uninit(g *group, flag uint16) bool { return a.flags && g.desc.Flags&flag != 0 }

// openBlocksLocked makes the group ready for giving out blocks.
//
// +checklocks:g.mu
func (a *Allocator) openBlocksLocked(g *group) error {
	g.used = true
	if g.free != nil {
		return nil
	}
	if err := a.openLocked(g); err != nil {
		return err
	}
	if g.blockErr != nil {
		return g.blockErr
	}
	err := a.loadBlocksLocked(g)
	if isDamage(err) {
		a.shutBlocksLocked(g, err)
	}
	return err
}

// isDamage reports whether err shows that something is wrong in the group. Otherwise the device did not answer, and may the next time.
func isDamage(err error) bool {
	var c *ondisk.CorruptError
	return errors.As(err, &c)
}

// loadBlocksLocked builds the map of free clusters from the bitmap and what is set aside in memory.
//
// +checklocks:g.mu
func (a *Allocator) loadBlocksLocked(g *group) error {
	fixed, err := a.fixedIn(g)
	if err != nil {
		return err
	}
	bitmap, err := a.blockBitmapLocked(g)
	if err != nil {
		return err
	}
	counted := a.counted(g)
	for _, f := range fixed {
		if at := bitmap.NextClear(f.at, min(f.end, counted)); at < min(f.end, counted) {
			return ondisk.Corrupt("block bitmap", "group %d: block %d is free, but holds a table, a descriptor or the journal", g.num, a.block(g, at)).At(0, g.desc.BlockBitmap())
		}
	}
	if free := counted - bitmap.Count(0, counted); uint32(free) != g.desc.FreeClusters() {
		return ondisk.Corrupt("block bitmap", "group %d: %d clusters free in the bitmap, %d in the descriptor", g.num, free, g.desc.FreeClusters()).At(0, g.desc.BlockBitmap())
	}
	taken := make(ondisk.Bitmap, (g.size+leafBits-1)/leafBits*leafBits/8)
	copy(taken, bitmap)
	taken.Pad(g.size)
	for _, h := range g.held {
		taken.SetRange(h.at, h.end)
	}
	for _, p := range g.pieces {
		taken.SetRange(p.at, p.end)
	}
	taken.SetRange(g.window.at, g.window.end)
	g.fixed, g.free = fixed, newFreeMap(taken, g.size)
	a.noteLocked(g, 0)
	a.keepLoaded(g)
	return nil
}

// blockBitmapLocked reads the block bitmap, or makes up what one that was never written stands for.
//
// +checklocks:g.mu
func (a *Allocator) blockBitmapLocked(g *group) (ondisk.Bitmap, error) {
	if a.uninit(g, ondisk.GroupBlockUninit) {
		m := make(ondisk.Bitmap, a.sb.BlockSize())
		a.implied(g, m)
		return m, nil
	}
	buf, err := a.cache.Read(g.desc.BlockBitmap())
	if err != nil {
		return nil, err
	}
	m := ondisk.Bitmap(buf.Data())
	if a.csum {
		if err := g.desc.CheckBlockBitmap(a.seed, m, uint32(a.perGroup), a.sb.DescriptorSize()); err != nil {
			return nil, locateGroup(err, g.num, g.desc.BlockBitmap())
		}
	}
	g.blockBuf = buf
	return m, nil
}

// locateGroup adds the group to what a check of one block found.
func locateGroup(err error, g ondisk.Group, b ondisk.Block) error {
	if c, ok := err.(*ondisk.CorruptError); ok {
		return ondisk.Corrupt(c.Structure, "group %d: %s", g, c.Detail).At(0, b)
	}
	return err
}

// implied marks what a block bitmap that was never written stands for: the copies of super block and descriptors, and those of the group's
// own tables that lie in it.
func (a *Allocator) implied(g *group, m ondisk.Bitmap) {
	counted := a.counted(g)
	for _, r := range a.ownRuns(g.num) {
		if s, ok := a.inGroup(g, r); ok {
			m.SetRange(s.at, min(s.end, counted))
		}
	}
	m.Pad(counted)
}

// ownRuns is where the structures are that belong to a group, not all of which must lie in it.
func (a *Allocator) ownRuns(g ondisk.Group) []Run {
	sp := a.space.spans[int(g)/a.sb.DescriptorsPerBlock()].Load()
	p := sp.places[int(g)%a.sb.DescriptorsPerBlock()]
	return []Run{
		{a.sb.GroupFirstBlock(g), a.sb.GroupHead(g)},
		{p.blockBitmap, 1}, {p.inodeBitmap, 1}, {p.inodeTable, uint64(a.sb.ItableBlocks())},
	}
}

// inGroup is the part of a run that lies in a group, in clusters.
func (a *Allocator) inGroup(g *group, r Run) (stretch, bool) {
	lo, hi := uint64(g.first), uint64(g.first)+uint64(a.sb.GroupBlocks(g.num))
	from, to := max(lo, uint64(r.Start)), min(hi, uint64(r.Start)+r.N)
	if from >= to {
		return stretch{}, false
	}
	return stretch{int((from - lo) / a.ratio), int((to - lo + a.ratio - 1) / a.ratio)}, true
}

// fixedIn is what no file may own in a group: the structures of all groups of its flex group that lie in it, and the journal. Where
// tables are elsewhere they are as safe as their bits in the bitmap.
func (a *Allocator) fixedIn(g *group) ([]stretch, error) {
	var all []stretch
	add := func(runs []Run) {
		for _, r := range runs {
			if s, ok := a.inGroup(g, r); ok {
				all = append(all, s)
			}
		}
	}
	first := g.num &^ (a.flex - 1)
	for n := first; n < a.groupCount && n-first < min(a.flex, flexMost); n++ {
		if _, err := a.span(n); err != nil {
			return nil, err
		}
		add(a.ownRuns(n))
	}
	if g.num-first >= flexMost {
		add(a.ownRuns(g.num))
	}
	add(a.journals)
	slices.SortFunc(all, func(x, y stretch) int { return x.at - y.at })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.at <= merged[n-1].end {
			merged[n-1].end = max(merged[n-1].end, s.end)
			continue
		}
		merged = append(merged, s)
	}
	return slices.Clip(merged), nil
}

// flexMost is how many groups of a flex group are asked where their tables are.
const flexMost = 256

// overlapsFixedLocked reports whether a stretch contains a part of the file system's own structures.
//
// +checklocks:g.mu
func (g *group) overlapsFixedLocked(s stretch) bool {
	i, _ := slices.BinarySearchFunc(g.fixed, s.at, func(f stretch, at int) int { return f.end - 1 - at })
	return i < len(g.fixed) && g.fixed[i].at < s.end
}

// keepLoaded puts a group under the clock that bounds how many have a map. The maps of others are dropped by shed.
func (a *Allocator) keepLoaded(g *group) {
	a.space.mu.Lock()
	defer a.space.mu.Unlock()
	a.space.loaded = append(a.space.loaded, g)
}

// shed drops maps that were not used lately where there are too many. It takes locks of groups: the caller holds none.
func (a *Allocator) shed() {
	for {
		v := a.victim()
		if v == nil {
			return
		}
		v.mu.Lock()
		if keep := v.used && v.free != nil; keep {
			v.used = false
			a.keepLoaded(v)
		} else {
			v.free, v.blockBuf = nil, nil
		}
		v.mu.Unlock()
	}
}

// victim takes the group at the clock's hand off the list, where the list is too long.
func (a *Allocator) victim() *group {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.loaded)-s.hand <= a.mapsMax {
		return nil
	}
	v := s.loaded[s.hand]
	s.hand++
	if s.hand > a.mapsMax {
		s.loaded = slices.Delete(s.loaded, 0, s.hand)
		s.hand = 0
	}
	return v
}
