package ondisk

// Sizes of an inode in bytes.
const (
	InodeSizeMin = 128
	InodeSizeMax = 4096 // further bounded by the block size
)

// IBlockSize is the size of i_block in bytes: fifteen block numbers, an extent root, a short
// symlink's target or inline data.
const IBlockSize = 60

// inodeFieldsEnd is where the fields known here end; i_extra_isize says how many of those past 128 an inode has.
const inodeFieldsEnd = 160

// File types in Inode.Mode (i_mode).
const (
	ModeFmt     = 0xF000
	ModeFIFO    = 0x1000
	ModeChar    = 0x2000
	ModeDir     = 0x4000
	ModeBlock   = 0x6000
	ModeRegular = 0x8000
	ModeSymlink = 0xA000
	ModeSocket  = 0xC000
)

// Bits of Inode.Flags (i_flags).
const (
	InodeSecureDelete = 0x00000001
	InodeUndelete     = 0x00000002
	InodeCompressed   = 0x00000004
	InodeSync         = 0x00000008
	InodeImmutable    = 0x00000010
	InodeAppend       = 0x00000020
	InodeNoDump       = 0x00000040
	InodeNoAtime      = 0x00000080
	InodeEncrypt      = 0x00000800
	InodeIndex        = 0x00001000 // directory has an htree
	InodeJournalData  = 0x00004000
	InodeNoTail       = 0x00008000
	InodeDirSync      = 0x00010000
	InodeTopDir       = 0x00020000
	InodeHugeFile     = 0x00040000 // i_blocks counts file system blocks
	InodeExtents      = 0x00080000
	InodeVerity       = 0x00100000
	InodeEA           = 0x00200000 // holds the value of an xattr
	InodeDAX          = 0x02000000
	InodeInlineData   = 0x10000000
	InodeProjInherit  = 0x20000000
	InodeCasefold     = 0x40000000
)

// Inode is the fixed part of an inode (struct ext4_inode): a slot of the inode table without the
// space after the fields, which holds xattrs. The fields from ExtraIsize on are on disk only where the slot is larger than
// 128 bytes, and each of them only where i_extra_isize covers it.
type Inode struct {
	Mode       uint16
	UIDLo      uint16
	SizeLo     uint32
	ATime      uint32 // seconds; see [Timestamp]
	CTime      uint32
	MTime      uint32
	DTime      uint32 // of deletion, or the next orphan's inode number
	GIDLo      uint16
	LinksCount uint16
	BlocksLo   uint32
	Flags      uint32
	VersionLo  uint32 // osd1.linux1.l_i_version
	IBlock     [IBlockSize]byte
	Generation uint32
	FileACLLo  uint32 // block with xattrs
	SizeHi     uint32
	ObsoFaddr  uint32
	BlocksHi   uint16
	FileACLHi  uint16
	UIDHi      uint16
	GIDHi      uint16
	ChecksumLo uint16
	Reserved   uint16

	ExtraIsize  uint16 // bytes of fields past 128
	ChecksumHi  uint16
	CTimeExtra  uint32
	MTimeExtra  uint32
	ATimeExtra  uint32
	CrTime      uint32
	CrTimeExtra uint32
	VersionHi   uint32
	ProjID      uint32
}

func (n *Inode) fields(c *codec) {
	c.u16("i_mode", &n.Mode)
	c.u16("i_uid", &n.UIDLo)
	c.u32("i_size_lo", &n.SizeLo)
	c.u32("i_atime", &n.ATime)
	c.u32("i_ctime", &n.CTime)
	c.u32("i_mtime", &n.MTime)
	c.u32("i_dtime", &n.DTime)
	c.u16("i_gid", &n.GIDLo)
	c.u16("i_links_count", &n.LinksCount)
	c.u32("i_blocks_lo", &n.BlocksLo)
	c.u32("i_flags", &n.Flags)
	c.u32("l_i_version", &n.VersionLo)
	c.bytes("i_block", n.IBlock[:])
	c.u32("i_generation", &n.Generation)
	c.u32("i_file_acl_lo", &n.FileACLLo)
	c.u32("i_size_high", &n.SizeHi)
	c.u32("i_obso_faddr", &n.ObsoFaddr)
	c.u16("l_i_blocks_high", &n.BlocksHi)
	c.u16("l_i_file_acl_high", &n.FileACLHi)
	c.u16("l_i_uid_high", &n.UIDHi)
	c.u16("l_i_gid_high", &n.GIDHi)
	c.u16("l_i_checksum_lo", &n.ChecksumLo)
	c.u16("l_i_reserved", &n.Reserved)
	if c.left() < 4 {
		return
	}
	c.u16("i_extra_isize", &n.ExtraIsize)
	n.extraFields(c, min(c.left()+c.off, InodeSizeMin+int(n.ExtraIsize)))
}

