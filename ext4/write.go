package ext4

import (
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/internal/page"
)

// WriteAt writes as io.WriterAt says. The file grows as it must; what it gains before off is a hole. The data is in the cache when
// WriteAt returns, and on the device after [Inode.Fsync]. Space that it will need is promised now: errors are syscall.ENOSPC or EDQUOT, EFBIG where
// the file would become larger than the format allows, EPERM where the inode is immutable. That it may
// only be appended to is for who opens it to see to.
func (n *Inode) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, syscall.EINVAL
	}
	w, err := n.fs.enter()
	if err != nil {
		return 0, err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	k, err := n.writeLocked(p, off)
	return k, n.fs.judge(err)
}

// Append writes p at the end of the file, whatever others append meanwhile, and returns where that was. Errors are those of WriteAt.
func (n *Inode) Append(p []byte) (off int64, k int, err error) {
	w, err := n.fs.enter()
	if err != nil {
		return 0, 0, err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	off = n.length()
	k, err = n.writeLocked(p, off)
	return off, k, n.fs.judge(err)
}

// +checklocks:n.mu
func (n *Inode) writeLocked(p []byte, off int64) (int, error) {
	if err := n.checkWrite(); err != nil || len(p) == 0 {
		return 0, err
	}
	most := n.sizeMax() - off
	if most <= 0 {
		return 0, syscall.EFBIG
	}
	over := int64(len(p)) > most
	if over {
		p = p[:most]
	}
	if err := n.stampWrite(); err != nil {
		return 0, err
	}
	if err := n.zeroTail(off); err != nil {
		return 0, err
	}
	for done := 0; done < len(p); {
		k, err := n.writePast(p[done:], off+int64(done))
		if k == 0 && (err == nil || err == syscall.ENOSPC || err == syscall.EDQUOT) { // the other way has what is promised already, and looks for space
			k, err = n.writeChunk(p[done:], off+int64(done))
		}
		done += k
		if err != nil {
			return done, err
		}
	}
	if over {
		return len(p), syscall.EFBIG
	}
	return len(p), nil
}

// checkWrite refuses writes that the inode does not take.
func (n *Inode) checkWrite() error {
	c := n.core()
	switch {
	case c.disk.Type() == ondisk.ModeDir:
		return syscall.EISDIR
	case n.content == nil:
		return syscall.EINVAL
	case c.gone:
		return syscall.ESTALE
	case c.disk.Has(ondisk.InodeImmutable), n.hasVerity():
		return syscall.EPERM
	case n.encrypted():
		return errEncrypted
	}
	return nil
}

// sizeMax is the largest size that the file can have, in bytes.
func (n *Inode) sizeMax() int64 {
	most := int64(n.blocksMax()) << n.fs.blockBits
	if !n.fs.sb.HasROCompat(ondisk.ROCompatHugeFile) {
		most = min(most, 1<<41) // i_blocks has 32 bits for sectors
	}
	return most
}

// chunk is the part of a write that one folio takes. writeBegin decides where it goes and says so here; writeEnd does what is
// said here.
type chunk struct {
	data []byte
	off  int64 // in the file

	inline bool            // decided: into the inode. The folio is folio 0
	folio  *page.Folio     // locked from writeBegin to writeEnd
	h      *journal.Handle // open from writeBegin to writeEnd where metadata changes at once, else nil
	fresh  run             // the block that was allocated for it, where that happens at once; no blocks otherwise
}

func (c *chunk) end() int64 { return c.off + int64(len(c.data)) }

// writeChunk writes the first of p, up to the end of the block.
//
// +checklocks:n.mu
func (n *Inode) writeChunk(p []byte, off int64) (int, error) {
	at := int(off) & (n.fs.blockSize - 1)
	c := chunk{data: p[:min(len(p), n.fs.blockSize-at)], off: off}
	for try := 0; ; try++ {
		if err := n.fs.throttle(); err != nil {
			return 0, err
		}
		err := n.writeBegin(&c)
		if err == nil {
			break
		}
		if err != syscall.ENOSPC || !n.fs.findSpace(try) {
			return 0, err
		}
	}
	if err := n.writeEnd(&c); err != nil {
		return 0, err
	}
	return len(c.data), nil
}

// writeBegin decides where the chunk goes and prepares for it. After an error nothing is locked and nothing has changed, but that
// the data of a file may have been evicted from its inode.
//
// +checklocks:n.mu
func (n *Inode) writeBegin(c *chunk) error {
	if n.where().mayBeInline() { // a hint: while the inode's lock is held it may become false, but not true
		if err := n.beginInline(c); err != nil || c.inline {
			return err
		}
	}
	if n.delays() {
		return n.beginDelayed(c)
	}
	return n.beginMapped(c)
}

// delays reports whether blocks are allocated when data is written back, and not before.
func (n *Inode) delays() bool { return !n.w.o.NoDelalloc && !n.journalsData() }

// beginDelayed prepares a chunk for folio and writeback.
func (n *Inode) beginDelayed(c *chunk) error {
	f := n.pages.Lock(uint64(c.off) >> n.fs.blockBits)
	err := n.prepare(f, c)
	if err == nil {
		err = n.back(f)
	}
	if err != nil {
		f.Unlock()
		return err
	}
	c.folio = f
	return nil
}

// prepare brings into a locked folio what the chunk does not overwrite.
func (n *Inode) prepare(f *page.Folio, c *chunk) error {
	if f.Has(page.Uptodate) {
		return nil
	}
	at := int(c.off) & (n.fs.blockSize - 1)
	switch {
	case len(c.data) == n.fs.blockSize:
		return nil
	case c.off-int64(at) >= n.size.Load() || at == 0 && c.end() >= n.size.Load():
		clear(f.Data())
		return nil
	}
	_, err := n.readFolios([]*page.Folio{f})
	return err
}

// back sees to it that a locked folio has a block, or the promise of one.
func (n *Inode) back(f *page.Folio) error {
	if f.Has(page.Backed) || f.Has(page.Reserved) {
		return nil
	}
	r, err := n.mapped(f.Index())
	switch {
	case err != nil:
		return err
	case r.state != hole:
		f.Set(page.Backed)
		return nil
	}
	return n.reserve(f)
}

// writeEnd copies the data and finishes what writeBegin began, as that decided.
//
// +checklocks:n.mu
func (n *Inode) writeEnd(c *chunk) error {
	inline, err := n.endsInline(c)
	if err != nil {
		return err
	}
	if inline {
		return n.endInline(c)
	}
	f := c.folio
	copy(f.Data()[int(c.off)&(n.fs.blockSize-1):], c.data)
	f.Set(page.Uptodate)
	n.growTo(c.end())
	if c.h != nil {
		return n.endMapped(c)
	}
	n.makeDirty(f)
	f.Unlock()
	return nil
}

// growTo makes i_size at least end. The inode's lock is held.
func (n *Inode) growTo(end int64) {
	if end > n.size.Load() {
		n.size.Store(end)
	}
}
