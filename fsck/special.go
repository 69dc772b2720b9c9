package fsck

import (
	"extant/internal/ondisk"
)

// specialKind says what an inode is for that is not an ordinary file's.
type specialKind uint8

const (
	notSpecial specialKind = iota
	reserved               // a number without a use here
	badBlocksInode
	bootInode
	resizeInode
	journalInode
	quotaInode
	orphanInode
)

// findSpecial notes which inodes are the file system's own.
func (c *checker) findSpecial() {
	s := &c.sb
	c.special = make(map[ondisk.Ino]specialKind)
	for ino := ondisk.BadBlocksIno; ino < min(s.FirstFreeIno(), reservedMax); ino++ {
		c.special[ino] = reserved
	}
	delete(c.special, ondisk.RootIno)
	c.special[ondisk.BadBlocksIno] = badBlocksInode
	c.special[ondisk.BootIno] = bootInode
	c.special[ondisk.ResizeIno] = resizeInode
	mark := func(ino uint32, k specialKind, on bool) {
		if on && ino != 0 && ondisk.Ino(ino) != ondisk.RootIno {
			c.special[ondisk.Ino(ino)] = k
		}
	}
	mark(uint32(ondisk.JournalIno), journalInode, true)
	mark(s.JournalInum, journalInode, s.HasCompat(ondisk.CompatHasJournal) && c.isFile(ondisk.Ino(s.JournalInum)))
	for _, q := range [...]uint32{s.UsrQuotaInum, s.GrpQuotaInum, s.PrjQuotaInum} {
		mark(q, quotaInode, s.HasROCompat(ondisk.ROCompatQuota))
	}
	mark(s.OrphanFileInum, orphanInode, s.HasCompat(ondisk.CompatOrphanFile))
}

// isFile reports whether an inode is a regular file, as the device has it: what is none is no journal either, whatever the super block says.
func (c *checker) isFile(ino ondisk.Ino) bool {
	at, err := c.rawInodeAt(ino)
	if err != nil {
		return false
	}
	slot := make([]byte, c.slot)
	var n ondisk.Inode
	return readAt(c.raw, slot, at) == nil && n.Decode(slot) == nil && n.Type() == ondisk.ModeRegular
}

// reservedMax bounds the reserved numbers that are noted one by one; whatever is between them and s_first_ino is compared with that.
const reservedMax = 64

// hidden reports whether no directory may name an inode.
func (c *checker) hidden(ino ondisk.Ino) bool {
	return ino != ondisk.RootIno && ino < c.sb.FirstFreeIno() || c.special[ino] != notSpecial
}

// checkSpecial judges an inode of the file system's own before its map is walked; false says to leave the map alone.
func (w *worker) checkSpecial(k specialKind) bool {
	f := &w.file
	n, ino := &f.inode, f.ino
	s := &w.c.sb
	switch k {
	case badBlocksInode:
		if n.Mode|n.LinksCount != 0 || n.UID()|n.GID() != 0 || n.Has(ondisk.InodeExtents) || n.FileACL() != 0 {
			w.fault(BadBlocksInode, Place{}, "mode %#o, %d links, size %d, flags %#x, owner %d:%d", n.Mode, n.LinksCount, n.Size(), n.Flags, n.UID(), n.GID())
		}
	case journalInode:
		if !s.HasCompat(ondisk.CompatHasJournal) || ino != ondisk.Ino(s.JournalInum) {
			if n.Mode != 0 || n.LinksCount != 0 {
				w.fault(JournalNotClear, Place{}, "mode %#o, %d links, and it is not the journal", n.Mode, n.LinksCount)
			}
			return false
		}
		w.wantRegular(JournalMode)
	case quotaInode:
		w.wantRegular(QuotaMode)
	case orphanInode:
		w.wantRegular(OrphanFile)
	case resizeInode:
		return w.checkResize()
	case bootInode:
		if n.Mode != 0 && n.Type() != ondisk.ModeRegular {
			w.fault(ReservedMode, Place{}, "mode %#o", n.Mode)
		}
	default:
		return w.checkReservedInode()
	}
	return true
}

func (w *worker) wantRegular(c Code) {
	if n := &w.file.inode; n.Type() != ondisk.ModeRegular {
		w.fault(c, Place{}, "mode %#o, not a regular file's", n.Mode)
	}
}

// checkReservedInode judges an inode whose number has no use: quotas that are off among them.
func (w *worker) checkReservedInode() bool {
	n, ino := &w.file.inode, w.file.ino
	quota := ino == ondisk.UserQuotaIno || ino == ondisk.GroupQuota
	switch {
	case quota && (n.Mode != 0 || n.LinksCount != 0):
		w.fault(QuotaNotClear, Place{}, "mode %#o, %d links, and it is not a quota file", n.Mode, n.LinksCount)
		return false
	case n.Mode != 0 && n.Type() != ondisk.ModeRegular && n.Type() != ondisk.ModeDir:
		w.fault(ReservedMode, Place{}, "mode %#o", n.Mode)
	}
	return n.Mode != 0
}
