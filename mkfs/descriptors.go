package mkfs

import (
	"encoding/binary"

	"extant/internal/ondisk"
)

// descWriter writes group descriptors, in order, and their backups.
type descWriter struct {
	im      *image
	backups []uint64 // groups that hold the descriptors, the first among them; not with meta_bg
	buf     []byte
	at      uint64 // number of the first descriptor block in buf
}

func (im *image) newDescWriter() *descWriter {
	w := &descWriter{im: im, buf: make([]byte, 0, chunk)}
	if !im.geo.has(metaBG) {
		w.backups = im.geo.superGroups()
	}
	return w
}

// Backups lists the blocks that hold backups of the super block.
func (g *Geometry) Backups() []ondisk.Block {
	groups := g.superGroups()
	list := make([]ondisk.Block, 0, len(groups))
	for _, group := range groups[1:] {
		list = append(list, g.superBlock(group))
	}
	return list
}

// superGroups lists the groups that hold a copy of the super block.
func (g *Geometry) superGroups() (list []uint64) {
	for group := range g.Groups {
		if g.Super.HasBackup(ondisk.Group(group)) {
			list = append(list, group)
		}
	}
	return list
}

// put adds the descriptor of the next group.
func (w *descWriter) put(group uint64, d *ondisk.GroupDesc) error {
	size := w.im.super.DescriptorSize()
	if len(w.buf)+size > cap(w.buf) {
		if err := w.flush(); err != nil {
			return err
		}
	}
	n := len(w.buf)
	w.buf = w.buf[:n+size]
	b := w.buf[n:]
	clear(b)
	d.Encode(b)
	binary.LittleEndian.PutUint16(b[descCsumAt:], w.im.descCsum(group, b))
	return nil
}

// descCsumAt is the offset of bg_checksum in a descriptor.
const descCsumAt = 0x1E

func (im *image) descCsum(group uint64, b []byte) uint16 {
	switch {
	case im.geo.has(metadataCsum):
		return ondisk.GroupDescCsum(im.seed, ondisk.Group(group), b)
	case im.geo.has(uninitBG):
		return ondisk.GroupDescCRC16(im.super.UUID, ondisk.Group(group), b)
	}
	return 0
}

// flush writes what was put, whole blocks, everywhere it belongs.
func (w *descWriter) flush() error {
	bs := w.im.geo.BlockSize
	blocks := (len(w.buf) + bs - 1) / bs
	used := len(w.buf)
	w.buf = w.buf[:blocks*bs]
	clear(w.buf[used:])
	err := w.spread(uint64(blocks))
	w.at += uint64(blocks)
	w.buf = w.buf[:0]
	return err
}

func (w *descWriter) spread(blocks uint64) error {
	if w.im.geo.has(metaBG) {
		return w.spreadMeta(blocks)
	}
	for i := len(w.backups) - 1; i >= 0; i-- {
		at := w.im.geo.superBlock(w.backups[i]) + 1 + ondisk.Block(w.at)
		if err := w.im.write(at, w.buf); err != nil {
			return err
		}
	}
	return nil
}

// spreadMeta writes each block into the first, second and last group of those it describes.
func (w *descWriter) spreadMeta(blocks uint64) error {
	g, bs, per := w.im.geo, w.im.geo.BlockSize, w.im.geo.descsPerBlock()
	for i := range blocks {
		b := w.buf[int(i)*bs : int(i+1)*bs]
		first := (w.at + i) * per
		for _, group := range []uint64{first, first + 1, first + per - 1} {
			if group >= g.Groups {
				continue
			}
			at := g.superBlock(group)
			if g.Super.HasBackup(ondisk.Group(group)) {
				at++
			}
			if err := w.im.write(at, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// superBlock is the first block of a group that may hold a super block: after the boot block, where that has a block.
func (g *Geometry) superBlock(group uint64) ondisk.Block {
	b := g.Super.GroupFirstBlock(ondisk.Group(group))
	if b == 0 && g.BlockSize == blockSizeMin {
		return 1
	}
	return b
}

// writeSupers writes the backups, makes everything so far durable, and writes the super block.
func (im *image) writeSupers() error {
	groups := im.geo.superGroups()
	b := make([]byte, im.geo.BlockSize)
	for _, group := range groups[1:] {
		im.encodeSuper(b, group)
		if err := im.write(im.geo.superBlock(group), b); err != nil {
			return err
		}
	}
	if err := im.dev.Flush(); err != nil {
		return err
	}
	b = b[:ondisk.SuperSize]
	im.encodeSuper(b, 0)
	_, err := im.dev.WriteAt(b, ondisk.SuperOffset)
	return err
}

// made is the plan with the super block as it was written, but for its checksum.
func (im *image) made() *Geometry {
	g := *im.geo
	g.Super = im.super
	return &g
}

// encodeSuper writes the copy of the super block that belongs in a group.
func (im *image) encodeSuper(b []byte, group uint64) {
	s := im.super
	s.BlockGroupNr = uint16(group)
	s.Encode(b)
	if im.geo.has(metadataCsum) {
		s.Checksum = ondisk.SuperCsum(b)
		s.Encode(b)
	}
}
