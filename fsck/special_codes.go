package fsck

import "extant/internal/ondisk"

// Codes of inodes that are the file system's own.
const (
	RootMissing     Code = "root-missing"
	RootNotDir      Code = "root-not-dir"
	ReservedMode    Code = "reserved-mode"
	BadBlocksInode  Code = "bad-blocks-inode"
	JournalMode     Code = "journal-mode"
	JournalNotClear Code = "journal-not-clear"
	QuotaMode       Code = "quota-mode"
	QuotaNotClear   Code = "quota-not-clear"
	ResizeInode     Code = "resize-inode"
	ResizeNotClear  Code = "resize-not-clear"
)

var specialProblems = []Problem{
	{RootMissing, Damage, MakeRoot, "PR_3_NO_ROOT_INODE", "there is no root directory"},
	{RootNotDir, Damage, MakeRoot, "PR_1_ROOT_NO_DIR", "the root is no directory"},
	{ReservedMode, Minor, SetField, "PR_1_RESERVED_BAD_MODE", "an inode with a reserved number has a type of its own"},
	{BadBlocksInode, Damage, ClearInode, "PR_1_INVALID_BAD_INODE", "the inode of bad blocks is more than a list of blocks"},
	{JournalMode, Minor, SetField, "PR_1_JOURNAL_BAD_MODE", "the journal is no regular file"},
	{JournalNotClear, Minor, ClearInode, "PR_1_JOURNAL_INODE_NOT_CLEAR", "the journal's inode is in use without a journal"},
	{QuotaMode, Minor, SetField, "PR_1_QUOTA_BAD_MODE", "a quota file is no regular file"},
	{QuotaNotClear, Minor, ClearInode, "PR_1_QUOTA_INODE_NOT_CLEAR", "a quota file's inode is in use without quotas"},
	{ResizeInode, Damage, RemakeFile, "PR_0_RESIZE_INODE_INVALID", "the resize inode does not list the blocks reserved for descriptors"},
	{ResizeNotClear, Minor, ClearInode, "PR_0_CLEAR_RESIZE_INODE", "the resize inode is in use without the feature resize_inode"},
}

// What of the file system's own inodes is repaired, and how.
var specialRemedies = remedies{
	RootMissing:     {tierInodes, (*mender).makeRoot},
	RootNotDir:      {tierInodes, (*mender).makeRoot},
	ReservedMode:    doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.Mode = 0 }),
	BadBlocksInode:  {tierInodes, (*mender).mendBadBlocks},
	JournalMode:     doInode(tierJournal, func(n *ondisk.Inode, _ uint64) { n.Mode = ownMode }),
	JournalNotClear: doClear(tierInodes),
	QuotaMode:       doInode(tierInodes, func(n *ondisk.Inode, _ uint64) { n.Mode = ownMode }),
	QuotaNotClear:   doClear(tierInodes),
	ResizeInode:     {tierContent, (*mender).makeResize},
	ResizeNotClear:  doClear(tierInodes),
}

// ownMode is the mode of the file system's own files.
const ownMode = ondisk.ModeRegular | 0o600
