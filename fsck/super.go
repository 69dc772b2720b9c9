package fsck

import (
	"time"

	"extant/internal/ondisk"
)

// checkSuper judges what Super.CheckGeometry does not: features against each other, and numbers that mount does not rely on.
func (c *checker) checkSuper() error {
	s := &c.sb
	if err := s.CheckSupport(); err != nil {
		return err
	}
	if s.Blocks() > uint64(c.end) {
		c.add(SuperSize, Place{}, "%d blocks, but the device has %d", s.Blocks(), c.end)
	}
	if first := s.FirstFreeIno(); first != ondisk.FirstIno {
		c.add(SuperFirstIno, Place{}, "s_first_ino is %d", first).want(uint64(ondisk.FirstIno))
	}
	c.checkFeatures()
	c.checkReserved()
	c.checkExtraIsize()
	c.checkHashing()
	c.checkState()
	return c.checkMMP()
}

// A featureRule is a contradiction between features.
type featureRule struct {
	broken func(s *ondisk.Super) bool
	detail string
	clear  uint64 // the feature to give up
	mend   func(s *ondisk.Super)
}

var featureRules = [...]featureRule{
	{func(s *ondisk.Super) bool {
		return s.HasROCompat(ondisk.ROCompatMetadataCsum | ondisk.ROCompatUninitBG)
	}, "metadata_csum and uninit_bg are both on", uint64(ondisk.ROCompatUninitBG), func(s *ondisk.Super) {
		s.FeatureROCompat &^= uint32(ondisk.ROCompatUninitBG)
	}},
	{func(s *ondisk.Super) bool {
		return s.HasIncompat(ondisk.IncompatCsumSeed) && !s.HasROCompat(ondisk.ROCompatMetadataCsum)
	}, "metadata_csum_seed without metadata_csum", uint64(ondisk.IncompatCsumSeed), func(s *ondisk.Super) {
		s.FeatureIncompat &^= uint32(ondisk.IncompatCsumSeed)
	}},
	{func(s *ondisk.Super) bool {
		return s.HasIncompat(ondisk.Incompat64Bit) && s.Blocks() > 1<<32 && !s.HasIncompat(ondisk.IncompatExtents)
	}, "more than 2^32 blocks without extent", 0, func(s *ondisk.Super) {
		s.FeatureIncompat |= uint32(ondisk.IncompatExtents)
	}},
	{func(s *ondisk.Super) bool {
		return s.RevLevel == ondisk.RevGoodOld && s.FeatureCompat|s.FeatureIncompat|s.FeatureROCompat != 0
	}, "features in a file system of revision 0", 0, func(s *ondisk.Super) {
		s.RevLevel, s.FirstIno, s.InodeSize = ondisk.RevDynamic, uint32(ondisk.FirstIno), ondisk.InodeSizeMin
	}},
}

func (c *checker) checkFeatures() {
	s := &c.sb
	for _, r := range featureRules {
		if r.broken(s) {
			c.add(SuperFeatures, Place{}, "%s", r.detail).want(r.clear)
		}
	}
	if s.HasCompat(ondisk.CompatResizeInode) && s.HasIncompat(ondisk.IncompatMetaBG) {
		c.add(SuperResizeMetaBG, Place{}, "resize_inode and meta_bg are both on").want(uint64(ondisk.CompatResizeInode))
	}
	if !s.HasROCompat(ondisk.ROCompatBigAlloc) && (s.LogClusterSize != s.LogBlockSize || s.ClustersPerGroup != s.BlocksPerGroup) {
		c.add(SuperClusters, Place{}, "s_log_cluster_size is %d and s_clusters_per_group %d, not %d and %d",
			s.LogClusterSize, s.ClustersPerGroup, s.LogBlockSize, s.BlocksPerGroup).want(uint64(s.LogBlockSize))
	}
	if s.UUID == [16]byte{} {
		c.add(SuperUUID, Place{}, "s_uuid is all zeros")
	}
	if s.HasIncompat(ondisk.IncompatFlexBG) && s.LogGroupsPerFlex > 31 {
		c.add(SuperFlexSize, Place{}, "s_log_groups_per_flex is %d, over 31", s.LogGroupsPerFlex)
	}
}

