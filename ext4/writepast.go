package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// writePast writes the first of p, whole blocks from a block's start on, to the device without a folio, where the mount is of that kind. How much
// that was, it says: nothing where the cache is the way for it. Folios of those blocks go, dirty or not, once they are old.
//
// +checklocks:n.mu
func (n *Inode) writePast(p []byte, off int64) (int, error) {
	least, bits := n.fs.files.writePast, n.fs.blockBits
	if least <= 0 || off&int64(n.fs.blockSize-1) != 0 || len(p) < n.fs.blockSize || n.where() != placeBlocks || !n.delays() {
		return 0, nil
	}
	n.invalidate.Lock() // nobody brings in what is about to become old
	defer n.invalidate.Unlock()
	n.writepages.Lock() // nor gives blocks to what comes before and after
	defer n.writepages.Unlock()
	first := uint64(off) >> bits
	end := first + uint64(len(p))>>bits
	r, err := n.mapped(first)
	if err != nil {
		return 0, err
	}
	r = r.clip(first, end)
	p = p[:r.count<<bits]
	switch {
	case r.state == written && off+int64(len(p)) <= n.core().size:
		err = n.writeDirect(p, r.start)
	case r.state != written && (int64(end-first)<<bits < least || n.space().Cluster() > 1):
		return 0, nil // with clusters, writeback alone gives blocks to what may share one with dirty folios
	default:
		r, err = n.mapPast(p, r)
	}
	if err != nil {
		return 0, err
	}
	n.dropFolios(first, r.end())
	return int(r.count) << bits, nil
}

// writeDirect writes to the blocks from b on.
func (n *Inode) writeDirect(p []byte, b ondisk.Block) error {
	if err := n.fs.checkRange("mapping", b, uint64(len(p))>>n.fs.blockBits); err != nil {
		return ondisk.Locate(err, n.ino, b)
	}
	_, err := n.w.dev.WriteAt(p, int64(b)<<n.fs.blockBits)
	return err
}

// mapPast writes p to r, or to the first of it that gets blocks, and maps those; the file grows as it must. It returns what was written. Where it grows, its
// last block so far comes first if it is dirty: what the device has there past the end is not to be seen.
//
// +checklocks:n.mu
// +checklocks:n.writepages
func (n *Inode) mapPast(p []byte, r run) (run, error) {
	if old := n.size.Load(); old&int64(n.fs.blockSize-1) != 0 {
		if last := uint64(old) >> n.fs.blockBits; last < r.first {
			if err := n.writebackLocked(last, last+1); err != nil {
				return run{}, err
			}
		}
	}
	h, err := n.start(n.mapCredits() + inodeCredits)
	if err != nil {
		return run{}, err
	}
	switch r.state {
	case hole:
		r, err = n.fillPast(h, p, r)
	case unwritten:
		if err = n.writeDirect(p, r.start); err == nil {
			err = n.markWritten(h, r)
		}
	default:
		err = n.writeDirect(p, r.start)
	}
	if err == nil {
		n.growTo(int64(r.end()) << n.fs.blockBits)
		err = n.growDisk(h, r.end())
	}
	return r, n.w.stopped(h, err)
}

// fillPast gives blocks to the first of r, which is a hole, writes p there, and then maps them.
//
// +checklocks:n.writepages
func (n *Inode) fillPast(h *journal.Handle, p []byte, r run) (run, error) {
	r.state = written
	n.maps.Lock()
	r, fresh, err := n.claim(h, r, 0)
	n.maps.Unlock()
	if err != nil {
		return run{}, err
	}
	if err := n.writeDirect(p[:r.count<<n.fs.blockBits], r.start); err != nil {
		if e := n.unclaim(h, r, fresh); e != nil {
			return run{}, e
		}
		return run{}, err
	}
	n.maps.Lock()
	defer n.maps.Unlock()
	return r, n.insertClaimed(h, r, fresh)
}
