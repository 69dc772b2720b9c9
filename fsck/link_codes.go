package fsck

import "extant/internal/ondisk"

// Codes of connections and links.
const (
	DirUnconnected  Code = "dir-unconnected"
	DotDotWrong     Code = "dotdot-wrong"
	LostFoundAbsent Code = "lost-found-missing"
	InodeUnattached Code = "inode-unattached"
	LinkCount       Code = "link-count"
	LinkOverflow    Code = "link-overflow"
)

var linkProblems = []Problem{
	{DirUnconnected, Damage, Reconnect, "PR_3_UNCONNECTED_DIR", "no way leads from the root to a directory"},
	{DotDotWrong, Damage, SetEntry, "PR_3_BAD_DOT_DOT", "a directory names another parent than the one with its entry"},
	{LostFoundAbsent, Notice, MakeLostFound, "PR_3_NO_LF_DIR", "there is no lost+found"},
	{InodeUnattached, Damage, Reconnect, "PR_4_UNATTACHED_INODE", "no entry names an inode that is in use"},
	{LinkCount, Minor, SetField, "PR_4_BAD_REF_COUNT", "an inode counts other links than it has"},
	{LinkOverflow, Minor, SetField, "PR_4_DIR_NLINK_FEATURE", "a directory has more links than can be counted, without the feature dir_nlink"},
}

// What of connections and links is repaired, and how.
var linkRemedies = remedies{
	DirUnconnected:  {tierConnect, (*mender).reconnect},
	DotDotWrong:     {tierConnect, (*mender).setParent},
	InodeUnattached: {tierLinks, (*mender).reconnect},
	LinkCount:       doInode(tierLinks, func(n *ondisk.Inode, want uint64) { n.LinksCount = uint16(want) }),
	LinkOverflow:    doSuper(tierLinks, func(s *ondisk.Super, want uint64) { s.FeatureROCompat |= uint32(want) }),
}
