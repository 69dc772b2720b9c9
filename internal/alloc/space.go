package alloc

import (
	"math/bits"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// space is what is counted over all groups. All clusters that the descriptors call free are in one of four states:
//
//	free  =  spare  +  promised  +  claimed  +  held
//
// spare: to be had; promised: by Reserve; claimed: by a call of Blocks under way; held: freed, but not yet for good.
type space struct {
	spans []sched.Pointer[span] // nil while not in use; one that is there stays, and is set under mu

	mu sched.Mutex
	// +checklocks:mu
	spare int64 // clusters; below zero where a group that was counted on is shut off
	// +checklocks:mu
	promised int64
	// +checklocks:mu
	claimed int64
	// +checklocks:mu
	held int64
	// +checklocks:mu
	shut int64 // clusters free in groups that are shut off, as their descriptors say
	// +checklocks:mu
	inodes int64 // free
	// +checklocks:mu
	shutInodes int64 // inodes free in groups that are shut off
	// +checklocks:mu
	exact bool // the counts are from the descriptors, not from the super block
	// +checklocks:mu
	blocks *ranking // by the longest run of free clusters
	// +checklocks:mu
	tables *ranking // by the number of free inodes
	// +checklocks:mu
	batches map[journal.TID]*batch // what waits for which commit
	// +checklocks:mu
	edited map[ondisk.Block]bool // bitmaps and blocks of descriptors that were changed
	// +checklocks:mu
	loaded []*group // those with a freeMap, in the order of a clock
	// +checklocks:mu
	hand int
}

// span is what is known of the groups of one block of descriptors.
type span struct {
	places []places // immutable

	counts []counts               // guarded by space.mu
	groups []sched.Pointer[group] // nil until its first use; one that is there stays, and is set under space.mu
}

// places is where the tables of a group are.
type places struct {
	blockBitmap, inodeBitmap, inodeTable ondisk.Block
}

// counts is what the descriptor of a group counts.
type counts struct {
	clusters uint32 // free
	inodes   uint32 // free
	dirs     uint32
}

// order is the number of binary digits of n.
func order(n uint32) uint8 { return uint8(bits.Len32(n)) }

// floor is how many clusters must stay spare.
func (a *Allocator) floor(f Flags) int64 {
	switch {
	case f&Essential != 0:
		return 0
	case f&Privileged != 0:
		return a.headroom
	}
	return a.headroom + a.forRoot
}

// Reserve promises n clusters to data that has no place yet, privileged data those for the super user, too. Blocks takes them with
// the flag FromReserve, and Unreserve gives them back. The clusters of trees that will lead to the data are to be counted in, for the
// worst case. The error is syscall.ENOSPC; Retry may help.
func (a *Allocator) Reserve(n uint64, privileged bool) error {
	var f Flags
	if privileged {
		f = Privileged
	} else if a.refused() {
		return syscall.ENOSPC
	}
	if a.promise(int64(n), f) {
		return nil
	}
	if err := a.recount(); err != nil {
		return err
	}
	if a.promise(int64(n), f) {
		return nil
	}
	return syscall.ENOSPC
}

func (a *Allocator) promise(n int64, f Flags) bool {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spare-n < a.floor(f) {
		return false
	}
	s.spare -= n
	s.promised += n
	return true
}

// Unreserve takes back a promise of n clusters.
func (a *Allocator) Unreserve(n uint64) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	back := min(int64(n), s.promised)
	s.promised -= back
	s.spare += back
}

// claim sets aside up to n clusters for a call under way, and returns how many there are.
func (a *Allocator) claim(n uint32, f Flags) uint32 {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	from := &s.spare
	room := s.spare - a.floor(f)
	if f&FromReserve != 0 {
		from, room = &s.promised, s.promised
	}
	got := max(min(int64(n), room), 0)
	*from -= got
	s.claimed += got
	return uint32(got)
}

// unclaim gives back what is left of a claim.
func (a *Allocator) unclaim(n uint32, f Flags) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed -= int64(n)
	if f&FromReserve != 0 {
		s.promised += int64(n)
	} else {
		s.spare += int64(n)
	}
}

// noteLocked tells the counts of what has become of group g: clusters taken from a claim, and the longest run there is now.
//
// +checklocks:g.mu
func (a *Allocator) noteLocked(g *group, claimed int) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed -= int64(claimed)
	g.span.counts[g.slot].clusters -= uint32(claimed)
	a.rankLocked(g)
}

// rankLocked tells searches how long the group's longest run is, or may be. A group without a map is ranked by all it has.
//
// +checklocks:a.space.mu
// +checklocks:g.mu
func (a *Allocator) rankLocked(g *group) {
	n := g.span.counts[g.slot].clusters
	if g.free != nil {
		n = uint32(g.free.most())
	}
	a.space.blocks.set(int(g.num), order(n))
}

// Free returns how many clusters and inodes are free, clusters that are promised left out.
func (a *Allocator) Free() (clusters, inodes uint64) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(max(s.spare+s.claimed+s.held, 0)), uint64(max(s.inodes, 0))
}

// Avail returns how many clusters a write may have, a privileged one or any.
func (a *Allocator) Avail(privileged bool) uint64 {
	var f Flags
	if privileged {
		f = Privileged
	}
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(max(s.spare+s.held-a.floor(f), 0))
}

// Super writes the counts of free blocks and inodes into a super block: what the descriptors say, those of groups that are shut off among them.
func (a *Allocator) Super(sb *ondisk.Super) {
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	sb.SetBlocksFree(uint64(max(s.spare+s.promised+s.claimed+s.held+s.shut, 0)) * a.ratio)
	sb.FreeInodesCount = uint32(max(s.inodes+s.shutInodes, 0))
}

// recount makes the counts those of the descriptors. It looks at each descriptor once in the life of a.
func (a *Allocator) recount() error {
	s := &a.space
	a.loading.Lock()
	defer a.loading.Unlock()
	s.mu.Lock()
	done := s.exact
	s.mu.Unlock()
	if done {
		return nil
	}
	var total, inodes int64
	for i := range a.spanCount() {
		if s.spans[i].Load() != nil {
			continue
		}
		sp, err := a.readSpan(i)
		if err != nil {
			return err
		}
		s.mu.Lock()
		for _, c := range sp.counts {
			total += int64(c.clusters)
			inodes += int64(c.inodes)
		}
		b, t := sp.orders()
		s.blocks.bound(i, b)
		s.tables.bound(i, t)
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.spans {
		sp := s.spans[i].Load()
		if sp == nil {
			continue
		}
		for _, c := range sp.counts {
			total += int64(c.clusters)
			inodes += int64(c.inodes)
		}
	}
	s.spare = total - s.promised - s.claimed - s.held
	s.inodes = inodes
	s.exact = true
	return nil
}

// orders is the greatest order of any of the span's groups, of blocks and of inodes.
func (sp *span) orders() (blocks, inodes uint8) {
	for _, c := range sp.counts {
		blocks, inodes = max(blocks, order(c.clusters)), max(inodes, order(c.inodes))
	}
	return blocks, inodes
}
