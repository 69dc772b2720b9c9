package ondisk

import (
	"bytes"
	"strconv"
)

// Where the super block is and how large.
const (
	SuperOffset = 1024 // bytes from the start of the device, whatever the block size
	SuperSize   = 1024
	SuperMagic  = 0xEF53
)

// Values of Super.State (s_state).
const (
	StateClean   = 0x1 // unmounted cleanly
	StateError   = 0x2 // errors were seen
	StateOrphans = 0x4 // orphans are being processed
)

// Values of Super.Errors (s_errors): what the kernel does on finding corruption.
const (
	ErrorsContinue = 1
	ErrorsReadOnly = 2
	ErrorsPanic    = 3
)

// CreatorHurd in Super.CreatorOS (s_creator_os) gives some fields of inodes other meanings.
const CreatorHurd = 1

// Values of Super.RevLevel (s_rev_level).
const (
	RevGoodOld = 0 // fixed: 128-byte inodes, first inode 11, no features
	RevDynamic = 1
)

// Bits of Super.Flags (s_flags).
const (
	FlagSignedHash   = 0x1 // directory hashes take bytes of names as signed
	FlagUnsignedHash = 0x2
	FlagTestFS       = 0x4
)

// Super is the super block (struct ext4_super_block), 1024 bytes.
type Super struct {
	InodesCount       uint32
	BlocksCountLo     uint32
	RBlocksCountLo    uint32 // reserved for the super user
	FreeBlocksLo      uint32 // in blocks, even where clusters are allocated
	FreeInodesCount   uint32
	FirstDataBlock    uint32
	LogBlockSize      uint32 // block size is 1024 << this
	LogClusterSize    uint32
	BlocksPerGroup    uint32
	ClustersPerGroup  uint32
	InodesPerGroup    uint32
	MTime             uint32 // last mount
	WTime             uint32 // last write
	MountCount        uint16
	MountCountMax     uint16
	Magic             uint16
	State             uint16
	Errors            uint16
	MinorRevLevel     uint16
	LastCheck         uint32
	CheckInterval     uint32
	CreatorOS         uint32
	RevLevel          uint32
	DefResUID         uint16
	DefResGID         uint16
	FirstIno          uint32
	InodeSize         uint16
	BlockGroupNr      uint16 // of the group this copy lies in
	FeatureCompat     uint32
	FeatureIncompat   uint32
	FeatureROCompat   uint32
	UUID              [16]byte
	VolumeName        [16]byte
	LastMounted       [64]byte
	AlgorithmBitmap   uint32
	PreallocBlocks    uint8
	PreallocDirBlocks uint8
	ReservedGDTBlocks uint16
	JournalUUID       [16]byte
	JournalInum       uint32
	JournalDev        uint32
	LastOrphan        uint32
	HashSeed          [4]uint32
	DefHashVersion    uint8
	JnlBackupType     uint8
	DescSize          uint16
	DefaultMountOpts  uint32
	FirstMetaBG       uint32
	MkfsTime          uint32
	JnlBlocks         [17]uint32 // copy of the journal inode's i_block and i_size
	BlocksCountHi     uint32
	RBlocksCountHi    uint32
	FreeBlocksHi      uint32
	MinExtraIsize     uint16
	WantExtraIsize    uint16
	Flags             uint32
	RAIDStride        uint16
	MMPUpdateInterval uint16
	MMPBlock          uint64
	RAIDStripeWidth   uint32
	LogGroupsPerFlex  uint8
	ChecksumType      uint8
	EncryptionLevel   uint8
	ReservedPad       uint8
	KBytesWritten     uint64
	SnapshotInum      uint32
	SnapshotID        uint32
	SnapshotRBlocks   uint64
	SnapshotList      uint32
	ErrorCount        uint32
	FirstErrorTime    uint32
	FirstErrorIno     uint32
	FirstErrorBlock   uint64
	FirstErrorFunc    [32]byte
	FirstErrorLine    uint32
	LastErrorTime     uint32
	LastErrorIno      uint32
	LastErrorLine     uint32
	LastErrorBlock    uint64
	LastErrorFunc     [32]byte
	MountOpts         [64]byte
	UsrQuotaInum      uint32
	GrpQuotaInum      uint32
	OverheadClusters  uint32
	BackupBGs         [2]uint32
	EncryptAlgos      [4]byte
	EncryptPWSalt     [16]byte
	LPFIno            uint32
	PrjQuotaInum      uint32
	ChecksumSeed      uint32
	WTimeHi           uint8
	MTimeHi           uint8
	MkfsTimeHi        uint8
	LastCheckHi       uint8
	FirstErrorTimeHi  uint8
	LastErrorTimeHi   uint8
	FirstErrorCode    uint8
	LastErrorCode     uint8
	Encoding          uint16
	EncodingFlags     uint16
	OrphanFileInum    uint32
	DefResUIDHi       uint16
	DefResGIDHi       uint16
	Reserved          [372]byte
	Checksum          uint32
}

