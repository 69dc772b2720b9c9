package fsck

// Codes of directory indexes.
const (
	IndexRoot         Code = "index-root"
	IndexHash         Code = "index-hash-version"
	IndexLimit        Code = "index-limit"
	IndexCount        Code = "index-count"
	IndexOrder        Code = "index-order"
	IndexBlock        Code = "index-block"
	IndexNodeShape    Code = "index-node"
	IndexChecksum     Code = "index-checksum"
	IndexTwice        Code = "index-referenced-twice"
	IndexUnreferenced Code = "index-unreferenced"
	IndexMinHash      Code = "index-hash-low"
	IndexMaxHash      Code = "index-hash-high"
)

var indexProblems = []Problem{
	{IndexRoot, Minor, RebuildIndex, "PR_2_HTREE_BAD_ROOT", "the root of an index makes no sense"},
	{IndexHash, Damage, RebuildIndex, "PR_1_HTREE_HASHV", "an index is by a hash that is not known"},
	{IndexLimit, Minor, RebuildIndex, "PR_2_HTREE_BAD_LIMIT", "a node of an index claims room that it has not"},
	{IndexCount, Damage, RebuildIndex, "PR_2_HTREE_BAD_COUNT", "a node of an index has more entries than room, or none"},
	{IndexOrder, Minor, RebuildIndex, "PR_2_HTREE_HASH_ORDER", "hashes in a node of an index are out of order"},
	{IndexBlock, Damage, RebuildIndex, "PR_2_HTREE_BADBLK", "an index points at a block that the directory does not have"},
	{IndexNodeShape, Damage, RebuildIndex, "PR_2_UNEXPECTED_HTREE_BLOCK", "what an index points at is no node"},
	{IndexChecksum, Minor, SetChecksum, "PR_2_HTREE_NODE_CSUM_INVALID", "a node of an index has a wrong checksum"},
	{IndexTwice, Damage, RebuildIndex, "PR_2_HTREE_DUPREF", "an index points at a block twice"},
	{IndexUnreferenced, Damage, RebuildIndex, "PR_2_HTREE_NOTREF", "no entry of an index points at a block of the directory"},
	{IndexMinHash, Damage, RebuildIndex, "PR_2_HTREE_MIN_HASH", "a name hashes below what the index has for its block"},
	{IndexMaxHash, Damage, RebuildIndex, "PR_2_HTREE_MAX_HASH", "a name hashes above what the index has for its block"},
}

// What of indexes is repaired, and how: the directory is sorted and written anew.
var indexRemedies = remedies{
	IndexRoot:         doRehash,
	IndexHash:         doRehash,
	IndexLimit:        doRehash,
	IndexCount:        doRehash,
	IndexOrder:        doRehash,
	IndexBlock:        doRehash,
	IndexNodeShape:    doRehash,
	IndexChecksum:     {tierIndexes, (*mender).sealIndex},
	IndexTwice:        doRehash,
	IndexUnreferenced: doRehash,
	IndexMinHash:      doRehash,
	IndexMaxHash:      doRehash,
}

var doRehash = remedy{tierIndexes, func(m *mender, f *Finding) error { return m.rehash(f.Place.Ino) }}
