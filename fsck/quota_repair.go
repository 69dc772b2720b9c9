package fsck

import (
	"maps"
	"slices"

	"extant/internal/ondisk"
)

// mendQuotaInode names the inode that quotas of a kind are always in; those of projects have none.
func (m *mender) mendQuotaInode(f *Finding) error {
	return m.super(func(s *ondisk.Super) {
		for kind, field := range [quotaKinds]*uint32{&s.UsrQuotaInum, &s.GrpQuotaInum, &s.PrjQuotaInum} {
			switch {
			case *field != uint32(f.Place.Ino):
			case ondisk.QuotaKind(kind) == ondisk.QuotaProject:
				*field = 0
			default:
				*field = uint32([...]ondisk.Ino{ondisk.UserQuotaIno, ondisk.GroupQuota}[kind])
			}
		}
	})
}

// writeQuota writes a quota file anew from what is used, with the limits of the old one, into blocks of its own.
func (m *mender) writeQuota(f *Finding) error {
	ino := f.Place.Ino
	if !m.once(task{action: WriteQuota, ino: ino}) {
		return nil
	}
	for kind := range ondisk.QuotaKind(quotaKinds) {
		if m.c.quotaInode(kind) == ino {
			return m.writeQuotaOf(kind, ino)
		}
	}
	return nil
}

func (m *mender) writeQuotaOf(kind ondisk.QuotaKind, ino ondisk.Ino) error {
	bs := uint64(m.c.bs)
	entries, header := m.limits(kind, ino)
	for id, s := range m.c.spentOn(kind) {
		e := entries[id]
		e.ID, e.Inodes, e.Space = id, s.inodes, s.bytes
		entries[id] = e
	}
	var list []ondisk.QuotaEntry
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, entries[id])
	}
	file := ondisk.QuotaFile(kind, list)
	if header != nil {
		var h ondisk.QuotaHeader
		if err := h.Decode(file); err != nil {
			return err
		}
		h.BlockGrace, h.InodeGrace = header.BlockGrace, header.InodeGrace
		h.Encode(file)
	}
	size := uint64(len(file))
	n := m.c.blocksOf(size)
	runs, err := m.newRuns(n)
	if err != nil {
		return err
	}
	padded := make([]byte, n*bs)
	copy(padded, file)
	for _, r := range runs {
		if _, err := m.d.WriteAt(padded[r.file*bs:][:r.count*bs], int64(r.start)*int64(bs)); err != nil {
			return err
		}
	}
	return m.setFile(ino, runs, size, ondisk.InodeImmutable)
}

// limits is what a quota file says, with nothing in use, as far as it can be read, and its header; nil for none.
func (m *mender) limits(kind ondisk.QuotaKind, ino ondisk.Ino) (map[uint32]ondisk.QuotaEntry, *ondisk.QuotaHeader) {
	entries := make(map[uint32]ondisk.QuotaEntry)
	f, err := m.c.openFile(ino)
	if err != nil {
		return entries, nil
	}
	var b [ondisk.QuotaHeaderSize]byte
	var h ondisk.QuotaHeader
	if _, err := f.ReadAt(b[:], 0); err != nil || h.Decode(b[:]) != nil || h.Check(kind) != nil {
		return entries, nil
	}
	size := int64(min(f.inode.Size(), uint64(m.c.end)*uint64(m.c.bs)))
	for e, err := range ondisk.QuotaEntries(f, size, kind) {
		if err != nil {
			break
		}
		e.Inodes, e.Space = 0, 0
		if e.InodesHard|e.InodesSoft|e.BlocksHard|e.BlocksSoft != 0 {
			entries[e.ID] = e
		}
	}
	return entries, &h
}
