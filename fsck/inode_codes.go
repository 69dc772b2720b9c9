package fsck

import "extant/internal/ondisk"

// Codes of inodes.
const (
	InodeChecksum      Code = "inode-checksum"
	InodeMode          Code = "inode-mode"
	InodeDeletedTime   Code = "inode-deleted-time"
	InodeDeletedLow    Code = "inode-deleted-low"
	InodeTimeSet       Code = "inode-dtime-set"
	InodeExtraIsize    Code = "inode-extra-isize"
	InodeBlocks        Code = "inode-blocks"
	InodeBlocksHigh    Code = "inode-blocks-high"
	InodeSize          Code = "inode-size"
	InodeDirSize       Code = "inode-dir-size"
	InodeEmptyDir      Code = "inode-empty-dir"
	InodeSpecialSize   Code = "inode-special-size"
	InodeSpecialFlags  Code = "inode-special-flags"
	InodeSpecialMap    Code = "inode-special-map"
	InodeDevice        Code = "inode-device"
	InodeExtentFlag    Code = "inode-extent-flag"
	InodeExtentMissing Code = "inode-extent-flag-missing"
	InodeInlineFlag    Code = "inode-inline-flag"
	InodeIndexFlag     Code = "inode-index-flag"
	InodeIndexNonDir   Code = "inode-index-non-dir"
	InodeCasefold      Code = "inode-casefold"
	InodeCasefoldDir   Code = "inode-casefold-non-dir"
	InodeEncrypt       Code = "inode-encrypt"
	InodeVerity        Code = "inode-verity"
	InodeEAFlag        Code = "inode-ea-flag"
	InodeImagic        Code = "inode-imagic"
	InodeHugeFlag      Code = "inode-huge-flag"
	InodeFragment      Code = "inode-fragment"
	InodeFileACL       Code = "inode-file-acl"
	InodeFileACLHigh   Code = "inode-file-acl-high"
	InodeTimeRange     Code = "inode-time-range"
	InodeNanoseconds   Code = "inode-nanoseconds"
)

var inodeProblems = []Problem{
	{InodeChecksum, Minor, SetChecksum, "PR_1_INODE_ONLY_CSUM_INVALID", "an inode's checksum is wrong"},
	{InodeMode, Damage, ClearInode, "PR_2_BAD_MODE", "an inode in use is of no type"},
	{InodeDeletedTime, Minor, SetField, "PR_1_ZERO_DTIME", "a deleted inode has no time of deletion"},
	{InodeDeletedLow, Minor, SetField, "PR_1_LOW_DTIME", "a deleted inode's time of deletion may be the next inode of a list of orphans"},
	{InodeTimeSet, Minor, SetField, "PR_1_SET_DTIME", "an inode in use has a time of deletion"},
	{InodeExtraIsize, Minor, SetField, "PR_1_EXTRA_ISIZE", "i_extra_isize does not fit the inode"},
	{InodeBlocks, Minor, SetField, "PR_1_BAD_I_BLOCKS", "i_blocks is not what the inode has"},
	{InodeBlocksHigh, Damage, SetField, "PR_2_BLOCKS_HI_ZERO", "the high half of i_blocks is set without the feature huge_file"},
	{InodeSize, Minor, SetField, "PR_1_BAD_I_SIZE", "i_size does not go with the blocks of the file"},
	{InodeDirSize, Minor, SetField, "PR_1_BAD_I_SIZE", "i_size of a directory is not that of its blocks"},
	{InodeEmptyDir, Damage, ClearInode, "PR_1_ZERO_LENGTH_DIR", "a directory has no blocks"},
	{InodeSpecialSize, Minor, SetField, "PR_1_SET_NONZSIZE", "a device, FIFO or socket has a size"},
	{InodeSpecialFlags, Minor, ClearFlag, "PR_1_SET_IMMUTABLE", "a device, FIFO or socket is immutable or for appending only"},
	{InodeSpecialMap, Damage, ClearFlag, "PR_1_SPECIAL_EXTENTS_IDATA", "a device, FIFO or socket has extents or inline data"},
	{InodeDevice, Minor, SetField, "", "a device, FIFO or socket has more in i_block than a device number"},
	{InodeExtentFlag, Damage, ClearFlag, "PR_1_EXTENT_FEATURE", "an inode has extents, and the feature extent is off"},
	{InodeExtentMissing, Minor, SetFlag, "PR_1_UNSET_EXTENT_FL", "an inode without the flag for extents has an extent tree"},
	{InodeInlineFlag, Damage, ClearFlag, "PR_1_INLINE_DATA_FEATURE", "an inode has inline data, and the feature inline_data is off"},
	{InodeIndexFlag, Minor, ClearFlag, "PR_1_HTREE_SET", "a directory has an index, and the feature dir_index is off"},
	{InodeIndexNonDir, Minor, ClearFlag, "PR_1_HTREE_NODIR", "what is no directory has an index"},
	{InodeCasefold, Damage, ClearFlag, "PR_1_CASEFOLD_FEATURE", "a directory folds names, and the feature casefold is off"},
	{InodeCasefoldDir, Damage, ClearFlag, "PR_1_CASEFOLD_NONDIR", "what is no directory folds names"},
	{InodeEncrypt, Damage, ClearFlag, "", "an inode is encrypted, and the feature encrypt is off"},
	{InodeVerity, Damage, ClearFlag, "", "an inode has a verity tree that the features do not allow, or that is none"},
	{InodeEAFlag, Damage, ClearFlag, "", "an inode holds a value of an xattr, and the feature ea_inode is off"},
	{InodeImagic, Damage, ClearFlag, "PR_1_SET_IMAGIC", "an inode has the flag of imagic, and the feature is off"},
	{InodeHugeFlag, Damage, ClearFlag, "", "i_blocks counts blocks, and the feature huge_file is off"},
	{InodeFragment, Damage, SetField, "PR_2_FADDR_ZERO", "an inode has the address of a fragment"},
	{InodeFileACL, Damage, SetField, "PR_2_FILE_ACL_BAD", "i_file_acl is no block of the file system"},
	{InodeFileACLHigh, Minor, SetField, "PR_2_I_FILE_ACL_HI_ZERO", "the high half of i_file_acl is set without the feature 64bit"},
	{InodeTimeRange, Notice, SetField, "PR_1_EA_TIME_OUT_OF_RANGE", "a time is after 2310 and may have been meant to be before 1970"},
	{InodeNanoseconds, Minor, SetField, "", "a time has more nanoseconds than a second"},
}

