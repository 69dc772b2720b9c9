package ext4

import (
	"iter"
	"slices"
	"syscall"

	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// Cookie is a place in a directory: after the entry it was got with, or the start for 0. It stays good while the directory changes, and is
// below 1<<63.
type Cookie uint64

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	Ino  ondisk.Ino
	Type uint8  // ondisk.FileRegular and so on; ondisk.FileUnknown where the file system does not keep types in directories
	Next Cookie // the place after this entry, from which ReadDir goes on
}

// dirArea is a part of a directory that entries do not leave: a block, or one of the two parts of an inline directory.
type dirArea struct {
	data []byte
	base Cookie // of its first byte
}

// ReadDir yields the entries of a directory from a place on, "." and ".." included. In an encrypted directory names are shown as the kernel
// shows them without the key.
//
// The order is the one on disk, or in a mount to write, of directories that may be indexed, that of the hashes of names. A name that is in the directory
// from the first call to the last is seen once, whatever comes and goes beside it, and however often reading ends and goes on.
//
// An error is about one entry or one block: a caller that goes on gets what is left of the directory.
func (n *Inode) ReadDir(from Cookie) iter.Seq2[DirEntry, error] {
	return func(yield func(DirEntry, error) bool) {
		if !n.IsDir() {
			yield(DirEntry{}, syscall.ENOTDIR)
			return
		}
		if n.removed() {
			return
		}
		show := n.shower()
		n.accessed()
		if n.ordered(from) && n.readOrdered(from, show, yield) {
			return
		}
		for area, err := range n.areaCopies(from) {
			if err != nil {
				if !yield(DirEntry{}, err) {
					return
				}
				continue
			}
			if !n.readArea(area, from, show, yield) {
				return
			}
		}
		n.readAdded(from, show, yield)
	}
}

