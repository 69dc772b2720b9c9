package fsck

import (
	"extant/internal/ondisk"
)

// mendBadBlocks leaves of the inode of bad blocks its list of blocks only, where it has one.
func (m *mender) mendBadBlocks(f *Finding) error {
	return m.inode(f.Place.Ino, func(n *ondisk.Inode, slot []byte) {
		k := ondisk.Inode{IBlock: n.IBlock, BlocksLo: n.BlocksLo}
		if n.Has(ondisk.InodeExtents) || n.Has(ondisk.InodeInlineData) {
			k = ondisk.Inode{}
		}
		clear(slot)
		*n = k
	})
}

// makeRoot makes the root a directory: the one that it was, where its first block still is one's, and else an empty one.
func (m *mender) makeRoot(*Finding) error {
	if !m.once(task{action: MakeRoot}) {
		return nil
	}
	if n, _, _, err := m.getInode(ondisk.RootIno); err == nil && n.Type() != ondisk.ModeDir && m.startsDir(ondisk.RootIno) {
		return m.inode(ondisk.RootIno, func(n *ondisk.Inode, _ []byte) {
			n.Mode = n.Mode&^ondisk.ModeFmt | ondisk.ModeDir
			n.LinksCount = max(n.LinksCount, 2)
		})
	}
	return m.makeDir(ondisk.RootIno, ondisk.RootIno, ondisk.ModeDir|0o755)
}

// startsDir reports whether the first block of an inode starts with the entries of that directory.
func (m *mender) startsDir(ino ondisk.Ino) bool {
	runs, err := m.fileRuns(ino)
	if err != nil || len(runs) == 0 || runs[0].file != 0 || runs[0].unwritten {
		return false
	}
	b, err := m.get(runs[0].start)
	if err != nil {
		return false
	}
	d, err := ondisk.DirentAt(b, 0)
	return err == nil && d.Ino == ino && string(d.Name) == "."
}
