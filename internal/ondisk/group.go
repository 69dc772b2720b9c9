package ondisk

// Sizes of a group descriptor in bytes: without and with the 64bit feature.
const (
	GroupDescSize32 = 32
	GroupDescSize64 = 64
)

// Bits of GroupDesc.Flags (bg_flags).
const (
	GroupInodeUninit = 0x1 // inode table and bitmap not initialised
	GroupBlockUninit = 0x2 // block bitmap not initialised
	GroupInodeZeroed = 0x4 // inode table zeroed
)

// GroupDesc is a group descriptor (struct ext4_group_desc). The fields from BlockBitmapHi on are on disk only
// where descriptors have 64 bytes.
type GroupDesc struct {
	BlockBitmapLo     uint32
	InodeBitmapLo     uint32
	InodeTableLo      uint32
	FreeBlocksLo      uint16 // clusters, where bigalloc is on
	FreeInodesLo      uint16
	UsedDirsLo        uint16
	Flags             uint16
	ExcludeBitmapLo   uint32
	BlockBitmapCsumLo uint16
	InodeBitmapCsumLo uint16
	ItableUnusedLo    uint16
	Checksum          uint16

	BlockBitmapHi     uint32
	InodeBitmapHi     uint32
	InodeTableHi      uint32
	FreeBlocksHi      uint16
	FreeInodesHi      uint16
	UsedDirsHi        uint16
	ItableUnusedHi    uint16
	ExcludeBitmapHi   uint32
	BlockBitmapCsumHi uint16
	InodeBitmapCsumHi uint16
	Reserved          uint32
}

func (d *GroupDesc) fields(c *codec) {
	c.u32("bg_block_bitmap_lo", &d.BlockBitmapLo)
	c.u32("bg_inode_bitmap_lo", &d.InodeBitmapLo)
	c.u32("bg_inode_table_lo", &d.InodeTableLo)
	c.u16("bg_free_blocks_count_lo", &d.FreeBlocksLo)
	c.u16("bg_free_inodes_count_lo", &d.FreeInodesLo)
	c.u16("bg_used_dirs_count_lo", &d.UsedDirsLo)
	c.u16("bg_flags", &d.Flags)
	c.u32("bg_exclude_bitmap_lo", &d.ExcludeBitmapLo)
	c.u16("bg_block_bitmap_csum_lo", &d.BlockBitmapCsumLo)
	c.u16("bg_inode_bitmap_csum_lo", &d.InodeBitmapCsumLo)
	c.u16("bg_itable_unused_lo", &d.ItableUnusedLo)
	c.u16("bg_checksum", &d.Checksum)
	if c.left() < GroupDescSize64-GroupDescSize32 {
		return
	}
	c.u32("bg_block_bitmap_hi", &d.BlockBitmapHi)
	c.u32("bg_inode_bitmap_hi", &d.InodeBitmapHi)
	c.u32("bg_inode_table_hi", &d.InodeTableHi)
	c.u16("bg_free_blocks_count_hi", &d.FreeBlocksHi)
	c.u16("bg_free_inodes_count_hi", &d.FreeInodesHi)
	c.u16("bg_used_dirs_count_hi", &d.UsedDirsHi)
	c.u16("bg_itable_unused_hi", &d.ItableUnusedHi)
	c.u32("bg_exclude_bitmap_hi", &d.ExcludeBitmapHi)
	c.u16("bg_block_bitmap_csum_hi", &d.BlockBitmapCsumHi)
	c.u16("bg_inode_bitmap_csum_hi", &d.InodeBitmapCsumHi)
	c.u32("bg_reserved", &d.Reserved)
}

// Decode reads a descriptor from b, whose length decides the form: the high halves are read, and otherwise
// zero, where b has at least 64 bytes. Give it exactly Super.DescriptorSize bytes.
func (d *GroupDesc) Decode(b []byte) error {
	*d = GroupDesc{}
	return decode(d, b, GroupDescSize32)
}

// Encode writes a descriptor to b in the form that the length of b decides.
func (d *GroupDesc) Encode(b []byte) { encode(d, b, GroupDescSize32) }

// Describe lists the fields of the descriptor encoded in b.
func (d *GroupDesc) Describe(b []byte) ([]Field, error) { return describe(d, b, GroupDescSize32) }