func (s *Super) fields(c *codec) {
	c.u32("s_inodes_count", &s.InodesCount)
	c.u32("s_blocks_count_lo", &s.BlocksCountLo)
	c.u32("s_r_blocks_count_lo", &s.RBlocksCountLo)
	c.u32("s_free_blocks_count_lo", &s.FreeBlocksLo)
	c.u32("s_free_inodes_count", &s.FreeInodesCount)
	c.u32("s_first_data_block", &s.FirstDataBlock)
	c.u32("s_log_block_size", &s.LogBlockSize)
	c.u32("s_log_cluster_size", &s.LogClusterSize)
	c.u32("s_blocks_per_group", &s.BlocksPerGroup)
	c.u32("s_clusters_per_group", &s.ClustersPerGroup)
	c.u32("s_inodes_per_group", &s.InodesPerGroup)
	c.u32("s_mtime", &s.MTime)
	c.u32("s_wtime", &s.WTime)
	c.u16("s_mnt_count", &s.MountCount)
	c.u16("s_max_mnt_count", &s.MountCountMax)
	c.u16("s_magic", &s.Magic)
	c.u16("s_state", &s.State)
	c.u16("s_errors", &s.Errors)
	c.u16("s_minor_rev_level", &s.MinorRevLevel)
	c.u32("s_lastcheck", &s.LastCheck)
	c.u32("s_checkinterval", &s.CheckInterval)
	c.u32("s_creator_os", &s.CreatorOS)
	c.u32("s_rev_level", &s.RevLevel)
	c.u16("s_def_resuid", &s.DefResUID)
	c.u16("s_def_resgid", &s.DefResGID)
	c.u32("s_first_ino", &s.FirstIno)
	c.u16("s_inode_size", &s.InodeSize)
	c.u16("s_block_group_nr", &s.BlockGroupNr)
	c.u32("s_feature_compat", &s.FeatureCompat)
	c.u32("s_feature_incompat", &s.FeatureIncompat)
	c.u32("s_feature_ro_compat", &s.FeatureROCompat)
	c.bytes("s_uuid", s.UUID[:])
	c.bytes("s_volume_name", s.VolumeName[:])
	c.bytes("s_last_mounted", s.LastMounted[:])
	c.u32("s_algorithm_usage_bitmap", &s.AlgorithmBitmap)
	c.u8("s_prealloc_blocks", &s.PreallocBlocks)
	c.u8("s_prealloc_dir_blocks", &s.PreallocDirBlocks)
	c.u16("s_reserved_gdt_blocks", &s.ReservedGDTBlocks)
	c.bytes("s_journal_uuid", s.JournalUUID[:])
	c.u32("s_journal_inum", &s.JournalInum)
	c.u32("s_journal_dev", &s.JournalDev)
	c.u32("s_last_orphan", &s.LastOrphan)
	c.u32s("s_hash_seed", s.HashSeed[:])
	c.u8("s_def_hash_version", &s.DefHashVersion)
	c.u8("s_jnl_backup_type", &s.JnlBackupType)
	c.u16("s_desc_size", &s.DescSize)
	c.u32("s_default_mount_opts", &s.DefaultMountOpts)
	c.u32("s_first_meta_bg", &s.FirstMetaBG)
	c.u32("s_mkfs_time", &s.MkfsTime)
	c.u32s("s_jnl_blocks", s.JnlBlocks[:])
	c.u32("s_blocks_count_hi", &s.BlocksCountHi)
	c.u32("s_r_blocks_count_hi", &s.RBlocksCountHi)
	c.u32("s_free_blocks_count_hi", &s.FreeBlocksHi)
	c.u16("s_min_extra_isize", &s.MinExtraIsize)
	c.u16("s_want_extra_isize", &s.WantExtraIsize)
	c.u32("s_flags", &s.Flags)
	c.u16("s_raid_stride", &s.RAIDStride)
	c.u16("s_mmp_update_interval", &s.MMPUpdateInterval)
	c.u64("s_mmp_block", &s.MMPBlock)
	c.u32("s_raid_stripe_width", &s.RAIDStripeWidth)
	c.u8("s_log_groups_per_flex", &s.LogGroupsPerFlex)
	c.u8("s_checksum_type", &s.ChecksumType)
	c.u8("s_encryption_level", &s.EncryptionLevel)
	c.u8("s_reserved_pad", &s.ReservedPad)
	c.u64("s_kbytes_written", &s.KBytesWritten)
	c.u32("s_snapshot_inum", &s.SnapshotInum)
	c.u32("s_snapshot_id", &s.SnapshotID)
	c.u64("s_snapshot_r_blocks_count", &s.SnapshotRBlocks)
	c.u32("s_snapshot_list", &s.SnapshotList)
	c.u32("s_error_count", &s.ErrorCount)
	c.u32("s_first_error_time", &s.FirstErrorTime)
	c.u32("s_first_error_ino", &s.FirstErrorIno)
	c.u64("s_first_error_block", &s.FirstErrorBlock)
	c.bytes("s_first_error_func", s.FirstErrorFunc[:])
	c.u32("s_first_error_line", &s.FirstErrorLine)
	c.u32("s_last_error_time", &s.LastErrorTime)
	c.u32("s_last_error_ino", &s.LastErrorIno)
	c.u32("s_last_error_line", &s.LastErrorLine)
	c.u64("s_last_error_block", &s.LastErrorBlock)
	c.bytes("s_last_error_func", s.LastErrorFunc[:])
	c.bytes("s_mount_opts", s.MountOpts[:])
	c.u32("s_usr_quota_inum", &s.UsrQuotaInum)
	c.u32("s_grp_quota_inum", &s.GrpQuotaInum)
	c.u32("s_overhead_clusters", &s.OverheadClusters)
	c.u32s("s_backup_bgs", s.BackupBGs[:])
	c.bytes("s_encrypt_algos", s.EncryptAlgos[:])
	c.bytes("s_encrypt_pw_salt", s.EncryptPWSalt[:])
	c.u32("s_lpf_ino", &s.LPFIno)
	c.u32("s_prj_quota_inum", &s.PrjQuotaInum)
	c.u32("s_checksum_seed", &s.ChecksumSeed)
	c.u8("s_wtime_hi", &s.WTimeHi)
	c.u8("s_mtime_hi", &s.MTimeHi)
	c.u8("s_mkfs_time_hi", &s.MkfsTimeHi)
	c.u8("s_lastcheck_hi", &s.LastCheckHi)
	c.u8("s_first_error_time_hi", &s.FirstErrorTimeHi)
	c.u8("s_last_error_time_hi", &s.LastErrorTimeHi)
	c.u8("s_first_error_errcode", &s.FirstErrorCode)
	c.u8("s_last_error_errcode", &s.LastErrorCode)
	c.u16("s_encoding", &s.Encoding)
	c.u16("s_encoding_flags", &s.EncodingFlags)
	c.u32("s_orphan_file_inum", &s.OrphanFileInum)
	c.u16("s_def_resuid_hi", &s.DefResUIDHi)
	c.u16("s_def_resgid_hi", &s.DefResGIDHi)
	c.bytes("s_reserved", s.Reserved[:])
	c.u32("s_checksum", &s.Checksum)
}

