package ondisk

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// VerityAlgorithm is a hash function of fs-verity (hash_algorithm).
type VerityAlgorithm uint8

// The hash functions of fs-verity.
const (
	VeritySHA256 VerityAlgorithm = 1
	VeritySHA512 VerityAlgorithm = 2
)

// DigestSize is the size of a hash in bytes; 0 for an unknown function.
func (a VerityAlgorithm) DigestSize() int {
	switch a {
	case VeritySHA256:
		return 32
	case VeritySHA512:
		return 64
	}
	return 0
}

// VerityDescriptorSize is the size of a VerityDescriptor in bytes, without the signature that may follow.
const VerityDescriptorSize = 256

// VerityVersion is the only version of the descriptor.
const VerityVersion = 1

// VerityDescriptor says how a file is protected (struct fsverity_descriptor). The file's digest is the hash of these
// bytes with SigSize zero.
type VerityDescriptor struct {
	Version       uint8
	HashAlgorithm VerityAlgorithm
	LogBlockSize  uint8 // of the tree's blocks
	SaltSize      uint8
	SigSize       uint32 // of the signature after the descriptor, bytes
	DataSize      uint64 // of the file, bytes
	RootHash      [64]byte
	Salt          [32]byte
	Reserved      [144]byte
}

func (d *VerityDescriptor) fields(c *codec) {
	c.u8("version", &d.Version)
	c.u8("hash_algorithm", (*uint8)(&d.HashAlgorithm))
	c.u8("log_blocksize", &d.LogBlockSize)
	c.u8("salt_size", &d.SaltSize)
	c.u32("sig_size", &d.SigSize)
	c.u64("data_size", &d.DataSize)
	c.bytes("root_hash", d.RootHash[:])
	c.bytes("salt", d.Salt[:])
	c.bytes("reserved", d.Reserved[:])
}

// Decode reads the descriptor from the first VerityDescriptorSize bytes of b.
func (d *VerityDescriptor) Decode(b []byte) error { return decode(d, b, VerityDescriptorSize) }

// Encode writes the descriptor to the first VerityDescriptorSize bytes of b.
func (d *VerityDescriptor) Encode(b []byte) { encode(d, b, VerityDescriptorSize) }

// Describe lists the fields of the descriptor encoded in b.
func (d *VerityDescriptor) Describe(b []byte) ([]Field, error) {
	return describe(d, b, VerityDescriptorSize)
}

// Check judges what a reader of the tree relies on. size is the file's in bytes, and stored that of the descriptor
// with its signature.
func (d *VerityDescriptor) Check(size uint64, stored int) error {
	switch {
	case d.Version != VerityVersion:
		return &UnsupportedError{Detail: "verity descriptor of an unknown version"}
	case d.HashAlgorithm.DigestSize() == 0:
		return &UnsupportedError{Detail: "verity with an unknown hash function"}
	case d.LogBlockSize < verityLogBlockMin || d.LogBlockSize > verityLogBlockMax:
		return Corrupt("verity descriptor", "log_blocksize %d", d.LogBlockSize)
	case int(d.SaltSize) > len(d.Salt):
		return Corrupt("verity descriptor", "salt of %d bytes in room for %d", d.SaltSize, len(d.Salt))
	case d.DataSize != size:
		return Corrupt("verity descriptor", "data_size %d, but the file has %d bytes", d.DataSize, size)
	case uint64(VerityDescriptorSize)+uint64(d.SigSize) > uint64(max(stored, 0)):
		return Corrupt("verity descriptor", "signature of %d bytes does not fit in %d", d.SigSize, stored)
	}
	return nil
}

// Tree blocks are from 1 KiB to 64 KiB.
const (
	verityLogBlockMin = 10
	verityLogBlockMax = 16
)

// verityAlign is what the start of the tree within the file is rounded up to, whatever the block size, so that
// no page holds both data and tree.
const verityAlign = 1 << 16

// VerityTrailerSize is the size in bytes of the number that ends the last block of a verity file: the size of the
// descriptor with its signature.
const VerityTrailerSize = 4

// VerityDescriptorMax is the largest size that a descriptor may have with its signature, in bytes.
const VerityDescriptorMax = 16384

// VerityTreeOffset is where in the file the hash tree starts; size is the file's in bytes. False where that is out of range.
func VerityTreeOffset(size uint64) (uint64, bool) {
	return roundUp(size, verityAlign)
}

