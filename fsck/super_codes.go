package fsck

import "extant/internal/ondisk"

// Codes of the super block and its copies.
const (
	SuperLost         Code = "super-lost"
	SuperChecksum     Code = "super-checksum"
	SuperSize         Code = "super-size"
	SuperFirstIno     Code = "super-first-inode"
	SuperClusters     Code = "super-clusters"
	SuperFeatures     Code = "super-features"
	SuperUUID         Code = "super-uuid"
	SuperReserved     Code = "super-reserved-blocks"
	SuperReservedGDT  Code = "super-reserved-gdt"
	SuperExtraIsize   Code = "super-extra-isize"
	SuperResizeMetaBG Code = "super-resize-meta-bg"
	SuperHashHint     Code = "super-hash-hint"
	SuperHashVersion  Code = "super-hash-version"
	SuperEncoding     Code = "super-encoding"
	SuperFlexSize     Code = "super-flex-size"
	SuperFuture       Code = "super-future"
	SuperErrors       Code = "super-errors"
	SuperUnclean      Code = "super-unclean"
	SuperLargeFile    Code = "super-large-file"
	SuperMMPBlock     Code = "super-mmp-block"
	MMPDamage         Code = "mmp-damage"
	MMPChecksum       Code = "mmp-checksum"
	MMPInUse          Code = "mmp-in-use"
	BackupLost        Code = "backup-lost"
	BackupDiffers     Code = "backup-differs"
	BlockUnreadable   Code = "block-unreadable"
)

var superProblems = []Problem{
	{SuperLost, Damage, RestoreSuper, "", "the primary super block makes no sense; a copy of it was used"},
	{SuperChecksum, Damage, SetChecksum, "", "the super block's checksum is wrong, and no copy is better"},
	{SuperSize, Damage, Nothing, "PR_0_FS_SIZE_WRONG", "the file system claims more blocks than the device has"},
	{SuperFirstIno, Damage, SetField, "", "the inodes for anybody's use do not begin with the usual number, so that files are taken for the file system's own"},
	{SuperClusters, Damage, SetField, "PR_0_OPEN_FAILED", "clusters are not blocks, and the feature bigalloc is off"},
	{SuperFeatures, Minor, ClearFlag, "PR_0_META_AND_GDT_CSUM_SET", "features that exclude each other, or lack one that they need"},
	{SuperUUID, Minor, SetField, "PR_0_ADD_UUID", "the file system has no UUID"},
	{SuperReserved, Damage, SetField, "PR_0_SB_CORRUPT", "more than half of the blocks are reserved for the super user"},
	{SuperReservedGDT, Damage, SetField, "PR_0_NONZERO_RESERVED_GDT_BLOCKS", "blocks are reserved for descriptors without the feature resize_inode"},
	{SuperExtraIsize, Damage, SetField, "PR_0_BAD_WANT_EXTRA_ISIZE", "the extra size wanted of inodes does not fit them"},
	{SuperResizeMetaBG, Damage, ClearFlag, "PR_0_DISABLE_RESIZE_INODE", "the features resize_inode and meta_bg exclude each other"},
	{SuperHashHint, Minor, SetFlag, "PR_0_DIRHASH_HINT", "directory hashes are neither signed nor unsigned"},
	{SuperHashVersion, Minor, SetField, "", "the default hash of directories is unknown"},
	{SuperEncoding, Damage, SetField, "", "the feature casefold is on with an unknown encoding"},
	{SuperFlexSize, Damage, SetField, "PR_0_SB_CORRUPT", "the number of groups in a flex group is out of range"},
	{SuperFuture, Notice, SetField, "PR_0_FUTURE_SB_LAST_WRITE", "a time in the super block is in the future"},
	{SuperErrors, Notice, ClearFlag, "", "the kernel met damage and noted it"},
	{SuperUnclean, Notice, SetFlag, "", "the file system was not unmounted"},
	{SuperLargeFile, Minor, SetFlag, "PR_2_FEATURE_LARGE_FILES", "a file of 2 GiB or more without the feature large_file"},
	{SuperMMPBlock, Damage, SetField, "PR_0_MMP_INVALID_BLK", "the MMP block is where none can be"},
	{MMPDamage, Minor, RemakeFile, "PR_0_MMP_INVALID_MAGIC", "the MMP block is none"},
	{MMPChecksum, Minor, SetChecksum, "PR_0_MMP_CSUM_INVALID", "the MMP block's checksum is wrong"},
	{MMPInUse, Notice, Nothing, "", "the MMP block says that somebody has the file system open"},
	{BackupLost, Minor, UpdateBackup, "", "a copy of the super block is none"},
	{BackupDiffers, Minor, UpdateBackup, "", "a copy of the super block differs from it in what does not change"},
	{BlockUnreadable, Damage, Nothing, "PR_1_READ_INODE", "the device, or the journal, cannot give a block"},
}

