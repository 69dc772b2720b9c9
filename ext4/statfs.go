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

// StatFS reports sizes and free space as the kernel's statfs does. It reads every group descriptor: the counts in the super block are
// old until the file system has been unmounted.
func (fs *FS) StatFS() (StatFS, error) {
	s := StatFS{
		BlockSize: fs.blockSize,
		Blocks:    fs.blocks,
		Files:     uint64(fs.sb.InodesCount),
		NameMax:   ondisk.NameMax,
		ID:        binary.LittleEndian.Uint64(fs.sb.UUID[:]) ^ binary.LittleEndian.Uint64(fs.sb.UUID[8:]),
	}
	ratio := uint64(fs.sb.ClusterRatio())
	overhead := uint64(fs.sb.OverheadClusters) * ratio
	for g := range ondisk.Group(fs.groups) {
		d, err := fs.Group(g)
		if err != nil {
			return StatFS{}, err
		}
		s.BlocksFree += uint64(d.FreeClusters()) * ratio
		s.FilesFree += uint64(d.FreeInodes())
		if fs.sb.OverheadClusters == 0 {
			overhead += fs.groupOverhead(g)
		}
	}
	if fs.sb.OverheadClusters == 0 {
		overhead += uint64(fs.sb.FirstDataBlock) + fs.journalBlocks()
	}
	s.Blocks -= min(overhead, s.Blocks)
	s.BlocksFree = min(s.BlocksFree, s.Blocks)
	s.BlocksAvail = s.BlocksFree - min(fs.sb.BlocksReserved()+fs.headroom(), s.BlocksFree)
	return s, nil
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
