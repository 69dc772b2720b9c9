package mkfs

import (
	"slices"

	"extant/internal/ondisk"
)

// account counts an inode and its blocks for its owner, its group and its project. Every inode that users see is
// accounted for, the root and lost+found among them.
func (im *image) account(n *ondisk.Inode) {
	ids := [...]uint32{n.UID(), n.GID(), n.ProjID}
	space := n.Blocks() * 512
	if n.Has(ondisk.InodeHugeFile) {
		space = n.Blocks() * uint64(im.geo.BlockSize)
	}
	for i, id := range ids {
		if im.geo.Quota&(1<<i) == 0 {
			continue
		}
		if im.usage[i] == nil {
			im.usage[i] = make(map[uint32]*ondisk.QuotaEntry)
		}
		e := im.usage[i][id]
		if e == nil {
			e = &ondisk.QuotaEntry{ID: id}
			im.usage[i][id] = e
		}
		e.Inodes++
		e.Space += space
	}
}

// writeQuotas writes the quota files with what was accounted.
func (im *image) writeQuotas() error {
	inodes := [...]ondisk.Ino{ondisk.UserQuotaIno, ondisk.GroupQuota, im.projectIno}
	inums := [...]*uint32{&im.super.UsrQuotaInum, &im.super.GrpQuotaInum, &im.super.PrjQuotaInum}
	for i, ino := range inodes {
		if im.geo.Quota&(1<<i) == 0 {
			continue
		}
		*inums[i] = uint32(ino)
		if err := im.writeQuota(ondisk.QuotaKind(i), ino); err != nil {
			return err
		}
	}
	return nil
}

func (im *image) writeQuota(kind ondisk.QuotaKind, ino ondisk.Ino) error {
	entries := make([]ondisk.QuotaEntry, 0, len(im.usage[kind]))
	for _, e := range im.usage[kind] {
		entries = append(entries, *e)
	}
	file := ondisk.QuotaFile(kind, entries)
	n := im.newInode(ondisk.ModeRegular | 0o600)
	n.Flags |= ondisk.InodeImmutable
	runs, err := im.layFile(&n, ino, uint64(len(file)))
	if err != nil {
		return err
	}
	im.keep(ino, &n)
	bs := im.geo.BlockSize
	file = slices.Grow(file, bs)
	padded := file[:(len(file)+bs-1)/bs*bs]
	clear(padded[len(file):])
	return im.writeRuns(runs, padded)
}
