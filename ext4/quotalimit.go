package ext4

import (
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// timeLocked starts and stops the times of grace of an entry: grace begins when a soft limit is passed, and ends when use is down to it again.
//
// +checklocks:q.mu
func (q *quotas) timeLocked(d *dquot) {
	e, grace := &d.entry, q.grace[d.kind]
	e.BlockTime = q.grant(e.BlockTime, int64(e.Space)+d.promised, e.BlocksSoft<<quotaUnit, grace.blocks)
	e.InodeTime = q.grant(e.InodeTime, int64(e.Inodes), e.InodesSoft, grace.inodes)
}

// quotaUnit is log2 of the unit of limits of space, in bytes.
const quotaUnit = 10

// grant is the end of grace for a use, given the end there was, 0 for none.
func (q *quotas) grant(end uint64, used int64, soft uint64, grace uint32) uint64 {
	switch {
	case soft == 0 || used <= int64(soft):
		return 0
	case end != 0:
		return end
	}
	return uint64(q.w.now().Unix()) + uint64(grace)
}

// allows reports whether a use may grow to used.
func (q *quotas) allows(used int64, soft, hard, end uint64) bool {
	switch {
	case !q.w.o.QuotaLimits:
		return true
	case hard != 0 && used > int64(hard):
		return false
	}
	return soft == 0 || used <= int64(soft) || end == 0 || q.w.now().Unix() < int64(end)
}

// roomLocked is how many units of so many bytes, up to n, those who pay may have besides what they have.
//
// +checklocks:q.mu
func (q *quotas) roomLocked(o *owners, n, unit int64) int64 {
	if q.refuse != nil && n > 0 && q.refuse() {
		return 0
	}
	if !q.w.o.QuotaLimits {
		return n
	}
	for _, d := range o.quot {
		if d == nil {
			continue
		}
		e := &d.entry
		used := int64(e.Space) + d.promised
		if hard := int64(e.BlocksHard << quotaUnit); hard != 0 {
			n = max(min(n, (hard-used)/unit), 0)
		}
		if n > 0 && !q.allows(used+n*unit, e.BlocksSoft<<quotaUnit, 0, e.BlockTime) {
			n = max(min(n, (int64(e.BlocksSoft<<quotaUnit)-used)/unit), 0)
		}
	}
	return n
}

// addInode charges those who are to pay for a new inode with it; syscall.EDQUOT if they may not have it.
func (q *quotas) addInode(h *journal.Handle, d *ondisk.Inode) error {
	if q == nil || d.Has(ondisk.InodeEA) {
		return nil
	}
	o, err := q.find(idsOf(d))
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.admitsLocked(o, 1, 0) {
		return syscall.EDQUOT
	}
	return q.addLocked(h, o, 0, 1)
}

// dropInode takes an inode that is freed off what its owners use.
func (q *quotas) dropInode(h *journal.Handle, d *ondisk.Inode) error {
	if q == nil || d.Has(ondisk.InodeEA) {
		return nil
	}
	o, err := q.find(idsOf(d))
	if err != nil {
		return err
	}
	return q.add(h, o, 0, -1)
}

// admitsLocked reports whether those who pay may have so many inodes and bytes besides.
//
// +checklocks:q.mu
func (q *quotas) admitsLocked(o *owners, inodes, bytes int64) bool {
	if inodes > 0 && q.refuse != nil && q.refuse() {
		return false
	}
	for _, d := range o.quot {
		if d != nil && inodes > 0 && !q.allows(int64(d.entry.Inodes)+inodes, d.entry.InodesSoft, d.entry.InodesHard, d.entry.InodeTime) {
			return false
		}
	}
	return bytes == 0 || q.roomLocked(o, 1, bytes) == 1
}

// addValue charges those who pay for n with an inode that holds a value of its xattrs, for each reference, or gives back where sign is -1: the
// value's blocks are in i_blocks of n. syscall.EDQUOT says that they may have neither.
func (q *quotas) addValue(h *journal.Handle, n *Inode, size, sign int64) error {
	o, err := q.payers(n)
	if o == nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if sign > 0 && !q.admitsLocked(o, 1, n.fs.inClusters(size)) {
		return syscall.EDQUOT
	}
	return q.addLocked(h, o, 0, sign)
}

// admits says whether those who pay for an inode may have a cluster more: syscall.EDQUOT if not.
func (q *quotas) admits(n *Inode) error {
	o, err := q.payers(n)
	if o == nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.admitsLocked(o, 0, n.fs.clusterBytes()) {
		return syscall.EDQUOT
	}
	return nil
}

// mayMove reports whether an inode may be given to others, with so many others that hold values of its xattrs: syscall.EDQUOT if those may not
// have them.
func (q *quotas) mayMove(n *Inode, ids [quotaKinds]uint32, values int64) error {
	from, err := q.payers(n)
	if from == nil || ids == from.ids {
		return err
	}
	if err := q.ready(ids); err != nil {
		return err
	}
	to, err := q.find(ids)
	if err != nil {
		return err
	}
	for i := range to.quot {
		if to.quot[i] == from.quot[i] {
			to.quot[i] = nil
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.admitsLocked(to, 1+values, n.fs.spaceOf(&n.core().disk)+n.quota.pending()) {
		return syscall.EDQUOT
	}
	return nil
}

// promise counts bytes of data that has no place yet; syscall.EDQUOT if the inode's owners may not have them.
func (q *quotas) promise(n *Inode, bytes int64) error {
	o, err := q.payers(n)
	if o == nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.roomLocked(q.payLocked(n, o), 1, bytes) < 1 {
		return syscall.EDQUOT
	}
	n.quota.promised += bytes
	q.promiseLocked(n, bytes)
	return nil
}

// unpromise takes back what promise counted.
func (q *quotas) unpromise(n *Inode, bytes int64) {
	if q == nil || n.unpaid() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes = min(bytes, n.quota.promised)
	n.quota.promised -= bytes
	q.promiseLocked(n, -bytes)
}

// claim says how many of count clusters an inode may be given now, those that were promised or others; syscall.EDQUOT for none. Until its slot
// counts them, or unclaim, they are counted here.
func (q *quotas) claim(n *Inode, count uint64, promised bool) (uint64, error) {
	o, err := q.payers(n)
	switch {
	case err != nil:
		return 0, err
	case o == nil:
		return count, nil
	}
	unit := n.fs.clusterBytes()
	q.mu.Lock()
	defer q.mu.Unlock()
	if promised {
		bytes := min(int64(count)*unit, n.quota.promised)
		n.quota.promised -= bytes
		n.quota.claimed += bytes
		return count, nil
	}
	got := q.roomLocked(q.payLocked(n, o), int64(count), unit)
	if got == 0 {
		return 0, syscall.EDQUOT
	}
	n.quota.claimed += got * unit
	q.promiseLocked(n, got*unit)
	return uint64(got), nil
}

// unclaim takes back what claim counted, of clusters that the inode did not get; promised ones are promised again.
func (q *quotas) unclaim(n *Inode, count uint64, promised bool) {
	if q == nil || n.unpaid() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes := min(int64(count)*n.fs.clusterBytes(), n.quota.claimed)
	n.quota.claimed -= bytes
	if promised {
		n.quota.promised += bytes
		return
	}
	q.promiseLocked(n, -bytes)
}

// clusterBytes is the size of a cluster.
func (l *layout) clusterBytes() int64 { return int64(l.sb.ClusterRatio()) << l.blockBits }

// inClusters is a number of bytes made full clusters.
func (l *layout) inClusters(bytes int64) int64 {
	unit := l.clusterBytes()
	return (bytes + unit - 1) / unit * unit
}
