package fsck

// Codes of group descriptors and of the fixed metadata they place.
const (
	GroupChecksum        Code = "group-checksum"
	GroupLost            Code = "group-lost"
	GroupBlockBitmap     Code = "group-block-bitmap"
	GroupInodeBitmap     Code = "group-inode-bitmap"
	GroupInodeTable      Code = "group-inode-table"
	GroupUnused          Code = "group-unused"
	GroupFlags           Code = "group-flags"
	GroupLastUninit      Code = "group-last-uninit"
	BlockBitmapConflict  Code = "block-bitmap-conflict"
	InodeBitmapConflict  Code = "inode-bitmap-conflict"
	InodeTableConflict   Code = "inode-table-conflict"
	GroupTableUnreadable Code = "inode-table-unreadable"
)

var groupProblems = []Problem{
	{GroupChecksum, Minor, SetChecksum, "PR_0_GDT_CSUM", "a group descriptor's checksum is wrong"},
	{GroupLost, Damage, RestoreGroup, "", "a group descriptor makes no sense; a copy of it was used"},
	{GroupBlockBitmap, Damage, MoveMetadata, "PR_0_BB_NOT_GROUP", "a block bitmap is where it cannot be"},
	{GroupInodeBitmap, Damage, MoveMetadata, "PR_0_IB_NOT_GROUP", "an inode bitmap is where it cannot be"},
	{GroupInodeTable, Damage, MoveMetadata, "PR_0_ITABLE_NOT_GROUP", "an inode table is where it cannot be"},
	{GroupUnused, Minor, SetField, "PR_0_GDT_ITABLE_UNUSED", "more inodes of a group were never used than it has"},
	{GroupFlags, Minor, ClearFlag, "PR_0_GDT_UNINIT", "a group is marked as not initialised without the feature for it"},
	{GroupLastUninit, Minor, ClearFlag, "PR_0_BB_UNINIT_LAST", "the last group's block bitmap is marked as not initialised"},
	{BlockBitmapConflict, Damage, MoveMetadata, "PR_1_BB_CONFLICT", "a block bitmap lies on other metadata"},
	{InodeBitmapConflict, Damage, MoveMetadata, "PR_1_IB_CONFLICT", "an inode bitmap lies on other metadata"},
	{InodeTableConflict, Damage, MoveMetadata, "PR_1_ITABLE_CONFLICT", "an inode table lies on other metadata"},
	{GroupTableUnreadable, Damage, Nothing, "PR_1_ISCAN_ERROR", "the device, or the journal, cannot give a part of an inode table"},
}

// What of groups is repaired, and how.
var groupRemedies = remedies{
	GroupChecksum:       {tierGroups, (*mender).restoreGroup},
	GroupLost:           {tierGroups, (*mender).restoreGroup},
	GroupBlockBitmap:    {tierGroups, (*mender).moveBlockBitmap},
	GroupInodeBitmap:    {tierGroups, (*mender).moveInodeBitmap},
	GroupInodeTable:     {tierGroups, (*mender).moveTable},
	GroupUnused:         {tierGroups, (*mender).restoreGroup},
	GroupFlags:          {tierGroups, (*mender).restoreGroup},
	GroupLastUninit:     {tierGroups, (*mender).restoreGroup},
	BlockBitmapConflict: {tierGroups, (*mender).moveBlockBitmap},
	InodeBitmapConflict: {tierGroups, (*mender).moveInodeBitmap},
	InodeTableConflict:  {tierGroups, (*mender).moveTable},
}
