package main

import (
	"encoding/binary"

	"extant/ext4"
	"extant/internal/ondisk"
)

// extents shows the tree of a file, from the root down.
func (d *dumper) extents(arg string) error {
	s, err := d.slot(arg)
	if err != nil {
		return err
	}
	n, err := d.fs.SystemInode(s.ino)
	if err != nil {
		return err
	}
	if err := d.iBlock(s); err != nil {
		return err
	}
	seed := d.seed(s)
	return d.metaBlocks(n, func(m ext4.MetaBlock, raw []byte) error {
		at := inBlock(m.Block, 0).of(s.ino)
		switch m.Kind {
		case ext4.ExtentNode:
			return d.put(extentSection("extent node", at, raw, d.seedIfSummed(seed)))
		case ext4.IndirectBlock:
			return d.put(mapSection("indirect block", at, raw), nil)
		}
		return nil
	})
}

// seedIfSummed is the seed where metadata has checksums.
func (d *dumper) seedIfSummed(seed uint32) *uint32 {
	if !d.sums() {
		return nil
	}
	return &seed
}

// metaBlocks reads the blocks of an inode's metadata. One that cannot be read is reported, and the rest follows.
func (d *dumper) metaBlocks(n *ext4.Inode, show func(m ext4.MetaBlock, raw []byte) error) error {
	var first error
	for m, err := range n.MetaBlocks() {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		var raw []byte
		if err == nil {
			raw, err = d.readBlock(m.Block)
		}
		if err == nil {
			err = show(m, raw)
		}
		if err != nil && first != nil {
			d.fail(d.wrapImage(err))
		} else if err != nil {
			first = err
		}
	}
	return first
}

// extentSection shows a node of an extent tree. With a seed its checksum is judged.
func extentSection(structure string, at spot, raw []byte, seed *uint32) (section, error) {
	var h ondisk.ExtentHeader
	s, err := described(structure, at, raw, &h, func() map[string]string {
		return map[string]string{"eh_magic": goodNote(h.Magic == ondisk.ExtentMagic)}
	})
	if err != nil {
		return s, err
	}
	node := ondisk.ExtentNode(raw)
	room := (len(raw) - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize
	for i := range min(node.Len(), room) {
		var e facts
		if node.Depth() > 0 {
			x := node.IndexAt(i)
			e.add("from", "first", x.First())
			e.add("node in block", "leaf", x.Leaf())
		} else {
			x := node.At(i)
			e.add("from", "first", x.First())
			e.add("blocks", "count", x.Length())
			e.add("in block", "start", x.Start())
			e.add("unwritten", "unwritten", x.Unwritten())
		}
		s.entries = append(s.entries, e)
	}
	if seed != nil {
		s.addTail(raw, ondisk.ExtentHeaderSize+min(node.Max(), room)*ondisk.ExtentEntrySize, node.Csum(*seed))
	}
	return s, nil
}

// addTail adds the checksum at the end of an extent node.
func (s *section) addTail(raw []byte, offset int, want uint32) {
	var tail ondisk.ExtentTail
	if offset+ondisk.ExtentTailSize > len(raw) {
		return
	}
	fields, err := tail.Describe(raw[offset:])
	if err != nil {
		return
	}
	for _, f := range fields {
		f.Offset += offset
		s.fields = append(s.fields, noted{f, sumNote(true, uint64(tail.Checksum), uint64(want))})
	}
}

// mapSection shows block numbers in a row: i_block of a file without extents, or an indirect block. Zeros are holes and left out.
func mapSection(structure string, at spot, raw []byte) section {
	s := section{structure: structure, at: at, entries: []facts{}}
	for i := 0; i+4 <= len(raw); i += 4 {
		b := binary.LittleEndian.Uint32(raw[i:])
		if b == 0 {
			continue
		}
		var e facts
		e.add("entry", "index", i/4)
		e.add("block", "block", b)
		s.entries = append(s.entries, e)
	}
	return s
}
