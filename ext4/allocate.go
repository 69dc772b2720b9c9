package ext4

import (
	"syscall"

	"extant/internal/alloc"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// mapCredits is what a handle needs to map or unmap one range of an inode's blocks at most: nodes split on every level, and the
// root, with their bitmaps and descriptors, and the range's own.
func (n *Inode) mapCredits() int {
	if !n.extents() {
		return 4*(1+alloc.BlocksCredits) + alloc.BlocksCredits + inodeCredits
	}
	depth := ondisk.ExtentNode(n.core().disk.IBlock[:]).Depth()
	return (depth+2)*(2+alloc.BlocksCredits) + 2*alloc.FreeCredits + inodeCredits
}

// inodeCredits is what a handle needs to change an inode's slot, and what quota files say of it.
const inodeCredits = 1 + quotaKinds

// mapped is the run that holds file block fb.
func (n *Inode) mapped(fb uint64) (run, error) {
	n.maps.RLock()
	defer n.maps.RUnlock()
	return n.runOf(fb)
}

// insertRun maps a range that lies in a hole. The maps lock is held exclusively.
func (n *Inode) insertRun(h *journal.Handle, r run) error {
	n.last.Store(nil)
	if !n.extents() {
		return half(n.insertBlockMap(h, r))
	}
	longest := uint64(ondisk.ExtentLenMax)
	if r.state == unwritten {
		longest = ondisk.ExtentLenMaxUnwritten
	}
	for r.count > 0 {
		k := min(r.count, longest)
		if err := n.insertExtent(h, ondisk.MakeExtent(ondisk.FileBlock(r.first), r.start, uint32(k), r.state == unwritten)); err != nil {
			return half(err)
		}
		r.first, r.start, r.count = r.first+k, r.start+ondisk.Block(k), r.count-k
	}
	return nil
}

// removeSome unmaps and frees the last of what is mapped from first up to end, as much as one handle should, and returns
// the file block before which it has left off: first when all is done. The maps lock is held exclusively.
func (n *Inode) removeSome(h *journal.Handle, first, end uint64) (uint64, error) {
	n.last.Store(nil)
	remove := n.removeExtents
	if !n.extents() {
		remove = n.removeBlockMap
	}
	return remove(h, first, end)
}

// removeRange unmaps and frees what is mapped from first up to end. h is restarted as often as that needs, so what it has changed before may
// be committed without the rest. No lock but the inode's and those above is held.
func (n *Inode) removeRange(h *journal.Handle, first, end uint64) error {
	for end > first {
		if err := n.refill(h); err != nil {
			return err
		}
		n.maps.Lock()
		next, err := n.removeSome(h, first, end)
		if err == nil && next == first && n.extents() {
			err = half(n.shrinkTree(h))
		}
		n.maps.Unlock()
		if err != nil {
			return err
		}
		end = next
	}
	return nil
}

// truncateBlocks frees what the inode has from file block first on, under handles of its own. No handle is open.
func (n *Inode) truncateBlocks(w *writer, first uint64) error {
	if !n.hasBlocks() {
		return nil
	}
	n.giveUpAhead(w)
	h, err := w.start(n.mapCredits() + n.freeCredits())
	if err != nil {
		return err
	}
	return w.stopped(h, n.removeRange(h, first, ondisk.FileBlocksMax))
}

// giveUpAhead gives up the space that is kept for the file to grow into.
func (n *Inode) giveUpAhead(w *writer) {
	if n.content == nil {
		return
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	w.alloc.Discard(&n.prealloc)
}

// refill sees to it that h has what the next step of a long change needs.
func (n *Inode) refill(h *journal.Handle) error {
	need := n.mapCredits() + n.freeCredits()
	if h.Credits() >= need {
		return nil
	}
	if err := h.Extend(need); err == nil {
		return nil
	}
	if err := h.Restart(need); err != nil {
		return &handleGone{err}
	}
	return nil
}

// freeCredits is what freeing the extents of one node may touch beyond what mapCredits counts: the groups that they lie in.
func (n *Inode) freeCredits() int {
	most := uint64(n.fs.blockSize/ondisk.ExtentEntrySize) * alloc.FreeCredits
	return int(min(most, 2*n.fs.groups+8, freeCreditsMax))
}

const freeCreditsMax = 64

// mapBlock returns the block of file block fb. With create it allocates one where there is none, and says so: its content is anything.
// Without, 0 stands for a hole. It is for metadata of the file, such as a directory's blocks.
func (n *Inode) mapBlock(h *journal.Handle, fb ondisk.FileBlock, create bool) (b ondisk.Block, fresh bool, err error) {
	r, err := n.mapped(uint64(fb))
	switch {
	case err != nil:
		return 0, false, err
	case r.state != hole:
		return r.at(uint64(fb)), false, nil
	case !create:
		return 0, false, nil
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	r, err = n.allocate(h, run{first: uint64(fb), count: 1, state: written}, 0)
	return r.start, err == nil, err
}

// allocate gives blocks to the first part of want, which lies in a hole, and maps them in want's state. It returns what it has mapped: at
// least one block. The maps lock is held exclusively.
func (n *Inode) allocate(h *journal.Handle, want run, flags alloc.Flags) (run, error) {
	r, fresh, err := n.claim(h, want, flags)
	if err != nil {
		return run{}, err
	}
	if err := n.insertClaimed(h, r, fresh); err != nil {
		return run{}, err
	}
	return r, nil
}

// insertClaimed maps a run that claim gave. If it has to be given up its blocks are free again. The maps lock is held exclusively.
func (n *Inode) insertClaimed(h *journal.Handle, r run, fresh uint64) error {
	err := n.insertRun(h, r)
	if err == nil {
		return half(n.charge(h, int64(fresh)))
	}
	if undone(err) {
		if e := n.unclaim(h, r, fresh); e != nil {
			return e
		}
	}
	return err
}

// unclaim frees what claim gave.
func (n *Inode) unclaim(h *journal.Handle, r run, fresh uint64) error {
	if fresh == 0 {
		return nil
	}
	ratio := n.space().Cluster()
	n.quotas().unclaim(n, fresh/ratio, false)
	return half(n.space().FreeBlocks(h, r.start-ondisk.Block(r.first%ratio), fresh/ratio))
}

// claim finds blocks for the first part of want. fresh is the number of blocks in the clusters that were allocated for it: 0 where the file has
// the rest of the cluster already.
func (n *Inode) claim(h *journal.Handle, want run, flags alloc.Flags) (r run, fresh uint64, err error) {
	if want.end() > n.blocksMax() {
		return run{}, 0, syscall.EFBIG
	}
	ratio := n.space().Cluster()
	skip := want.first % ratio
	if ratio > 1 {
		if r, ok, err := n.sameCluster(want, skip); ok || err != nil {
			return r, 0, err
		}
		if want, err = n.beforeMapped(want, ratio); err != nil {
			return run{}, 0, err
		}
	}
	quotas, promised := n.quotas(), flags&alloc.FromReserve != 0
	clusters, err := quotas.claim(n, min((skip+want.count+ratio-1)/ratio, clustersAtOnce), promised)
	if err != nil {
		return run{}, 0, err
	}
	req := alloc.Request{
		Goal: n.goal(want.first - skip), Len: uint32(clusters), Inode: n.ino, Logical: ondisk.FileBlock(want.first - skip),
		Size: uint64(n.size.Load())>>n.fs.blockBits + 1, Flags: flags,
	}
	if n.content != nil {
		req.Prealloc = &n.prealloc
	}
	start, got, err := n.space().Blocks(h, req)
	quotas.unclaim(n, clusters-uint64(got), promised)
	if err != nil {
		return run{}, 0, err
	}
	fresh = uint64(got) * ratio
	want.start, want.count = start+ondisk.Block(skip), min(want.count, fresh-skip)
	return want, fresh, nil
}

// clustersAtOnce bounds one request.
const clustersAtOnce = 1 << 14

// sameCluster is the first part of want where the file already has another part of its cluster: blocks lie in a cluster as they do in the
// file.
func (n *Inode) sameCluster(want run, skip uint64) (run, bool, error) {
	ratio := n.space().Cluster()
	from := want.first - skip
	for fb := from; fb < from+ratio; {
		r, err := n.runOf(fb)
		if err != nil {
			return run{}, false, err
		}
		if r.state != hole {
			at := max(fb, r.first)
			cluster := r.at(at) - ondisk.Block(at-from)
			want.start, want.count = cluster+ondisk.Block(skip), min(want.count, ratio-skip)
			return want, true, nil
		}
		fb = r.end()
	}
	return run{}, false, nil
}

// beforeMapped cuts want before the first cluster that the file has a part of.
func (n *Inode) beforeMapped(want run, ratio uint64) (run, error) {
	r, err := n.runOf(want.first)
	if err != nil {
		return run{}, err
	}
	if end := r.end() / ratio * ratio; want.end() > end && end > want.first {
		want.count = end - want.first
	}
	return want, nil
}

// goal is where the block of fb is best put: behind the one before it, or where that would come if it is one that is written a little later.
func (n *Inode) goal(fb uint64) ondisk.Block {
	if fb > 0 && n.hasBlocks() {
		r, err := n.runOf(fb - 1)
		if err == nil && r.state == hole && r.first > 0 && (fb-r.first)<<n.fs.blockBits <= gapMax {
			r, err = n.runOf(r.first - 1)
		}
		if err == nil && r.state != hole {
			return r.start + ondisk.Block(fb-r.first)
		}
	}
	return n.space().Goal(n.ino, n.IsDir())
}

// gapMax is how many bytes of a hole goal leaves room for.
const gapMax = 16 << 20

// freeRuns frees what is not mapped any more, in ascending order. Of a cluster of which the file keeps a part, nothing is freed.
func (n *Inode) freeRuns(h *journal.Handle, gone []run) error {
	ratio := n.space().Cluster()
	freed := uint64(0) // the file block after the last cluster that was freed
	for _, r := range gone {
		if err := n.forgetRun(h, r); err != nil {
			return err
		}
		if ratio > 1 {
			var err error
			if r, err = n.wholeClusters(r, ratio, freed); err != nil {
				return err
			}
			if r.count == 0 {
				continue
			}
			freed = r.end()
		}
		if err := n.space().FreeBlocks(h, r.start, r.count/ratio); err != nil {
			return err
		}
		if err := n.charge(h, -int64(r.count)); err != nil {
			return err
		}
	}
	return nil
}

// forgetRun tells the journal of freed blocks that it may hold.
func (n *Inode) forgetRun(h *journal.Handle, r run) error {
	d := &n.core().disk
	if d.Type() == ondisk.ModeRegular && !d.Has(ondisk.InodeEA) && !n.journalsData() {
		return nil
	}
	for i := range r.count {
		if err := h.Forget(r.start + ondisk.Block(i)); err != nil {
			return err
		}
	}
	return nil
}

// wholeClusters is r, which is not mapped any more, grown to whole clusters, without those of which the file still maps a part and
// without what lies before from.
func (n *Inode) wholeClusters(r run, ratio, from uint64) (run, error) {
	first, end := max(from, r.first-r.first%ratio), (r.end()+ratio-1)/ratio*ratio
	if first < end {
		head, err := n.mapsAny(first, first+ratio)
		if err != nil {
			return run{}, err
		}
		if head {
			first += ratio
		}
	}
	if first < end {
		tail, err := n.mapsAny(end-ratio, end)
		if err != nil {
			return run{}, err
		}
		if tail {
			end -= ratio
		}
	}
	if first >= end {
		return run{}, nil
	}
	start := r.start + ondisk.Block(first) - ondisk.Block(r.first)
	return run{first: first, count: end - first, start: start, state: r.state}, nil
}

// mapsAny reports whether any file block from first up to end is mapped.
func (n *Inode) mapsAny(first, end uint64) (bool, error) {
	for first < end {
		r, err := n.runOf(first)
		if err != nil || r.state != hole {
			return err == nil, err
		}
		first = r.end()
	}
	return false, nil
}

// newMetaBlock allocates a block for the inode's map, all zero.
func (n *Inode) newMetaBlock(h *journal.Handle) (*buffer.Buffer, []byte, error) {
	b, _, err := n.space().Blocks(h, alloc.Request{Goal: n.space().Goal(n.ino, false), Len: 1, Inode: n.ino, Flags: alloc.Essential})
	if err != nil {
		return nil, nil, err
	}
	buf := n.fs.cache.New(b)
	data, err := h.Create(buf)
	if err != nil {
		return nil, nil, err
	}
	return buf, data, n.charge(h, int64(n.space().Cluster()))
}

// freeMetaBlock frees a block of the inode's map.
func (n *Inode) freeMetaBlock(h *journal.Handle, buf *buffer.Buffer) error {
	ratio := n.space().Cluster()
	if err := h.Forget(buf.Block()); err != nil {
		return err
	}
	b := buf.Block() - buf.Block()%ondisk.Block(ratio)
	if err := n.space().FreeBlocks(h, b, 1); err != nil {
		return err
	}
	return n.charge(h, -int64(ratio))
}

// blocksMax is the number of blocks that the inode's map can reach.
func (n *Inode) blocksMax() uint64 {
	if n.extents() || n.inline() {
		return ondisk.FileBlocksMax
	}
	return ondisk.BlockMapMax(n.fs.blockSize)
}

// charge adds blocks to what the inode is said to have (i_blocks), or takes them away.
func (n *Inode) charge(h *journal.Handle, blocks int64) error {
	if blocks == 0 {
		return nil
	}
	return n.update(h, func(e *edit) error { return n.fs.addBlocks(&e.Inode, blocks) })
}

// addBlocks changes i_blocks, which counts sectors, or blocks where they have become too many for that.
func (l *layout) addBlocks(d *ondisk.Inode, blocks int64) error {
	perBlock := int64(l.blockSize / 512)
	huge := l.sb.HasROCompat(ondisk.ROCompatHugeFile)
	sectors := int64(d.BlocksLo)
	if huge {
		sectors = int64(d.Blocks())
		if d.Has(ondisk.InodeHugeFile) {
			sectors *= perBlock
		}
	}
	if sectors += blocks * perBlock; sectors < 0 {
		return ondisk.Corrupt("inode", "i_blocks is %d sectors too low", -sectors)
	}
	d.Flags &^= ondisk.InodeHugeFile
	switch {
	case sectors < 1<<32:
		d.SetBlocks(uint64(sectors))
	case !huge:
		return syscall.EFBIG
	case sectors < 1<<48:
		d.SetBlocks(uint64(sectors))
	default:
		d.Flags |= ondisk.InodeHugeFile
		d.SetBlocks(uint64(sectors / perBlock))
	}
	return nil
}
