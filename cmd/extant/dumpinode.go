package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

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
