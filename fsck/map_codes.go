package fsck

// Codes of extent trees and block maps.
const (
	ExtentHeader     Code = "extent-header"
	ExtentChecksum   Code = "extent-checksum"
	ExtentOrder      Code = "extent-order"
	ExtentLength     Code = "extent-length"
	ExtentRange      Code = "extent-range"
	ExtentBounds     Code = "extent-bounds"
	ExtentIndexStart Code = "extent-index-start"
	ExtentIndexRange Code = "extent-index-range"
	ExtentMisaligned Code = "extent-misaligned"
	MapRange         Code = "map-range"
	MapBigalloc      Code = "map-bigalloc"
	MapTooBig        Code = "map-too-big"
	MapInMetadata    Code = "map-in-metadata"
	MapNodeShared    Code = "map-node-shared"
)

var mapProblems = []Problem{
	{ExtentHeader, Damage, RebuildMap, "PR_1_EXTENT_HEADER_INVALID", "a node of an extent tree has a header that makes no sense"},
	{ExtentChecksum, Damage, SetChecksum, "PR_1_EXTENT_ONLY_CSUM_INVALID", "a node of an extent tree has a wrong checksum"},
	{ExtentOrder, Damage, RebuildMap, "PR_1_OUT_OF_ORDER_EXTENTS", "extents, or entries of an index node, overlap or are out of order"},
	{ExtentLength, Damage, RebuildMap, "PR_1_EXTENT_LENGTH_ZERO", "an extent of no length"},
	{ExtentRange, Damage, RebuildMap, "PR_1_EXTENT_ENDS_BEYOND", "an extent maps to blocks that are none"},
	{ExtentBounds, Damage, RebuildMap, "PR_1_EXTENT_END_OUT_OF_BOUNDS", "an extent maps file blocks that belong to another node"},
	{ExtentIndexStart, Damage, SetField, "PR_1_EXTENT_INDEX_START_INVALID", "an index entry starts elsewhere than the node it points at"},
	{ExtentIndexRange, Damage, RebuildMap, "PR_1_EXTENT_BAD_START_BLK", "an index entry points at a block that is none"},
	{ExtentMisaligned, Damage, RebuildMap, "PR_1_MISALIGNED_CLUSTER", "an extent starts elsewhere in its cluster than the file block does"},
	{MapRange, Damage, TruncateMap, "PR_1_ILLEGAL_BLOCK_NUM", "a block map has a number that is no block's"},
	{MapBigalloc, Damage, ClearInode, "PR_1_NO_BIGALLOC_BLOCKMAP_FILES", "a block map in a file system with clusters"},
	{MapTooBig, Damage, TruncateMap, "PR_1_TOOBIG_REG", "a map reaches past the largest file block there can be"},
	{MapInMetadata, Damage, TruncateMap, "PR_1B_DUP_BLOCK", "a file claims blocks of the file system's own metadata"},
	{MapNodeShared, Damage, RebuildMap, "PR_1B_DUP_BLOCK", "a block is a node of two maps"},
}

// What of maps is repaired, and how. Trees of extents are built anew from what is sound in them, and numbers in block maps dropped one by one.
var mapRemedies = remedies{
	ExtentHeader:     doMap,
	ExtentChecksum:   {tierContent, (*mender).sealExtents},
	ExtentOrder:      doMap,
	ExtentLength:     doMap,
	ExtentRange:      doMap,
	ExtentBounds:     doMap,
	ExtentIndexStart: doMap,
	ExtentIndexRange: doMap,
	ExtentMisaligned: {tierClaims, (*mender).cloneBlocks},
	MapRange:         doMap,
	MapBigalloc:      {tierContent, (*mender).convertMap},
	MapTooBig:        doMap,
	MapInMetadata:    doMap,
	MapNodeShared:    {tierClaims, (*mender).cloneBlocks},
}

var doMap = remedy{tierContent, (*mender).mendMap}
