package main

import (
	"fmt"

	"extant/ext4"
	"extant/internal/ondisk"
)

// dir shows the blocks of a directory.
func (d *dumper) dir(arg string) error { return d.dirBlocks(arg, true) }

// htree shows the index of a directory.
func (d *dumper) htree(arg string) error { return d.dirBlocks(arg, false) }

// dirBlocks shows the index blocks of a directory, and with leaves the blocks of entries.
func (d *dumper) dirBlocks(arg string, leaves bool) error {
	s, err := d.slot(arg)
	if err != nil {
		return err
	}
	if s.Type() != ondisk.ModeDir {
		return fmt.Errorf("inode %d is not a directory but a %s", s.ino, kindWord(s.Mode))
	}
	n, err := d.fs.SystemInode(s.ino)
	if err != nil {
		return err
	}
	if s.Has(ondisk.InodeInlineData) {
		return d.inlineDir(s)
	}
	shown := false
	err = d.metaBlocks(n, func(m ext4.MetaBlock, raw []byte) error {
		at := inBlock(m.Block, 0).of(s.ino)
		var sec section
		var err error
		switch {
		case m.Kind == ext4.IndexBlock:
			sec, err = d.indexSection(at, raw, m.File == 0, d.seedIfSummed(d.seed(s)))
		case m.Kind == ext4.DirBlock && leaves:
			sec, err = dirSection(at, raw, d.seedIfSummed(d.seed(s)))
		default:
			return nil
		}
		shown = true
		sec.note = fmt.Sprintf("block %d of the directory", m.File)
		return d.put(sec, err)
	})
	if err == nil && !shown {
		return fmt.Errorf("directory %d has no index", s.ino)
	}
	return err
}

// inlineDir shows a directory that lies in its inode, and goes on in an extended attribute.
func (d *dumper) inlineDir(s *slot) error {
	if err := d.iBlock(s); err != nil {
		return err
	}
	start := s.XattrStart(len(s.raw))
	area, err := ondisk.BodyXattrs(s.raw[start:])
	if err != nil {
		return err
	}
	x, found, err := area.Find(ondisk.XattrSystem, ondisk.XattrInlineDataName)
	if err != nil || !found || len(x.Value) == 0 {
		return err
	}
	return d.put(inlineDirSection("inline directory, rest", spot{ino: s.ino}, x.Value))
}

func inlineDirSection(structure string, at spot, area []byte) (section, error) {
	s := section{structure: structure, at: at, entries: []facts{}}
	err := s.addDirents(area)
	return s, ondisk.Locate(err, at.ino, at.block)
}

// dirSection shows a block of directory entries.
func dirSection(at spot, raw []byte, seed *uint32) (section, error) {
	s := section{structure: "directory block", at: at, entries: []facts{}}
	area := raw
	if tail, ok := ondisk.DirTailOf(raw); ok {
		offset := len(raw) - ondisk.DirTailSize
		area = raw[:offset]
		fields, _ := tail.Describe(raw[offset:])
		for _, f := range fields {
			f.Offset += offset
			note := ""
			if f.Name == "det_checksum" && seed != nil {
				note = sumNote(true, uint64(tail.Checksum), uint64(ondisk.DirCsum(*seed, raw)))
			}
			s.fields = append(s.fields, noted{f, note})
		}
	}
	return s, ondisk.Locate(s.addDirents(area), at.ino, at.block)
}

// addDirents adds the entries in area.
func (s *section) addDirents(area []byte) error {
	for e, err := range ondisk.Dirents(area) {
		if err != nil {
			return err
		}
		var f facts
		f.addAs("at", "offset", e.Off, "0x%03x", e.Off)
		f.add("length", "rec_len", e.Len)
		f.add("inode", "inode", e.Ino)
		f.addAs("type", "file_type", e.Type, "%s", direntKind(e))
		name := ""
		if e.Ino != 0 {
			name = string(e.Name)
		}
		f.addText("name", "name", name, "")
		s.entries = append(s.entries, f)
	}
	return nil
}

func direntKind(e ondisk.Dirent) string {
	switch mode := ondisk.ModeOfFileType(e.Type); {
	case e.Ino == 0:
		return "unused"
	case mode != 0:
		return kindWord(mode)
	}
	return fmt.Sprintf("type %d", e.Type)
}

// indexSection shows an index block of a directory: the root or a node.
func (d *dumper) indexSection(at spot, raw []byte, isRoot bool, seed *uint32) (s section, err error) {
	node := ondisk.DxInnerNode(raw)
	if isRoot {
		node = ondisk.DxRootNode(raw)
		var root ondisk.DxRoot
		s, err = described("directory index root", at, raw, &root, func() map[string]string {
			return map[string]string{"hash_version": d.sb.HashVersion(root.HashVersion).String()}
		})
	} else {
		var h ondisk.DirentHeader
		s, err = described("directory index node", at, raw, &h, nil)
	}
	if err != nil {
		return s, err
	}
	format := ondisk.DxFormat{Csum: d.sums(), Blocks: ^uint32(0)}
	s.addIndexHead(raw, isRoot)
	for i := range min(node.Count(), node.Room(format)) {
		var e facts
		e.addAs("hash from", "hash", node.Hash(i), "%#08x", node.Hash(i))
		e.add("block of the directory", "block", node.Block(i))
		s.entries = append(s.entries, e)
	}
	if seed != nil {
		s.addIndexTail(raw, isRoot, node, *seed)
	}
	return s, nil
}

// indexEntriesAt is where the entries of an index block lie; the place of the first entry's hash is taken by limit and count.
func indexEntriesAt(isRoot bool) int {
	if isRoot {
		return ondisk.DxRootSize
	}
	return ondisk.DirentHeaderSize
}

func (s *section) addIndexHead(raw []byte, isRoot bool) {
	var head ondisk.DxCountLimit
	at := indexEntriesAt(isRoot)
	fields, _ := head.Describe(raw[at:])
	for _, f := range fields {
		f.Offset += at
		s.fields = append(s.fields, noted{f, ""})
	}
}

func (s *section) addIndexTail(raw []byte, isRoot bool, node ondisk.DxNode, seed uint32) {
	at := indexEntriesAt(isRoot) + node.Limit()*ondisk.DxEntrySize
	if at+ondisk.DxTailSize > len(raw) {
		return
	}
	var tail ondisk.DxTail
	fields, _ := tail.Describe(raw[at:])
	for _, f := range fields {
		f.Offset += at
		note := ""
		if f.Name == "dt_checksum" {
			note = sumNote(true, uint64(tail.Checksum), uint64(node.Csum(seed)))
		}
		s.fields = append(s.fields, noted{f, note})
	}
}