// Decode reads the super block from the first SuperSize bytes of b.
func (s *Super) Decode(b []byte) error { return decode(s, b, SuperSize) }

// Encode writes the super block to the first SuperSize bytes of b.
func (s *Super) Encode(b []byte) { encode(s, b, SuperSize) }

// Describe lists the fields of the super block encoded in b.
func (s *Super) Describe(b []byte) ([]Field, error) { return describe(s, b, SuperSize) }

// HasCompat reports whether all the given compat features are set.
func (s *Super) HasCompat(f Compat) bool { return Compat(s.FeatureCompat)&f == f }

// HasIncompat reports whether all the given incompat features are set.
func (s *Super) HasIncompat(f Incompat) bool { return Incompat(s.FeatureIncompat)&f == f }

// HasROCompat reports whether all the given ro_compat features are set.
func (s *Super) HasROCompat(f ROCompat) bool { return ROCompat(s.FeatureROCompat)&f == f }

// BlockSize is the size of a block in bytes; 0 where s_log_block_size is out of the format's range (1 KiB to 64 KiB).
func (s *Super) BlockSize() int {
	if s.LogBlockSize > 6 {
		return 0
	}
	return 1024 << s.LogBlockSize
}

// ClusterRatio is the number of blocks in a cluster, the unit of allocation; 1 without bigalloc, 0 where
// the logarithms on disk are out of range.
func (s *Super) ClusterRatio() uint32 {
	if !s.HasROCompat(ROCompatBigAlloc) {
		return 1
	}
	if s.LogClusterSize < s.LogBlockSize || s.LogClusterSize-s.LogBlockSize > 20 {
		return 0
	}
	return 1 << (s.LogClusterSize - s.LogBlockSize)
}

