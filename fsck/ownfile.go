package fsck

import (
	"extant/internal/ondisk"
)

// ownFile makes an inode that of a regular file of the file system's own, as far as its mode and its links go, and reads its map.
func (m *mender) ownFile(ino ondisk.Ino) (*sysFile, error) {
	err := m.inode(ino, func(n *ondisk.Inode, _ []byte) {
		n.Mode, n.DTime = ownMode, 0
		n.LinksCount = max(n.LinksCount, 1)
		n.Flags &^= ondisk.InodeInlineData
	})
	if err != nil {
		return nil, err
	}
	return m.c.openFile(ino)
}

// readable reports whether all blocks of a file, from the first on, are there and were written.
func (m *mender) readable(f *sysFile) bool {
	next := uint64(0)
	for _, r := range f.runs {
		if r.file != next || r.unwritten || m.c.base.any(m.c.cluster(r.start), m.c.cluster(r.start+ondisk.Block(r.count)-1)+1-m.c.cluster(r.start)) {
			return false
		}
		next = r.end()
	}
	return next > 0
}

// newRuns takes n blocks for a file, in as few pieces as there are.
func (m *mender) newRuns(n uint64) ([]mapRun, error) {
	var runs []mapRun
	for at := uint64(0); at < n; {
		b, got, err := m.allocate((n - at + m.c.ratio - 1) / m.c.ratio)
		if err != nil {
			return nil, err
		}
		k := min(got*m.c.ratio, n-at)
		runs = appendRun(runs, mapRun{at, b, k, false})
		at += k
	}
	return runs, nil
}

// setFile makes an inode a file of the file system's own with the given blocks.
func (m *mender) setFile(ino ondisk.Ino, runs []mapRun, size uint64, flags uint32) error {
	if m.c.sb.HasIncompat(ondisk.IncompatExtents) {
		flags |= ondisk.InodeExtents
	}
	err := m.inode(ino, func(n *ondisk.Inode, slot []byte) {
		m.resetInode(n, slot)
		n.Flags = flags
		n.SetSize(size)
	})
	if err != nil {
		return err
	}
	return m.plantCounted(ino, runs)
}

// resetInode makes an inode that of an empty file of the file system's own, without a map. Its generation stays.
func (m *mender) resetInode(n *ondisk.Inode, slot []byte) {
	clear(slot)
	*n = ondisk.Inode{Mode: ownMode, LinksCount: 1, Generation: n.Generation, CTime: m.now(), MTime: m.now(), ATime: m.now()}
	if len(slot) > ondisk.InodeSizeMin {
		n.ExtraIsize = extraIsizeUsual
	}
}

// plantCounted is plant for a new file, whose i_blocks it sets as well.
func (m *mender) plantCounted(ino ondisk.Ino, runs []mapRun) error {
	if err := m.plant(ino, runs, nil); err != nil {
		return err
	}
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	v := &clusterCount{c: m.c, left: uint64(m.c.end)}
	m.walk(ino, &n, v)
	return m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.SetBlocks(v.clusters * m.c.ratio * uint64(m.c.bs/512)) })
}

// clusterCount is a visitor of a map that counts the clusters it takes. No two pieces share one.
type clusterCount struct {
	c        *checker
	clusters uint64
	left     uint64 // nodes that may still be read
}

func (k *clusterCount) node(ondisk.Block) bool {
	k.clusters++
	k.left--
	return k.left > 0
}

func (k *clusterCount) data(r mapRun) {
	k.clusters += k.c.cluster(r.start+ondisk.Block(r.count)-1) + 1 - k.c.cluster(r.start)
}

func (k *clusterCount) mapFault(Code, Place, string, ...any) *Finding { return &Finding{} }
