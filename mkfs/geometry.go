package mkfs

import (
	"cmp"
	"math"
	"math/bits"

	"extant/internal/ondisk"
)

// Limits of the format.
const (
	blockSizeMin   = 1024
	blockSizeMax   = 65536
	blocksMin      = 16 // what the smallest layout takes, and no data
	clusterSizeMax = 256 << 20
	// clustersPerGroupMax and what derives from it keep counts of a group within 16 bits.
	clustersPerGroupMax = 1<<16 - 8
	inodesPerGroupMax   = 1 << 16 // less the inodes of one block
	firstIno            = ondisk.FirstIno
	resizeBlocksMax     = math.MaxUint32
)

// Geometry is the plan of a file system: everything that follows from a size and options before the
// device is touched. It is made by [Plan] and does not change.
type Geometry struct {
	// Super is the super block as it will be written, but for identities, times and what depends on use.
	Super ondisk.Super
	Usage string // the usage type that gave the defaults

	BlockSize   int    // bytes
	Ratio       uint64 // blocks to a cluster; 1 without bigalloc
	Blocks      uint64
	Groups      uint64
	DescBlocks  uint64 // blocks of group descriptors
	TableBlocks uint64 // blocks of inode table in each group
	FlexGroups  uint64 // groups whose tables lie together; 1 without flex_bg

	JournalBlocks    uint64 // with the fast-commit area; 0: no journal
	FastCommitBlocks uint64
	OrphanBlocks     uint64 // of the orphan file; 0: none
	Quota            QuotaSet

	// Notes says where a default had to yield, a sentence each.
	Notes []string

	opts   Options
	inodes uint64     // that follow from the size; 0 where -N says
	filled bool       // whoever fills the file system makes lost+found
	tables []tableSet // by group
	meta   []run      // fixed metadata, ascending
}

// Plan works out the file system that the options ask for on size bytes.
func Plan(size int64, o Options) (*Geometry, error) {
	if o.Size != 0 {
		size = o.Size
	}
	g := &Geometry{opts: o}
	for _, step := range []func(size int64) error{
		g.planFeatures, g.planSizes, g.planClusters, g.planCount, g.planInodes, g.planJournal,
		g.planOrphans, g.planQuota, g.planGroups, g.planReserve, g.planBackups,
	} {
		if err := step(size); err != nil {
			return nil, err
		}
	}
	g.place()
	return g, nil
}

// Features returns the features of the file system.
func (g *Geometry) Features() Features {
	s := &g.Super
	return Features{ondisk.Compat(s.FeatureCompat), ondisk.Incompat(s.FeatureIncompat), ondisk.ROCompat(s.FeatureROCompat)}
}

func (g *Geometry) setFeatures(f Features) {
	s := &g.Super
	s.FeatureCompat, s.FeatureIncompat, s.FeatureROCompat = uint32(f.Compat), uint32(f.Incompat), uint32(f.ROCompat)
}

// has reports whether all the features are on.
func (g *Geometry) has(f Features) bool { return g.Features().has(f) }

// drop leaves out a feature that cannot be; it fails where the feature was asked for by name.
func (g *Geometry) drop(f Features, why string) error {
	if !g.has(f) {
		return nil
	}
	if g.opts.Features.Set.has(f) {
		return invalid("-O", "%s is not possible: %s; add -O ^%s", f, why, f)
	}
	g.setFeatures(g.Features().without(f))
	g.Notes = append(g.Notes, f.String()+" left out: "+why)
	return nil
}

func (g *Geometry) planFeatures(int64) error {
	f, notes, err := g.opts.resolve()
	if err != nil {
		return err
	}
	g.setFeatures(f)
	g.Notes, g.Super.RevLevel = notes, ondisk.RevDynamic
	g.Super.FirstIno = uint32(firstIno)
	if g.opts.Revision != nil && *g.opts.Revision != ondisk.RevDynamic {
		return invalid("-r", "revision %d is not made: it has no features and nothing needs it; leave -r out", *g.opts.Revision)
	}
	return nil
}

