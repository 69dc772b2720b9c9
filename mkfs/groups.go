package mkfs

import (
	"math/bits"

	"extant/internal/ondisk"
)

// planGroups divides blocks and inodes among groups. A count of inodes that does not fit makes groups
// smaller; a last group too short for its own tables is left out.
func (g *Geometry) planGroups(int64) error {
	perGroup, err := g.groupSize()
	if err != nil {
		return err
	}
	if err := g.checkDescriptors(); err != nil {
		return err
	}
	for all := g.Blocks; ; {
		fits, err := g.divide(perGroup)
		switch {
		case err != nil:
			return err
		case !fits:
			perGroup, g.Blocks = perGroup-8, all
			continue
		}
		short, err := g.lastTooShort()
		if err != nil {
			return err
		}
		if short == 0 {
			return g.planFlex()
		}
		g.Blocks -= short
	}
}

// groupSize is the number of clusters to start a group with.
func (g *Geometry) groupSize() (uint64, error) {
	most := min(uint64(8*g.BlockSize), clustersPerGroupMax)
	n := uint64(g.opts.BlocksPerGroup)
	switch {
	case n == 0:
		return most, nil
	case n < 256 || n > most:
		return 0, invalid("-g", "%d blocks per group: give 256 to %d", n, most)
	case n%8 != 0:
		return 0, invalid("-g", "%d blocks per group: give a multiple of 8", n)
	}
	return n, nil
}

// divide lays groups of clusters and reports whether a group's inodes fit in one bitmap.
func (g *Geometry) divide(clusters uint64) (bool, error) {
	s := &g.Super
	s.ClustersPerGroup = uint32(clusters)
	s.BlocksPerGroup = uint32(clusters * g.Ratio)
	if clusters*g.Ratio > 1<<31 {
		return false, invalid("-C", "a group of %d clusters of %d blocks is too large; give fewer blocks per group with -g, or smaller clusters", clusters, g.Ratio)
	}
	s.SetBlocks(g.Blocks)
	g.Groups = divUp(g.Blocks-uint64(s.FirstDataBlock), uint64(s.BlocksPerGroup))
	g.planDescriptors()
	if divUp(g.inodesWanted(), g.Groups) > uint64(8*g.BlockSize) {
		if s.BlocksPerGroup < 256 {
			return false, invalid("-N", "%d inodes are more than %d blocks can number; give fewer with -N, or more bytes to each with -i", g.inodesWanted(), g.Blocks)
		}
		return false, nil
	}
	g.divideInodes()
	return true, nil
}

// descSizeMax is the largest group descriptor that anybody reads, in bytes.
const descSizeMax = 1024

// checkDescriptors refuses what cannot be asked of group descriptors.
func (g *Geometry) checkDescriptors() error {
	e := &g.opts.Extended
	switch n := int(e.DescSize); {
	case n == 0 || n == ondisk.GroupDescSize32 && !g.has(is64bit):
	case !g.has(is64bit):
		return invalid("-E desc_size", "descriptors of %d bytes need the feature 64bit; add -O 64bit", n)
	case !isSize(n, ondisk.GroupDescSize64, descSizeMax):
		return invalid("-E desc_size", "%d bytes: give a power of two from %d to %d", n, ondisk.GroupDescSize64, descSizeMax)
	}
	if e.Resize == (Amount{}) {
		return nil
	}
	switch n := e.Resize.in(g.BlockSize); {
	case !g.has(resizeInode):
		return invalid("-E resize", "nothing is reserved without the feature resize_inode; add -O resize_inode")
	case n <= g.Blocks || n > resizeBlocksMax:
		return invalid("-E resize", "%d blocks: give more than the %d there are, and at most %d", n, g.Blocks, uint32(resizeBlocksMax))
	}
	return nil
}

func (g *Geometry) planDescriptors() {
	s := &g.Super
	if g.has(is64bit) {
		s.DescSize = max(g.opts.Extended.DescSize, ondisk.GroupDescSize64)
	}
	g.DescBlocks = divUp(g.Groups*uint64(s.DescriptorSize()), uint64(g.BlockSize))
}

// inodesLeast is how many inodes there must be: what -N asks for, and what is made with the file system.
func (g *Geometry) inodesLeast() uint64 {
	return max(g.opts.Inodes, uint64(firstIno)+g.ownInodes())
}

// inodesWanted is the number of inodes to make room for.
func (g *Geometry) inodesWanted() uint64 { return max(g.inodes, g.inodesLeast()) }

// ownInodes is how many inodes past the reserved ones the file system itself takes.
func (g *Geometry) ownInodes() (n uint64) {
	n = 1 // lost+found
	if g.has(orphanFile) {
		n++
	}
	if g.Quota&QuotaProject != 0 {
		n++
	}
	return n
}