// extraFields lists the fields that lie below end, which i_extra_isize and the slot decide.
func (n *Inode) extraFields(c *codec, end int) {
	if c.off+2 > end {
		return
	}
	c.u16("i_checksum_hi", &n.ChecksumHi)
	for _, f := range [...]struct {
		name string
		v    *uint32
	}{
		{"i_ctime_extra", &n.CTimeExtra},
		{"i_mtime_extra", &n.MTimeExtra},
		{"i_atime_extra", &n.ATimeExtra},
		{"i_crtime", &n.CrTime},
		{"i_crtime_extra", &n.CrTimeExtra},
		{"i_version_hi", &n.VersionHi},
		{"i_projid", &n.ProjID},
	} {
		if c.off+4 > end {
			return
		}
		c.u32(f.name, f.v)
	}
}

// Decode reads the inode from its slot b, which has Super.InodeBytes bytes. Fields the slot lacks are zero.
func (n *Inode) Decode(b []byte) error {
	*n = Inode{}
	return decode(n, b, InodeSizeMin)
}

// Encode writes the fields to the slot b and leaves the bytes after them, the xattrs, as they are.
func (n *Inode) Encode(b []byte) { encode(n, b, InodeSizeMin) }

// Describe lists the fields of the inode in slot b.
func (n *Inode) Describe(b []byte) ([]Field, error) {
	*n = Inode{}
	return describe(n, b, InodeSizeMin)
}

// XattrStart is the offset in the slot at which in-body xattrs start, or slot where there is no room for any.
// slot is the size of the slot in bytes.
func (n *Inode) XattrStart(slot int) int {
	if slot <= InodeSizeMin || n.ExtraIsize == 0 || int(n.ExtraIsize)+InodeSizeMin+4 > slot {
		return slot
	}
	return InodeSizeMin + int(n.ExtraIsize)
}

// HasExtra reports whether the inode has the field that ends at byte end of the slot.
func (n *Inode) HasExtra(end int) bool { return InodeSizeMin+int(n.ExtraIsize) >= end }

// Type is the file type in the mode: one of ModeRegular, ModeDir and so on.
func (n *Inode) Type() uint16 { return n.Mode & ModeFmt }

// Has reports whether all the given flags are set.
func (n *Inode) Has(flags uint32) bool { return n.Flags&flags == flags }

// Size is the length in bytes (i_size). The high half is i_size_high, which old directories used as an ACL: callers
// that must read those ask the features.
func (n *Inode) Size() uint64 { return uint64(n.SizeHi)<<32 | uint64(n.SizeLo) }

// SetSize sets both halves of i_size.
func (n *Inode) SetSize(size uint64) { n.SizeLo, n.SizeHi = split(size) }

// UID is the owner.
func (n *Inode) UID() uint32 { return join16(n.UIDLo, n.UIDHi) }

// GID is the owning group.
func (n *Inode) GID() uint32 { return join16(n.GIDLo, n.GIDHi) }

// SetOwner sets both halves of the owner and the owning group.
func (n *Inode) SetOwner(uid, gid uint32) {
	n.UIDLo, n.UIDHi = split16(uid)
	n.GIDLo, n.GIDHi = split16(gid)
}

// FileACL is the block that holds xattrs; 0 for none.
func (n *Inode) FileACL() Block { return Block(n.FileACLHi)<<32 | Block(n.FileACLLo) }

// SetFileACL sets both halves of i_file_acl.
func (n *Inode) SetFileACL(b Block) { n.FileACLLo, n.FileACLHi = uint32(b), uint16(b>>32) }

// Blocks is i_blocks with its high half: 512-byte sectors, or file system blocks where InodeHugeFile is set.
func (n *Inode) Blocks() uint64 { return uint64(n.BlocksHi)<<32 | uint64(n.BlocksLo) }

// SetBlocks sets both halves of i_blocks.
func (n *Inode) SetBlocks(b uint64) { n.BlocksLo, n.BlocksHi = uint32(b), uint16(b>>32) }

// Version is i_version with both halves.
func (n *Inode) Version() uint64 { return uint64(n.VersionHi)<<32 | uint64(n.VersionLo) }