// planSizes settles block, cluster and inode size.
func (g *Geometry) planSizes(size int64) error {
	use, err := usageFor(g.opts.Usage, size)
	if err != nil {
		return err
	}
	g.Usage, g.BlockSize = use.name, g.opts.BlockSize
	if g.BlockSize <= 0 {
		g.BlockSize = max(use.blockSize, -g.BlockSize)
	}
	if !isSize(g.BlockSize, blockSizeMin, blockSizeMax) {
		return invalid("-b", "block size %d: give a power of two from %d to %d", g.BlockSize, blockSizeMin, blockSizeMax)
	}
	inode := cmp.Or(g.opts.InodeSize, use.inodeSize)
	if most := min(g.BlockSize, ondisk.InodeSizeMax); !isSize(inode, ondisk.InodeSizeMin, most) {
		return invalid("-I", "inode size %d: give a power of two from %d to %d, and no more than a block", inode, ondisk.InodeSizeMin, most)
	}
	if n := g.opts.BytesPerInode; n != 0 && (n < blockSizeMin || n > 1024*blockSizeMax) {
		return invalid("-i", "%d bytes per inode: give %d to %d", n, blockSizeMin, 1024*blockSizeMax)
	}
	g.opts.BytesPerInode = cmp.Or(g.opts.BytesPerInode, max(use.bytesPerInode, int64(g.BlockSize)))
	s := &g.Super
	s.InodeSize = uint16(inode)
	s.LogBlockSize = uint32(bits.TrailingZeros(uint(g.BlockSize / blockSizeMin)))
	s.LogClusterSize = s.LogBlockSize
	if inode > ondisk.InodeSizeMin {
		s.MinExtraIsize, s.WantExtraIsize = inodeExtra, inodeExtra
		return nil
	}
	for _, f := range []Features{inlineData, project} {
		if g.has(f) {
			return invalid("-I", "128-byte inodes have no room for %s; give -I 256", f)
		}
	}
	return nil
}

// inodeExtra is how many bytes past 128 the fields of an inode take (i_extra_isize).
const inodeExtra = 32

// planClusters settles the unit of allocation.
func (g *Geometry) planClusters(int64) error {
	g.Ratio = 1
	size := g.opts.ClusterSize
	if !g.has(bigalloc) {
		if size != 0 {
			return invalid("-C", "clusters need the feature bigalloc; add -O bigalloc")
		}
		return nil
	}
	size = cmp.Or(size, min(16*g.BlockSize, clusterSizeMax))
	if !isSize(size, 2*g.BlockSize, clusterSizeMax) {
		return invalid("-C", "cluster size %d: give a power of two from %d, twice the block size, to %d", size, 2*g.BlockSize, clusterSizeMax)
	}
	g.Ratio = uint64(size / g.BlockSize)
	g.Super.LogClusterSize = uint32(bits.TrailingZeros(uint(size / blockSizeMin)))
	g.opts.BytesPerInode = max(g.opts.BytesPerInode, int64(size))
	return nil
}

// planCount settles the number of blocks.
func (g *Geometry) planCount(size int64) error {
	if size < blocksMin*int64(g.BlockSize) {
		return invalid("size", "%d bytes are too few for a file system: give at least %d blocks of %d bytes", size, blocksMin, g.BlockSize)
	}
	if g.opts.Size == 0 {
		size = size / pageSize * pageSize
	}
	g.Blocks = uint64(size) / uint64(g.BlockSize) / g.Ratio * g.Ratio
	if g.Blocks > math.MaxUint32 {
		if !g.has(is64bit) {
			return invalid("size", "%d blocks need the feature 64bit; add -O 64bit, or give larger blocks with -b", g.Blocks)
		}
		if err := g.drop(resizeInode, "it reaches only block 4294967295"); err != nil {
			return err
		}
	}
	if g.BlockSize == blockSizeMin && !g.has(bigalloc) {
		g.Super.FirstDataBlock = 1
	}
	return nil
}

// planInodes settles the number of inodes asked for.
func (g *Geometry) planInodes(int64) error {
	if g.opts.Inodes != 0 {
		return g.checkInodes(g.opts.Inodes)
	}
	ratio := uint64(g.opts.BytesPerInode)
	n := g.Blocks/ratio*uint64(g.BlockSize) + g.Blocks%ratio*uint64(g.BlockSize)/ratio
	if n > math.MaxUint32 && g.has(is64bit) {
		n = math.MaxUint32
	}
	g.inodes = n
	return g.checkInodes(n)
}

func (g *Geometry) checkInodes(n uint64) error {
	if n > math.MaxUint32 {
		return invalid("-N", "%d inodes: the format numbers at most %d", n, uint32(math.MaxUint32))
	}
	if n*uint64(g.Super.InodeSize) >= g.Blocks*uint64(g.BlockSize) {
		return invalid("-N", "%d inodes of %d bytes do not fit in %d blocks; give fewer with -N, or more bytes to each with -i", n, g.Super.InodeSize, g.Blocks)
	}
	return nil
}

func isSize(n, lo, hi int) bool { return n >= lo && n <= hi && n&(n-1) == 0 }

func divUp(a, b uint64) uint64 { return (a + b - 1) / b }
