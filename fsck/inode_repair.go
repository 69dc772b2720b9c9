package fsck

import (
	"extant/internal/ondisk"
)

// clearTypeless takes an inode of no type out of use. The root has one whatever its mode says.
func (m *mender) clearTypeless(f *Finding) error {
	if f.Place.Ino == ondisk.RootIno {
		return m.makeRoot(f)
	}
	return doClear(tierInodes).mend(m, f)
}

// setDeleted gives a deleted inode the time of its deletion.
func (m *mender) setDeleted(f *Finding) error {
	return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) { n.DTime = m.now() })
}

// mendExtraIsize sets i_extra_isize to what it usually is.
func (m *mender) mendExtraIsize(f *Finding) error {
	room := m.c.slot - ondisk.InodeSizeMin
	return m.reshape(f.Place.Ino, uint16(min(int(f.Repair.Want), room)))
}

// reshape sets i_extra_isize, which says where fields end and xattrs begin. Fields that come to be there where there were none are zeros, if
// xattrs do not begin where they are to end.
func (m *mender) reshape(ino ondisk.Ino, extra uint16) error {
	at, ok := m.c.inodeAt(ino)
	if !ok {
		return ondisk.Corrupt("inode", "no inode %d", ino)
	}
	slot := make([]byte, m.c.slot)
	if err := readAt(m.d, slot, at); err != nil {
		return err
	}
	end := ondisk.InodeSizeMin + int(extra)
	if had := int(le16(slot[ondisk.InodeSizeMin:])); had < int(extra) && (end+4 > len(slot) || le32(slot[end:]) != ondisk.XattrMagic) {
		clear(slot[ondisk.InodeSizeMin+max(had, 4):])
	}
	putLE16(slot[ondisk.InodeSizeMin:], extra)
	return m.putSlot(ino, at, slot)
}

// deviceBytes is how much of i_block the number of a device may take.
const deviceBytes = 16

// mendExtentFlag believes a file that has an extent tree, and gives the file system the feature; what has none loses the flag.
func (m *mender) mendExtentFlag(f *Finding) error {
	n, _, _, err := m.getInode(f.Place.Ino)
	if err != nil {
		return err
	}
	if holdsExtents(&n) {
		return m.super(func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatExtents) })
	}
	return clearFlags.mend(m, f)
}

// mendInlineFlag believes a file that has the xattr of inline data, and gives the file system the feature; what has none loses the flag.
func (m *mender) mendInlineFlag(f *Finding) error {
	n, slot, _, err := m.getInode(f.Place.Ino)
	if err != nil {
		return err
	}
	body, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
	if err == nil && n.Inline() {
		if _, err := n.InlineData(body); err == nil {
			return m.super(func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatInlineData) })
		}
	}
	return clearFlags.mend(m, f)
}

// dropVerity makes a file with a damaged verity tree an ordinary one: what lies past its end goes.
func (m *mender) dropVerity(f *Finding) error {
	if err := clearFlags.mend(m, f); err != nil {
		return err
	}
	return m.truncate(f.Place.Ino)
}

// mendTimes makes times such that they can be told.
func (m *mender) mendTimes(f *Finding) error {
	return m.inode(f.Place.Ino, func(n *ondisk.Inode, _ []byte) {
		for _, t := range [...]struct{ sec, extra *uint32 }{
			{&n.CTime, &n.CTimeExtra}, {&n.MTime, &n.MTimeExtra}, {&n.ATime, &n.ATimeExtra}, {&n.CrTime, &n.CrTimeExtra},
		} {
			if *t.extra&epochMask == epochMask && int32(*t.sec) < 0 {
				*t.extra &^= epochMask
			}
			if *t.extra>>2 >= nanoEnd {
				*t.extra &= epochMask
			}
		}
	})
}
