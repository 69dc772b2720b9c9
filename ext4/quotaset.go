package ext4

import (
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// QuotaLimits are what a user, a group or a project may use. A limit of 0 is none.
type QuotaLimits struct {
	BlocksSoft, BlocksHard uint64 // KiB
	InodesSoft, InodesHard uint64
}

// Quota is what a user, a group or a project uses and may use, by the quota files. It is for a file system that is mounted to write. The errors are
// syscall.EROFS where it is not, ESRCH where use of that kind is not recorded; a *CorruptError, or the device's.
func (fs *FS) Quota(kind ondisk.QuotaKind, id uint32) (ondisk.QuotaEntry, error) {
	w := fs.rw.Load()
	if w == nil {
		return ondisk.QuotaEntry{}, syscall.EROFS
	}
	q := w.quotas
	if !q.has(kind) {
		return ondisk.QuotaEntry{}, syscall.ESRCH
	}
	d, err := q.users[kind].Get(id)
	if err != nil {
		return ondisk.QuotaEntry{}, fs.judge(err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return d.entry, nil
}

// has reports whether use of a kind is recorded.
func (q *quotas) has(kind ondisk.QuotaKind) bool {
	return q != nil && int(kind) < len(q.files) && q.files[kind] != nil
}

// SetQuota limits what a user, a group or a project may use. The errors are Quota's, and syscall.ENOSPC.
func (fs *FS) SetQuota(kind ondisk.QuotaKind, id uint32, l QuotaLimits) error {
	w, err := fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	q := w.quotas
	if !q.has(kind) {
		return syscall.ESRCH
	}
	d, err := q.users[kind].Get(id)
	if err == nil && !q.recorded(d) {
		err = q.record(q.files[kind], d)
	}
	if err != nil {
		return fs.judge(err)
	}
	return fs.judge(w.do(1, func(h *journal.Handle) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		e := &d.entry
		e.BlocksSoft, e.BlocksHard, e.InodesSoft, e.InodesHard = l.BlocksSoft, l.BlocksHard, l.InodesSoft, l.InodesHard
		q.timeLocked(d)
		return q.storeLocked(h, d)
	}))
}

// SetQuotaGrace says how long soft limits of a kind may be passed, in seconds. Grace that has begun ends when it would have. The errors are Quota's.
func (fs *FS) SetQuotaGrace(kind ondisk.QuotaKind, blocks, inodes uint32) error {
	w, err := fs.enter()
	if err != nil {
		return err
	}
	defer w.leave()
	q := w.quotas
	if !q.has(kind) {
		return syscall.ESRCH
	}
	err = w.do(1, func(h *journal.Handle) error { return q.files[kind].setGrace(h, blocks, inodes) })
	if err == nil {
		q.mu.Lock()
		q.grace[kind] = quotaGrace{blocks, inodes}
		q.mu.Unlock()
	}
	return fs.judge(err)
}

func (q *quotaFile) setGrace(h *journal.Handle, blocks, inodes uint32) error {
	q.tree.Lock()
	defer q.tree.Unlock()
	b, err := q.access(h, 0)
	if err != nil {
		return err
	}
	q.head.BlockGrace, q.head.InodeGrace = blocks, inodes
	q.head.Encode(b.data)
	return nil
}
