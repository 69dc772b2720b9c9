package fsck

import (
	"maps"
	"slices"

	"extant/internal/ondisk"
)

const quotaKinds = 3

// spent is what an owner, a group or a project has in use.
type spent struct {
	inodes, bytes uint64
	links         uint64 // of the inodes, symlinks with inline data: Linux counts them, e2fsprogs does not
}

func (s spent) plus(t spent) spent {
	return spent{s.inodes + t.inodes, s.bytes + t.bytes, s.links + t.links}
}

// is reports whether an entry of a quota file says the same, by either count.
func (s spent) is(inodes, bytes uint64) bool {
	return s.bytes == bytes && (s.inodes == inodes || s.inodes-s.links == inodes)
}

// charge counts the inode at hand for those who pay for it.
func (w *worker) charge(k kind) {
	c, f := w.c, &w.file
	if !c.sb.HasROCompat(ondisk.ROCompatQuota) || k&kindEA != 0 {
		return
	}
	n := &f.inode
	use := spent{inodes: 1 + f.valueInodes, bytes: (f.clusters + f.values) * c.ratio * uint64(c.bs)}
	if n.Type() == ondisk.ModeSymlink && n.Has(ondisk.InodeInlineData) {
		use.links = 1
	}
	for kind, id := range [quotaKinds]uint32{n.UID(), n.GID(), n.ProjID} {
		if c.quotaInode(ondisk.QuotaKind(kind)) == 0 {
			continue
		}
		if w.spent[kind] == nil {
			w.spent[kind] = make(map[uint32]spent)
		}
		w.spent[kind][id] = w.spent[kind][id].plus(use)
	}
}

// quotaInode is the inode of a quota file; 0 for none.
func (c *checker) quotaInode(k ondisk.QuotaKind) ondisk.Ino {
	s := &c.sb
	return ondisk.Ino([quotaKinds]uint32{s.UsrQuotaInum, s.GrpQuotaInum, s.PrjQuotaInum}[k])
}

// checkQuotas compares the quota files with what is in use.
func (c *checker) checkQuotas() error {
	if !c.sb.HasROCompat(ondisk.ROCompatQuota) {
		return nil
	}
	for k := range ondisk.QuotaKind(quotaKinds) {
		if ino := c.quotaInode(k); ino != 0 {
			c.checkQuota(k, ino)
		}
	}
	return nil
}

func (c *checker) checkQuota(kind ondisk.QuotaKind, ino ondisk.Ino) {
	usual := [quotaKinds]ondisk.Ino{ondisk.UserQuotaIno, ondisk.GroupQuota, ino}[kind]
	if ino != usual || uint32(ino) > c.sb.InodesCount || kind == ondisk.QuotaProject && ino < c.sb.FirstFreeIno() {
		c.add(QuotaInode, Place{Ino: ino}, "inode %d for %s quotas", ino, kind).want(uint64(usual))
	}
	place := Place{Ino: ino}
	f, err := c.openFile(ino)
	if err != nil {
		c.add(QuotaFile, place, "%v", err)
		return
	}
	have := c.spentOn(kind)
	for e, err := range ondisk.QuotaEntries(f, int64(min(f.inode.Size(), uint64(c.end)*uint64(c.bs))), kind) {
		if err != nil {
			c.add(QuotaFile, place, "%v", err)
			return
		}
		if s := have[e.ID]; !s.is(e.Inodes, e.Space) {
			c.add(QuotaUsage, place, "%s %d has %d inodes and %d bytes, the file says %d and %d", kind, e.ID, s.inodes, s.bytes, e.Inodes, e.Space)
		}
		delete(have, e.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if have[id].is(0, 0) {
			continue
		}
		c.add(QuotaUsage, place, "%s %d has %d inodes and %d bytes, and no entry", kind, id, have[id].inodes, have[id].bytes)
	}
}

// spentOn puts together what the workers counted.
func (c *checker) spentOn(kind ondisk.QuotaKind) map[uint32]spent {
	all := make(map[uint32]spent)
	for _, w := range c.workers {
		for id, s := range w.spent[kind] {
			all[id] = all[id].plus(s)
		}
	}
	return all
}
