package ext4

import (
	"iter"
	"syscall"

	"extant/internal/ondisk"
)

// Mapping is a range of a file's bytes and where it lies on the device. Holes have none.
type Mapping struct {
	Off       int64 // in the file, bytes
	Len       int64 // bytes
	Dev       int64 // on the device, bytes
	Unwritten bool  // allocated, but reads as zeros
	Inline    bool  // in the inode itself; not aligned
}

// Mappings yields the mappings of the file that end after off, in ascending order, adjacent ones joined. It shows what is allocated, past
// the end of the file too, as FIEMAP does. Inline data is one mapping, at i_block.
func (n *Inode) Mappings(off int64) iter.Seq2[Mapping, error] {
	return func(yield func(Mapping, error) bool) {
		if n.inline() {
			n.inlineMapping(off, yield)
			return
		}
		if !n.hasBlocks() {
			return
		}
		bits := n.fs.blockBits
		for r, err := range n.runs(uint64(max(off, 0))>>bits, ondisk.FileBlocksMax) {
			if err == nil && r.state == hole {
				continue
			}
			m := Mapping{
				Off: int64(r.first) << bits, Len: int64(r.count) << bits, Dev: int64(r.start) << bits,
				Unwritten: r.state == unwritten,
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func (n *Inode) inlineMapping(off int64, yield func(Mapping, error) bool) {
	at, err := n.fs.InodeSlot(n.ino)
	if err != nil {
		yield(Mapping{}, err)
		return
	}
	if off < n.length() {
		yield(Mapping{Len: n.length(), Dev: int64(at.Block)<<n.fs.blockBits + int64(at.Offset) + iBlockOffset, Inline: true}, nil)
	}
}

// iBlockOffset is where i_block is in an inode's slot.
const iBlockOffset = 0x28

// hasBlocks reports whether i_block is the root of a map of blocks, and not something else: a device number, a short symbolic link.
func (n *Inode) hasBlocks() bool {
	switch n.core().disk.Type() {
	case ondisk.ModeRegular, ondisk.ModeDir:
		return !n.inline()
	case ondisk.ModeSymlink:
		return !n.inline() && !n.fastLink()
	}
	return false
}

// SeekData is the first offset at or after off with data; syscall.ENXIO where there is none before the end of the file. Unwritten extents
// are holes.
func (n *Inode) SeekData(off int64) (int64, error) { return n.seek(off, true) }

// SeekHole is the first offset at or after off in a hole, and the end of the file is one; syscall.ENXIO past it.
func (n *Inode) SeekHole(off int64) (int64, error) { return n.seek(off, false) }

func (n *Inode) seek(off int64, data bool) (int64, error) {
	if off < 0 || off >= n.length() {
		return 0, syscall.ENXIO
	}
	if !n.inline() {
		for r, err := range n.runs(uint64(off)>>n.fs.blockBits, n.blocksOfSize()) {
			if err != nil {
				return 0, err
			}
			if (r.state == written) == data {
				return max(off, int64(r.first)<<n.fs.blockBits), nil
			}
		}
	} else if data {
		return off, nil
	}
	if data {
		return 0, syscall.ENXIO
	}
	return n.length(), nil
}
