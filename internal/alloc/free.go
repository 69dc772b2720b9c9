package alloc

import (
	"slices"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// batch is what one transaction freed: the groups of which it did.
type batch struct {
	groups []*group
}

// FreeBlocks takes back n clusters from block start on. Nobody is given them before the transaction of h is durable, since a crash before
// that brings their owner back. Of metadata, the caller tells the journal to forget the blocks besides. The error is a
// *ondisk.CorruptError where they are not in use, or not a file's; then some may be free already.
func (a *Allocator) FreeBlocks(h *journal.Handle, start ondisk.Block, n uint64) error {
	if uint64(start) <= uint64(a.sb.FirstDataBlock) || uint64(start) >= a.sb.Blocks() || n > (a.sb.Blocks()-uint64(start)+a.ratio-1)/a.ratio {
		return ondisk.Corrupt("block number", "%d clusters from block %d on to free, of %d blocks", n, start, a.sb.Blocks())
	}
	defer a.shed()
	for n > 0 {
		num, i := a.sb.BlockGroup(start)
		g, err := a.group(num)
		if err != nil {
			return err
		}
		at := int(uint64(i) / a.ratio)
		s := stretch{at, int(min(uint64(at)+n, uint64(a.counted(g))))}
		if err := a.freeIn(h, g, s); err != nil {
			return err
		}
		n -= uint64(s.len())
		start = a.sb.GroupFirstBlock(num + 1)
	}
	return nil
}

// freeIn frees a stretch of one group.
func (a *Allocator) freeIn(h *journal.Handle, g *group, s stretch) error {
	g.mu.Lock()
	defer a.leave(g)
	if err := a.openBlocksLocked(g); err != nil {
		return err
	}
	for _, part := range g.unclaimed(s) {
		if err := a.freeLocked(h, g, part); err != nil {
			return err
		}
	}
	return nil
}

// freeLocked frees a stretch of a group that is ready.
//
// +checklocks:g.mu
func (a *Allocator) freeLocked(h *journal.Handle, g *group, s stretch) error {
	if g.overlapsFixedLocked(s) {
		return ondisk.Corrupt("block number", "group %d: blocks %d to %d to free hold a table, a descriptor or the journal", g.num, a.block(g, s.at), a.block(g, s.end)-1)
	}
	if a.uninit(g, ondisk.GroupBlockUninit) {
		return ondisk.Corrupt("block number", "group %d: blocks %d to %d to free were never in use", g.num, a.block(g, s.at), a.block(g, s.end)-1)
	}
	e, err := a.editBlocksLocked(h, g)
	if err != nil {
		return err
	}
	if at := e.bitmap.NextClear(s.at, s.end); at < s.end {
		err := ondisk.Corrupt("block bitmap", "group %d: block %d is to be freed and is free already; %d clusters free in the descriptor", g.num, a.block(g, at), g.desc.FreeClusters()).At(0, g.desc.BlockBitmap())
		a.shutBlocksLocked(g, err)
		return err
	}
	e.bitmap.ClearRange(s.at, s.end)
	a.finishBlocksLocked(e, s.len())
	a.holdLocked(h, g, s)
	return nil
}

// holdLocked keeps a freed stretch back until the transaction is durable.
//
// +checklocks:g.mu
func (a *Allocator) holdLocked(h *journal.Handle, g *group, s stretch) {
	tid := h.TID()
	first := true
	for i := len(g.held) - 1; i >= 0 && first; i-- {
		first = g.held[i].tid != tid
	}
	if n := len(g.held); n > 0 && g.held[n-1].tid == tid && g.held[n-1].end == s.at {
		g.held[n-1].end = s.end
	} else {
		g.held = append(g.held, heldStretch{s, tid})
	}
	sp := &a.space
	sp.mu.Lock()
	sp.held += int64(s.len())
	g.span.counts[g.slot].clusters += uint32(s.len())
	b := sp.batches[tid]
	fresh := b == nil
	if fresh {
		b = &batch{}
		sp.batches[tid] = b
	}
	if first {
		b.groups = append(b.groups, g)
	}
	sp.mu.Unlock()
	if fresh {
		h.AfterCommit(func(err error) { a.release(tid, err) })
	}
}

// release gives back what a transaction freed, now that it is durable; after an error nothing may be used again.
func (a *Allocator) release(tid journal.TID, err error) {
	s := &a.space
	s.mu.Lock()
	b := s.batches[tid]
	delete(s.batches, tid)
	s.mu.Unlock()
	if err != nil || b == nil {
		return
	}
	for _, g := range b.groups {
		a.discardAll(g, tid)
		a.giveBack(g, tid)
	}
}

// heldBy lists what of a group was freed by a transaction.
func (a *Allocator) heldBy(g *group, tid journal.TID) (freed []stretch) {
	g.mu.Lock()
	defer a.leave(g)
	for _, h := range g.held {
		if h.tid == tid {
			freed = append(freed, h.stretch)
		}
	}
	return freed
}

// discardAll tells the device what a transaction has freed for good.
func (a *Allocator) discardAll(g *group, tid journal.TID) {
	discard := a.discard.Load()
	if discard == nil {
		return
	}
	freed := a.heldBy(g, tid)
	slices.SortFunc(freed, func(x, y stretch) int { return x.at - y.at })
	for i := 0; i < len(freed); {
		s := freed[i]
		for i++; i < len(freed) && freed[i].at == s.end; i++ {
			s.end = freed[i].end
		}
		if err := (*discard)(a.block(g, s.at), uint64(s.len())*a.ratio); err != nil {
			a.discard.Store(nil)
			return
		}
	}
}

// giveBack makes available what a transaction freed.
func (a *Allocator) giveBack(g *group, tid journal.TID) {
	g.mu.Lock()
	defer a.leave(g)
	n := 0
	rest := g.held[:0]
	for _, h := range g.held {
		if h.tid != tid {
			rest = append(rest, h)
			continue
		}
		n += h.len()
		if g.free != nil {
			g.free.give(h.at, h.end)
		}
	}
	if g.held = rest; len(rest) == 0 {
		g.held = nil
	}
	s := &a.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held -= int64(n)
	s.spare += int64(n)
	if n > 0 {
		a.rankLocked(g)
	}
}

// Retry waits, where clusters were freed whose transaction is not durable, until it is, and reports whether an operation that found no room is worth
// another try. The caller has no handle and no lock that a commit takes.
func (a *Allocator) Retry() (bool, error) {
	s := &a.space
	s.mu.Lock()
	waiting := len(s.batches) > 0
	s.mu.Unlock()
	if !waiting || a.journal == nil {
		return false, nil
	}
	return true, a.journal.Force()
}
