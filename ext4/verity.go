package ext4

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math"

	"extant/internal/ondisk"
)

// verity is how a file with fs-verity is verified: the descriptor, checked, and the shape of the Merkle tree, which lies in the file
// past its end.
type verity struct {
	desc  ondisk.VerityDescriptor
	tree  ondisk.VerityTree
	start uint64 // of the tree in the file, bytes
}

// MeasureVerity is the digest of a file with fs-verity (FS_IOC_MEASURE_VERITY), which stands for its content, and the algorithm of that. The errors are
// those of Verity, but of a file without syscall.ENODATA, or what the system has for it.
func (n *Inode) MeasureVerity() (ondisk.VerityAlgorithm, []byte, error) {
	if !n.hasVerity() {
		return 0, nil, errNoAttr
	}
	d, err := n.Verity()
	if err != nil {
		return 0, nil, err
	}
	d.SigSize = 0 // a signature is one of the digest
	raw := make([]byte, ondisk.VerityDescriptorSize)
	d.Encode(raw)
	h := newHash(d.HashAlgorithm)
	h.Write(raw)
	return d.HashAlgorithm, h.Sum(nil), nil
}

// Verity is the fs-verity descriptor of a file: the algorithm, the salt and the hash at the root of its Merkle tree. A file without is an
// *UnsupportedError.
func (n *Inode) Verity() (ondisk.VerityDescriptor, error) {
	if !n.hasVerity() {
		return ondisk.VerityDescriptor{}, &UnsupportedError{Features: []string{"verity"}, Detail: "the file has none"}
	}
	v, err := n.verity()
	if err != nil {
		return ondisk.VerityDescriptor{}, err
	}
	return v.desc, nil
}

func (n *Inode) hasVerity() bool {
	return n.core().disk.Has(ondisk.InodeVerity) && n.fs.sb.HasROCompat(ondisk.ROCompatVerity)
}

// verity reads the descriptor, once.
func (n *Inode) verity() (*verity, error) {
	if v := n.merkle.Load(); v != nil {
		return v, nil
	}
	v, err := n.readVerity()
	if err != nil {
		return nil, ondisk.Locate(err, n.ino, 0)
	}
	n.merkle.Store(v)
	return v, nil
}

func (n *Inode) readVerity() (*verity, error) {
	end, err := n.mappedEnd()
	if err != nil {
		return nil, err
	}
	trailer := make([]byte, ondisk.VerityTrailerSize)
	if end < uint64(len(trailer)) || n.inline() {
		return nil, ondisk.Corrupt("verity descriptor", "the file has none")
	}
	if _, err := n.readBlocks(trailer, int64(end)-int64(len(trailer))); err != nil {
		return nil, err
	}
	at, stored, err := ondisk.FindVerityDescriptor(end, trailer, n.fs.blockSize)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, stored)
	if _, err := n.readBlocks(raw, int64(at)); err != nil {
		return nil, err
	}
	v := &verity{}
	if err := v.desc.Decode(raw); err != nil {
		return nil, err
	}
	if err := v.desc.Check(uint64(n.length()), stored); err != nil {
		return nil, err
	}
	tree, ok := ondisk.NewVerityTree(&v.desc)
	start, inRange := ondisk.VerityTreeOffset(uint64(n.length()))
	if !ok || !inRange || tree.Bytes() > math.MaxInt64-start {
		return nil, ondisk.Corrupt("verity descriptor", "a file of %d bytes has no tree of blocks of %d", n.length(), 1<<v.desc.LogBlockSize)
	}
	v.tree, v.start = tree, start
	return v, nil
}

// mappedEnd is where the last block that the file has ends, in bytes.
func (n *Inode) mappedEnd() (uint64, error) {
	r, err := n.mapped(ondisk.FileBlocksMax - 1)
	switch {
	case err != nil:
		return 0, err
	case r.state == hole:
		return r.first << n.fs.blockBits, nil
	}
	return r.end() << n.fs.blockBits, nil
}

func newHash(a ondisk.VerityAlgorithm) hash.Hash {
	if a == ondisk.VeritySHA512 {
		return sha512.New()
	}
	return sha256.New()
}