// What of the super block is repaired, and how. Its copies come last, when there is nothing else that they might be needed for.
var superRemedies = remedies{
	SuperLost:     {tierFind, (*mender).restoreSuper},
	SuperChecksum: doSuper(tierFind, func(*ondisk.Super, uint64) {}),
	SuperFirstIno: doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { s.FirstIno = uint32(ondisk.FirstIno) }),
	SuperClusters: doSuper(tierSuper, func(s *ondisk.Super, _ uint64) {
		s.LogClusterSize, s.ClustersPerGroup = s.LogBlockSize, s.BlocksPerGroup
	}),
	SuperFeatures:    doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { mendFeatures(s) }),
	SuperUUID:        doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { mendUUID(s) }),
	SuperReserved:    doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { s.SetBlocksReserved(s.Blocks() / reservedShare) }),
	SuperReservedGDT: doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { s.ReservedGDTBlocks = 0 }),
	SuperExtraIsize: doSuper(tierSuper, func(s *ondisk.Super, want uint64) {
		s.MinExtraIsize, s.WantExtraIsize = uint16(want), uint16(want)
	}),
	SuperResizeMetaBG: doSuper(tierSuper, func(s *ondisk.Super, _ uint64) {
		s.FeatureCompat &^= uint32(ondisk.CompatResizeInode)
		s.ReservedGDTBlocks = 0
	}),
	SuperHashHint:    doSuper(tierSuper, func(s *ondisk.Super, want uint64) { s.Flags |= uint32(want) }),
	SuperHashVersion: doSuper(tierSuper, func(s *ondisk.Super, want uint64) { s.DefHashVersion = uint8(want) }),
	SuperEncoding:    doSuper(tierSuper, func(s *ondisk.Super, want uint64) { s.Encoding = uint16(want) }),
	SuperFlexSize:    doSuper(tierSuper, func(s *ondisk.Super, _ uint64) { s.LogGroupsPerFlex = flexUsual }),
	SuperFuture:      {tierSuper, (*mender).mendFuture},
	SuperErrors: doSuper(tierBackups, func(s *ondisk.Super, _ uint64) {
		s.State &^= ondisk.StateError
		forgetErrors(s)
	}),
	SuperUnclean:   doSuper(tierBackups, func(s *ondisk.Super, want uint64) { s.State |= uint16(want) }),
	SuperLargeFile: doSuper(tierInodes, func(s *ondisk.Super, want uint64) { s.FeatureROCompat |= uint32(want) }),
	SuperMMPBlock:  {tierBitmaps, (*mender).moveMMP},
	MMPDamage:      {tierSuper, (*mender).resetMMP},
	MMPChecksum:    {tierSuper, (*mender).sealMMP},
	BackupLost:     {tierBackups, (*mender).updateBackup},
	BackupDiffers:  {tierBackups, (*mender).updateBackup},
}
