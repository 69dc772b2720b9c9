package fsck

import (
	"extant/internal/ondisk"
)

// readOrphans reads which inodes are to be deleted or truncated at the next mount. Until then what they have is in use.
func (c *checker) readOrphans() error {
	c.orphans = make(map[ondisk.Ino]bool)
	c.findSpecial()
	c.readOrphanList()
	c.readOrphanFile()
	return nil
}

// orphanInode reads the inode of an orphan; false where the number cannot be one's.
func (c *checker) orphanInode(ino ondisk.Ino) (ondisk.Inode, bool) {
	var n ondisk.Inode
	if ino < c.sb.FirstFreeIno() || c.special[ino] != notSpecial || c.orphans[ino] {
		return n, false
	}
	c.slotBuf = buf(&c.slotBuf, c.slot)
	err := c.readInode(ino, c.slotBuf, &n)
	return n, err == nil && n.Mode != 0
}

// readOrphanList follows the chain from s_last_orphan through i_dtime.
func (c *checker) readOrphanList() {
	code, before := OrphanHead, ondisk.Ino(0)
	for ino := ondisk.Ino(c.sb.LastOrphan); ino != 0; code = OrphanChain {
		n, ok := c.orphanInode(ino)
		if !ok {
			c.add(code, Place{Ino: before}, "next is inode %d", ino)
			return
		}
		c.addOrphan(ino, &n)
		before, ino = ino, ondisk.Ino(n.DTime)
	}
}

func (c *checker) addOrphan(ino ondisk.Ino, n *ondisk.Inode) {
	c.orphans[ino] = true
	if n.LinksCount == 0 {
		c.add(OrphanPending, Place{Ino: ino}, "to be deleted: mode %#o, %d bytes", n.Mode, n.Size())
		return
	}
	c.add(OrphanPending, Place{Ino: ino}, "to be truncated to %d bytes", n.Size())
}

// readOrphanFile reads the slots of the orphan file.
func (c *checker) readOrphanFile() {
	if !c.sb.HasCompat(ondisk.CompatOrphanFile) {
		return
	}
	ino := ondisk.Ino(c.sb.OrphanFileInum)
	f, err := c.openFile(ino)
	if err != nil {
		c.add(OrphanFile, Place{Ino: ino}, "%v", err)
		return
	}
	blocks := c.blocksOf(f.inode.Size())
	present := c.sb.HasROCompat(ondisk.ROCompatOrphanPresent)
	empty := true
	for _, r := range f.runs {
		if r.file >= blocks || r.unwritten {
			c.add(OrphanFile, Place{Ino: ino, File: ondisk.FileBlock(r.file)}, "%d bytes, and a piece at file block %d", f.inode.Size(), r.file)
			return
		}
		for i := uint64(0); i < r.count; i++ {
			empty = c.readOrphanBlock(f, ondisk.FileBlock(r.file+i), r.start+ondisk.Block(i), present) && empty
		}
	}
	if present && empty {
		c.add(OrphanAbsent, Place{Ino: ino}, "no slot is in use")
	}
}

// readOrphanBlock reads the slots in a block of the orphan file, and reports whether none is in use.
func (c *checker) readOrphanBlock(f *sysFile, fb ondisk.FileBlock, at ondisk.Block, present bool) (empty bool) {
	b := ondisk.OrphanBlock(buf(&c.blockBuf, c.bs))
	c.blockBuf = b
	place := Place{Ino: f.ino, Block: at, File: fb}
	if err := c.read(at, b); err != nil {
		c.add(BlockUnreadable, place, "%v", err)
		return false
	}
	if err := b.Check(); err != nil {
		c.add(OrphanBlock, place, "%v", err).show(b.TailBytes())
		return false
	}
	var t ondisk.OrphanTail
	if want := b.Csum(c.inodeSeed(f.ino, &f.inode), at); c.csum && t.Decode(b.TailBytes()) == nil && t.Checksum != want {
		c.add(OrphanChecksum, place, "ob_checksum is %#08x, not %#08x", t.Checksum, want).want(uint64(want))
	}
	empty = true
	for i, ino := range b.Orphans() {
		empty = false
		place.Offset = 4 * i
		if !present {
			c.add(OrphanPresent, place, "inode %d", ino)
			return false
		}
		n, ok := c.orphanInode(ino)
		if !ok {
			c.add(OrphanSlot, place, "inode %d", ino)
			continue
		}
		c.addOrphan(ino, &n)
	}
	return empty
}
