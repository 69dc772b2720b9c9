package fsck

// Codes of blocks that more than one claims.
const (
	BlockClaimedTwice Code = "block-claimed-twice"
	XattrBlockClaimed Code = "xattr-block-claimed"
)

var claimProblems = []Problem{
	{BlockClaimedTwice, Damage, CloneBlocks, "PR_1B_DUP_BLOCK", "blocks that several inodes claim, or one inode twice"},
	{XattrBlockClaimed, Damage, CloneBlocks, "PR_1B_DUP_BLOCK", "a block of xattrs that is something else's as well"},
}

// What of blocks claimed twice is repaired, and how.
var claimRemedies = remedies{
	BlockClaimedTwice: {tierClaims, (*mender).cloneBlocks},
	XattrBlockClaimed: {tierClaims, (*mender).cloneXattrs},
}
