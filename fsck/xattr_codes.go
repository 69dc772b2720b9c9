package fsck

import "extant/internal/ondisk"

// Codes of xattrs.
const (
	XattrBody        Code = "xattr-body"
	XattrBodyClash   Code = "xattr-body-clash"
	XattrBodyHash    Code = "xattr-body-hash"
	XattrBlock       Code = "xattr-block"
	XattrBlockClash  Code = "xattr-block-clash"
	XattrChecksum    Code = "xattr-checksum"
	XattrHash        Code = "xattr-hash"
	XattrBlockHash   Code = "xattr-block-hash"
	XattrRefcount    Code = "xattr-refcount"
	XattrIndex       Code = "xattr-index"
	XattrACL         Code = "xattr-acl"
	XattrCrypt       Code = "xattr-encryption"
	XattrCryptAbsent Code = "xattr-encryption-missing"
	ValueInode       Code = "ea-inode"
	ValueInodeFlag   Code = "ea-inode-flag"
	ValueInodeSize   Code = "ea-inode-size"
	ValueInodeHash   Code = "ea-inode-hash"
	ValueInodeRefs   Code = "ea-inode-refcount"
	ValueInodeLost   Code = "ea-inode-unreferenced"
)

var xattrProblems = []Problem{
	{XattrBody, Damage, DropXattrs, "PR_1_INODE_EA_ALLOC_COLLISION", "xattrs in an inode make no sense"},
	{XattrBodyClash, Damage, DropXattrs, "PR_1_INODE_EA_ALLOC_COLLISION", "xattrs in an inode overlap, or a name is there twice"},
	{XattrBodyHash, Minor, SealXattrs, "PR_1_ATTR_HASH", "an xattr in an inode has a wrong hash"},
	{XattrBlock, Damage, DropXattrs, "PR_1_BAD_EA_BLOCK", "a block of xattrs makes no sense"},
	{XattrBlockClash, Damage, DropXattrs, "PR_1_EA_ALLOC_COLLISION", "xattrs in a block overlap, or a name is there twice"},
	{XattrChecksum, Damage, SetChecksum, "PR_1_EA_BLOCK_ONLY_CSUM_INVALID", "a block of xattrs has a wrong checksum"},
	{XattrHash, Minor, SealXattrs, "PR_1_ATTR_HASH", "an xattr in a block has a wrong hash"},
	{XattrBlockHash, Minor, SealXattrs, "", "a block of xattrs has a wrong hash over its entries"},
	{XattrRefcount, Damage, SetField, "PR_1_EXTATTR_REFCOUNT", "a block of xattrs counts other references than it has"},
	{XattrIndex, Damage, DropXattr, "PR_1_EA_BAD_NAME", "an xattr's name has an index of 0"},
	{XattrACL, Damage, DropXattr, "", "an access control list makes no sense"},
	{XattrCrypt, Damage, DropXattr, "PR_1_CORRUPT_ENCRYPTION_XATTR", "an encryption context makes no sense"},
	{XattrCryptAbsent, Damage, ClearFlag, "PR_1_MISSING_ENCRYPTION_XATTR", "an encrypted inode has no encryption context"},
	{ValueInode, Damage, DropXattr, "PR_1_ATTR_VALUE_EA_INODE", "an xattr's value is in an inode that cannot have it"},
	{ValueInodeFlag, Damage, DropXattr, "PR_1_ATTR_VALUE_EA_INODE", "an xattr's value is in an inode that is not for values"},
	{ValueInodeSize, Damage, SetField, "", "an inode has more or fewer bytes than the value that is in it"},
	{ValueInodeHash, Damage, SealXattrs, "PR_1_ATTR_HASH", "an xattr's hash is not that of the value in another inode"},
	{ValueInodeRefs, Minor, SetField, "PR_4_EA_INODE_REF_COUNT", "an inode with a value counts other references than it has"},
	{ValueInodeLost, Damage, ClearInode, "PR_4_UNATTACHED_INODE", "an inode with a value that no xattr has"},
}

// What of xattrs is repaired, and how. Bodies and blocks are written anew with what is sound in them.
var xattrRemedies = remedies{
	XattrBody:        doBody,
	XattrBodyClash:   doBody,
	XattrBodyHash:    doBody,
	XattrBlock:       {tierContent, (*mender).salvageXattrBlock},
	XattrBlockClash:  {tierContent, (*mender).salvageXattrBlock},
	XattrChecksum:    {tierContent, (*mender).sealXattrBlock},
	XattrHash:        {tierContent, (*mender).salvageXattrBlock},
	XattrBlockHash:   {tierContent, (*mender).salvageXattrBlock},
	XattrRefcount:    {tierContent, (*mender).countXattrBlock},
	XattrIndex:       {tierContent, (*mender).dropXattr},
	XattrACL:         {tierContent, (*mender).dropXattr},
	XattrCrypt:       {tierContent, (*mender).dropXattr},
	XattrCryptAbsent: doInode(tierContent, func(n *ondisk.Inode, _ uint64) { n.Flags &^= ondisk.InodeEncrypt }),
	ValueInode:       {tierContent, (*mender).dropXattr},
	ValueInodeFlag:   {tierContent, (*mender).dropXattr},
	ValueInodeSize:   {tierContent, (*mender).sizeValue},
	ValueInodeHash:   {tierContent, (*mender).hashValue},
	ValueInodeRefs:   doInode(tierContent, func(n *ondisk.Inode, want uint64) { n.SetEARefcount(want) }),
	ValueInodeLost:   doClear(tierLinks),
}

var doBody = remedy{tierContent, (*mender).salvageBody}