// BlockBitmap is the block that holds the group's block bitmap.
func (d *GroupDesc) BlockBitmap() Block { return joinBlock(d.BlockBitmapLo, d.BlockBitmapHi) }

// InodeBitmap is the block that holds the group's inode bitmap.
func (d *GroupDesc) InodeBitmap() Block { return joinBlock(d.InodeBitmapLo, d.InodeBitmapHi) }

// InodeTable is the first block of the group's inode table.
func (d *GroupDesc) InodeTable() Block { return joinBlock(d.InodeTableLo, d.InodeTableHi) }

// FreeClusters is the number of free clusters in the group.
func (d *GroupDesc) FreeClusters() uint32 { return join16(d.FreeBlocksLo, d.FreeBlocksHi) }

// FreeInodes is the number of free inodes in the group.
func (d *GroupDesc) FreeInodes() uint32 { return join16(d.FreeInodesLo, d.FreeInodesHi) }

// UsedDirs is the number of directories whose inodes lie in the group.
func (d *GroupDesc) UsedDirs() uint32 { return join16(d.UsedDirsLo, d.UsedDirsHi) }

// ItableUnused is the number of inodes at the end of the table that were never used.
func (d *GroupDesc) ItableUnused() uint32 { return join16(d.ItableUnusedLo, d.ItableUnusedHi) }

// SetBlockBitmap sets the block of the group's block bitmap.
func (d *GroupDesc) SetBlockBitmap(b Block) { d.BlockBitmapLo, d.BlockBitmapHi = split(uint64(b)) }

// SetInodeBitmap sets the block of the group's inode bitmap.
func (d *GroupDesc) SetInodeBitmap(b Block) { d.InodeBitmapLo, d.InodeBitmapHi = split(uint64(b)) }

// SetInodeTable sets the first block of the group's inode table.
func (d *GroupDesc) SetInodeTable(b Block) { d.InodeTableLo, d.InodeTableHi = split(uint64(b)) }

// SetFreeClusters sets the number of free clusters in the group.
func (d *GroupDesc) SetFreeClusters(n uint32) { d.FreeBlocksLo, d.FreeBlocksHi = split16(n) }

// SetFreeInodes sets the number of free inodes in the group.
func (d *GroupDesc) SetFreeInodes(n uint32) { d.FreeInodesLo, d.FreeInodesHi = split16(n) }

// SetUsedDirs sets the number of directories whose inodes lie in the group.
func (d *GroupDesc) SetUsedDirs(n uint32) { d.UsedDirsLo, d.UsedDirsHi = split16(n) }

// SetItableUnused sets the number of inodes at the end of the table that were never used.
func (d *GroupDesc) SetItableUnused(n uint32) { d.ItableUnusedLo, d.ItableUnusedHi = split16(n) }

// BlockBitmapCsum is the checksum of the block bitmap; only its low half is on disk in 32-byte descriptors.
func (d *GroupDesc) BlockBitmapCsum() uint32 { return join16(d.BlockBitmapCsumLo, d.BlockBitmapCsumHi) }

// InodeBitmapCsum is the checksum of the inode bitmap; only its low half is on disk in 32-byte descriptors.
func (d *GroupDesc) InodeBitmapCsum() uint32 { return join16(d.InodeBitmapCsumLo, d.InodeBitmapCsumHi) }

// SetBlockBitmapCsum sets both halves of the block bitmap's checksum.
func (d *GroupDesc) SetBlockBitmapCsum(n uint32) {
	d.BlockBitmapCsumLo, d.BlockBitmapCsumHi = split16(n)
}

// SetInodeBitmapCsum sets both halves of the inode bitmap's checksum.
func (d *GroupDesc) SetInodeBitmapCsum(n uint32) {
	d.InodeBitmapCsumLo, d.InodeBitmapCsumHi = split16(n)
}

func joinBlock(lo, hi uint32) Block { return Block(hi)<<32 | Block(lo) }

func join16(lo, hi uint16) uint32 { return uint32(hi)<<16 | uint32(lo) }

func split16(n uint32) (lo, hi uint16) { return uint16(n), uint16(n >> 16) }
