package ext4

import (
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// Plant gives an inode one more name in the directory, whatever it is and lies in, and counts nothing.
func (n *Inode) Plant(name string, target *Inode) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, err := n.vacant(name)
	if err != nil {
		return err
	}
	return n.change(n.fs.rw.Load(), entryCredits, func(h *journal.Handle) error {
		return n.addEntry(h, m, target.ino, ondisk.FileType(target.core().disk.Mode))
	})
}

// SetParent makes the directory say that it lies in another.
func (n *Inode) SetParent(parent ondisk.Ino) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change(n.fs.rw.Load(), entryCredits, func(h *journal.Handle) error { return n.setParent(h, parent) })
}

// RefuseSpace has space and inodes refused where refuse says so, as if there were none left; nil ends it.
func (fs *FS) RefuseSpace(refuse func() bool) { fs.rw.Load().alloc.RefuseWhen(refuse) }

// RefuseQuota has what quotas count refused where refuse says so, as if a limit were reached; nil ends it.
func (fs *FS) RefuseQuota(refuse func() bool) {
	if q := fs.rw.Load().quotas; q != nil {
		q.refuse = refuse
	}
}
