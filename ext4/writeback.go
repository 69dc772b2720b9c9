package ext4

import (
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
)

// batchBytes bounds how much of a file is written under one handle.
const batchBytes = 1 << 20

// writeback writes the dirty folios from first up to end to the device, and gives blocks to those that have none: contiguous ones, for they are
// asked for together. Whatever a commit makes the file's has its data on the device before. It takes no lock of the inode's
// but writepages, so whoever holds the inode's lock may call it, and whoever holds none.
func (n *Inode) writeback(first, end uint64) error {
	n.writepages.Lock()
	defer n.writepages.Unlock()
	return n.writebackLocked(first, end)
}

// writebackLocked is writeback with writepages held. Where there is nothing to write it does not wait for a freeze to end: a file system that is
// frozen has nothing.
func (n *Inode) writebackLocked(first, end uint64) error {
	if _, dirty := n.pages.NextDirty(first, end); n.core().gone || !dirty && n.where() != placeEvicted {
		return nil
	}
	n.w.internal.enter()
	defer n.w.internal.leave()
	for {
		if n.where() == placeEvicted {
			if err := n.writebackEvicted(); err != nil {
				return err
			}
		}
		i, ok := n.pages.NextDirty(first, end)
		if !ok {
			return nil
		}
		next, err := n.writeBatch(i, end)
		if err != nil {
			return err
		}
		first = next
	}
}

// writebackEvicted gives an evicted file's data its block.
func (n *Inode) writebackEvicted() error {
	h, err := n.start(leaveCredits + 1)
	if err != nil {
		return err
	}
	zero := n.pages.Lock(0)
	err = n.leaveInode(h, zero)
	zero.Unlock()
	return n.w.stopped(h, err)
}

// writeBatch writes dirty folios that follow one another, the first of which is i or one after it, and returns where to go on: at i where the
// file's data has been evicted from its inode meanwhile, which comes first.
func (n *Inode) writeBatch(i, end uint64) (uint64, error) {
	if !n.journalsData() {
		list := n.gather(i, end)
		if len(list) > 0 && n.where() != placeBlocks {
			unlockAll(list)
			return i, nil
		}
		k, err := n.overwrite(list)
		unlockAll(list)
		if err != nil || len(list) == 0 || k > 0 {
			return i + uint64(max(k, 1)), err
		}
	}
	h, err := n.start(n.mapCredits() + inodeCredits + n.logCredits())
	if err != nil {
		return i, err
	}
	list := n.gather(i, end)
	if len(list) > 0 && n.where() != placeBlocks {
		unlockAll(list)
		return i, n.w.stopped(h, nil)
	}
	k, err := n.writeMapping(h, list)
	unlockAll(list)
	return i + uint64(max(k, 1)), n.w.stopped(h, err)
}

// logCredits is what a batch of data needs where it goes to the journal.
func (n *Inode) logCredits() int {
	if n.journalsData() {
		return logBatch
	}
	return 0
}

// logBatch is how many folios go to the journal under one handle.
const logBatch = 16

// gather locks the dirty folios from i on that follow one another.
func (n *Inode) gather(i, end uint64) []*page.Folio {
	most := uint64(batchBytes >> n.fs.blockBits)
	if n.journalsData() {
		most = logBatch
	}
	var list []*page.Folio
	for end = min(end, i+most); i < end; i++ {
		f := n.pages.Find(i)
		if f == nil {
			break
		}
		if !f.Has(page.Dirty) {
			f.Unlock()
			break
		}
		list = append(list, f)
	}
	return list
}

func unlockAll(list []*page.Folio) {
	for _, f := range list {
		f.Unlock()
	}
}

// overwrite writes the first folios of the list if all that they need is a place that they have: no metadata changes. It returns how
// many.
func (n *Inode) overwrite(list []*page.Folio) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	i := list[0].Index()
	r, err := n.mapped(i)
	if err != nil || r.state != written {
		return 0, err
	}
	r = r.clip(i, i+uint64(len(list)))
	if !n.sizeOnDisk(r.end()) {
		return 0, nil
	}
	list = list[:r.count]
	if err := n.writeFolios(nil, list, r.start); err != nil {
		return 0, err
	}
	n.written(list...)
	return len(list), nil
}

// sizeOnDisk reports whether i_size on disk covers what the file has before file block end.
func (n *Inode) sizeOnDisk(end uint64) bool {
	c := n.core()
	return c.size >= n.size.Load() || c.size >= int64(end)<<n.fs.blockBits
}

