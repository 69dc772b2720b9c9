package ondisk

import "iter"

// SuperBlock is the block that holds the primary super block: 1 where blocks have 1 KiB, else 0.
func (s *Super) SuperBlock() Block { return Block(SuperOffset / s.BlockSize()) }

// DescriptorsPerBlock is the number of group descriptors in a block, and so the number of groups in a meta group.
func (s *Super) DescriptorsPerBlock() int { return s.BlockSize() / s.DescriptorSize() }

// DescriptorBlocks is the number of blocks that the descriptors of all groups take.
func (s *Super) DescriptorBlocks() uint64 {
	per := uint64(s.DescriptorsPerBlock())
	return (s.Groups() + per - 1) / per
}

// DescriptorBlock is where the primary copy of a group's descriptor lies: a block, and the byte within it.
func (s *Super) DescriptorBlock(g Group) (Block, int) {
	per := Group(s.DescriptorsPerBlock())
	nr := uint64(g / per)
	off := int(g%per) * s.DescriptorSize()
	if !s.inMetaBG(g) {
		return s.SuperBlock() + 1 + Block(nr), off
	}
	return s.metaBlock(g / per * per), off
}

// inMetaBG reports whether the descriptor of a group lies in the group's meta group, and not after the super block.
func (s *Super) inMetaBG(g Group) bool {
	return s.HasIncompat(IncompatMetaBG) && uint64(g)/uint64(s.DescriptorsPerBlock()) >= uint64(s.FirstMetaBG)
}

// metaBlock is the block in group g, one of those of its meta group that hold a copy, with the meta group's descriptors.
func (s *Super) metaBlock(g Group) Block {
	first := s.groupStart(g)
	if s.HasBackup(g) {
		first++
	}
	return first
}

// groupStart is the first block of a group that is for anything: block 0 of a 1 KiB bigalloc file system is the boot block's.
func (s *Super) groupStart(g Group) Block {
	return max(s.GroupFirstBlock(g), s.SuperBlock())
}

// BackupGroups yields the groups with a copy of the super block in ascending order, group 0 with the primary first.
func (s *Super) BackupGroups() iter.Seq[Group] {
	return func(yield func(Group) bool) {
		groups := s.Groups()
		for g := uint64(0); g < groups; g = s.nextBackup(g, groups) {
			if s.HasBackup(Group(g)) && !yield(Group(g)) {
				return
			}
		}
	}
}

// nextBackup is a group after g before which there is no other that HasBackup could hold for. Under sparse_super
// the walk touches a few dozen groups, whatever their number.
func (s *Super) nextBackup(g, groups uint64) uint64 {
	if g == 0 {
		return 1
	}
	next := groups
	switch {
	case s.HasCompat(CompatSparseSuper2):
		for _, b := range s.BackupBGs {
			if uint64(b) > g {
				next = min(next, uint64(b))
			}
		}
	case s.HasROCompat(ROCompatSparseSuper):
		for _, base := range [...]uint64{3, 5, 7} {
			p := base
			for p <= g {
				p *= base
			}
			next = min(next, p)
		}
	default:
		next = g + 1
	}
	return next
}

// DescriptorCopies yields the blocks with copies of the nr-th block of descriptors, the primary first.
func (s *Super) DescriptorCopies(nr int) iter.Seq[Block] {
	first := Group(nr * s.DescriptorsPerBlock())
	if s.inMetaBG(first) {
		return s.metaCopies(first)
	}
	return func(yield func(Block) bool) {
		for g := range s.BackupGroups() {
			if !yield(s.groupStart(g) + 1 + Block(nr)) {
				return
			}
		}
	}
}

// metaCopies yields the copies in the meta group that starts with group first.
func (s *Super) metaCopies(first Group) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		last := uint64(first) + uint64(s.DescriptorsPerBlock()) - 1
		for _, g := range [...]uint64{uint64(first), uint64(first) + 1, last} {
			if g < s.Groups() && !yield(s.metaBlock(Group(g))) {
				return
			}
		}
	}
}

// GroupHead is the number of blocks at the start of a group that hold copies of the super block and of descriptors, the ones reserved
// for more descriptors included. The boot block of a 1 KiB bigalloc file system counts with group 0.
func (s *Super) GroupHead(g Group) uint64 {
	n := uint64(s.groupStart(g) - s.GroupFirstBlock(g))
	if s.HasBackup(g) {
		n++
	}
	switch {
	case s.inMetaBG(g):
		if s.holdsMeta(g) {
			n++
		}
	case s.HasBackup(g):
		n += s.plainDescriptorBlocks() + uint64(s.ReservedGDTBlocks)
	}
	return n
}

// holdsMeta reports whether a group is one of the three of its meta group that hold the meta group's descriptors.
func (s *Super) holdsMeta(g Group) bool {
	per := Group(s.DescriptorsPerBlock())
	at := g % per
	return at == 0 || at == 1 || at == per-1
}

// plainDescriptorBlocks is the number of blocks of descriptors that follow each copy of the super block.
func (s *Super) plainDescriptorBlocks() uint64 {
	if s.HasIncompat(IncompatMetaBG) {
		return min(uint64(s.FirstMetaBG), s.DescriptorBlocks())
	}
	return s.DescriptorBlocks()
}

// InodeGroup is the group whose table holds an inode, and the inode's index in it. 0 is no inode.
func (s *Super) InodeGroup(ino Ino) (Group, uint32) {
	n := uint32(ino) - 1
	return Group(n / s.InodesPerGroup), n % s.InodesPerGroup
}

// BlockGroup is the group that a block belongs to, and the block's index in it.
func (s *Super) BlockGroup(b Block) (Group, uint32) {
	n := uint64(b) - uint64(s.FirstDataBlock)
	return Group(n / uint64(s.BlocksPerGroup)), uint32(n % uint64(s.BlocksPerGroup))
}

// ItableBlocks is the number of blocks in the inode table of a group.
func (s *Super) ItableBlocks() uint32 {
	per := uint32(s.BlockSize() / s.InodeBytes())
	return (s.InodesPerGroup + per - 1) / per
}
