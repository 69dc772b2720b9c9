package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"extant/internal/ondisk"
)

// blockViews are what a block can be taken for.
var blockViews = map[string]func(d *dumper, at spot, raw []byte) error{
	"bitmap": func(d *dumper, at spot, raw []byte) error {
		return d.put(bitmapSection("bitmap", at, raw, uint64(len(raw))*8), nil)
	},
	"dir":      func(d *dumper, at spot, raw []byte) error { return d.put(dirSection(at, raw, nil)) },
	"extent":   func(d *dumper, at spot, raw []byte) error { return d.put(extentSection("extent node", at, raw, nil)) },
	"indirect": func(d *dumper, at spot, raw []byte) error { return d.put(mapSection("indirect block", at, raw), nil) },
	"htree": func(d *dumper, at spot, raw []byte) error {
		var first ondisk.DirentHeader
		err := first.Decode(raw)
		if err != nil {
			return err
		}
		return d.put(d.indexSection(at, raw, first.Inode != 0, nil))
	},
	"xattr": func(d *dumper, at spot, raw []byte) error { return d.put(d.xattrSection(at, raw)) },
	"journal": func(d *dumper, at spot, raw []byte) error {
		return d.put(journalSection(at, raw, journalFeatures(d.fs)))
	},
	"mmp":    func(d *dumper, at spot, raw []byte) error { return d.put(d.mmpSection(at, raw)) },
	"orphan": func(d *dumper, at spot, raw []byte) error { return d.put(orphanSection(at, raw, nil)) },
	"super":  func(d *dumper, at spot, raw []byte) error { return d.put(superSection(at, raw)) },
	"group":  (*dumper).groupsIn,
	"inode":  (*dumper).inodesIn,
	"hex":    (*dumper).hex,
}

func blockKinds() []string { return slices.Sorted(maps.Keys(blockViews)) }

// block shows a block as --as says, or in hexadecimal.
func (d *dumper) block(arg string) error {
	b, err := number(arg, "block", d.sb.Blocks())
	if err != nil {
		return err
	}
	view, ok := blockViews[d.as]
	switch {
	case d.as == "":
		view = (*dumper).hex
	case !ok:
		return usagef("--as is one of %s, not %q", strings.Join(blockKinds(), ", "), d.as)
	}
	raw, err := d.readBlock(ondisk.Block(b))
	if err != nil {
		return err
	}
	return view(d, inBlock(ondisk.Block(b), 0), raw)
}

// groupsIn shows a block as group descriptors; those that are all zero are left out.
func (d *dumper) groupsIn(at spot, raw []byte) error {
	size := max(d.sb.DescriptorSize(), ondisk.GroupDescSize32)
	return pieces(raw, size, func(off int) error { return d.put(groupSection(at.plus(off), raw[off:off+size], size)) })
}

// inodesIn shows a block as a piece of an inode table; slots that are all zero are left out.
func (d *dumper) inodesIn(at spot, raw []byte) error {
	size := d.sb.InodeBytes()
	return pieces(raw, size, func(off int) error {
		s, err := newSlot(d.inoAt(at.block, off/size), at.plus(off), raw[off:off+size])
		if err != nil {
			return err
		}
		return d.put(d.inodeSection(s))
	})
}

// pieces calls show for every piece of size bytes that is not all zero.
func pieces(raw []byte, size int, show func(off int) error) error {
	for off := 0; off+size <= len(raw); off += size {
		if allZero(raw[off : off+size]) {
			continue
		}
		if err := show(off); err != nil {
			return err
		}
	}
	return nil
}

// inoAt is the number of the i-th inode in block b, if that is part of an inode table; else 0.
func (d *dumper) inoAt(b ondisk.Block, i int) ondisk.Ino {
	perBlock := d.fs.BlockSize() / d.sb.InodeBytes()
	blocks := ondisk.Block((int(d.sb.InodesPerGroup) + perBlock - 1) / perBlock)
	for g := range d.sb.Groups() {
		desc, err := d.fs.Group(ondisk.Group(g))
		if err != nil || b < desc.InodeTable() || b >= desc.InodeTable()+blocks {
			continue
		}
		return ondisk.Ino(uint64(d.sb.InodesPerGroup)*g + uint64(b-desc.InodeTable())*uint64(perBlock) + uint64(i) + 1)
	}
	return 0
}

// hex shows the bytes of a block.
func (d *dumper) hex(at spot, raw []byte) error {
	if d.list != nil {
		return d.put(section{structure: "block", at: at, fields: []noted{{Field: ondisk.Field{Name: "bytes", Size: len(raw), Bytes: raw}}}}, nil)
	}
	if _, err := fmt.Fprintln(d.out, "block", at); err != nil {
		return err
	}
	_, err := io.WriteString(d.out, hex.Dump(raw))
	return err
}
