package ext4

import (
	"encoding/binary"

	"extant/internal/ondisk"
)

// StatFS is the answer to statfs.
type StatFS struct {
	BlockSize   int    // bytes; the unit of the counts of blocks
	Blocks      uint64 // without the file system's own overhead
	BlocksFree  uint64
	BlocksAvail uint64 // free but for those reserved for the super user
	Files       uint64 // inodes
	FilesFree   uint64
	NameMax     int // bytes in a name
	ID          uint64
}

// StatFS reports sizes and free space as the kernel's statfs does. Unless mounted to write it reads every group descriptor: the counts in the super
// block are old until the file system has been unmounted.
func (fs *FS) StatFS() (StatFS, error) {
	s := StatFS{
		BlockSize: fs.blockSize,
		Files:     uint64(fs.sb.InodesCount),
		NameMax:   ondisk.NameMax,
		ID:        binary.LittleEndian.Uint64(fs.sb.UUID[:]) ^ binary.LittleEndian.Uint64(fs.sb.UUID[8:]),
	}
	s.Blocks = fs.blocks - min(fs.overhead(), fs.blocks)
	free, files, err := fs.freeCounts()
	if err != nil {
		return StatFS{}, err
	}
	s.BlocksFree, s.FilesFree = min(free, s.Blocks), files
	s.BlocksAvail = s.BlocksFree - min(fs.sb.BlocksReserved()+fs.headroom(), s.BlocksFree)
	return s, nil
}

// freeCounts is how many blocks and inodes are free. Blocks that are promised to data are not.
func (fs *FS) freeCounts() (blocks, inodes uint64, err error) {
	ratio := uint64(fs.sb.ClusterRatio())
	if a := fs.allocator(); a != nil {
		clusters, inodes := a.Free()
		return clusters * ratio, inodes, nil
	}
	for g := range ondisk.Group(fs.groups) {
		d, err := fs.Group(g)
		if err != nil {
			return 0, 0, err
		}
		blocks += uint64(d.FreeClusters()) * ratio
		inodes += uint64(d.FreeInodes())
	}
	return blocks, inodes, nil
}

// overhead is the number of blocks that hold the file system itself.
func (fs *FS) overhead() uint64 {
	if n := fs.sb.OverheadClusters; n != 0 {
		return uint64(n) * uint64(fs.sb.ClusterRatio())
	}
	n := uint64(fs.sb.FirstDataBlock) + fs.journalBlocks()
	for g := range ondisk.Group(fs.groups) {
		n += fs.groupOverhead(g)
	}
	return n
}

// headroom is what the kernel keeps back where files have extents, in blocks, so that a full disk can still
// split them: a fiftieth, and no more than 4096 clusters.
func (l *layout) headroom() uint64 {
	if !l.sb.HasIncompat(ondisk.IncompatExtents) {
		return 0
	}
	ratio := uint64(l.sb.ClusterRatio())
	return min(l.blocks/ratio/50, 4096) * ratio
}

// groupOverhead is the number of blocks of a group that hold the file system itself. What is reserved for descriptors to come is
// a file's.
func (l *layout) groupOverhead(g ondisk.Group) uint64 {
	n := l.sb.GroupHead(g) + uint64(l.sb.ItableBlocks()) + 2
	if l.sb.HasBackup(g) {
		n -= uint64(l.sb.ReservedGDTBlocks)
	}
	return n
}

// journalBlocks is the size of the journal in the file system, as far as that can be known.
func (fs *FS) journalBlocks() uint64 {
	if !fs.sb.HasCompat(ondisk.CompatHasJournal) || fs.sb.JournalInum == 0 {
		return 0
	}
	n, err := fs.SystemInode(ondisk.Ino(fs.sb.JournalInum))
	if err != nil {
		return 0
	}
	return n.blocksOfSize()
}
