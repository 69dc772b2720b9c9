package fsck

// Codes of symlinks.
const (
	SymlinkTarget Code = "symlink-target"
	SymlinkExtent Code = "symlink-extent-flag"
)

var symlinkProblems = []Problem{
	{SymlinkTarget, Damage, ClearInode, "PR_2_INVALID_SYMLINK", "a symlink's target does not go with its size"},
	{SymlinkExtent, Damage, ClearFlag, "PR_1_FAST_SYMLINK_EXTENT_FL", "a symlink with its target in the inode has the flag for extents"},
}

// What of symlinks is repaired, and how.
var symlinkRemedies = remedies{
	SymlinkTarget: doClear(tierContent),
	SymlinkExtent: clearFlags,
}