// divideInodes gives every group the same number of inodes: whole blocks of them, in multiples of eight. A number that
// follows from the size is rounded down, one that was asked for up.
func (g *Geometry) divideInodes() {
	s := &g.Super
	perBlock := uint64(g.BlockSize) / uint64(s.InodeSize)
	n := min(divUp(g.inodesWanted(), g.Groups), inodesPerGroupMax-perBlock)
	for {
		per := max(divUp(n, perBlock)*perBlock&^7, 8)
		if per*g.Groups < g.inodesLeast() && per+8 <= min(inodesPerGroupMax-perBlock, uint64(8*g.BlockSize)) {
			per += 8
		}
		if per*g.Groups <= 1<<32-1 {
			s.InodesPerGroup = uint32(per)
			break
		}
		n--
	}
	s.InodesCount = s.InodesPerGroup * uint32(g.Groups)
	g.TableBlocks = divUp(uint64(s.InodesPerGroup), perBlock)
}

// lastTooShort returns the number of blocks in the last group if they are too few to be worth its tables, else 0.
func (g *Geometry) lastTooShort() (uint64, error) {
	s := &g.Super
	g.reserveDescriptors()
	overhead := 2 + g.TableBlocks
	if n := 1 + g.headMost() + overhead; n > uint64(s.BlocksPerGroup) { // 1 for a boot block
		return 0, invalid("-N", "the tables of a group take %d blocks of %d; give fewer inodes with -N, or more bytes to each with -i", n, s.BlocksPerGroup)
	}
	if g.lastHasBackup() {
		overhead += g.headMost()
	}
	rest := (g.Blocks - uint64(s.FirstDataBlock)) % uint64(s.BlocksPerGroup)
	switch {
	case rest == 0 || rest >= overhead+lastGroupFree:
		return 0, nil
	case g.Groups > 1:
		return rest, nil
	case rest < overhead:
		return 0, &NoSpaceError{What: "blocks", Need: overhead + uint64(s.FirstDataBlock), Have: g.Blocks}
	}
	return 0, nil
}

// headMost is the size of the head of a group that has all that a head can have.
func (g *Geometry) headMost() uint64 {
	if g.has(metaBG) {
		return 2
	}
	return 1 + g.DescBlocks + uint64(g.Super.ReservedGDTBlocks)
}

// lastGroupFree is how many blocks must be left in a short last group to make it worth having.
const lastGroupFree = 50

func (g *Geometry) lastHasBackup() bool {
	if g.has(sparseSuper2) {
		return g.backupSupers() == 2 || g.Groups == 2 && g.backupSupers() > 0
	}
	return g.Super.HasBackup(ondisk.Group(g.Groups - 1))
}

// reserveDescriptors settles what stands behind the descriptors for growing (s_reserved_gdt_blocks), and
// turns to meta_bg where the descriptors would take most of a group.
func (g *Geometry) reserveDescriptors() {
	s := &g.Super
	s.ReservedGDTBlocks = 0
	if g.has(resizeInode) {
		s.ReservedGDTBlocks = uint16(g.reservedBlocks())
	}
	if g.DescBlocks+uint64(s.ReservedGDTBlocks) > uint64(s.BlocksPerGroup)*3/4 {
		s.ReservedGDTBlocks = 0
		g.setFeatures(g.Features().without(resizeInode).with(metaBG))
	}
}

// reservedBlocks is how many more descriptor blocks it takes to grow as far as -E resize asks, else
// to 1024 times the size; as many at most as one indirect block can list.
func (g *Geometry) reservedBlocks() uint64 {
	s := &g.Super
	most := min(g.Blocks*1024, resizeBlocksMax)
	if r := g.opts.Extended.Resize; r != (Amount{}) {
		most = r.in(g.BlockSize)
	}
	groups := divUp(most-uint64(s.FirstDataBlock), uint64(s.BlocksPerGroup))
	desc := divUp(groups*uint64(s.DescriptorSize()), uint64(g.BlockSize))
	n := min(desc-min(desc, g.DescBlocks), uint64(g.BlockSize/4))
	if n > 0 && g.superBlock(0) != ondisk.Block(s.FirstDataBlock) && (1+g.DescBlocks+n)%g.Ratio == 0 {
		n-- // the last one's backup would be in a cluster of its own: see writeReserved
	}
	return n
}

// planFlex settles how many groups share a place for their tables.
func (g *Geometry) planFlex() error {
	n := g.opts.GroupsPerFlex
	g.FlexGroups = 1
	switch {
	case !g.has(flexBG):
		if n != 0 {
			return invalid("-G", "a number of groups needs the feature flex_bg; add -O flex_bg")
		}
		return nil
	case n == 0:
		n = 16
	case n&(n-1) != 0 || n > 1<<31:
		return invalid("-G", "%d groups: give a power of two", n)
	}
	g.FlexGroups = uint64(n)
	g.Super.LogGroupsPerFlex = uint8(bits.TrailingZeros32(n))
	return nil
}
