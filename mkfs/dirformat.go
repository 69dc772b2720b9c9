package mkfs

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"extant/internal/ondisk"
)

// A dirFormat is what decides how the entries of a directory are laid out in blocks.
type dirFormat struct {
	blockSize int
	tail      int  // bytes of checksum at the end of a block
	index     bool // directories of more than a block get an index
	large     bool // of three levels
	hash      ondisk.HashVersion
	seed      [4]uint32
}

func (im *image) dirFormat() dirFormat {
	f := dirFormat{
		blockSize: im.geo.BlockSize,
		index:     im.geo.has(dirIndex),
		large:     im.geo.has(largeDir),
		hash:      im.super.HashVersion(im.super.DefHashVersion),
		seed:      im.super.HashSeed,
	}
	if im.geo.has(metadataCsum) {
		f.tail = ondisk.DirTailSize
	}
	return f
}

// room is how many bytes of a block are for entries.
func (f *dirFormat) room() int { return f.blockSize - f.tail }

// leafRoom is how many of them are filled in a directory with an index: a few are left, so that the next name does not split the
// block.
func (f *dirFormat) leafRoom() int { return f.room() - f.room()/16 }

// dotsSize is what "." and ".." take.
const dotsSize = 2 * ondisk.DirentSizeMin

// entriesSize is what entries take where nothing parts them.
func entriesSize(list []entry) int {
	n := 0
	for i := range list {
		n += ondisk.DirentSize(int(list[i].nameLen))
	}
	return n
}

// indexed reports whether a directory has an index: where one block does not hold it.
func (f *dirFormat) indexed(list []entry) bool {
	return f.index && dotsSize+entriesSize(list) > f.room()
}

// blocks is the number of blocks of a directory whose entries are arranged.
func (f *dirFormat) blocks(list []entry) (uint64, error) {
	if !f.indexed(list) {
		n := uint64(0)
		for range f.linear(list) {
			n++
		}
		return n, nil
	}
	x, err := f.shape(list)
	return x.blocks(), err
}

// linear yields the entries of each block of a directory without an index; the first block has "." and ".." as well.
func (f *dirFormat) linear(list []entry) iter.Seq[[]entry] {
	return func(yield func([]entry) bool) {
		left := f.room() - dotsSize
		for first := true; first || len(list) > 0; first = false {
			n := fitting(list, left)
			if !yield(list[:n]) {
				return
			}
			list, left = list[n:], f.room()
		}
	}
}

// leaves yields the entries of each leaf of an index.
func (f *dirFormat) leaves(list []entry) iter.Seq[[]entry] {
	return func(yield func([]entry) bool) {
		for len(list) > 0 {
			n := fitting(list, f.leafRoom())
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// fitting is how many entries at the start of a list fit in a number of bytes.
func fitting(list []entry, room int) int {
	for i := range list {
		if room -= ondisk.DirentSize(int(list[i].nameLen)); room < 0 {
			return i
		}
	}
	return len(list)
}

// A dirShape is the form of an index: how many blocks there are on each level below the root, leaves last.
type dirShape struct {
	levels []uint64
}

// shape works out the index of a directory.
func (f *dirFormat) shape(list []entry) (dirShape, error) {
	leaves := uint64(0)
	for range f.leaves(list) {
		leaves++
	}
	root, inner := f.limits()
	x := dirShape{[]uint64{leaves}}
	for x.levels[0] > root {
		x.levels = slices.Insert(x.levels, 0, divUp(x.levels[0], inner))
	}
	most := ondisk.DxLevelsMax
	if f.large {
		most = ondisk.DxLevelsMaxLarge
	}
	if len(x.levels)-1 > most {
		return x, errDirTooLarge
	}
	return x, nil
}

// limits is how many entries the root and the other nodes of an index have room for.
func (f *dirFormat) limits() (root, inner uint64) {
	b := make([]byte, f.blockSize)
	x := ondisk.DxFormat{Csum: f.tail > 0}
	return uint64(ondisk.DxRootNode(b).Room(x)), uint64(ondisk.DxInnerNode(b).Room(x))
}

// blocks counts the root as well.
func (x dirShape) blocks() uint64 {
	n := uint64(1)
	for _, l := range x.levels {
		n += l
	}
	return n
}

// arrange puts the entries of every directory in the order in which the format lays them out: by hash where there is an index,
// else by name.
func (t *tree) arrange(f dirFormat) error {
	for _, n := range t.nodes.all {
		if !n.isDir() || n.links == 0 {
			continue
		}
		list := t.children(n)
		if !f.indexed(list) {
			slices.SortFunc(list, t.byName)
			continue
		}
		for j := range list {
			h, err := ondisk.HashName(f.hash, f.seed, t.entryName(&list[j]))
			if err != nil {
				return err
			}
			list[j].hash = h.Major
		}
		slices.SortFunc(list, func(a, b entry) int { return t.byHash(&f, &a, &b) })
	}
	return nil
}

func (t *tree) byName(a, b entry) int { return bytes.Compare(t.entryName(&a), t.entryName(&b)) }

func (t *tree) byHash(f *dirFormat, a, b *entry) int {
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	x, _ := ondisk.HashName(f.hash, f.seed, t.entryName(a))
	y, _ := ondisk.HashName(f.hash, f.seed, t.entryName(b))
	return cmp.Or(cmp.Compare(x.Minor, y.Minor), bytes.Compare(t.entryName(a), t.entryName(b)))
}
