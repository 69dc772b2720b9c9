package fsck

// Codes of the list and the file of orphans.
const (
	OrphanPending  Code = "orphan-pending"
	OrphanHead     Code = "orphan-head"
	OrphanChain    Code = "orphan-chain"
	OrphanFile     Code = "orphan-file"
	OrphanBlock    Code = "orphan-block"
	OrphanChecksum Code = "orphan-checksum"
	OrphanSlot     Code = "orphan-slot"
	OrphanPresent  Code = "orphan-present"
	OrphanAbsent   Code = "orphan-present-empty"
)

var orphanProblems = []Problem{
	{OrphanPending, Notice, ProcessOrphan, "PR_0_ORPHAN_CLEAR_INODE", "a file is to be deleted or truncated at the next mount"},
	{OrphanHead, Minor, ClearOrphans, "PR_0_ORPHAN_ILLEGAL_HEAD_INODE", "the list of orphans starts with a number that is no orphan's"},
	{OrphanChain, Damage, ClearOrphans, "PR_0_ORPHAN_ILLEGAL_INODE", "the list of orphans goes on with a number that is no orphan's"},
	{OrphanFile, Minor, RemakeFile, "PR_1_ORPHAN_FILE_BAD_MODE", "the orphan file is not a file that could be one"},
	{OrphanBlock, Minor, RemakeFile, "PR_6_ORPHAN_FILE_CORRUPTED", "a block of the orphan file is none"},
	{OrphanChecksum, Minor, SetChecksum, "PR_6_ORPHAN_BLOCK_DIRTY", "a block of the orphan file has a wrong checksum"},
	{OrphanSlot, Minor, ClearOrphans, "PR_0_ORPHAN_ILLEGAL_INODE", "a slot of the orphan file has a number that is no orphan's"},
	{OrphanAbsent, Notice, ClearOrphans, "PR_6_ORPHAN_PRESENT_CLEAN_FILE", "the feature orphan_present is on, and the orphan file is empty"},
	{OrphanPresent, Minor, ClearOrphans, "PR_6_ORPHAN_BLOCK_DIRTY", "the orphan file has orphans, and the feature orphan_present is off"},
}

// What of orphans is repaired, and how. What a file is to lose is taken from it while the lists still name it; they are cleared only
// then, so that an interruption leaves nothing half done and forgotten.
var orphanRemedies = remedies{
	OrphanPending:  {tierOrphans, (*mender).finishOrphan},
	OrphanHead:     {tierForget, (*mender).forgetOrphans},
	OrphanChain:    {tierForget, (*mender).forgetOrphans},
	OrphanFile:     {tierInodes, (*mender).remakeOrphanFile},
	OrphanBlock:    {tierForget, (*mender).forgetOrphans},
	OrphanChecksum: {tierForget, (*mender).forgetOrphans},
	OrphanSlot:     {tierForget, (*mender).forgetOrphans},
	OrphanAbsent:   {tierForget, (*mender).forgetOrphans},
	OrphanPresent:  {tierForget, (*mender).forgetOrphans},
}
