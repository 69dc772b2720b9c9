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

const projIDEnd = 0xA0 // where i_projid ends in the slot

// Attr is what stat reports.
func (n *Inode) Attr() Attr {
	d := &n.core().disk
	a := Attr{
		Mode: d.Mode, UID: d.UID(), GID: d.GID(), Links: uint32(d.LinksCount),
		Size: n.length(), Blocks: n.sectors(),
		ATime: d.Accessed(), MTime: d.Modified(), CTime: d.Changed(),
		Flags: d.Flags, Generation: d.Generation,
	}
	if t, ok := d.Created(); ok {
		a.CrTime = t
	}
	if n.fs.sb.HasROCompat(ondisk.ROCompatProject) && d.HasExtra(projIDEnd) {
		a.ProjID = d.ProjID
	}
	if t := d.Type(); t == ondisk.ModeChar || t == ondisk.ModeBlock {
		dev := d.Device()
		a.Major, a.Minor = dev.Major, dev.Minor
	}
	return a
}

// sectors is i_blocks in 512-byte units. As in the kernel, the inline data of a file counts as if it took sectors.
func (n *Inode) sectors() uint64 {
	b := uint64(n.core().disk.BlocksLo)
	if n.fs.sb.HasROCompat(ondisk.ROCompatHugeFile) {
		b = n.core().disk.Blocks()
		if n.core().disk.Has(ondisk.InodeHugeFile) {
			b <<= n.fs.blockBits - 9
		}
	}
	if n.inline() && n.core().disk.Type() == ondisk.ModeRegular {
		b += (uint64(n.length()) + 511) / 512
	}
	return b
}
