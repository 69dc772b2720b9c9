package fsck

import "extant/internal/ondisk"

// Codes of bitmaps and of the counts of what is free.
const (
	BlockMarked         Code = "block-marked-unused"
	BlockUnmarked       Code = "block-unmarked-used"
	BlockPadding        Code = "block-bitmap-padding"
	BlockBitmapChecksum Code = "block-bitmap-checksum"
	BlockUninit         Code = "block-uninit-used"
	InodeMarked         Code = "inode-marked-unused"
	InodeUnmarked       Code = "inode-unmarked-used"
	InodePadding        Code = "inode-bitmap-padding"
	InodeBitmapChecksum Code = "inode-bitmap-checksum"
	GroupFreeBlocks     Code = "group-free-blocks"
	GroupFreeInodes     Code = "group-free-inodes"
	GroupDirs           Code = "group-directories"
	SuperFreeBlocks     Code = "super-free-blocks"
	SuperFreeInodes     Code = "super-free-inodes"
)

var bitmapProblems = []Problem{
	{BlockMarked, Minor, WriteBitmap, "PR_5_BLOCK_UNUSED", "blocks are marked as in use, and nothing has them"},
	{BlockUnmarked, Minor, WriteBitmap, "PR_5_BLOCK_USED", "blocks in use are not marked"},
	{BlockPadding, Minor, WriteBitmap, "PR_5_BLOCK_BMAP_PADDING", "a block bitmap does not mark what no block stands behind"},
	{BlockBitmapChecksum, Minor, SetChecksum, "PR_5_BLOCK_BITMAP_CSUM_INVALID", "a block bitmap's checksum is wrong"},
	{BlockUninit, Minor, WriteBitmap, "PR_5_BLOCK_UNINIT", "blocks are in use in a group whose bitmap is not initialised"},
	{InodeMarked, Minor, WriteBitmap, "PR_5_INODE_UNUSED", "inodes are marked as in use, and are not"},
	{InodeUnmarked, Minor, WriteBitmap, "PR_5_INODE_USED", "inodes in use are not marked"},
	{InodePadding, Minor, WriteBitmap, "PR_5_INODE_BMAP_PADDING", "an inode bitmap does not mark what no inode stands behind"},
	{InodeBitmapChecksum, Minor, SetChecksum, "PR_5_INODE_BITMAP_CSUM_INVALID", "an inode bitmap's checksum is wrong"},
	{GroupFreeBlocks, Minor, SetField, "PR_5_FREE_BLOCK_COUNT_GROUP", "a group counts other free blocks than it has"},
	{GroupFreeInodes, Minor, SetField, "PR_5_FREE_INODE_COUNT_GROUP", "a group counts other free inodes than it has"},
	{GroupDirs, Minor, SetField, "PR_5_FREE_DIR_COUNT_GROUP", "a group counts other directories than it has"},
	{SuperFreeBlocks, Minor, SetField, "PR_5_FREE_BLOCK_COUNT", "the super block counts other free blocks than there are"},
	{SuperFreeInodes, Minor, SetField, "PR_5_FREE_INODE_COUNT", "the super block counts other free inodes than there are"},
}

// What of bitmaps and counts is repaired, and how: all of a group at once.
var bitmapRemedies = remedies{
	BlockMarked:         doGroup,
	BlockUnmarked:       doGroup,
	BlockPadding:        doGroup,
	BlockBitmapChecksum: doGroup,
	BlockUninit:         doGroup,
	InodeMarked:         doGroup,
	InodeUnmarked:       doGroup,
	InodePadding:        doGroup,
	InodeBitmapChecksum: doGroup,
	GroupFreeBlocks:     doGroup,
	GroupFreeInodes:     doGroup,
	GroupDirs:           doGroup,
	SuperFreeBlocks:     doSuper(tierBitmaps, func(s *ondisk.Super, want uint64) { s.SetBlocksFree(want) }),
	SuperFreeInodes:     doSuper(tierBitmaps, func(s *ondisk.Super, want uint64) { s.FreeInodesCount = uint32(want) }),
}

var doGroup = remedy{tierBitmaps, (*mender).writeGroup}
