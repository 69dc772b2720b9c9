package ext4

import (
	"io"
	"syscall"

	"extant/internal/ondisk"
	"extant/internal/page"
)

// ReadAt reads a regular file as io.ReaderAt says. Holes and unwritten extents read as zeros. Mounted to read only, data goes from
// the device into p directly, what lies side by side there in one read. Mounted to write, it comes by way of the cache.
//
// The data of an encrypted file is refused with an *UnsupportedError that is syscall.ENOKEY. That of a file with fs-verity is verified against
// its Merkle tree; the signature of the file's digest is not looked at.
func (n *Inode) ReadAt(p []byte, off int64) (int, error) {
	size := n.length() // once: others may change it
	var k int
	var err error
	switch {
	case n.IsDir():
		return 0, syscall.EISDIR
	case n.core().disk.Type() != ondisk.ModeRegular || off < 0:
		return 0, syscall.EINVAL
	case n.encrypted():
		return 0, errEncrypted
	case len(p) == 0:
		return 0, nil
	case off >= size:
		return 0, io.EOF
	case n.content != nil:
		k, err = n.readCached(p, off)
	case n.hasVerity():
		k, err = readSize(p, off, size, n.readVerified)
	default:
		k, err = readSize(p, off, size, n.readData)
	}
	if err != nil && err != io.EOF && !n.hasVerity() { // content that is not what its file was sealed with is no damage of the file system
		n.fs.judge(err)
	}
	return k, err
}

// readCached fills p with the content at off by way of the cache, as far as the end of the file, for which it returns io.EOF. Where the
// end lies is read together with each block's bytes, so that a write to one block is seen whole or not at all, also where it moves the end.
func (n *Inode) readCached(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		k, err := n.readPast(p[done:], off+int64(done))
		if k == 0 && err == nil {
			k, err = n.readSome(p[done:], off+int64(done))
		}
		done += k
		if err != nil {
			return done, err
		}
	}
	return len(p), nil
}

// readPast fills the start of p, whole blocks from a block's start on, with what is not in the cache, which it does not enter, where the mount is of that kind.
// How much there is, it says: nothing where something else is to be done. A write that begins meanwhile may be seen or not.
func (n *Inode) readPast(p []byte, off int64) (int, error) {
	bits := n.fs.blockBits
	if !n.fs.files.past {
		return 0, nil
	}
	i, most := uint64(off)>>bits, uint64(max(0, min(int64(len(p)), n.size.Load()-off)))>>bits
	if most == 0 || off&int64(n.fs.blockSize-1) != 0 || n.hasVerity() {
		return 0, nil
	}
	n.invalidate.RLock() // blocks are not given to others meanwhile
	defer n.invalidate.RUnlock()
	if n.where().mayBeInline() {
		return 0, nil
	}
	count := uint64(0)
	for count < most && !n.pages.Cached(i+count) {
		count++
	}
	if count == 0 {
		return 0, nil
	}
	r, err := n.mapped(i)
	if err != nil {
		return 0, err
	}
	r = r.clip(i, i+count)
	p = p[:r.count<<bits]
	if r.state != written {
		clear(p)
		return len(p), nil
	}
	if err := n.fs.checkRange("mapping", r.start, r.count); err != nil {
		return 0, ondisk.Locate(err, n.ino, r.start)
	}
	return len(p), n.readNewest(p, r.start)
}

// readSome fills the start of p with what one folio, or the inode, has at off. It returns io.EOF, beside the bytes before it, where it came to the end.
func (n *Inode) readSome(p []byte, off int64) (int, error) {
	if off >= n.size.Load() {
		return 0, io.EOF
	}
	bits := n.fs.blockBits
	i, at := uint64(off)>>bits, int(off)&(n.fs.blockSize-1)
	for {
		if n.where().mayBeInline() {
			if k, ok, err := n.readInInode(p, off); ok || err != nil {
				return k, err
			}
			continue
		}
		if k, err := n.readHere(p, off); k > 0 || err != nil {
			return k, err
		}
		f, err := n.uptodate(i, uint64(at+len(p)+n.fs.blockSize-1)>>bits)
		if err == errInInode {
			continue
		}
		if err != nil {
			return 0, err
		}
		k, err := n.copyFrom([]*page.Folio{f}, p, off)
		f.Unlock()
		return k, err
	}
}

