package ext4

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"extant/internal/ondisk"
)

// What this package reads; every other incompat feature is refused.
const incompatKnown = ondisk.IncompatFileType | ondisk.IncompatNeedsRecovery | ondisk.IncompatMetaBG |
	ondisk.IncompatExtents | ondisk.Incompat64Bit | ondisk.IncompatMMP | ondisk.IncompatFlexBG |
	ondisk.IncompatEAInode | ondisk.IncompatCsumSeed | ondisk.IncompatLargeDir | ondisk.IncompatInlineData |
	ondisk.IncompatEncrypt | ondisk.IncompatCasefold

const (
	checksumCRC32C = 1    // the one value of s_checksum_type
	descSizeMax    = 1024 // EXT4_MAX_DESC_SIZE of the smallest block
	blockSizeMax   = 64 << 10
)

// layout is the super block, checked, and the sizes that follow from it. It does not change.
type layout struct {
	sb         ondisk.Super
	superBlock ondisk.Block // holds the super block in use; its descriptors follow it

	blockSize    int // bytes
	blockBits    int // log2 of blockSize
	inodeSize    int // bytes
	descSize     int // bytes
	descPerBlock uint64
	blocks       uint64 // of the file system
	blocksInDev  uint64 // whole blocks that the device has, at most blocks
	groups       uint64

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
	if err := l.sb.Decode(raw); err != nil {
		return nil, err
	}
	for _, check := range []func() error{
		l.checkFeatures,
		func() error { return l.checkSuperCsum(raw) },
		l.checkSizes,
		l.checkGroups,
		func() error { return l.checkDevice(size, o) },
	} {
		if err := check(); err != nil {
			return nil, ondisk.Locate(err, 0, o.SuperBlock)
		}
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

// checkFeatures refuses what this package cannot read.
func (l *layout) checkFeatures() error {
	if l.sb.HasIncompat(ondisk.IncompatJournalDev) {
		return &UnsupportedError{Features: []string{"journal_dev"}, Detail: "this is a journal, not a file system"}
	}
	if unknown := ondisk.Incompat(l.sb.FeatureIncompat) &^ incompatKnown; unknown != 0 {
		return &UnsupportedError{Features: unknown.Names()}
	}
	if l.sb.HasROCompat(ondisk.ROCompatMetadataCsum) && l.sb.ChecksumType != checksumCRC32C {
		return &UnsupportedError{Features: []string{"metadata_csum"}, Detail: fmt.Sprintf("checksums of type %d", l.sb.ChecksumType)}
	}
	return nil
}

func (l *layout) checkSuperCsum(raw []byte) error {
	l.csum, l.seed = l.sb.HasROCompat(ondisk.ROCompatMetadataCsum), l.sb.CsumSeed()
	if want := ondisk.SuperCsum(raw); l.csum && l.sb.Checksum != want {
		return ondisk.Corrupt("super block", "checksum %#08x, not %#08x", l.sb.Checksum, want)
	}
	return nil
}

// checkSizes sets the sizes of blocks, inodes and descriptors.
func (l *layout) checkSizes() error {
	sb := &l.sb
	l.blockSize, l.inodeSize, l.descSize = sb.BlockSize(), sb.InodeBytes(), sb.DescriptorSize()
	l.blockBits = bits.Len(uint(l.blockSize)) - 1
	l.blocks = sb.Blocks()
	switch {
	case l.blockSize == 0:
		return ondisk.Corrupt("super block", "logarithm of the block size %d, over 6", sb.LogBlockSize)
	case l.inodeSize < ondisk.InodeSizeMin || l.inodeSize > l.blockSize || !isPower2(l.inodeSize):
		return ondisk.Corrupt("super block", "inodes of %d bytes", l.inodeSize)
	case !isPower2(l.descSize) || l.descSize > descSizeMax:
		return ondisk.Corrupt("super block", "group descriptors of %d bytes", l.descSize)
	case sb.HasIncompat(ondisk.Incompat64Bit) && l.descSize < ondisk.GroupDescSize64:
		return ondisk.Corrupt("super block", "group descriptors of %d bytes with 64bit", l.descSize)
	case sb.FirstFreeIno() < ondisk.FirstIno:
		return ondisk.Corrupt("super block", "first inode %d, below %d", sb.FirstIno, ondisk.FirstIno)
	case l.blocks > math.MaxInt64/uint64(l.blockSize):
		return ondisk.Corrupt("super block", "%d blocks of %d bytes", l.blocks, l.blockSize)
	}
	l.descPerBlock = uint64(l.blockSize / l.descSize)
	return nil
}

// checkGroups sets the number of groups and makes sure that their parts fit them.
func (l *layout) checkGroups() error {
	sb := &l.sb
	bits := uint64(l.blockSize) * 8
	ratio := uint64(sb.ClusterRatio())
	clusters := uint64(sb.ClustersPerGroup)
	if !sb.HasROCompat(ondisk.ROCompatBigAlloc) {
		clusters = uint64(sb.BlocksPerGroup)
	}
	switch {
	case ratio == 0:
		return ondisk.Corrupt("super block", "logarithms of block and cluster size %d and %d", sb.LogBlockSize, sb.LogClusterSize)
	case clusters == 0 || clusters > bits || clusters*ratio != uint64(sb.BlocksPerGroup):
		return ondisk.Corrupt("super block", "%d blocks and %d clusters per group", sb.BlocksPerGroup, clusters)
	case uint64(sb.FirstDataBlock) >= l.blocks || sb.FirstDataBlock > 1 || sb.FirstDataBlock == 1 && l.blockSize != 1024:
		return ondisk.Corrupt("super block", "first data block %d of %d blocks", sb.FirstDataBlock, l.blocks)
	case sb.InodesPerGroup == 0 || uint64(sb.InodesPerGroup) > bits || uint64(sb.InodesPerGroup)%uint64(l.blockSize/l.inodeSize) != 0:
		return ondisk.Corrupt("super block", "%d inodes per group", sb.InodesPerGroup)
	}
	l.groups = sb.Groups()
	switch {
	case l.groups > math.MaxUint32:
		return ondisk.Corrupt("super block", "%d groups", l.groups)
	case l.groups*uint64(sb.InodesPerGroup) != uint64(sb.InodesCount):
		return ondisk.Corrupt("super block", "%d inodes, but %d groups of %d", sb.InodesCount, l.groups, sb.InodesPerGroup)
	case sb.HasIncompat(ondisk.IncompatMetaBG) && uint64(sb.FirstMetaBG) > (l.groups-1)/l.descPerBlock+1:
		return ondisk.Corrupt("super block", "first meta group %d of %d groups", sb.FirstMetaBG, l.groups)
	}
	return nil
}

// checkDevice compares the file system with the device of size bytes it lies on.
func (l *layout) checkDevice(size int64, o Options) error {
	have := uint64(size) / uint64(l.blockSize)
	l.blocksInDev = min(have, l.blocks)
	if have < l.blocks && !o.Truncated {
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

func isPower2(n int) bool { return n > 0 && n&(n-1) == 0 }