// Blocks is the size of the file system in blocks (s_blocks_count).
func (s *Super) Blocks() uint64 { return s.join(s.BlocksCountLo, s.BlocksCountHi) }

// BlocksReserved is the number of blocks kept for the super user (s_r_blocks_count).
func (s *Super) BlocksReserved() uint64 { return s.join(s.RBlocksCountLo, s.RBlocksCountHi) }

// BlocksFree is the number of free blocks (s_free_blocks_count).
func (s *Super) BlocksFree() uint64 { return s.join(s.FreeBlocksLo, s.FreeBlocksHi) }

// SetBlocks sets both halves of s_blocks_count.
func (s *Super) SetBlocks(n uint64) { s.BlocksCountLo, s.BlocksCountHi = split(n) }

// SetBlocksReserved sets both halves of s_r_blocks_count.
func (s *Super) SetBlocksReserved(n uint64) { s.RBlocksCountLo, s.RBlocksCountHi = split(n) }

// SetBlocksFree sets both halves of s_free_blocks_count.
func (s *Super) SetBlocksFree(n uint64) { s.FreeBlocksLo, s.FreeBlocksHi = split(n) }

// Groups is the number of block groups; 0 where the counts on disk make no sense.
func (s *Super) Groups() uint64 {
	n, first := s.Blocks(), uint64(s.FirstDataBlock)
	if s.BlocksPerGroup == 0 || n <= first {
		return 0
	}
	return (n-first-1)/uint64(s.BlocksPerGroup) + 1
}

// DescriptorSize is the size of a group descriptor in bytes.
func (s *Super) DescriptorSize() int {
	if !s.HasIncompat(Incompat64Bit) {
		return GroupDescSize32
	}
	return int(s.DescSize)
}

// InodeBytes is the size of an inode in bytes.
func (s *Super) InodeBytes() int {
	if s.RevLevel == RevGoodOld {
		return InodeSizeMin
	}
	return int(s.InodeSize)
}

// FirstFreeIno is the first inode number that is not reserved.
func (s *Super) FirstFreeIno() Ino {
	if s.RevLevel == RevGoodOld {
		return FirstIno
	}
	return Ino(s.FirstIno)
}

// GroupFirstBlock is the first block of a group.
func (s *Super) GroupFirstBlock(g Group) Block {
	return Block(uint64(s.FirstDataBlock) + uint64(g)*uint64(s.BlocksPerGroup))
}

// GroupBlocks is the number of blocks in a group: the last one may be short.
func (s *Super) GroupBlocks(g Group) uint32 {
	first := uint64(s.GroupFirstBlock(g))
	if n := s.Blocks(); first+uint64(s.BlocksPerGroup) > n {
		if first >= n {
			return 0
		}
		return uint32(n - first)
	}
	return s.BlocksPerGroup
}

// HasBackup reports whether a group holds a copy of the super block (group 0 holds the primary).
func (s *Super) HasBackup(g Group) bool {
	switch {
	case g == 0:
		return true
	case s.HasCompat(CompatSparseSuper2):
		return uint32(g) == s.BackupBGs[0] || uint32(g) == s.BackupBGs[1]
	case g == 1 || !s.HasROCompat(ROCompatSparseSuper):
		return true
	}
	return isPower(uint32(g), 3) || isPower(uint32(g), 5) || isPower(uint32(g), 7)
}

// Label is the volume name without its padding.
func (s *Super) Label() string { return cString(s.VolumeName[:]) }

// join puts a count together; the high half counts only with the 64bit feature.
func (s *Super) join(lo, hi uint32) uint64 {
	if s.HasIncompat(Incompat64Bit) {
		return uint64(hi)<<32 | uint64(lo)
	}
	return uint64(lo)
}

func split(n uint64) (lo, hi uint32) { return uint32(n), uint32(n >> 32) }

func isPower(n, base uint32) bool {
	for n > 1 && n%base == 0 {
		n /= base
	}
	return n == 1
}

// cString is the text in b up to its first NUL.
func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }
