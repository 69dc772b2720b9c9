package ext4

import "extant/internal/alloc"

// Credits for handles, in blocks that may change: more than any operation needs.
const (
	mapCredits    = 10 // one block more in a file: the nodes of its tree, bitmap, descriptor
	slotCredits   = 2  // an inode's slot, the super block
	orphanCredits = 3 * slotCredits
	entryCredits  = 4 + 4*mapCredits
	xattrCredits  = 6 + 3*alloc.BlocksCredits
	createCredits = entryCredits + mapCredits + xattrCredits + alloc.InodeCredits + 3*slotCredits
	removeCredits = 4 + 4*slotCredits
)
