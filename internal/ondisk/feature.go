package ondisk

import (
	"fmt"
	"strings"
)

// Compat is a set of features that a reader and a writer may ignore, though a checker may not (s_feature_compat).
type Compat uint32

// Incompat is a set of features without which nothing may be read (s_feature_incompat).
type Incompat uint32

// ROCompat is a set of features without which nothing may be written (s_feature_ro_compat).
type ROCompat uint32

// Compat features.
const (
	CompatDirPrealloc   Compat = 0x0001
	CompatImagicInodes  Compat = 0x0002
	CompatHasJournal    Compat = 0x0004
	CompatExtAttr       Compat = 0x0008
	CompatResizeInode   Compat = 0x0010
	CompatDirIndex      Compat = 0x0020
	CompatLazyBG        Compat = 0x0040
	CompatExcludeBitmap Compat = 0x0100
	CompatSparseSuper2  Compat = 0x0200
	CompatFastCommit    Compat = 0x0400
	CompatStableInodes  Compat = 0x0800
	CompatOrphanFile    Compat = 0x1000
)

// Incompat features.
const (
	IncompatCompression   Incompat = 0x00001
	IncompatFileType      Incompat = 0x00002
	IncompatNeedsRecovery Incompat = 0x00004
	IncompatJournalDev    Incompat = 0x00008
	IncompatMetaBG        Incompat = 0x00010
	IncompatExtents       Incompat = 0x00040
	Incompat64Bit         Incompat = 0x00080
	IncompatMMP           Incompat = 0x00100
	IncompatFlexBG        Incompat = 0x00200
	IncompatEAInode       Incompat = 0x00400
	IncompatDirData       Incompat = 0x01000
	IncompatCsumSeed      Incompat = 0x02000
	IncompatLargeDir      Incompat = 0x04000
	IncompatInlineData    Incompat = 0x08000
	IncompatEncrypt       Incompat = 0x10000
	IncompatCasefold      Incompat = 0x20000
)

// ROCompat features.
const (
	ROCompatSparseSuper   ROCompat = 0x00001
	ROCompatLargeFile     ROCompat = 0x00002
	ROCompatBtreeDir      ROCompat = 0x00004
	ROCompatHugeFile      ROCompat = 0x00008
	ROCompatUninitBG      ROCompat = 0x00010 // gdt_csum: crc16 of descriptors
	ROCompatDirNlink      ROCompat = 0x00020
	ROCompatExtraIsize    ROCompat = 0x00040
	ROCompatHasSnapshot   ROCompat = 0x00080
	ROCompatQuota         ROCompat = 0x00100
	ROCompatBigAlloc      ROCompat = 0x00200
	ROCompatMetadataCsum  ROCompat = 0x00400
	ROCompatReplica       ROCompat = 0x00800
	ROCompatReadOnly      ROCompat = 0x01000
	ROCompatProject       ROCompat = 0x02000
	ROCompatSharedBlocks  ROCompat = 0x04000
	ROCompatVerity        ROCompat = 0x08000
	ROCompatOrphanPresent ROCompat = 0x10000
)

// A FeatureName pairs one feature bit with the name that mke2fs and dumpe2fs give it.
type FeatureName struct {
	Bit  uint32
	Name string
}

// CompatNames, IncompatNames and ROCompatNames name every known bit, in ascending order.
var (
	CompatNames = []FeatureName{
		{0x0001, "dir_prealloc"},
		{0x0002, "imagic_inodes"},
		{0x0004, "has_journal"},
		{0x0008, "ext_attr"},
		{0x0010, "resize_inode"},
		{0x0020, "dir_index"},
		{0x0040, "lazy_bg"},
		{0x0100, "snapshot_bitmap"},
		{0x0200, "sparse_super2"},
		{0x0400, "fast_commit"},
		{0x0800, "stable_inodes"},
		{0x1000, "orphan_file"},
	}
	IncompatNames = []FeatureName{
		{0x00001, "compression"},
		{0x00002, "filetype"},
		{0x00004, "needs_recovery"},
		{0x00008, "journal_dev"},
		{0x00010, "meta_bg"},
		{0x00040, "extent"},
		{0x00080, "64bit"},
		{0x00100, "mmp"},
		{0x00200, "flex_bg"},
		{0x00400, "ea_inode"},
		{0x01000, "dirdata"},
		{0x02000, "metadata_csum_seed"},
		{0x04000, "large_dir"},
		{0x08000, "inline_data"},
		{0x10000, "encrypt"},
		{0x20000, "casefold"},
	}
	ROCompatNames = []FeatureName{
		{0x00001, "sparse_super"},
		{0x00002, "large_file"},
		{0x00004, "btree_dir"},
		{0x00008, "huge_file"},
		{0x00010, "uninit_bg"},
		{0x00020, "dir_nlink"},
		{0x00040, "extra_isize"},
		{0x00080, "has_snapshot"},
		{0x00100, "quota"},
		{0x00200, "bigalloc"},
		{0x00400, "metadata_csum"},
		{0x00800, "replica"},
		{0x01000, "read-only"},
		{0x02000, "project"},
		{0x04000, "shared_blocks"},
		{0x08000, "verity"},
		{0x10000, "orphan_present"},
	}
)

// Names lists the names of the set features; an unknown one is named by its bit, as in FEATURE_C31.
func (f Compat) Names() []string { return names(uint32(f), CompatNames, 'C') }

// Names lists the names of the set features; an unknown one is named by its bit, as in FEATURE_I31.
func (f Incompat) Names() []string { return names(uint32(f), IncompatNames, 'I') }

// Names lists the names of the set features; an unknown one is named by its bit, as in FEATURE_R31.
func (f ROCompat) Names() []string { return names(uint32(f), ROCompatNames, 'R') }

func (f Compat) String() string   { return strings.Join(f.Names(), ",") }
func (f Incompat) String() string { return strings.Join(f.Names(), ",") }
func (f ROCompat) String() string { return strings.Join(f.Names(), ",") }

func names(set uint32, known []FeatureName, word byte) []string {
	var out []string
	for _, k := range known {
		if set&k.Bit != 0 {
			out = append(out, k.Name)
			set &^= k.Bit
		}
	}
	for bit := range 32 {
		if set&(1<<bit) != 0 {
			out = append(out, fmt.Sprintf("FEATURE_%c%d", word, bit))
		}
	}
	return out
}