func (c *checker) checkReserved() {
	s := &c.sb
	if r := s.BlocksReserved(); r > s.Blocks()/2 {
		c.add(SuperReserved, Place{}, "s_r_blocks_count is %d of %d", r, s.Blocks())
	}
	if s.ReservedGDTBlocks != 0 && !s.HasCompat(ondisk.CompatResizeInode) {
		c.add(SuperReservedGDT, Place{}, "s_reserved_gdt_blocks is %d, not 0", s.ReservedGDTBlocks)
	}
}

func (c *checker) checkExtraIsize() {
	s := &c.sb
	room := c.slot - ondisk.InodeSizeMin
	for _, f := range [...]struct {
		name string
		n    uint16
	}{{"s_min_extra_isize", s.MinExtraIsize}, {"s_want_extra_isize", s.WantExtraIsize}} {
		if int(f.n) > room || room > 0 && f.n%4 != 0 {
			c.add(SuperExtraIsize, Place{}, "%s is %d, with %d bytes of room", f.name, f.n, room).want(uint64(min(room, extraIsizeUsual)))
		}
	}
}

// extraIsizeUsual covers all fields of an inode that have a meaning.
const extraIsizeUsual = 32

func (c *checker) checkHashing() {
	s := &c.sb
	if s.HasCompat(ondisk.CompatDirIndex) {
		if s.Flags&(ondisk.FlagSignedHash|ondisk.FlagUnsignedHash) == 0 {
			c.add(SuperHashHint, Place{}, "s_flags is %#x", s.Flags).want(ondisk.FlagSignedHash)
		}
		if v := ondisk.HashVersion(s.DefHashVersion); v > ondisk.HashTEA && v != ondisk.HashSip {
			c.add(SuperHashVersion, Place{}, "s_def_hash_version is %d", s.DefHashVersion).want(uint64(ondisk.HashHalfMD4))
		}
	}
	if s.HasIncompat(ondisk.IncompatCasefold) && s.Encoding != encodingUTF8 {
		c.add(SuperEncoding, Place{}, "s_encoding is %d, not %d", s.Encoding, encodingUTF8).want(encodingUTF8)
	}
}

// encodingUTF8 is the only value of s_encoding: Unicode 12.1.
const encodingUTF8 = 1

func (c *checker) checkState() {
	s := &c.sb
	if s.State&ondisk.StateError != 0 {
		c.add(SuperErrors, Place{}, "s_state is %#x; %d errors, the last at %s", s.State, s.ErrorCount, s.LastErrorSeen().Format(time.DateTime))
	}
	if s.State&ondisk.StateClean == 0 && !s.HasCompat(ondisk.CompatHasJournal) {
		c.add(SuperUnclean, Place{}, "s_state is %#x", s.State).want(ondisk.StateClean)
	}
	if c.o.Now.IsZero() {
		return
	}
	for name, t := range map[string]time.Time{"s_mtime": s.Mounted(), "s_wtime": s.Written()} {
		if t.After(c.o.Now.Add(24 * time.Hour)) {
			c.add(SuperFuture, Place{}, "%s is %s", name, t.Format(time.DateTime)).want(uint64(c.o.Now.Unix()))
		}
	}
}

// checkMMP looks at the block of multiple-mount protection.
func (c *checker) checkMMP() error {
	s := &c.sb
	if !s.HasIncompat(ondisk.IncompatMMP) {
		return nil
	}
	at := ondisk.Block(s.MMPBlock)
	if !c.holds(at, 1) {
		c.add(SuperMMPBlock, Place{}, "s_mmp_block is %d", at)
		return nil
	}
	b := make([]byte, c.bs)
	if err := c.read(at, b); err != nil {
		c.add(BlockUnreadable, Place{Block: at}, "MMP block: %v", err)
		return nil
	}
	var m ondisk.MMP
	if err := m.Decode(b); err != nil {
		return err
	}
	switch err := m.Check(); {
	case err != nil:
		c.add(MMPDamage, Place{Block: at}, "%v", err).show(b)
	case c.csum && m.Checksum != ondisk.MMPCsum(c.seed, b):
		c.add(MMPChecksum, Place{Block: at}, "mmp_checksum is %#08x, not %#08x", m.Checksum, ondisk.MMPCsum(c.seed, b)).want(uint64(ondisk.MMPCsum(c.seed, b)))
	case m.Seq != ondisk.MMPSeqClean:
		c.add(MMPInUse, Place{Block: at}, "mmp_seq is %#x", m.Seq)
	}
	return nil
}
