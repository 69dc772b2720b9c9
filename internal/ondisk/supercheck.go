package ondisk

import "math/bits"

const (
	superCsumCRC32C = 1 // the only value of s_checksum_type
	descSizeMax     = 1024
	bitsPerByte     = 8
)

// Check says why the super block is none that a file system could be opened by. It looks at the super block alone: at its magic
// number, then for features that reading does not know, which may have changed the meaning of everything else, then at its checksum, and last
// at sizes and counts. The error is a *CorruptError or an *UnsupportedError.
//
// What it lets pass, no method of Super divides by zero on, shifts too far or takes for another's number: there is at least one
// group, and every group number fits a Group.
func (s *Super) Check() error {
	if s.Magic != SuperMagic {
		return Corrupt("super block", "magic %#04x, not %#04x", s.Magic, SuperMagic)
	}
	if err := s.ReadSupport(); err != nil {
		return err
	}
	if err := s.CheckCsum(); err != nil {
		return err
	}
	return s.CheckGeometry()
}

// CheckCsum compares the checksum, where there is one, with the rest; the error is a *CorruptError.
func (s *Super) CheckCsum() error {
	if !s.HasROCompat(ROCompatMetadataCsum) {
		return nil
	}
	if s.ChecksumType != superCsumCRC32C {
		return Corrupt("super block", "checksums are of type %d, not %d", s.ChecksumType, superCsumCRC32C)
	}
	var b [SuperSize]byte
	s.Encode(b[:])
	return checkCsum("super block", s.Checksum, SuperCsum(b[:]))
}

// SetCsum sets the checksum, where there is one, from all other fields.
func (s *Super) SetCsum() {
	if s.HasROCompat(ROCompatMetadataCsum) {
		var b [SuperSize]byte
		s.Encode(b[:])
		s.Checksum = SuperCsum(b[:])
	}
}

// CheckGeometry says which size or count is out of range, or does not go with the others; the error is a *CorruptError.
func (s *Super) CheckGeometry() error {
	for _, check := range []func(*Super) error{(*Super).checkSizes, (*Super).checkBlocks, (*Super).checkInodes, (*Super).checkDescriptors} {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

func (s *Super) checkSizes() error {
	inode := s.InodeBytes()
	switch {
	case s.RevLevel > RevDynamic:
		return Corrupt("super block", "s_rev_level is %d, over %d", s.RevLevel, RevDynamic)
	case s.BlockSize() == 0:
		return Corrupt("super block", "s_log_block_size is %d, over 6", s.LogBlockSize)
	case s.ClusterRatio() == 0:
		return Corrupt("super block", "s_log_cluster_size is %d with s_log_block_size %d", s.LogClusterSize, s.LogBlockSize)
	case !powerOf2(inode) || inode < InodeSizeMin || inode > min(InodeSizeMax, s.BlockSize()):
		return Corrupt("super block", "s_inode_size is %d with blocks of %d bytes", inode, s.BlockSize())
	case s.HasIncompat(Incompat64Bit) && (!powerOf2(int(s.DescSize)) || s.DescSize < GroupDescSize64 || s.DescSize > descSizeMax):
		return Corrupt("super block", "s_desc_size is %d", s.DescSize)
	case s.FirstFreeIno() < FirstIno:
		return Corrupt("super block", "s_first_ino is %d, below %d", s.FirstIno, FirstIno)
	}
	return nil
}

// checkBlocks relies on checkSizes.
func (s *Super) checkBlocks() error {
	most := uint64(s.BlockSize()) * bitsPerByte // what one block of bitmap covers
	ratio := uint64(s.ClusterRatio())
	perGroup := uint64(s.BlocksPerGroup)
	first := uint32(0)
	if s.BlockSize() == SuperOffset && ratio == 1 {
		first = 1
	}
	switch {
	case s.FirstDataBlock != first:
		return Corrupt("super block", "s_first_data_block is %d, not %d", s.FirstDataBlock, first)
	case s.Blocks() <= uint64(s.FirstDataBlock):
		return Corrupt("super block", "s_blocks_count is %d", s.Blocks())
	case perGroup == 0 || perGroup%ratio != 0 || perGroup/ratio > most:
		return Corrupt("super block", "s_blocks_per_group is %d: not up to %d clusters of %d", perGroup, most, ratio)
	case perGroup/ratio%bitsPerByte != 0:
		return Corrupt("super block", "s_blocks_per_group is %d: %d bits of a bitmap, which are no whole bytes", perGroup, perGroup/ratio)
	case ratio > 1 && uint64(s.ClustersPerGroup)*ratio != perGroup:
		return Corrupt("super block", "s_clusters_per_group is %d with %d blocks in a group and %d in a cluster", s.ClustersPerGroup, perGroup, ratio)
	case s.Groups() > 1<<32-1:
		return Corrupt("super block", "s_blocks_count is %d: %d groups", s.Blocks(), s.Groups())
	}
	return nil
}

// checkInodes relies on checkBlocks.
func (s *Super) checkInodes() error {
	perBlock := uint32(s.BlockSize() / s.InodeBytes())
	switch n := s.InodesPerGroup; {
	case n < perBlock || uint64(n) > uint64(s.BlockSize())*bitsPerByte:
		return Corrupt("super block", "s_inodes_per_group is %d: not from %d to %d", n, perBlock, s.BlockSize()*bitsPerByte)
	case uint64(n)*s.Groups() != uint64(s.InodesCount):
		return Corrupt("super block", "s_inodes_count is %d, but %d groups of %d make %d", s.InodesCount, s.Groups(), n, uint64(n)*s.Groups())
	case s.InodesCount < uint32(s.FirstFreeIno()):
		return Corrupt("super block", "s_inodes_count is %d, with s_first_ino %d", s.InodesCount, s.FirstFreeIno())
	}
	return nil
}

// checkDescriptors relies on checkBlocks.
func (s *Super) checkDescriptors() error {
	switch {
	case int(s.ReservedGDTBlocks) > s.BlockSize()/blockNumSize:
		return Corrupt("super block", "s_reserved_gdt_blocks is %d, over %d", s.ReservedGDTBlocks, s.BlockSize()/blockNumSize)
	case s.HasIncompat(IncompatMetaBG) && uint64(s.FirstMetaBG) > s.DescriptorBlocks():
		return Corrupt("super block", "s_first_meta_bg is %d, over %d", s.FirstMetaBG, s.DescriptorBlocks())
	}
	return nil
}

func powerOf2(n int) bool { return n > 0 && bits.OnesCount(uint(n)) == 1 }
