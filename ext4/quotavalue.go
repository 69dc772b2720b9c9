package ext4

import (
	"slices"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// valuesOf is how many inodes with values of its xattrs an inode refers to, where the change gives it to another owner. mu is held.
func (q *quotas) valuesOf(n *Inode, a *AttrChange) (count int64, err error) {
	d := &n.core().disk
	if q == nil || !n.fs.sb.HasIncompat(ondisk.IncompatEAInode) || a.ids(d) == idsOf(d) {
		return 0, nil
	}
	n.xattr.RLock()
	defer n.xattr.RUnlock()
	c := &xattrChange{n: n, w: q.w}
	if err := c.load(); err != nil {
		return 0, err
	}
	for _, x := range slices.Concat(c.body, c.block) {
		if x.ValueIno != 0 {
			count++
		}
	}
	return count, nil
}

// moveValues charges others for the inodes with values of xattrs that an inode refers to. Their blocks move along with its own.
func (q *quotas) moveValues(h *journal.Handle, from, to [quotaKinds]uint32, count int64) error {
	if q == nil || count == 0 || from == to {
		return nil
	}
	before, err := q.find(from)
	if err != nil {
		return err
	}
	after, err := q.find(to)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, d := range before.quot {
		e := after.quot[i]
		if d == nil || d == e {
			continue
		}
		if err := q.chargeLocked(h, d, 0, -count); err != nil {
			return err
		}
		if err := q.chargeLocked(h, e, 0, count); err != nil {
			return err
		}
	}
	return nil
}
