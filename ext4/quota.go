package ext4

import (
	"errors"

	"extant/internal/clock"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

const quotaKinds = 3

// quotas keeps the quota files right. What an inode uses is what its slot says, i_blocks and itself, so every change of a slot is
// passed on to the entries of its owner, its group and its project in the same handle: see quotas.changed. Limits are looked at
// before that, when something is asked for.
type quotas struct {
	w     *writer                                 // immutable
	files [quotaKinds]*quotaFile                  // immutable; nil for a kind that is not recorded
	users [quotaKinds]*clock.Cache[uint32, dquot] // by id

	// refuse, unless it is nil, refuses what is asked for beyond any limit: tests see with it what that does in the middle of a change. It
	// changes while nobody uses quotas.
	refuse func() bool

	mu sched.Mutex // the entries, in memory and in the leaves of the files; quotaLinks
	// +checklocks:mu
	grace [quotaKinds]quotaGrace
}

// quotaGrace is how long soft limits may be passed, in seconds.
type quotaGrace struct{ blocks, inodes uint32 }

// dquot is what one user, group or project uses. All but the first two fields are guarded by quotas.mu.
type dquot struct {
	kind ondisk.QuotaKind // immutable
	id   uint32           // immutable

	at       *quotaSlot // where the entry is; nil while the file has none
	entry    ondisk.QuotaEntry
	promised int64 // bytes that the entry does not count yet: of data without a place
}

// owners are those who pay for an inode.
type owners struct {
	ids  [quotaKinds]uint32
	quot [quotaKinds]*dquot // nil for a kind that is not recorded
}

// quotaLink is what an inode has to do with quotas.
type quotaLink struct {
	owners sched.Pointer[owners]

	promised int64   // guarded by quotas.mu: bytes of its data that have no place yet
	claimed  int64   // guarded by quotas.mu: bytes that have a place and that the slot does not count yet
	payer    *owners // guarded by quotas.mu: with whom both are counted
}

var (
	classQuota   = &sched.Class{Name: "quota", Doc: "what everybody uses and may use, in memory and in the leaves of quota files", Wait: sched.Spinning}
	quotaClasses = clock.Classes{
		Shard: &sched.Class{Name: "quota-cache", Doc: "the index and the clock of one shard of what is known of users", Wait: sched.Spinning},
		Load:  &sched.Class{Name: "quota-load", Doc: "waiting for another task's search for the same user"},
	}
)

// quotaUsers is how many users, groups and projects are kept in memory besides those in use.
const quotaUsers = 4096

// openQuotas opens the quota files; nil where the file system has none.
func (w *writer) openQuotas() (*quotas, error) {
	sb := &w.fs.sb
	if !sb.HasROCompat(ondisk.ROCompatQuota) {
		return nil, nil
	}
	q := &quotas{w: w}
	q.mu.Init(classQuota)
	for i, ino := range w.fs.quotaInodes() {
		if ino == 0 {
			continue
		}
		kind := ondisk.QuotaKind(i)
		f, err := w.fs.openQuotaFile(kind, ino, &q.mu)
		if err != nil {
			return nil, err
		}
		q.files[i] = f
		q.users[i] = clock.New(quotaUsers, quotaClasses, func(id uint32) (*dquot, error) { return f.load(id) })
		head := f.header()
		q.mu.Lock()
		q.grace[i] = quotaGrace{head.BlockGrace, head.InodeGrace}
		q.mu.Unlock()
	}
	return q, nil
}

// quotaInodes are the inodes of the quota files; 0 for none.
func (l *layout) quotaInodes() [quotaKinds]ondisk.Ino {
	if !l.sb.HasROCompat(ondisk.ROCompatQuota) {
		return [quotaKinds]ondisk.Ino{}
	}
	return [quotaKinds]ondisk.Ino{ondisk.Ino(l.sb.UsrQuotaInum), ondisk.Ino(l.sb.GrpQuotaInum), ondisk.Ino(l.sb.PrjQuotaInum)}
}

// holdsQuota reports whether an inode is a quota file.
func (l *layout) holdsQuota(ino ondisk.Ino) bool {
	for _, q := range l.quotaInodes() {
		if q == ino && ino != 0 {
			return true
		}
	}
	return false
}

// unpaid reports whether nobody pays for an inode: it is the file system's own, or holds a value that those pay for who refer to it.
func (n *Inode) unpaid() bool {
	return n.ino != ondisk.RootIno && n.ino < n.fs.sb.FirstFreeIno() || n.fs.holdsQuota(n.ino) || n.core().disk.Has(ondisk.InodeEA)
}

// header is a copy of the file's header.
func (q *quotaFile) header() ondisk.QuotaHeader {
	q.tree.Lock()
	defer q.tree.Unlock()
	return q.head
}

// load finds out about an id.
func (q *quotaFile) load(id uint32) (*dquot, error) {
	e, at, err := q.find(id)
	if err != nil {
		return nil, err
	}
	e.ID = id
	return &dquot{kind: q.kind, id: id, entry: e, at: at}, nil
}

// idsOf are those to whom an inode belongs.
func idsOf(d *ondisk.Inode) [quotaKinds]uint32 { return [quotaKinds]uint32{d.UID(), d.GID(), d.ProjID} }

// find returns those who pay where the ids are these.
func (q *quotas) find(ids [quotaKinds]uint32) (*owners, error) {
	o := &owners{ids: ids}
	for i, users := range q.users {
		if users == nil {
			continue
		}
		var err error
		if o.quot[i], err = users.Get(ids[i]); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// of returns those who pay for an inode whose slot is d.
func (q *quotas) of(n *Inode, d *ondisk.Inode) (*owners, error) {
	ids := idsOf(d)
	if o := n.quota.owners.Load(); o != nil && o.ids == ids {
		return o, nil
	}
	o, err := q.find(ids)
	if err == nil {
		n.quota.owners.Store(o)
	}
	return o, err
}

// payers returns those who pay for an inode now; nil where nobody does.
func (q *quotas) payers(n *Inode) (*owners, error) {
	if q == nil || n.unpaid() {
		return nil, nil
	}
	return q.of(n, &n.core().disk)
}

// ready sees to it that there are entries for ids that are about to get something. It uses handles of its own: the caller has none.
func (q *quotas) ready(ids [quotaKinds]uint32) error {
	if q == nil {
		return nil
	}
	o, err := q.find(ids)
	if err != nil {
		return err
	}
	for i, d := range o.quot {
		if d == nil || q.recorded(d) {
			continue
		}
		if err := q.record(q.files[i], d); err != nil {
			return err
		}
	}
	return nil
}

func (q *quotas) recorded(d *dquot) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return d.at != nil
}

// record adds an entry for d to its file.
func (q *quotas) record(f *quotaFile, d *dquot) error {
	h, err := q.w.start(quotaInsertCredits)
	if err != nil {
		return err
	}
	err = f.insert(h, d.id)
	if err == nil {
		var at *quotaSlot
		if _, at, err = f.find(d.id); err == nil {
			q.mu.Lock()
			d.at = at
			q.mu.Unlock()
		}
	}
	return q.w.stopped(h, err)
}

// changed passes on what a change of an inode's slot means for those who pay for it. By now the slot may have changed again, its owner
// too: of whom that was taken, this has to be taken as well.
func (q *quotas) changed(h *journal.Handle, n *Inode, old, now *core) error {
	if q == nil {
		return nil
	}
	before, after := n.fs.spaceOf(&old.disk), n.fs.spaceOf(&now.disk)
	moved := idsOf(&old.disk) != idsOf(&now.disk)
	if before == after && !moved || n.unpaid() || old.gone && before == after {
		return nil
	}
	if !moved {
		o, err := q.of(n, &now.disk)
		if err != nil {
			return err
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		q.settleLocked(n, after-before)
		return q.addLocked(h, o, after-before, 0)
	}
	from, err := q.find(idsOf(&old.disk))
	if err != nil {
		return err
	}
	to, err := q.of(n, &now.disk)
	if err != nil {
		return err
	}
	return q.move(h, n, from, to, before, after)
}

// settleLocked takes what the slot counts from now on off what was only claimed.
//
// +checklocks:q.mu
func (q *quotas) settleLocked(n *Inode, bytes int64) {
	if done := min(bytes, n.quota.claimed); done > 0 {
		n.quota.claimed -= done
		q.promiseLocked(n, -done)
	}
}

// pending is what an inode will use that its slot does not count yet, in bytes.
func (l *quotaLink) pending() int64 { return l.promised + l.claimed }

// payLocked makes o those with whom what is pending is counted, and returns them: but while anything is, they stay the same.
//
// +checklocks:q.mu
func (q *quotas) payLocked(n *Inode, o *owners) *owners {
	if n.quota.pending() == 0 {
		n.quota.payer = o
	}
	return n.quota.payer
}

// promiseLocked counts bytes more, or fewer, with those who pay for what is pending.
//
// +checklocks:q.mu
func (q *quotas) promiseLocked(n *Inode, bytes int64) {
	if n.quota.payer == nil {
		return
	}
	for _, d := range n.quota.payer.quot {
		if d != nil {
			d.promised += bytes
		}
	}
}

// move takes an inode with what it uses and is promised from some to others.
func (q *quotas) move(h *journal.Handle, n *Inode, from, to *owners, before, after int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	pending := n.quota.pending()
	q.promiseLocked(n, -pending)
	n.quota.payer = to
	q.promiseLocked(n, pending)
	q.settleLocked(n, after-before)
	for i := range from.quot {
		d, e := from.quot[i], to.quot[i]
		if d == nil {
			continue
		}
		if d == e {
			if err := q.chargeLocked(h, d, after-before, 0); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(q.chargeLocked(h, d, -before, -1), q.chargeLocked(h, e, after, 1)); err != nil {
			return err
		}
	}
	return nil
}

// add charges those who pay for an inode, or gives back to them where the numbers are negative.
func (q *quotas) add(h *journal.Handle, o *owners, bytes, inodes int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.addLocked(h, o, bytes, inodes)
}

// +checklocks:q.mu
func (q *quotas) addLocked(h *journal.Handle, o *owners, bytes, inodes int64) error {
	for _, d := range o.quot {
		if d == nil {
			continue
		}
		if err := q.chargeLocked(h, d, bytes, inodes); err != nil {
			return err
		}
	}
	return nil
}

// chargeLocked changes one entry. A file that counts too little is wrong before and after: what would be less than nothing is stored as
// nothing.
//
// +checklocks:q.mu
func (q *quotas) chargeLocked(h *journal.Handle, d *dquot, bytes, inodes int64) error {
	if bytes == 0 && inodes == 0 {
		return nil
	}
	old := d.entry
	d.entry.Space += uint64(bytes)
	d.entry.Inodes += uint64(inodes)
	q.timeLocked(d)
	err := q.storeLocked(h, d)
	if err != nil {
		d.entry = old
	}
	return err
}

// storeLocked writes an entry into its leaf.
//
// +checklocks:q.mu
func (q *quotas) storeLocked(h *journal.Handle, d *dquot) error {
	if d.at == nil {
		return nil // a quota file that lacks who has something; a check finds it
	}
	data, err := h.Access(d.at.buf)
	if err != nil {
		return err
	}
	e := d.entry
	e.Space, e.Inodes = uint64(max(int64(e.Space), 0)), uint64(max(int64(e.Inodes), 0))
	ondisk.QuotaSlots(data[d.at.off:d.at.off+ondisk.QuotaBlockSize]).Put(d.at.slot, e)
	h.Dirty(d.at.buf)
	return nil
}

// quotas is what keeps the quota files of the file system right; nil where there are none.
func (n *Inode) quotas() *quotas { return n.fs.rw.Load().quotas }

// quotaCredits is what a handle may touch in quota files: the leaves with the entries of two inodes.
const quotaCredits = 2 * quotaKinds

// spaceOf is what an inode uses, in bytes.
func (l *layout) spaceOf(d *ondisk.Inode) int64 {
	if !l.sb.HasROCompat(ondisk.ROCompatHugeFile) {
		return int64(d.BlocksLo) * 512
	}
	if d.Has(ondisk.InodeHugeFile) {
		return int64(d.Blocks()) * int64(l.blockSize)
	}
	return int64(d.Blocks()) * 512
}
