package fsck

// Codes of directories and their entries.
const (
	DirHole        Code = "dir-hole"
	DirUnwritten   Code = "dir-unwritten"
	DirCorrupt     Code = "dir-corrupt"
	DirChecksum    Code = "dir-checksum"
	DirNoTail      Code = "dir-no-tail"
	DotMissing     Code = "dot-missing"
	DotIno         Code = "dot-inode"
	DotLong        Code = "dot-long"
	DotPadding     Code = "dot-padding"
	DotDotMissing  Code = "dotdot-missing"
	EntryBadIno    Code = "entry-bad-inode"
	EntryUnused    Code = "entry-unused-inode"
	EntryUninit    Code = "entry-uninit-inode"
	EntryValue     Code = "entry-ea-inode"
	EntryDot       Code = "entry-dot"
	EntrySelf      Code = "entry-self"
	EntryRoot      Code = "entry-root"
	EntryName      Code = "entry-name"
	EntryNoName    Code = "entry-no-name"
	EntryType      Code = "entry-type"
	EntryTypeSet   Code = "entry-type-missing"
	EntryDuplicate Code = "entry-duplicate"
	EntryShort     Code = "entry-encrypted-name"
	EntryPlain     Code = "entry-not-encrypted"
	EntryHardLink  Code = "entry-dir-link"
)

var dirProblems = []Problem{
	{DirHole, Damage, AddBlock, "PR_2_DIRECTORY_HOLE", "a directory has a hole"},
	{DirUnwritten, Damage, ClearFlag, "PR_1_UNINIT_DBLOCK", "a directory has blocks that are not written"},
	{DirCorrupt, Damage, SalvageBlock, "PR_2_DIR_CORRUPTED", "the entries of a directory block make no sense"},
	{DirChecksum, Minor, SetChecksum, "PR_2_LEAF_NODE_ONLY_CSUM_INVALID", "a directory block's checksum is wrong"},
	{DirNoTail, Minor, SalvageBlock, "PR_2_LEAF_NODE_MISSING_CSUM", "a directory block has no room for a checksum"},
	{DotMissing, Damage, AddEntry, "PR_2_MISSING_DOT", "a directory does not start with its own entry"},
	{DotIno, Damage, SetEntry, "PR_2_BAD_INODE_DOT", "a directory's own entry names another inode"},
	{DotLong, Damage, SalvageBlock, "PR_2_SPLIT_DOT", "a directory's own entry has room for others"},
	{DotPadding, Damage, SetEntry, "PR_2_DOT_NULL_TERM", "no zero byte follows the name of a directory's own entry"},
	{DotDotMissing, Damage, AddEntry, "PR_2_MISSING_DOT_DOT", "a directory has no entry for its parent"},
	{EntryBadIno, Damage, RemoveEntry, "PR_2_BAD_INO", "an entry has a number that is no ordinary inode's"},
	{EntryUnused, Minor, RemoveEntry, "PR_2_UNUSED_INODE", "an entry names an inode that is not in use"},
	{EntryUninit, Damage, RemoveEntry, "PR_2_INOREF_IN_UNUSED", "an entry names an inode that the group's descriptor says was never used"},
	{EntryValue, Damage, RemoveEntry, "", "an entry names an inode that holds a value of an xattr"},
	{EntryDot, Damage, RemoveEntry, "PR_2_DUP_DOT", "a directory has another entry for itself or its parent"},
	{EntrySelf, Damage, RemoveEntry, "PR_2_LINK_DOT", "an entry names its own directory"},
	{EntryRoot, Damage, RemoveEntry, "PR_2_LINK_ROOT", "an entry names the root"},
	{EntryName, Damage, RenameEntry, "PR_2_BAD_NAME", "a name has a slash or a zero byte"},
	{EntryNoName, Damage, RemoveEntry, "PR_2_NULL_NAME", "an entry has an empty name"},
	{EntryType, Damage, SetEntry, "PR_2_BAD_FILETYPE", "an entry has another file type than its inode"},
	{EntryTypeSet, Minor, SetEntry, "PR_2_SET_FILETYPE", "an entry has no file type"},
	{EntryDuplicate, Damage, RenameEntry, "PR_2_NON_UNIQUE_FILE", "a directory has a name twice"},
	{EntryShort, Damage, RemoveEntry, "PR_2_BAD_ENCRYPTED_NAME", "a name in an encrypted directory is too short to be encrypted"},
	{EntryPlain, Damage, RemoveEntry, "PR_2_UNENCRYPTED_FILE", "an encrypted directory has a file that is not encrypted"},
	{EntryHardLink, Damage, RemoveEntry, "PR_2_LINK_DIR", "a directory has two names"},
}

// What of directories is repaired, and how. What one block needs is done within it.
var dirRemedies = remedies{
	DirHole:        {tierDirs, (*mender).closeHoles},
	DirUnwritten:   {tierDirs, (*mender).closeHoles},
	DirCorrupt:     {tierDirs, (*mender).salvageDir},
	DirChecksum:    {tierDirs, (*mender).sealDir},
	DirNoTail:      {tierDirs, (*mender).salvageDir},
	DotMissing:     {tierDirs, (*mender).mendDots},
	DotIno:         {tierDirs, (*mender).mendDots},
	DotLong:        {tierDirs, (*mender).mendDots},
	DotPadding:     {tierDirs, (*mender).mendDots},
	DotDotMissing:  {tierDirs, (*mender).mendDots},
	EntryBadIno:    doRemove,
	EntryUnused:    doRemove,
	EntryUninit:    {tierDirs, (*mender).mendUninit},
	EntryValue:     doRemove,
	EntryDot:       doRemove,
	EntrySelf:      doRemove,
	EntryRoot:      doRemove,
	EntryName:      {tierDirs, (*mender).mendName},
	EntryNoName:    doRemove,
	EntryType:      {tierDirs, (*mender).setType},
	EntryTypeSet:   {tierDirs, (*mender).setType},
	EntryDuplicate: {tierDirs, (*mender).renameDuplicate},
	EntryShort:     doRemove,
	EntryPlain:     doRemove,
	EntryHardLink:  {tierConnect, (*mender).removeEntry},
}

var doRemove = remedy{tierDirs, (*mender).removeEntry}
