package ext4

import (
	"math/bits"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// VerityOptions say how a file is protected. What is zero is as fsverity(1) has it.
type VerityOptions struct {
	Algorithm ondisk.VerityAlgorithm // SHA-256
	BlockSize int                    // of the Merkle tree, bytes: a power of two from 1024 to a block of the file system; that, but 4096 at most
	Salt      []byte                 // is hashed before every block; 32 bytes at most
}

// EnableVerity makes a regular file one that nobody changes any more and the content of which is verified when it is read (FS_IOC_ENABLE_VERITY): it
// hashes the file, puts a Merkle tree and a descriptor past its end, and sets the flag. After a crash the file is protected, or as it was.
//
// Errors are syscall.EEXIST for a file that is protected, EOPNOTSUPP where the file system does not have the feature or the file no extents, EINVAL for
// what is no regular file, an unknown algorithm or a size of blocks that does not go, EMSGSIZE for a salt that is too long, and those of WriteAt.
func (n *Inode) EnableVerity(o VerityOptions) error {
	w, err := n.fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.mayProtect(); err != nil {
		return err
	}
	v, err := n.newVerity(o)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := n.protect(w, v)
		if err != syscall.ENOSPC || !n.fs.findSpace(try) {
			return n.fs.judge(err)
		}
	}
}

// mayProtect says why the file cannot be protected.
func (n *Inode) mayProtect() error {
	switch c := n.core(); {
	case !n.fs.sb.HasROCompat(ondisk.ROCompatVerity):
		return syscall.EOPNOTSUPP
	case n.hasVerity():
		return syscall.EEXIST
	case c.disk.Type() == ondisk.ModeRegular && !n.extents() && !n.inline():
		return syscall.EOPNOTSUPP
	case c.disk.Has(ondisk.InodeAppend):
		return syscall.EPERM
	}
	return n.checkWrite()
}

// newVerity is how the file is to be protected, but for the hash.
func (n *Inode) newVerity(o VerityOptions) (*verity, error) {
	if o.Algorithm == 0 {
		o.Algorithm = ondisk.VeritySHA256
	}
	if o.BlockSize == 0 {
		o.BlockSize = min(n.fs.blockSize, 4096)
	}
	v := &verity{desc: ondisk.VerityDescriptor{
		Version: ondisk.VerityVersion, HashAlgorithm: o.Algorithm, LogBlockSize: uint8(bits.TrailingZeros(uint(o.BlockSize))),
		SaltSize: uint8(len(o.Salt)), DataSize: uint64(n.size.Load()),
	}}
	switch {
	case o.Algorithm.DigestSize() == 0, o.BlockSize < 1024 || o.BlockSize > n.fs.blockSize || o.BlockSize&(o.BlockSize-1) != 0:
		return nil, syscall.EINVAL
	case copy(v.desc.Salt[:], o.Salt) < len(o.Salt):
		return nil, syscall.EMSGSIZE
	}
	var fits bool
	if v.tree, fits = ondisk.NewVerityTree(&v.desc); !fits {
		return nil, syscall.EFBIG
	}
	v.start, fits = ondisk.VerityTreeOffset(v.desc.DataSize)
	if _, end, ok := v.descriptorPlace(n.fs.blockSize); !ok || !fits || end > n.blocksMax()<<n.fs.blockBits {
		return nil, syscall.EFBIG
	}
	return v, nil
}

// descriptorPlace is the bytes of the file that the descriptor is given.
func (v *verity) descriptorPlace(blockSize int) (start, end uint64, ok bool) {
	return ondisk.VerityDescriptorOffset(v.desc.DataSize, v.tree.Bytes(), ondisk.VerityDescriptorSize, blockSize)
}

// protect protects the file.
//
// +checklocks:n.mu
func (n *Inode) protect(w *writer, v *verity) error {
	if err := n.toBlocks(); err != nil {
		return err
	}
	n.invalidate.Lock() // nothing is stored through a mapping any more, and nobody brings in what is not verified
	defer n.invalidate.Unlock()
	n.writepages.Lock()
	defer n.writepages.Unlock()
	if err := n.settleRange(0, fileEnd); err != nil {
		return err
	}
	if n.journalsData() {
		if err := w.journal.Flush(); err != nil {
			return err
		}
	}
	err := n.readyVerity(w, v)
	if err != nil && n.truncateBlocks(w, n.blocksOfSize()) != nil {
		return err // it stays an orphan
	}
	if e := n.changeSlot(func(h *journal.Handle) error { return n.sealed(h, err == nil) }); err == nil {
		err = e
	}
	return err
}

