package alloc

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// ClaimBlocks marks the clusters of n blocks from start on as in use, those that are not, for a file that is known to have them: what was
// allocated in fast commits. From then on FreeBlocks keeps them, whoever else had them before. Nobody else uses the allocator meanwhile. It returns
// how many clusters were free. The error is a *ondisk.CorruptError for blocks that no file can have.
func (a *Allocator) ClaimBlocks(h *journal.Handle, start ondisk.Block, n uint64) (fresh uint64, err error) {
	if uint64(start) <= uint64(a.sb.FirstDataBlock) || uint64(start) >= a.sb.Blocks() || n > a.sb.Blocks()-uint64(start) {
		return 0, ondisk.Corrupt("block number", "%d blocks from block %d on, of %d blocks", n, start, a.sb.Blocks())
	}
	defer a.shed()
	for end := start + ondisk.Block(n); start < end; {
		num, i := a.sb.BlockGroup(start)
		g, err := a.group(num)
		if err != nil {
			return fresh, err
		}
		next := min(end, a.sb.GroupFirstBlock(num+1))
		last := uint64(i) + uint64(next-start)
		got, err := a.claimIn(h, g, stretch{int(uint64(i) / a.ratio), int((last + a.ratio - 1) / a.ratio)})
		if err != nil {
			return fresh, err
		}
		fresh += got
		start = next
	}
	return fresh, nil
}

// claimIn claims a stretch of one group.
func (a *Allocator) claimIn(h *journal.Handle, g *group, s stretch) (fresh uint64, err error) {
	g.mu.Lock()
	defer a.leave(g)
	if err := a.openBlocksLocked(g); err != nil {
		return 0, err
	}
	if g.overlapsFixedLocked(s) {
		return 0, ondisk.Corrupt("block number", "group %d: blocks %d to %d, which a file is to have, hold a table, a descriptor or the journal", g.num, a.block(g, s.at), a.block(g, s.end)-1)
	}
	if g.claimed == nil {
		g.claimed = make(ondisk.Bitmap, a.sb.BlockSize())
	}
	g.claimed.SetRange(s.at, s.end)
	e, err := a.editBlocksLocked(h, g)
	if err != nil {
		return 0, err
	}
	n := s.len() - e.bitmap.Count(s.at, s.end)
	e.bitmap.SetRange(s.at, s.end)
	g.free.take(s.at, min(s.end, g.size))
	a.finishBlocksLocked(e, -n)
	sp := &a.space
	sp.mu.Lock()
	sp.spare -= int64(n)
	sp.claimed += int64(n)
	sp.mu.Unlock()
	a.noteLocked(g, n)
	return uint64(n), nil
}

// unclaimed yields the parts of a stretch that ClaimBlocks did not claim.
//
// +checklocks:g.mu
func (g *group) unclaimed(s stretch) (parts []stretch) {
	if g.claimed == nil {
		return []stretch{s}
	}
	for at := g.claimed.NextClear(s.at, s.end); at < s.end; at = g.claimed.NextClear(at, s.end) {
		end := g.claimed.NextSet(at, s.end)
		parts = append(parts, stretch{at, end})
		at = end
	}
	return parts
}

// ClaimInode marks an inode as in use that is known to be; dir says that it is a directory. It reports whether it was free. The slots of the table
// that come into use with it are cleared. Nobody else uses the allocator meanwhile.
func (a *Allocator) ClaimInode(h *journal.Handle, ino ondisk.Ino, dir bool) (fresh bool, err error) {
	if ino < a.sb.FirstFreeIno() || uint32(ino) > a.sb.InodesCount {
		return false, ondisk.Corrupt("inode number", "%d, of %d to %d", ino, a.sb.FirstFreeIno(), a.sb.InodesCount)
	}
	n, i := a.sb.InodeGroup(ino)
	g, err := a.group(n)
	if err != nil {
		return false, err
	}
	g.mu.Lock()
	defer a.leave(g)
	m, err := a.openInodesLocked(g)
	if err != nil || m != nil && m.Test(int(i)) {
		return false, err
	}
	per := a.sb.BlockSize() / a.sb.InodeBytes()
	used := a.tableUsed(&g.desc)
	for first := (used + per - 1) / per * per; first+per <= int(i); first += per {
		if err := a.clearTableLocked(h, g, used, first); err != nil {
			return false, err
		}
	}
	next := g.inodeNext
	err = a.useInodeLocked(h, g, int(i), dir)
	g.inodeNext = next
	return true, err
}
