package fsck

import "extant/internal/ondisk"

// Codes of inline data.
const (
	InlineNoXattr  Code = "inline-no-xattr"
	InlineExtents  Code = "inline-extents"
	InlineSize     Code = "inline-size"
	InlineTail     Code = "inline-tail"
	InlineDirSize  Code = "inline-dir-size"
	InlineStray    Code = "inline-stray-xattr"
	InlineExtra    Code = "inline-extra-isize"
	InlineTypeless Code = "inline-type"
	InlineLastRec  Code = "inline-dir-area"
	InlineIndex    Code = "inline-dir-index"
)

var inlineProblems = []Problem{
	{InlineNoXattr, Damage, FixInline, "PR_1_INLINE_DATA_NO_ATTR", "an inode with inline data has no xattr system.data"},
	{InlineExtents, Damage, FixInline, "PR_1_CLEAR_EXTENT_FOR_INLINE_DATA", "an inode has inline data and an extent tree"},
	{InlineSize, Damage, FixInline, "", "a file with inline data is longer than the inode has room for"},
	{InlineTail, Minor, FixInline, "", "inline data past the end of the file is not zeros"},
	{InlineDirSize, Minor, SetField, "PR_1_BAD_I_SIZE", "i_size of an inline directory is not that of its data"},
	{InlineStray, Damage, DropXattr, "", "an inode without inline data has the xattr system.data"},
	{InlineExtra, Damage, FixInline, "", "an inode with inline data has no room for xattrs"},
	{InlineTypeless, Damage, ClearFlag, "PR_1_SPECIAL_EXTENTS_IDATA", "an inode of this type cannot have inline data"},
	{InlineLastRec, Damage, SalvageBlock, "PR_2_DIR_CORRUPTED", "an area of an inline directory makes no sense"},
	{InlineIndex, Minor, ClearFlag, "PR_1_HTREE_BADROOT", "a directory with inline data has an index"},
}

// What of inline data is repaired, and how.
var inlineRemedies = remedies{
	InlineNoXattr:  {tierContent, (*mender).addInlineXattr},
	InlineExtents:  {tierInodes, (*mender).chooseInline},
	InlineSize:     doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetSize(want) }),
	InlineTail:     {tierContent, (*mender).clearInlineTail},
	InlineDirSize:  doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetSize(want) }),
	InlineStray:    {tierContent, (*mender).dropXattr},
	InlineExtra:    {tierInodes, (*mender).makeExtra},
	InlineTypeless: clearFlags,
	InlineLastRec:  {tierDirs, (*mender).salvageInline},
	InlineIndex:    clearFlags,
}