// readTogether is how many folios are read under their locks at once: enough that what is done for each is little beside the copying.
const readTogether = 16

// readHere fills the start of p with what folios that are in memory have at off. It says how much that is, and returns io.EOF if the end of the file is
// there. Where the folio at off is not in memory it does nothing.
func (n *Inode) readHere(p []byte, off int64) (k int, err error) {
	bits, at := n.fs.blockBits, int(off)&(n.fs.blockSize-1)
	var few [readTogether]*page.Folio
	list := n.pages.FindRun(few[:0], uint64(off)>>bits, min(readTogether, (at+len(p)+n.fs.blockSize-1)>>bits))
	defer func() { unlockAll(list) }()
	good := 0
	for good < len(list) && list[good].Has(page.Uptodate) {
		good++
	}
	if good == 0 {
		return 0, nil
	}
	return n.copyFrom(list[:good], p, off)
}

// copyFrom fills the start of p with what folios that follow each other, locked, have from off on, which lies in the first, and returns io.EOF if the end of
// the file is there.
func (n *Inode) copyFrom(list []*page.Folio, p []byte, off int64) (k int, err error) {
	at := int(off) & (n.fs.blockSize - 1)
	p = p[:min(len(p), len(list)<<n.fs.blockBits-at)]
	if left := max(0, n.size.Load()-off); left < int64(len(p)) {
		p, err = p[:left], io.EOF
	}
	for k < len(p) {
		mem, m := page.Span(list)
		k += copy(p[k:], mem[at:])
		list, at = list[m:], 0
	}
	return k, err
}

// readInInode is readSome where the inode has the data. It takes no lock: a slot that stayed the same while the inode had the newest
// data held it. Otherwise ok is false.
func (n *Inode) readInInode(p []byte, off int64) (k int, ok bool, err error) {
	c := n.core()
	if !n.where().mayBeInline() || n.core() != c {
		return 0, false, nil
	}
	left := c.size - off
	if left <= 0 {
		return 0, true, io.EOF
	}
	d, err := c.inlineData()
	if err != nil {
		return 0, false, ondisk.Locate(err, n.ino, 0)
	}
	if left < int64(len(p)) {
		p, err = p[:left], io.EOF
	}
	d.CopyTo(p, off)
	return len(p), true, err
}

// readSize reads as io.ReaderAt says from content that has size bytes.
func readSize(p []byte, off, size int64, read func([]byte, int64) (int, error)) (int, error) {
	if left := size - off; int64(len(p)) > left {
		got, err := read(p[:left], off)
		if err == nil {
			err = io.EOF
		}
		return got, err
	}
	return read(p, off)
}

// readData fills p with the content at off, as far as it goes without an error.
func (n *Inode) readData(p []byte, off int64) (int, error) {
	if n.inline() {
		return n.readInline(p, off)
	}
	return n.readBlocks(p, off)
}

// readBlocks fills p with what the inode's blocks hold at off. Neither i_size nor a key matters.
func (n *Inode) readBlocks(p []byte, off int64) (int, error) {
	done := 0
	bs := int64(n.fs.blockSize)
	first, end := uint64(off/bs), uint64((off+int64(len(p))-1)/bs)+1
	for r, err := range n.runs(first, end) {
		if err != nil {
			return done, err
		}
		pos := off + int64(done)
		part := p[done:min(uint64(len(p)), r.end()*uint64(bs)-uint64(off))]
		if err := n.readRun(part, r, pos-int64(r.first)*bs); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// readRun fills p with the bytes at off of a run.
func (n *Inode) readRun(p []byte, r run, off int64) error {
	if r.state != written {
		clear(p)
		return nil
	}
	if err := n.fs.checkRange("mapping", r.start, r.count); err != nil {
		return ondisk.Locate(err, n.ino, r.start)
	}
	return n.fs.readDevice(p, int64(r.start)<<n.fs.blockBits+off)
}
