package fsck

import (
	"extant/internal/ondisk"
)

// checkBackups compares the copies of the super block with it in what does not change while the file system is in use.
func (c *checker) checkBackups() error {
	for g := range c.sb.BackupGroups() {
		at := c.sb.GroupFirstBlock(g)
		if g == 0 || at >= c.end {
			continue
		}
		c.checkBackup(g, at)
	}
	return nil
}

func (c *checker) checkBackup(g ondisk.Group, at ondisk.Block) {
	var b [ondisk.SuperSize]byte
	place := Place{Group: g, Block: at}
	if err := c.read(at, b[:]); err != nil {
		c.add(BlockUnreadable, place, "copy of the super block: %v", err)
		return
	}
	var s ondisk.Super
	err := s.Decode(b[:])
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		c.add(BackupLost, place, "%v", err).show(b[:])
		return
	}
	for _, f := range c.constants(&s) {
		if f.got != f.want {
			c.add(BackupDiffers, place, "%s is %#x, not %#x", f.name, f.got, f.want)
			return
		}
	}
}

// A constant is a number that a copy has in common with the primary.
type constant struct {
	name      string
	got, want uint64
}

// What of the features comes and goes while a file system is in use.
const (
	incompatDynamic = ondisk.IncompatNeedsRecovery
	roCompatDynamic = ondisk.ROCompatOrphanPresent | ondisk.ROCompatLargeFile | ondisk.ROCompatDirNlink | ondisk.ROCompatHugeFile | ondisk.ROCompatExtraIsize
	compatDynamic   = ondisk.CompatExtAttr | ondisk.CompatHasJournal
)

func (c *checker) constants(s *ondisk.Super) []constant {
	p := &c.sb
	return []constant{
		{"s_blocks_count", s.Blocks(), p.Blocks()},
		{"s_inodes_count", uint64(s.InodesCount), uint64(p.InodesCount)},
		{"s_log_block_size", uint64(s.LogBlockSize), uint64(p.LogBlockSize)},
		{"s_log_cluster_size", uint64(s.LogClusterSize), uint64(p.LogClusterSize)},
		{"s_blocks_per_group", uint64(s.BlocksPerGroup), uint64(p.BlocksPerGroup)},
		{"s_inodes_per_group", uint64(s.InodesPerGroup), uint64(p.InodesPerGroup)},
		{"s_inode_size", uint64(s.InodeBytes()), uint64(p.InodeBytes())},
		{"s_feature_compat", uint64(ondisk.Compat(s.FeatureCompat) &^ compatDynamic), uint64(ondisk.Compat(p.FeatureCompat) &^ compatDynamic)},
		{"s_feature_incompat", uint64(ondisk.Incompat(s.FeatureIncompat) &^ incompatDynamic), uint64(ondisk.Incompat(p.FeatureIncompat) &^ incompatDynamic)},
		{"s_feature_ro_compat", uint64(ondisk.ROCompat(s.FeatureROCompat) &^ roCompatDynamic), uint64(ondisk.ROCompat(p.FeatureROCompat) &^ roCompatDynamic)},
		{"s_desc_size", uint64(s.DescriptorSize()), uint64(p.DescriptorSize())},
		{"s_uuid", uint64(ondisk.CRC32C(0, s.UUID[:])), uint64(ondisk.CRC32C(0, p.UUID[:]))},
	}
}
