package fsck

import (
	"extant/internal/ondisk"
)

// holdsExtents reports whether i_block is the root of an extent tree by its header.
func holdsExtents(n *ondisk.Inode) bool {
	var h ondisk.ExtentHeader
	const room = (ondisk.IBlockSize - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
	return h.Decode(n.IBlock[:]) == nil && h.Magic == ondisk.ExtentMagic && h.Max == room && h.Entries <= room && h.Depth <= ondisk.ExtentDepthMax
}

// mendMap keeps of a map what is sound.
func (m *mender) mendMap(f *Finding) error {
	ino := f.Place.Ino
	n, err := m.inodeOnce(RebuildMap, ino)
	if n == nil {
		return err
	}
	if !n.Has(ondisk.InodeExtents) {
		return m.renumber(ino, asIs, nil)
	}
	s := m.salvageExtents(ino, n)
	return m.plant(ino, s.runs, s.own())
}

// own is the nodes of the tree that no other file claims.
func (s *salvage) own() []ondisk.Block {
	var out []ondisk.Block
	for _, b := range s.nodes {
		if !s.m.c.dup.has(s.m.c.cluster(b)) {
			out = append(out, b)
		}
	}
	return out
}

// sealExtents sets the checksum of a node.
func (m *mender) sealExtents(f *Finding) error {
	_, _, seed, err := m.getInode(f.Place.Ino)
	if err != nil {
		return err
	}
	return m.block(f.Place.Block, func(p []byte) {
		n := ondisk.ExtentNode(p)
		if room := (len(p) - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize; n.Max() != room {
			putLE16(p[4:], uint16(room))
		}
		n.SetCsum(seed)
	})
}

// convertMap gives a file with a block map an extent tree, which it has to have where there are clusters.
func (m *mender) convertMap(f *Finding) error {
	ino := f.Place.Ino
	n, err := m.inodeOnce(RebuildMap, ino)
	if n == nil {
		return err
	}
	if holdsExtents(n) {
		return nil // it lacks the flag only, which is another finding
	}
	var runs []mapRun
	err = m.renumber(ino, func(fb uint64, b ondisk.Block) (ondisk.Block, error) {
		runs = appendRun(runs, mapRun{fb, b, 1, false})
		return b, nil
	}, nil)
	if err != nil {
		return err
	}
	if err := m.inode(ino, func(n *ondisk.Inode, _ []byte) { n.Flags |= ondisk.InodeExtents }); err != nil {
		return err
	}
	return m.plant(ino, runs, nil)
}

// truncate takes from a file the blocks past its end.
func (m *mender) truncate(ino ondisk.Ino) error {
	n, _, _, err := m.getInode(ino)
	if err != nil {
		return err
	}
	end := m.c.blocksOf(n.Size())
	switch {
	case !m.mapped(&n):
		return nil
	case !n.Has(ondisk.InodeExtents):
		return m.renumber(ino, func(fb uint64, b ondisk.Block) (ondisk.Block, error) {
			if fb >= end {
				return 0, nil
			}
			return b, nil
		}, nil)
	}
	s := m.salvageExtents(ino, &n)
	kept := s.runs[:0:0]
	for _, r := range s.runs {
		if r.file < end {
			r.count = min(r.count, end-r.file)
			kept = append(kept, r)
		}
	}
	if last := len(s.runs) - 1; last < 0 || s.runs[last].end() <= end {
		return nil
	}
	return m.plant(ino, kept, s.own())
}

// mapped reports whether an inode has a map of blocks.
func (m *mender) mapped(n *ondisk.Inode) bool {
	switch n.Type() {
	case ondisk.ModeRegular, ondisk.ModeDir:
		return !n.Has(ondisk.InodeInlineData)
	case ondisk.ModeSymlink:
		return !n.Has(ondisk.InodeInlineData) && (n.Has(ondisk.InodeExtents) || n.Size() >= ondisk.IBlockSize)
	}
	return false
}