// readyVerity makes the file an orphan, so that what is past its end goes if a crash comes, and puts there what protects it.
//
// +checklocks:n.writepages
func (n *Inode) readyVerity(w *writer, v *verity) error {
	if err := n.changeSlot(func(h *journal.Handle) error { return w.orphans.add(h, n) }); err != nil {
		return err
	}
	defer n.giveUpAhead(w)
	if err := n.truncateBlocks(w, n.blocksOfSize()); err != nil {
		return err
	}
	return n.putVerity(v)
}

// sealed ends that the file is an orphan, and says that it is protected if it is.
func (n *Inode) sealed(h *journal.Handle, done bool) error {
	if err := n.w.orphans.remove(h, n); err != nil || !done {
		return err
	}
	return n.update(h, func(e *edit) error {
		e.Flags |= ondisk.InodeVerity
		e.bump()
		return nil
	})
}

// changeSlot runs f in a handle that may change what the slot says, and whether the inode is an orphan.
func (n *Inode) changeSlot(f func(h *journal.Handle) error) error {
	h, err := n.start(orphanCredits + inodeCredits)
	if err != nil {
		return err
	}
	return n.w.stopped(h, f(h))
}

// putVerity puts the tree and the descriptor past the end of the file.
//
// +checklocks:n.writepages
func (n *Inode) putVerity(v *verity) error {
	hash := newBlockHash(&v.desc)
	from, size := uint64(0), v.desc.DataSize
	for level := range v.tree.Levels() {
		to := v.start + v.tree.BlockOffset(level, 0)
		made, err := n.putLevel(hash, from, size, to)
		if err != nil {
			return err
		}
		from, size = to, made
	}
	if size > 0 {
		root := make([]byte, hash.size)
		if _, err := n.readBlocks(root[:size], int64(from)); err != nil {
			return err
		}
		copy(v.desc.RootHash[:], hash.of(root))
	}
	at, end, _ := v.descriptorPlace(n.fs.blockSize)
	block := make([]byte, end-at)
	v.desc.Encode(block)
	ondisk.PutVerityTrailer(block, ondisk.VerityDescriptorSize)
	return n.putPast(block, at)
}

// levelBytes is how much of a level of the tree is put at a time.
const levelBytes = 256 << 10

// putLevel hashes size bytes of the file from byte from on, a block at a time, and puts the hashes from byte to on. It returns how many bytes those are
// with the zeros that end the last block.
//
// +checklocks:n.writepages
func (n *Inode) putLevel(hash *blockHash, from, size, to uint64) (made uint64, err error) {
	data, out := make([]byte, max(levelBytes, hash.size)), make([]byte, 0, levelBytes+hash.size)
	for size > 0 {
		k := min(size, uint64(len(data)))
		if _, err := n.readBlocks(data[:k], int64(from)); err != nil {
			return 0, err
		}
		clear(data[k:])
		for i := uint64(0); i < k; i += uint64(hash.size) {
			out = append(out, hash.of(data[i:i+uint64(hash.size)])...)
		}
		from, size = from+k, size-k
		if size == 0 {
			out = append(out, make([]byte, -len(out)&(hash.size-1))...)
		}
		if size == 0 || len(out) >= levelBytes {
			if err := n.putPast(out, to+made); err != nil {
				return 0, err
			}
			made, out = made+uint64(len(out)), out[:0]
		}
	}
	return made, nil
}

// putPast writes p at byte off of the file, past its end. What the file has there already of the first and the last block stays.
//
// +checklocks:n.writepages
func (n *Inode) putPast(p []byte, off uint64) error {
	bits, bs := n.fs.blockBits, uint64(n.fs.blockSize)
	first, end := off>>bits, (off+uint64(len(p))+bs-1)>>bits
	if off%bs != 0 || len(p)%int(bs) != 0 {
		whole := make([]byte, (end-first)<<bits)
		if _, err := n.readBlocks(whole, int64(first<<bits)); err != nil {
			return err
		}
		copy(whole[off-first<<bits:], p)
		p = whole
	}
	for first < end {
		h, err := n.start(n.mapCredits() + inodeCredits)
		if err != nil {
			return err
		}
		k, err := n.putBlocks(h, p, first)
		if err := n.w.stopped(h, err); err != nil {
			return err
		}
		p, first = p[k<<bits:], first+k
	}
	return nil
}

// putBlocks writes the first of what p has for the blocks from first on, as many as come to lie in one run, and then maps them. It returns how many.
//
// +checklocks:n.writepages
func (n *Inode) putBlocks(h *journal.Handle, p []byte, first uint64) (uint64, error) {
	r, err := n.mapped(first)
	if err != nil {
		return 0, err
	}
	r = r.clip(first, first+uint64(len(p))>>n.fs.blockBits)
	if r.state == hole {
		r, err = n.fillPast(h, p, r)
		return r.count, err
	}
	return r.count, n.writeDirect(p[:r.count<<n.fs.blockBits], r.start)
}
