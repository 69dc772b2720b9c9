//go:build !mutant_evict

package ext4

// stillEvicted asks again, with folio 0 locked, what was seen without.
//
// +checklocks:n.xattr
func (n *Inode) stillEvicted() bool { return n.where() == placeEvicted }
