package main

import (
	"errors"
	"fmt"
	"time"

	"extant/internal/ondisk"
)

// quota shows a quota file: its header, and who uses how much.
func (d *dumper) quota(arg string) error {
	ino, kind, err := d.quotaFile(arg)
	if err != nil {
		return err
	}
	if ino == 0 {
		return errNone(fmt.Sprintf("quota of the kind %s", kind))
	}
	n, err := d.fs.SystemInode(ino)
	if err != nil {
		return err
	}
	raw := make([]byte, ondisk.QuotaHeaderSize)
	if _, err := n.ReadAt(raw, 0); err != nil {
		return err
	}
	var h ondisk.QuotaHeader
	s, err := described(kind.String()+" quota file", spot{ino: ino}, raw, &h, func() map[string]string {
		return map[string]string{"dqh_magic": goodNote(h.Magic == kind.Magic())}
	})
	if err != nil {
		return err
	}
	s.entries = []facts{}
	attr := n.Attr()
	for q, err := range ondisk.QuotaEntries(n, attr.Size, kind) {
		if err != nil {
			return errors.Join(d.put(s, nil), ondisk.Locate(err, ino, 0))
		}
		s.entries = append(s.entries, quotaFacts(q))
	}
	return d.put(s, nil)
}

func (d *dumper) quotaFile(arg string) (ondisk.Ino, ondisk.QuotaKind, error) {
	switch arg {
	case "user":
		return ondisk.Ino(d.sb.UsrQuotaInum), ondisk.QuotaUser, nil
	case "group":
		return ondisk.Ino(d.sb.GrpQuotaInum), ondisk.QuotaGroup, nil
	case "project":
		return ondisk.Ino(d.sb.PrjQuotaInum), ondisk.QuotaProject, nil
	}
	return 0, 0, usagef("quota is of the kind user, group or project, not %q", arg)
}

func quotaFacts(q ondisk.QuotaEntry) facts {
	var e facts
	e.add("id", "id", q.ID)
	e.add("bytes", "bytes", q.Space)
	e.add("soft KiB", "kib_soft", q.BlocksSoft)
	e.add("hard KiB", "kib_hard", q.BlocksHard)
	e.addTime("grace", "space_grace", time.Unix(int64(q.BlockTime&(1<<62-1)), 0))
	e.add("inodes", "inodes", q.Inodes)
	e.add("soft", "inodes_soft", q.InodesSoft)
	e.add("hard", "inodes_hard", q.InodesHard)
	e.addTime("grace", "inode_grace", time.Unix(int64(q.InodeTime&(1<<62-1)), 0))
	return e
}

// orphan shows the inodes that were deleted while in use: the list that goes through them, and the orphan file.
func (d *dumper) orphan(string) error {
	list, err := d.orphanList()
	if err := d.put(section{structure: "orphan list", entries: list, note: fmt.Sprintf("begins with inode %d", d.sb.LastOrphan), fields: []noted{}}, nil); err != nil {
		return err
	}
	if err != nil || !d.sb.HasCompat(ondisk.CompatOrphanFile) || d.sb.OrphanFileInum == 0 {
		return err
	}
	return d.orphanFile(ondisk.Ino(d.sb.OrphanFileInum))
}

// orphanList follows the list, which ends at 0 or where it has been before.
func (d *dumper) orphanList() (list []facts, err error) {
	seen := map[uint32]bool{}
	for ino := d.sb.LastOrphan; ino != 0; {
		if seen[ino] {
			return list, ondisk.Corrupt("orphan list", "leads back to inode %d", ino)
		}
		seen[ino] = true
		s, err := d.slot(fmt.Sprint(ino))
		if err != nil {
			return list, err
		}
		var e facts
		e.add("inode", "inode", ino)
		e.add("links", "links", s.LinksCount)
		e.add("size", "size", s.Size())
		e.add("next", "next", s.DTime)
		list = append(list, e)
		ino = s.DTime
	}
	return list, nil
}

// orphanFile shows the blocks of the orphan file.
func (d *dumper) orphanFile(ino ondisk.Ino) error {
	n, err := d.fs.SystemInode(ino)
	if err != nil {
		return err
	}
	s, err := d.slot(fmt.Sprint(ino))
	if err != nil {
		return err
	}
	size := int64(d.fs.BlockSize())
	for m, err := range n.Mappings(0) {
		if err != nil {
			return err
		}
		for off := int64(0); off < m.Len; off += size {
			if err := d.ctx.Err(); err != nil {
				return err
			}
			b := ondisk.Block((m.Dev + off) / size)
			raw, err := d.readBlock(b)
			if err != nil {
				return err
			}
			if err := d.put(orphanSection(inBlock(b, 0).of(ino), raw, d.seedIfSummed(d.seed(s)))); err != nil {
				return err
			}
		}
	}
	return nil
}

// orphanSection shows a block of the orphan file.
func orphanSection(at spot, raw []byte, seed *uint32) (section, error) {
	block := ondisk.OrphanBlock(raw)
	offset := len(raw) - ondisk.OrphanTailSize
	var tail ondisk.OrphanTail
	s, err := described("orphan block", at, raw[offset:], &tail, func() map[string]string {
		notes := map[string]string{"ob_magic": goodNote(tail.Magic == ondisk.OrphanMagic)}
		if seed != nil {
			notes["ob_checksum"] = sumNote(true, uint64(tail.Checksum), uint64(block.Csum(*seed, at.block)))
		}
		return notes
	})
	for i := range s.fields {
		s.fields[i].Offset += offset
	}
	for i, ino := range block.Orphans() {
		var e facts
		e.add("slot", "slot", i)
		e.add("inode", "inode", ino)
		s.entries = append(s.entries, e)
	}
	return s, err
}