// VerityDescriptorOffset is where in the file a writer puts the descriptor: the first block past a tree of treeBytes. end
// is where the last block ends, whose last bytes are the trailer. stored is the size of the descriptor with its signature. False where
// the file would grow out of range.
func VerityDescriptorOffset(size, treeBytes uint64, stored, blockSize int) (offset, end uint64, ok bool) {
	tree, ok := VerityTreeOffset(size)
	if !ok || treeBytes > math.MaxInt64-tree {
		return 0, 0, false
	}
	offset, ok = roundUp(tree+treeBytes, uint64(blockSize))
	if !ok {
		return 0, 0, false
	}
	end, ok = roundUp(offset+uint64(stored)+VerityTrailerSize, uint64(blockSize))
	return offset, end, ok
}

// PutVerityTrailer ends the blocks that hold a descriptor, of stored bytes with its signature, with that number.
func PutVerityTrailer(blocks []byte, stored int) {
	binary.LittleEndian.PutUint32(blocks[len(blocks)-VerityTrailerSize:], uint32(stored))
}

// FindVerityDescriptor is where in a file whose last mapped block ends at byte end the descriptor starts, and
// its size with the signature. trailer is the last VerityTrailerSize bytes before end.
func FindVerityDescriptor(end uint64, trailer []byte, blockSize int) (offset uint64, stored int, err error) {
	if len(trailer) < VerityTrailerSize {
		return 0, 0, ErrShort
	}
	n := binary.LittleEndian.Uint32(trailer)
	if n < VerityDescriptorSize || n > VerityDescriptorMax || uint64(n)+VerityTrailerSize > end {
		return 0, 0, Corrupt("verity descriptor", "size %d before byte %d", n, end)
	}
	at := end - VerityTrailerSize - uint64(n)
	return at - at%uint64(blockSize), int(n), nil
}

// roundUp rounds up to a multiple of unit, a power of two; false past the largest file offset.
func roundUp(n, unit uint64) (uint64, bool) {
	if n > math.MaxInt64-(unit-1) {
		return 0, false
	}
	return (n + unit - 1) &^ (unit - 1), true
}

// VerityLevelsMax is how many levels a tree may have; larger files cannot be protected.
const VerityLevelsMax = 8

// VerityTree is the shape of a hash tree. Level 0 has the hashes of the data's blocks, each further one those of the
// blocks of the level below it; the root hash is that of the last level's only block. The levels lie one after another,
// the last one first.
type VerityTree struct {
	blockSize uint64
	logArity  uint // hashes in a block, as a power of two
	logDigest uint
	levels    int
	starts    [VerityLevelsMax]uint64 // first block of each level
	blocks    uint64
}

// NewVerityTree is the shape of the tree over d.DataSize bytes; false where it would have too many levels. It relies
// on d having passed Check.
func NewVerityTree(d *VerityDescriptor) (t VerityTree, ok bool) {
	logDigest := uint(bits.TrailingZeros(uint(d.HashAlgorithm.DigestSize())))
	t = VerityTree{
		blockSize: 1 << d.LogBlockSize,
		logDigest: logDigest,
		logArity:  uint(d.LogBlockSize) - logDigest,
	}
	counts := [VerityLevelsMax]uint64{}
	for n := ceilShift(d.DataSize, uint(d.LogBlockSize)); n > 1; t.levels++ {
		if t.levels == VerityLevelsMax {
			return VerityTree{}, false
		}
		n = ceilShift(n, t.logArity)
		counts[t.levels] = n
	}
	for level := t.levels - 1; level >= 0; level-- {
		t.starts[level] = t.blocks
		t.blocks += counts[level]
	}
	return t, true
}

// ceilShift is n / 2^shift, rounded up.
func ceilShift(n uint64, shift uint) uint64 {
	q := n >> shift
	if n&(1<<shift-1) != 0 {
		q++
	}
	return q
}

// Levels is the number of levels: 0 for a file of at most one block, whose root hash is that of the block itself.
func (t *VerityTree) Levels() int { return t.levels }

// Bytes is the size of the tree in bytes.
func (t *VerityTree) Bytes() uint64 { return t.blocks * t.blockSize }

// HashOffset is where in the tree, in bytes, the hash of block i of what lies below a level is: a block of data for level 0,
// else a block of the level before.
func (t *VerityTree) HashOffset(level int, i uint64) uint64 {
	return t.starts[level]*t.blockSize + i<<t.logDigest
}

// BlockOffset is where in the tree, in bytes, block i of a level starts.
func (t *VerityTree) BlockOffset(level int, i uint64) uint64 {
	return (t.starts[level] + i) * t.blockSize
}