// What of inodes is repaired, and how.
var inodeRemedies = remedies{
	InodeChecksum:      doInode(tierInodes, func(*ondisk.Inode, uint64) {}),
	InodeMode:          {tierInodes, (*mender).clearTypeless},
	InodeDeletedTime:   {tierInodes, (*mender).setDeleted},
	InodeDeletedLow:    {tierInodes, (*mender).setDeleted},
	InodeTimeSet:       doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.DTime = 0 }),
	InodeExtraIsize:    {tierInodes, (*mender).mendExtraIsize},
	InodeBlocks:        doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetBlocks(want) }),
	InodeBlocksHigh:    doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.BlocksHi = 0 }),
	InodeSize:          doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetSize(want) }),
	InodeDirSize:       doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetSize(want) }),
	InodeEmptyDir:      doClear(tierContent),
	InodeSpecialSize:   doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.SetSize(0) }),
	InodeSpecialFlags:  clearFlags,
	InodeSpecialMap:    clearFlags,
	InodeDevice:        doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { clear(n.IBlock[deviceBytes:]) }),
	InodeExtentFlag:    {tierInodes, (*mender).mendExtentFlag},
	InodeExtentMissing: doInode(tierInodes, func(n *ondisk.Inode, want uint64) { n.Flags |= uint32(want) }),
	InodeInlineFlag:    {tierInodes, (*mender).mendInlineFlag},
	InodeIndexFlag:     clearFlags,
	InodeIndexNonDir:   clearFlags,
	InodeCasefold:      clearFlags,
	InodeCasefoldDir:   clearFlags,
	InodeEncrypt:       clearFlags,
	InodeVerity:        {tierContent, (*mender).dropVerity},
	InodeEAFlag:        clearFlags,
	InodeImagic:        clearFlags,
	InodeHugeFlag:      clearFlags,
	InodeFragment:      doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.ObsoFaddr = 0 }),
	InodeFileACL:       doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.SetFileACL(0) }),
	InodeFileACLHigh:   doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.FileACLHi = 0 }),
	InodeTimeRange:     {tierInodes, (*mender).mendTimes},
	InodeNanoseconds:   {tierInodes, (*mender).mendTimes},
}
