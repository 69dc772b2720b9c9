package ext4

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"extant/internal/ondisk"
)

const (
	blockSizeMax = 64 << 10
	encodingUTF8 = 1 // the only value of s_encoding: Unicode 12.1
)

// layout is the super block, checked, and the sizes that follow from it. It does not change.
type layout struct {
	sb         ondisk.Super
	superBlock ondisk.Block // holds the super block in use; its descriptors follow it

	blockSize   int    // bytes
	blockBits   int    // log2 of blockSize
	inodeSize   int    // bytes
	descSize    int    // bytes
	blocks      uint64 // of the file system
	blocksInDev uint64 // whole blocks that the device has, at most blocks
	groups      uint64

	csum bool   // metadata_csum
	seed uint32 // of metadata checksums
}

// readLayout reads and checks the super block that o names.
func readLayout(dev io.ReaderAt, size int64, o Options) (*layout, error) {
	raw, at, err := readSuper(dev, o.SuperBlock)
	if err != nil {
		return nil, err
	}
	l := &layout{superBlock: at}
	err = l.sb.Decode(raw)
	if err == nil {
		err = l.sb.Check()
	}
	if err == nil {
		err = l.measure(size, o)
	}
	if err != nil {
		return nil, ondisk.Locate(err, 0, o.SuperBlock)
	}
	return l, nil
}

// readSuper returns the bytes of the super block in block b, or of the primary where b is 0, and the block they lie in.
// A copy lies at the start of a block, and only it knows how large blocks are, so each size is tried.
func readSuper(dev io.ReaderAt, b ondisk.Block) ([]byte, ondisk.Block, error) {
	if b == 0 {
		raw, err := readSuperAt(dev, ondisk.SuperOffset)
		if err != nil {
			return nil, 0, err
		}
		return raw, ondisk.Block(ondisk.SuperOffset / max(superBlockSize(raw), ondisk.SuperOffset)), nil
	}
	for size := int64(1024); size <= blockSizeMax; size *= 2 {
		if int64(b) < 0 || int64(b) > math.MaxInt64/blockSizeMax {
			break
		}
		raw, err := readSuperAt(dev, int64(b)*size)
		if err == nil && int64(superBlockSize(raw)) == size {
			return raw, b, nil
		}
	}
	return nil, 0, ondisk.Corrupt("super block", "no copy there with blocks of any size").At(0, b)
}

func superBlockSize(raw []byte) int {
	var sb ondisk.Super
	if sb.Decode(raw) != nil || sb.BlockSize() == 0 {
		return 0
	}
	return sb.BlockSize()
}

func readSuperAt(dev io.ReaderAt, off int64) ([]byte, error) {
	raw := make([]byte, ondisk.SuperSize)
	n, err := dev.ReadAt(raw, off)
	switch {
	case n == len(raw):
	case err == nil || errors.Is(err, io.EOF):
		return nil, ondisk.Corrupt("super block", "the device ends before it, at byte %d", off+int64(n))
	default:
		return nil, fmt.Errorf("super block: %w", err)
	}
	var sb ondisk.Super
	if err := sb.Decode(raw); err != nil {
		return nil, err
	}
	if sb.Magic != ondisk.SuperMagic {
		return nil, ondisk.Corrupt("super block", "magic %#04x, not %#04x: not an ext2, ext3 or ext4 file system", sb.Magic, ondisk.SuperMagic)
	}
	return raw, nil
}

// measure computes what follows from the super block, and compares the file system with the device of size bytes it lies on.
func (l *layout) measure(size int64, o Options) error {
	sb := &l.sb
	l.blockSize, l.inodeSize, l.descSize = sb.BlockSize(), sb.InodeBytes(), sb.DescriptorSize()
	l.blockBits = bits.Len(uint(l.blockSize)) - 1
	l.blocks, l.groups = sb.Blocks(), sb.Groups()
	l.csum, l.seed = sb.HasROCompat(ondisk.ROCompatMetadataCsum), sb.CsumSeed()
	have := uint64(size) / uint64(l.blockSize)
	l.blocksInDev = min(have, l.blocks)
	switch {
	case sb.HasIncompat(ondisk.IncompatCasefold) && sb.Encoding != encodingUTF8:
		return &UnsupportedError{Features: []string{"casefold"}, Detail: fmt.Sprintf("names in encoding %d", sb.Encoding)}
	case l.blocks > math.MaxInt64/uint64(l.blockSize):
		return ondisk.Corrupt("super block", "%d blocks of %d bytes", l.blocks, l.blockSize)
	case have < l.blocks && !o.Truncated:
		return ondisk.Corrupt("super block", "%d blocks of %d bytes, but the device has %d bytes: the image is truncated", l.blocks, l.blockSize, size)
	}
	return nil
}

// bigDirs reports whether directories may be as large as files, and so use i_size_high.
func (l *layout) bigDirs() bool { return l.sb.HasIncompat(ondisk.IncompatLargeDir) }

// checkRange refuses n blocks from b on unless all of them are blocks of the file system, after its super block, and within the device.
func (l *layout) checkRange(structure string, b ondisk.Block, n uint64) error {
	switch first := uint64(l.sb.FirstDataBlock); {
	case uint64(b) <= first || uint64(b) >= l.blocks || n > l.blocks-uint64(b):
		return ondisk.Corrupt(structure, "blocks %d to %d are outside the file system, %d to %d", b, uint64(b)+n-1, first+1, l.blocks-1)
	case uint64(b) >= l.blocksInDev || n > l.blocksInDev-uint64(b):
		return ondisk.Corrupt(structure, "blocks %d to %d are beyond the end of the device, which has %d", b, uint64(b)+n-1, l.blocksInDev)
	}
	return nil
}
