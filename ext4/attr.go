package ext4

import (
	"time"

	"extant/internal/ondisk"
)

// Attr is what stat reports of an inode, and a little more.
type Attr struct {
	Mode       uint16 // i_mode as it is on disk: type and permissions
	UID        uint32
	GID        uint32
	Links      uint32 // i_links_count; 1 on a directory may mean "more than can be counted"
	Size       int64  // bytes
	Blocks     uint64 // 512-byte units, as in st_blocks, whatever i_blocks counts
	ATime      time.Time
	MTime      time.Time
	CTime      time.Time
	CrTime     time.Time // zero where the inode has no room for it
	Flags      uint32    // i_flags; see ondisk.InodeImmutable and its like
	Generation uint32
	ProjID     uint32
	Major      uint32 // of a device node
	Minor      uint32
}

// Type is the file type in the mode, one of ondisk.ModeRegular, ondisk.ModeDir and so on.
func (a *Attr) Type() uint16 { return a.Mode & ondisk.ModeFmt }