// blockHash hashes blocks, of data and of the tree, as a descriptor says.
type blockHash struct {
	h    hash.Hash
	salt []byte // padded: hashed before each block
	size int    // of a block
	sum  []byte
}

func newBlockHash(d *ondisk.VerityDescriptor) *blockHash {
	b := &blockHash{h: newHash(d.HashAlgorithm), size: 1 << d.LogBlockSize}
	if d.SaltSize > 0 {
		b.salt = make([]byte, b.h.BlockSize())
		copy(b.salt, d.Salt[:d.SaltSize])
	}
	return b
}

// of is the hash of a block. It is good until the next.
func (b *blockHash) of(block []byte) []byte {
	b.h.Reset()
	b.h.Write(b.salt)
	b.h.Write(block)
	b.sum = b.h.Sum(b.sum[:0])
	return b.sum
}

// verifier reads a verity file and compares what it reads with the tree. It keeps the last verified block of each level, so that
// reading on costs little more than hashing the data. It is used by one read.
type verifier struct {
	n      *Inode
	v      *verity
	h      *blockHash
	block  []byte // of data
	levels [ondisk.VerityLevelsMax]treeBlock
}

type treeBlock struct {
	data  []byte // nil before the first
	index uint64
}

// verifier begins a read.
func (n *Inode) verifier() (*verifier, error) {
	v, err := n.verity()
	if err != nil {
		return nil, err
	}
	return &verifier{n: n, v: v, h: newBlockHash(&v.desc), block: make([]byte, 1<<v.desc.LogBlockSize)}, nil
}

// readVerified fills p with the content at off, as far as it proves to be what was signed for.
func (n *Inode) readVerified(p []byte, off int64) (int, error) {
	r, err := n.verifier()
	if err != nil {
		return 0, err
	}
	return r.read(p, off)
}

// read fills p with the content at off. Past the end of the file are zeros.
func (r *verifier) read(p []byte, off int64) (done int, err error) {
	for done < len(p) {
		pos := uint64(off) + uint64(done)
		if pos >= r.v.desc.DataSize {
			clear(p[done:])
			return len(p), nil
		}
		i, within := pos>>r.v.desc.LogBlockSize, pos&uint64(len(r.block)-1)
		if err := r.data(i); err != nil {
			return done, err
		}
		done += copy(p[done:], r.block[within:])
	}
	return done, nil
}

// data reads block i of the file's data and verifies it. Past the end of the file a block counts as zeros.
func (r *verifier) data(i uint64) error {
	at := i << r.v.desc.LogBlockSize
	got := r.block[:min(uint64(len(r.block)), uint64(r.n.length())-at)]
	if _, err := r.n.readBlocks(got, int64(at)); err != nil {
		return err
	}
	clear(r.block[len(got):])
	return r.check(r.block, 0, i)
}

// check compares a block with its hash: block i of the data for level 0, else block i of the level before.
func (r *verifier) check(block []byte, level int, i uint64) error {
	want, err := r.want(level, i)
	if err != nil {
		return err
	}
	if !bytes.Equal(r.h.of(block), want) {
		return r.n.corrupt("verity file", "block %d of level %d does not have the hash that its Merkle tree says", i, level)
	}
	return nil
}

// want is the hash that block i below a level must have. It comes from a block of the level, which is verified first.
func (r *verifier) want(level int, i uint64) ([]byte, error) {
	size := uint64(r.v.desc.HashAlgorithm.DigestSize())
	if level == r.v.tree.Levels() {
		return r.v.desc.RootHash[:size], nil
	}
	within := r.v.tree.HashOffset(level, i) - r.v.tree.BlockOffset(level, 0)
	index, at := within>>r.v.desc.LogBlockSize, within&uint64(len(r.block)-1)
	t := &r.levels[level]
	if t.data == nil || t.index != index {
		data := make([]byte, len(r.block))
		if _, err := r.n.readBlocks(data, int64(r.v.start+r.v.tree.BlockOffset(level, index))); err != nil {
			return nil, err
		}
		if err := r.check(data, level+1, index); err != nil {
			return nil, err
		}
		t.data, t.index = data, index
	}
	return t.data[at : at+size], nil
}
