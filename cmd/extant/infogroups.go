package main

import (
	"context"

	"extant/ext4"
	"extant/internal/ondisk"
)

// groupFacts are the reports on all block groups. One that cannot be read ends them.
func groupFacts(ctx context.Context, fs *ext4.FS) ([]facts, error) {
	sb := fs.Super()
	list := []facts{}
	for i := range sb.Groups() {
		if err := ctx.Err(); err != nil {
			return list, err
		}
		g := ondisk.Group(i)
		d, err := fs.Group(g)
		if err != nil {
			return list, err
		}
		list = append(list, groupFact(&sb, g, &d))
	}
	return list, nil
}

func groupFact(sb *ondisk.Super, g ondisk.Group, d *ondisk.GroupDesc) facts {
	var r facts
	first, count := sb.GroupFirstBlock(g), sb.GroupBlocks(g)
	r.add("Group", "group", g)
	r.addAs("  Blocks", "first_block", first, "%d-%d", first, uint64(first)+uint64(count)-1)
	r.add("", "blocks", count)
	r.add("  Flags", "flags", bitWords(uint32(d.Flags), groupFlags))
	r.addAs("  Super block", "super_block", sb.HasBackup(g), "%s", orWord(sb.HasBackup(g), copyWord(g), "none"))
	r.add("  Block bitmap", "block_bitmap", d.BlockBitmap())
	r.add("  Inode bitmap", "inode_bitmap", d.InodeBitmap())
	r.add("  Inode table", "inode_table", d.InodeTable())
	r.add("  Clusters free", "clusters_free", d.FreeClusters())
	r.add("  Inodes free", "inodes_free", d.FreeInodes())
	r.add("  Directories", "directories", d.UsedDirs())
	r.add("  Inodes never used", "inodes_never_used", d.ItableUnused())
	r.addAs("  Checksum", "checksum", d.Checksum, "%#04x", d.Checksum)
	return r
}

func copyWord(g ondisk.Group) string {
	if g == 0 {
		return "primary"
	}
	return "copy"
}
