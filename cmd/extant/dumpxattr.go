package main

import (
	"fmt"

	"extant/internal/ondisk"
)

// xattrs shows the extended attributes in the inode and in its block.
func (d *dumper) xattrs(arg string) error {
	s, err := d.slot(arg)
	if err != nil {
		return err
	}
	if err := d.bodyXattrs(s); err != nil || s.FileACL() == 0 {
		return err
	}
	raw, err := d.readBlock(s.FileACL())
	if err != nil {
		return err
	}
	return d.put(d.xattrSection(inBlock(s.FileACL(), 0).of(s.ino), raw))
}

// bodyXattrs shows the extended attributes in an inode, if there are any.
func (d *dumper) bodyXattrs(s *slot) error {
	start := s.XattrStart(len(s.raw))
	area, err := ondisk.BodyXattrs(s.raw[start:])
	sec := section{structure: "xattr area", at: s.at.plus(start)}
	if err == nil {
		sec.entries, err = xattrEntries(area)
	}
	if err == nil && sec.entries == nil {
		return nil
	}
	return d.put(sec, ondisk.Locate(err, s.ino, s.at.block))
}

// xattrSection shows a block of extended attributes.
func (d *dumper) xattrSection(at spot, raw []byte) (section, error) {
	var h ondisk.XattrHeader
	s, err := described("xattr block", at, raw, &h, func() map[string]string {
		return map[string]string{
			"h_magic":    goodNote(h.Magic == ondisk.XattrMagic),
			"h_checksum": sumNote(d.sums(), uint64(h.Checksum), uint64(ondisk.XattrBlockCsum(d.sb.CsumSeed(), at.block, raw))),
		}
	})
	if err != nil {
		return s, err
	}
	area, err := ondisk.BlockXattrs(raw)
	if err == nil {
		s.entries, err = xattrEntries(area)
	}
	return s, ondisk.Locate(err, at.ino, at.block)
}

func xattrEntries(area ondisk.XattrArea) (list []facts, err error) {
	for x, err := range area.All() {
		if err != nil {
			return list, err
		}
		name, ok := ondisk.JoinXattrName(x.Index, x.Name)
		switch {
		case x.Index == ondisk.XattrSystem:
			name = "system." + string(x.Name) // the rest of inline data goes by it, which nobody sees otherwise
		case !ok:
			name = fmt.Sprintf("%d:%s", x.Index, x.Name)
		}
		var e facts
		e.add("index", "index", x.Index)
		e.addText("name", "name", name, "")
		e.add("size", "size", x.Size)
		e.addAs("hash", "hash", x.Hash, "%#08x", x.Hash)
		e.add("in inode", "value_inode", x.ValueIno)
		e.addAs("value", "value_bytes", x.Value, "%s", xattr{"", x.Value, nil}.String()[1:])
		list = append(list, e)
	}
	return list, nil
}
