package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"extant/ext4"
	"extant/internal/ondisk"
)

const inodeStructure = "inode"

// A slot is an inode as it lies on the disk: it may be damaged.
type slot struct {
	ondisk.Inode
	ino ondisk.Ino
	at  spot
	raw []byte
}

// slot reads the inode that an argument names.
func (d *dumper) slot(arg string) (*slot, error) {
	ino, err := d.ino(arg)
	if err != nil {
		return nil, err
	}
	where, err := d.fs.InodeSlot(ino)
	if err != nil {
		return nil, err
	}
	block, err := d.readBlock(where.Block)
	if err != nil {
		return nil, err
	}
	return newSlot(ino, inBlock(where.Block, where.Offset), block[where.Offset:where.Offset+where.Size])
}

func newSlot(ino ondisk.Ino, at spot, raw []byte) (*slot, error) {
	s := &slot{ino: ino, at: at.of(ino), raw: raw}
	return s, s.Decode(raw)
}

// seed is what checksums of the inode's own blocks begin with.
func (d *dumper) seed(s *slot) uint32 { return ondisk.InodeSeed(d.sb.CsumSeed(), s.ino, s.Generation) }

// inode shows an inode and what i_block and the rest of the slot hold.
func (d *dumper) inode(arg string) error {
	s, err := d.slot(arg)
	if err != nil {
		return err
	}
	if err := d.put(d.inodeSection(s)); err != nil {
		return err
	}
	return errors.Join(d.iBlock(s), d.bodyXattrs(s))
}

func (d *dumper) inodeSection(s *slot) (section, error) {
	n := &s.Inode
	return described(inodeStructure, s.at, s.raw, n, func() map[string]string {
		sum := ondisk.InodeCsum(d.sb.CsumSeed(), s.ino, s.raw)
		stored := uint64(n.ChecksumLo)
		if len(s.raw) > ondisk.InodeSizeMin && n.ExtraIsize >= 4 {
			stored |= uint64(n.ChecksumHi) << 16
		}
		return map[string]string{
			"i_mode":          modeText(n.Mode),
			"i_uid":           fmt.Sprintf("user %d", n.UID()),
			"i_gid":           fmt.Sprintf("group %d", n.GID()),
			"i_size_lo":       fmt.Sprintf("%d bytes", n.Size()),
			"i_blocks_lo":     fmt.Sprintf("%d %s", n.Blocks(), blocksUnit(n)),
			"i_atime":         timeNote(n.Accessed()),
			"i_mtime":         timeNote(n.Modified()),
			"i_ctime":         timeNote(n.Changed()),
			"i_crtime":        createdNote(n),
			"i_dtime":         dtimeNote(n),
			"i_flags":         strings.Join(flagWords(n.Flags), " "),
			"i_file_acl_lo":   aclBlockNote(n),
			"l_i_checksum_lo": sumNote(d.sums(), stored, uint64(sum)),
			"i_block":         iBlockNote(n),
		}
	})
}

func blocksUnit(n *ondisk.Inode) string {
	if n.Has(ondisk.InodeHugeFile) {
		return "blocks"
	}
	return "sectors"
}

func createdNote(n *ondisk.Inode) string {
	t, ok := n.Created()
	if !ok {
		return ""
	}
	return timeNote(t)
}

// dtimeNote tells a time of deletion from the number of the next orphan, as far as that can be told.
func dtimeNote(n *ondisk.Inode) string {
	if n.DTime == 0 {
		return ""
	}
	return fmt.Sprintf("deleted %s, or the orphan before inode %d", timeNote(time.Unix(int64(n.DTime), 0)), n.DTime)
}

func aclBlockNote(n *ondisk.Inode) string {
	if n.FileACL() == 0 {
		return ""
	}
	return fmt.Sprintf("block %d", n.FileACL())
}

// iBlockNote says what i_block is.
func iBlockNote(n *ondisk.Inode) string {
	switch t := n.Type(); {
	case n.Has(ondisk.InodeInlineData):
		return "inline data"
	case t == ondisk.ModeChar || t == ondisk.ModeBlock:
		return fmt.Sprintf("device %d, %d", n.Device().Major, n.Device().Minor)
	case t == ondisk.ModeSymlink && isShortLink(n):
		return fmt.Sprintf("target %q", cText(n.IBlock[:]))
	case n.Has(ondisk.InodeExtents):
		return "root of the extent tree"
	case t == ondisk.ModeRegular || t == ondisk.ModeDir || t == ondisk.ModeSymlink:
		return "block map"
	}
	return ""
}

func isShortLink(n *ondisk.Inode) bool {
	return !n.Has(ondisk.InodeExtents) && n.Size() < ondisk.IBlockSize
}

// iBlock shows what i_block holds, where that has a structure.
func (d *dumper) iBlock(s *slot) error {
	at := s.at.plus(iBlockAt)
	switch t := s.Type(); {
	case s.Has(ondisk.InodeInlineData):
		if t != ondisk.ModeDir {
			return nil
		}
		return d.put(inlineDirSection("inline directory", at, s.IBlock[inlineDirHead:]))
	case s.Has(ondisk.InodeExtents):
		return d.put(extentSection("extent tree root", at, s.IBlock[:], nil))
	case t == ondisk.ModeRegular, t == ondisk.ModeDir, t == ondisk.ModeSymlink && !isShortLink(&s.Inode):
		return d.put(mapSection("block map", at, s.IBlock[:]), nil)
	}
	return nil
}

const (
	iBlockAt      = 40 // where i_block is in the slot
	inlineDirHead = 4  // bytes of i_block before the entries of an inline directory: the parent
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
		b := uint32(raw[i]) | uint32(raw[i+1])<<8 | uint32(raw[i+2])<<16 | uint32(raw[i+3])<<24
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

// flagged is the inode that an argument names, which must have a flag to have the thing asked for.
func (d *dumper) flagged(arg string, flag uint32, what string) (*ext4.Inode, error) {
	ino, err := d.ino(arg)
	if err != nil {
		return nil, err
	}
	n, err := d.fs.SystemInode(ino)
	if err != nil {
		return nil, err
	}
	if attr := n.Attr(); attr.Flags&flag == 0 {
		return nil, fmt.Errorf("inode %d has no %s", ino, what)
	}
	return n, nil
}

// verity shows the verity descriptor of a file.
func (d *dumper) verity(arg string) error {
	n, err := d.flagged(arg, ondisk.InodeVerity, "verity descriptor")
	if err != nil {
		return err
	}
	v, err := n.Verity()
	if err != nil {
		return err
	}
	raw := make([]byte, ondisk.VerityDescriptorSize)
	v.Encode(raw)
	return d.put(described("verity descriptor", spot{ino: n.Ino()}, raw, &v, nil))
}

// crypt shows the encryption context of a file.
func (d *dumper) crypt(arg string) error {
	n, err := d.flagged(arg, ondisk.InodeEncrypt, "encryption context")
	if err != nil {
		return err
	}
	c, err := n.CryptContext()
	if err != nil {
		return err
	}
	raw := make([]byte, c.Size())
	c.Encode(raw)
	return d.put(described("encryption context", spot{ino: n.Ino()}, raw, &c, func() map[string]string {
		return map[string]string{"contents_encryption_mode": c.ContentsMode.String(), "filenames_encryption_mode": c.FilenamesMode.String()}
	}))
}
