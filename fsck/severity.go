package fsck

// Severity says what a finding means for who uses the file system.
type Severity uint8

// The severities, in ascending order.
const (
	Notice Severity = iota // nothing is wrong: something to know, or to be done at the next mount
	Minor                  // a repair needs no answer: e2fsck -p makes it
	Damage                 // a repair decides something: e2fsck -p stops
	Fatal                  // the check could not look further
)

func (s Severity) String() string {
	return [...]string{"notice", "minor", "damage", "fatal"}[s]
}

// Action is what a repair does about a finding.
type Action uint8

// The actions of repairs.
const (
	Nothing       Action = iota
	SetField             // give a number the value in Repair.Want
	SetChecksum          // compute a checksum anew
	ClearFlag            // clear the flags in Repair.Want
	SetFlag              // set the flags in Repair.Want
	RestoreSuper         // copy the super block from a backup
	RestoreGroup         // copy a descriptor from a backup, or recompute it
	UpdateBackup         // copy the primary to a backup
	ReplayJournal        // replay the journal
	ResetJournal         // empty the journal without replaying it
	RemakeJournal        // drop the journal and make another
	ProcessOrphan        // finish deleting or truncating a file
	ClearOrphans         // forget a list of orphans that makes no sense
	ClearInode           // free an inode whose content makes no sense
	TruncateMap          // drop what is wrong in a map of blocks, keep the rest
	RebuildMap           // build an extent tree anew from the extents that are good
	CloneBlocks          // give a file a copy of blocks that another claims as well
	DropXattr            // remove an xattr
	DropXattrs           // remove all xattrs of an inode, or a block of them
	SealXattrs           // compute the hashes of xattrs anew
	RemoveEntry          // remove a directory entry
	RenameEntry          // give an entry another name
	SetEntry             // point an entry at Repair.Want
	AddEntry             // insert an entry
	SalvageBlock         // keep the entries of a directory block that are sound
	AddBlock             // give a directory a block where it has a hole
	RebuildIndex         // build the index of a directory anew
	Reconnect            // link an inode into lost+found
	MakeRoot             // make a root directory
	MakeLostFound        // make lost+found
	WriteBitmap          // write a bitmap anew from what is in use
	WriteQuota           // write a quota file anew from what is used
	RemakeFile           // make a file of the file system's own anew
	MoveMetadata         // allocate fixed metadata elsewhere
	FixInline            // make inline data and the inode around it agree
)

var actionNames = [...]string{
	Nothing: "nothing", SetField: "set the number", SetChecksum: "set the checksum", ClearFlag: "clear the flag", SetFlag: "set the flag",
	RestoreSuper: "restore from a backup", RestoreGroup: "restore the descriptor", UpdateBackup: "update the backup",
	ReplayJournal: "replay the journal", ResetJournal: "empty the journal", RemakeJournal: "make a new journal",
	ProcessOrphan: "finish with the orphan", ClearOrphans: "clear the orphan list", ClearInode: "clear the inode",
	TruncateMap: "drop the bad blocks", RebuildMap: "rebuild the extent tree", CloneBlocks: "clone the blocks",
	DropXattr: "drop the xattr", DropXattrs: "drop the xattrs", SealXattrs: "set the hashes", RemoveEntry: "remove the entry",
	RenameEntry: "rename the entry", SetEntry: "set the entry", AddEntry: "add the entry", SalvageBlock: "salvage the block",
	AddBlock: "add a block", RebuildIndex: "rebuild the index", Reconnect: "connect to lost+found", MakeRoot: "make a root directory",
	MakeLostFound: "make lost+found", WriteBitmap: "write the bitmap", WriteQuota: "write the quota file", RemakeFile: "make the file anew",
	MoveMetadata: "move it", FixInline: "mend the inline data",
}

func (a Action) String() string { return actionNames[a] }