// areaCopies yields the parts of a directory that hold entries at from or after it, each as it was at some moment: the lock is held while
// one is copied and no longer.
func (n *Inode) areaCopies(from Cookie) iter.Seq2[dirArea, error] {
	return func(yield func(dirArea, error) bool) {
		fb, pieces := uint64(from)>>n.fs.blockBits, uint64(0)
		for more := true; more; pieces++ {
			var areas []dirArea
			n.mu.RLock()
			err := n.checkPieces(pieces, 0)
			if err != nil {
				more = false
			} else {
				areas, fb, more, err = n.copyAreas(fb)
			}
			n.mu.RUnlock()
			if err != nil && !yield(dirArea{}, n.fs.judge(err)) {
				return
			}
			for _, a := range areas {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}

// copyAreas copies what block fb holds of a directory, or all areas of one that has no blocks, and says where to go on.
func (n *Inode) copyAreas(fb uint64) (areas []dirArea, next uint64, more bool, err error) {
	if n.inline() || n.fs.fast.creates(n.ino) {
		for a, err := range n.dirAreas(0) {
			if err != nil {
				return areas, 0, false, err
			}
			areas = append(areas, dirArea{slices.Clone(a.data), a.base})
		}
		return areas, 0, false, nil
	}
	end := n.blocksOfSize()
	if fb >= end {
		return nil, 0, false, nil
	}
	r, err := n.mapped(fb)
	if err != nil {
		return nil, 0, false, err
	}
	if r.state != written {
		r = r.clip(fb, end)
		return nil, r.end(), true, n.corrupt("directory", "no data for blocks %d to %d", r.first, r.end()-1)
	}
	data, err := n.dirBlockAt(fb, r.at(fb))
	if err != nil {
		return nil, fb + 1, true, err
	}
	return []dirArea{{slices.Clone(data), Cookie(fb << n.fs.blockBits)}}, fb + 1, true, nil
}

// readArea yields the entries of one area that start at from or after; false says that the caller wants no more.
func (n *Inode) readArea(a dirArea, from Cookie, show nameShower, yield func(DirEntry, error) bool) bool {
	for d, err := range ondisk.Dirents(a.data) {
		if err != nil {
			return yield(DirEntry{}, ondisk.Locate(err, n.ino, 0))
		}
		if d.Ino == 0 || a.base+Cookie(d.Off) < from || n.fs.fast.hides(n.ino, d.Name) {
			continue
		}
		if !yield(n.dirEntry(d, a.data, a.base+Cookie(d.Off+d.Len), show)) {
			return false
		}
	}
	return true
}

// dirEntry is what is yielded of an entry that lies in an area.
func (n *Inode) dirEntry(d ondisk.Dirent, area []byte, next Cookie, show nameShower) (DirEntry, error) {
	e := DirEntry{Ino: d.Ino, Next: next}
	if n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
		e.Type = d.Type
	}
	var err error
	e.Name, err = show(d, area)
	return e, err
}

// readAdded yields the entries that only the fast commits hold. They come last.
func (n *Inode) readAdded(from Cookie, show nameShower, yield func(DirEntry, error) bool) {
	for next, a := range n.fs.fast.added(n.ino, from) {
		e := DirEntry{Ino: a.ino, Next: next}
		var err error
		if n.fs.sb.HasIncompat(ondisk.IncompatFileType) {
			e.Type = n.typeOf(a.ino)
		}
		e.Name, err = show(ondisk.Dirent{Ino: a.ino, Name: a.name}, nil)
		if !yield(e, err) {
			return
		}
	}
}

// typeOf is the type that an entry for ino has, as far as that can be found out.
func (n *Inode) typeOf(ino ondisk.Ino) uint8 {
	child, err := n.fs.Inode(ino)
	if err != nil {
		return ondisk.FileUnknown
	}
	return ondisk.FileType(child.core().disk.Mode)
}

// dirAreas yields the parts of a directory that hold entries at from or after it.
func (n *Inode) dirAreas(from Cookie) iter.Seq2[dirArea, error] {
	switch {
	case n.fs.fast.creates(n.ino):
		return n.freshAreas()
	case n.inline():
		return n.inlineAreas()
	}
	return n.blockAreas(uint64(from) >> n.fs.blockBits)
}

// blockAreas yields the blocks of a directory from the given one on. A directory has no holes.
func (n *Inode) blockAreas(first uint64) iter.Seq2[dirArea, error] {
	return func(yield func(dirArea, error) bool) {
		for r, err := range n.runs(first, n.blocksOfSize()) {
			if err == nil && r.state != written {
				err = n.corrupt("directory", "no data for blocks %d to %d", r.first, r.end()-1)
			}
			if err != nil {
				if !yield(dirArea{}, err) {
					return
				}
				continue
			}
			for fb := r.first; fb < r.end(); fb++ {
				data, err := n.dirBlockAt(fb, r.at(fb))
				if !yield(dirArea{data: data, base: Cookie(fb << n.fs.blockBits)}, err) {
					return
				}
			}
		}
	}
}

// blocksOfSize is the number of blocks that i_size covers.
func (n *Inode) blocksOfSize() uint64 {
	return (uint64(n.length()) + uint64(n.fs.blockSize) - 1) >> n.fs.blockBits
}

// dirBlock reads block fb of a directory.
func (n *Inode) dirBlock(fb uint64) ([]byte, error) {
	b, err := n.dirBlockPlace(fb)
	if err != nil {
		return nil, err
	}
	return n.dirBlockAt(fb, b)
}

// dirBlockPlace is where block fb of a directory lies on the device.
func (n *Inode) dirBlockPlace(fb uint64) (ondisk.Block, error) {
	r, err := n.mapped(fb)
	switch {
	case err != nil:
		return 0, err
	case fb >= n.blocksOfSize() || r.state != written:
		return 0, n.corrupt("directory", "no data for block %d", fb)
	}
	return r.at(fb), nil
}

// dirBlockAt reads block fb of a directory from block b and verifies its checksum.
func (n *Inode) dirBlockAt(fb uint64, b ondisk.Block) ([]byte, error) {
	use := buffer.Use{What: useDirBlock, Ino: n.ino, From: fb}
	return n.fs.checkedBlock("directory block", b, use, func(data []byte) error {
		switch {
		case !n.fs.csum:
			return nil
		case fb == 0 && n.indexed():
			return ondisk.DxRootNode(data).CheckCsum(n.core().seed)
		case n.indexed() && isIndexNode(data):
			return ondisk.DxInnerNode(data).CheckCsum(n.core().seed)
		}
		return ondisk.CheckDirTail(n.core().seed, data)
	})
}

// isIndexNode tells a node of an index from a leaf: it is one entry not in use that spans the block, where
// a leaf has its tail.
func isIndexNode(block []byte) bool {
	d, err := ondisk.DirentAt(block, 0)
	return err == nil && d.Ino == 0 && d.Len == len(block)
}