// growDisk makes i_size on disk cover what the file has before file block end, which is written.
func (n *Inode) growDisk(h *journal.Handle, end uint64) error {
	n.maps.Lock()
	defer n.maps.Unlock()
	size := min(n.size.Load(), int64(end)<<n.fs.blockBits)
	if size <= n.core().size {
		return nil
	}
	return n.update(h, func(e *edit) error {
		e.size = size
		return nil
	})
}

// writeMapping writes the folios of the list, as many as the handle has credits for, and maps what is not. It returns how many. i_size covers those
// that were written also where one after them was not: they are clean, and nobody comes back to them.
func (n *Inode) writeMapping(h *journal.Handle, list []*page.Folio) (done int, err error) {
	for done < len(list) && (done == 0 || h.Credits() >= n.mapCredits()+inodeCredits) {
		var k int
		if k, err = n.writePiece(h, list[done:]); err != nil {
			break
		}
		n.written(list[done : done+k]...)
		done += k
	}
	if done > 0 {
		if e := n.growDisk(h, list[done-1].Index()+1); err == nil {
			err = e
		}
	}
	return done, err
}

// writePiece writes the first folios of the list, those that lie in one run or come to, and returns how many.
func (n *Inode) writePiece(h *journal.Handle, list []*page.Folio) (int, error) {
	i := list[0].Index()
	r, err := n.mapped(i)
	if err != nil {
		return 0, err
	}
	r = r.clip(i, i+uint64(len(list)))
	if r.state == hole {
		return n.writeHole(h, list[:r.count])
	}
	list = list[:r.count]
	if err := n.writeFolios(h, list, r.start); err != nil || r.state == written {
		return len(list), err
	}
	return len(list), n.markWritten(h, r)
}

// markWritten notes that an unwritten run has been written.
func (n *Inode) markWritten(h *journal.Handle, r run) error {
	n.maps.Lock()
	defer n.maps.Unlock()
	n.last.Store(nil)
	return half(n.markExtents(h, r.first, r.end(), false))
}

// writeHole gives blocks to the first of the folios, which lie in a hole, and writes them there, and then maps the blocks.
func (n *Inode) writeHole(h *journal.Handle, list []*page.Folio) (int, error) {
	i, flags := list[0].Index(), n.claimFlags(list[0])
	k := 1
	for k < len(list) && n.claimFlags(list[k]) == flags {
		k++
	}
	n.maps.Lock()
	r, fresh, err := n.claim(h, run{first: i, count: uint64(k), state: written}, flags)
	n.maps.Unlock()
	if err != nil {
		return 0, err
	}
	list = list[:r.count]
	if err := n.writeClaimed(h, list, r, fresh, flags); err != nil {
		return 0, err
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	return len(list), n.insertClaimed(h, r, fresh)
}

// writeClaimed writes folios to blocks that were allocated for them, with these flags, and that nobody knows of yet. What was promised is
// theirs then. Where that fails the blocks are free again, and the folios have their promise back.
func (n *Inode) writeClaimed(h *journal.Handle, list []*page.Folio, r run, fresh uint64, flags alloc.Flags) error {
	promised := fresh > 0 && flags&alloc.FromReserve != 0
	err := n.writeFolios(h, list, r.start)
	if err != nil {
		if e := n.unclaim(h, r, fresh); e != nil {
			return e
		}
		promised = promised && n.promise(fresh/n.space().Cluster(), true) != nil
	}
	if promised {
		n.claimed(list, r)
	}
	return err
}

// writeFolios writes locked folios that follow one another to the blocks from b on: to the journal where it carries data, else to the
// device, in as few requests as their memory allows.
func (n *Inode) writeFolios(h *journal.Handle, list []*page.Folio, b ondisk.Block) error {
	if err := n.fs.checkRange("mapping", b, uint64(len(list))); err != nil {
		return ondisk.Locate(err, n.ino, b)
	}
	for len(list) > 0 {
		mem, k := page.Span(list)
		if n.journalsData() {
			k = 1
			if err := h.Log(b, mem[:n.fs.blockSize]); err != nil {
				return err
			}
			n.touched(h, true)
		} else if _, err := n.w.dev.WriteAt(mem, int64(b)<<n.fs.blockBits); err != nil {
			return err
		}
		list, b = list[k:], b+ondisk.Block(k)
	}
	return nil
}

// written notes that locked folios are on the device. A promise that they still have was not needed: somebody else gave them their blocks.
func (n *Inode) written(list ...*page.Folio) {
	for _, f := range list {
		n.unreserve(f)
		f.Clear(page.Trimmed)
		f.Set(page.Backed)
		f.SetClean()
	}
}
