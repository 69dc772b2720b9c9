package mkfs

import (
	"encoding/binary"
	"errors"

	"extant/internal/ondisk"
)

var errDirTooLarge = errors.New("more names than a directory of this block size can hold: add -O large_dir, or give larger blocks with -b")

// A dirBuilder writes the blocks of directories, for one task.
type dirBuilder struct {
	t      *tree
	f      dirFormat
	seed   uint32 // of the file system's checksums
	typed  bool   // entries have file types
	hashes []leafHash
}

// leafHash is where names from a hash on are.
type leafHash struct {
	hash  uint32 // bit 0 says that names of that hash are in the leaf before as well
	block uint32
}

func newDirBuilder(t *tree, im *image) *dirBuilder {
	return &dirBuilder{t: t, f: im.dirFormat(), seed: im.seed, typed: im.geo.has(filetype)}
}

// build fills b, which is as long as the directory is.
func (d *dirBuilder) build(n *node, b []byte) error {
	list := d.t.children(n)
	seed := ondisk.InodeSeed(d.seed, n.ino, 0)
	if d.f.indexed(list) {
		return d.buildIndexed(n, seed, list, b)
	}
	first := true
	for part := range d.f.linear(list) {
		block := b[:d.f.blockSize]
		w := ondisk.NewDirWriter(block, d.f.tail)
		if first {
			d.dots(w, n)
		}
		d.addAll(w, part)
		d.sealLeaf(seed, block)
		b, first = b[d.f.blockSize:], false
	}
	for ; len(b) > 0; b = b[d.f.blockSize:] {
		ondisk.NewDirWriter(b[:d.f.blockSize], d.f.tail)
		d.sealLeaf(seed, b[:d.f.blockSize])
	}
	return nil
}

func (d *dirBuilder) dots(w *ondisk.DirWriter, n *node) {
	w.Add(n.ino, []byte("."), d.fileType(ondisk.ModeDir))
	w.Add(d.t.nodes.at(n.parent).ino, []byte(".."), d.fileType(ondisk.ModeDir))
}

func (d *dirBuilder) fileType(mode uint16) uint8 {
	if !d.typed {
		return ondisk.FileUnknown
	}
	return ondisk.FileType(mode)
}

func (d *dirBuilder) addAll(w *ondisk.DirWriter, list []entry) {
	for i := range list {
		d.add(w, &list[i])
	}
}

func (d *dirBuilder) add(w *ondisk.DirWriter, e *entry) bool {
	n := d.t.nodes.at(e.node)
	return w.Add(n.ino, d.t.entryName(e), d.fileType(n.mode))
}

func (d *dirBuilder) sealLeaf(seed uint32, block []byte) {
	if d.f.tail > 0 {
		ondisk.SetDirTail(seed, block)
	}
}

// buildIndexed lays out the root, the levels of nodes below it, and the leaves, in that order.
func (d *dirBuilder) buildIndexed(n *node, seed uint32, list []entry, b []byte) error {
	x, err := d.f.shape(list)
	if err != nil {
		return err
	}
	blocks := x.blocks()
	first := blocks - x.levels[len(x.levels)-1] // the first leaf
	d.writeLeaves(seed, list, b, first)
	below := d.hashes
	for level := len(x.levels) - 2; level >= 0; level-- {
		first -= x.levels[level]
		below = d.writeNodes(seed, below, b, first, uint32(blocks))
	}
	root := ondisk.DxRootNode(b[:d.f.blockSize])
	d.fillNode(root, below, uint32(blocks))
	r := ondisk.MakeDxRoot(n.ino, d.t.nodes.at(n.parent).ino, d.fileType(ondisk.ModeDir), d.f.blockSize, d.f.hash, len(x.levels)-1)
	r.Encode(b)
	if d.f.tail > 0 {
		root.SetCsum(seed)
	}
	return nil
}

func (d *dirBuilder) block(b []byte, i uint64) []byte {
	return b[int(i)*d.f.blockSize:][:d.f.blockSize]
}

// writeLeaves writes the leaves from a block on and lists their hashes.
func (d *dirBuilder) writeLeaves(seed uint32, list []entry, b []byte, at uint64) {
	d.hashes = d.hashes[:0]
	var last uint32
	for part := range d.f.leaves(list) {
		block := d.block(b, at)
		d.addAll(ondisk.NewDirWriter(block, d.f.tail), part)
		d.sealLeaf(seed, block)
		h := part[0].hash
		if len(d.hashes) > 0 && h == last {
			h |= 1
		}
		last = part[len(part)-1].hash
		d.hashes = append(d.hashes, leafHash{h, uint32(at)})
		at++
	}
}

// writeNodes writes the nodes over a level from a block on and lists their hashes.
func (d *dirBuilder) writeNodes(seed uint32, below []leafHash, b []byte, at uint64, blocks uint32) []leafHash {
	_, limit := d.f.limits()
	var level []leafHash
	for len(below) > 0 {
		part := below[:min(uint64(len(below)), limit)]
		node := ondisk.DxInnerNode(d.block(b, at))
		d.fillNode(node, part, blocks)
		if d.f.tail > 0 {
			node.SetCsum(seed)
		}
		level = append(level, leafHash{part[0].hash, uint32(at)})
		below = below[len(part):]
		at++
	}
	return level
}

func (d *dirBuilder) fillNode(node ondisk.DxNode, list []leafHash, blocks uint32) {
	node.Init(ondisk.DxFormat{Csum: d.f.tail > 0, Blocks: blocks}, ondisk.FileBlock(list[0].block))
	for _, l := range list[1:] {
		node.Append(l.hash, ondisk.FileBlock(l.block))
	}
}

// An inlineDir is the form of a directory that lies in its inode: how many of its entries are in i_block, and the size of
// the second area, in the xattr.
type inlineDir struct {
	first int
	size  int
}

// inlineFirstArea is what i_block has for entries, after the number of the parent.
const inlineFirstArea = ondisk.IBlockSize - 4

// inlineShape finds out whether the entries, in their order, fit in i_block and a second area of most bytes. Where the second is needed
// it has all that it can, so that names can be added.
func inlineShape(list []entry, most int) (inlineDir, bool) {
	first := fitting(list, inlineFirstArea)
	rest := entriesSize(list[first:])
	switch {
	case rest == 0:
		return inlineDir{first: first}, true
	case rest > most:
		return inlineDir{}, false
	}
	return inlineDir{first, most}, true
}

// buildInline fills i_block and the second area.
func (d *dirBuilder) buildInline(n *node, x inlineDir, iblock, second []byte) {
	list := d.t.children(n)
	binary.LittleEndian.PutUint32(iblock, uint32(d.t.nodes.at(n.parent).ino))
	d.addAll(ondisk.NewDirWriter(iblock[4:], 0), list[:x.first])
	if len(second) > 0 {
		d.addAll(ondisk.NewDirWriter(second, 0), list[x.first:])
	}
}
