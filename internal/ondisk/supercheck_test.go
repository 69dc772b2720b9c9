package ondisk_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

var update = flag.Bool("update", false, "write golden files anew")

// soundSuper is a file system of 100,000 blocks of 4 KiB in four groups, as mke2fs would lay it out.
func soundSuper() *ondisk.Super {
	s := &ondisk.Super{
		InodesCount: 4 * 8192, LogBlockSize: 2, LogClusterSize: 2, BlocksPerGroup: 32768, ClustersPerGroup: 32768,
		InodesPerGroup: 8192, Magic: ondisk.SuperMagic, State: ondisk.StateClean, RevLevel: ondisk.RevDynamic, FirstIno: 11,
		InodeSize: 256, DescSize: 64, ReservedGDTBlocks: 256, ChecksumType: 1, DefHashVersion: 1,
		UUID:          [16]byte{0xDE, 0xAD, 0xBE, 0xEF, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		FeatureCompat: uint32(ondisk.CompatHasJournal | ondisk.CompatDirIndex),
		FeatureIncompat: uint32(ondisk.IncompatFileType | ondisk.IncompatExtents | ondisk.Incompat64Bit |
			ondisk.IncompatFlexBG),
		FeatureROCompat: uint32(ondisk.ROCompatSparseSuper | ondisk.ROCompatLargeFile | ondisk.ROCompatMetadataCsum),
	}
	copy(s.VolumeName[:], "golden")
	s.SetBlocks(100000)
	s.SetCsum()
	return s
}

func TestSuperCheck(t *testing.T) {
	if err := soundSuper().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		damage func(s *ondisk.Super)
	}{
		{"magic 0xef52", func(s *ondisk.Super) { s.Magic-- }},
		{"s_rev_level is 2", func(s *ondisk.Super) { s.RevLevel = 2 }},
		{"s_log_block_size is 7", func(s *ondisk.Super) { s.LogBlockSize = 7 }},
		{"s_log_block_size is 4294967295", func(s *ondisk.Super) { s.LogBlockSize = 1<<32 - 1 }},
		{"s_log_cluster_size is 1", func(s *ondisk.Super) { bigalloc(s); s.LogClusterSize = 1 }},
		{"s_log_cluster_size is 4294967295", func(s *ondisk.Super) { bigalloc(s); s.LogClusterSize = 1<<32 - 1 }},
		{"s_inode_size is 0", func(s *ondisk.Super) { s.InodeSize = 0 }},
		{"s_inode_size is 64", func(s *ondisk.Super) { s.InodeSize = 64 }},
		{"s_inode_size is 257", func(s *ondisk.Super) { s.InodeSize = 257 }},
		{"s_inode_size is 8192", func(s *ondisk.Super) { s.InodeSize = 8192 }},
		{"s_desc_size is 0", func(s *ondisk.Super) { s.DescSize = 0 }},
		{"s_desc_size is 32", func(s *ondisk.Super) { s.DescSize = 32 }},
		{"s_desc_size is 96", func(s *ondisk.Super) { s.DescSize = 96 }},
		{"s_desc_size is 2048", func(s *ondisk.Super) { s.DescSize = 2048 }},
		{"s_first_ino is 10", func(s *ondisk.Super) { s.FirstIno = 10 }},
		{"s_first_data_block is 1, not 0", func(s *ondisk.Super) { s.FirstDataBlock = 1 }},
		{"s_first_data_block is 0, not 1", func(s *ondisk.Super) { s.LogBlockSize = 0 }},
		{"s_blocks_count is 0", func(s *ondisk.Super) { s.SetBlocks(0) }},
		{"s_blocks_per_group is 0", func(s *ondisk.Super) { s.BlocksPerGroup = 0 }},
		{"s_blocks_per_group is 32764: 32764 bits of a bitmap", func(s *ondisk.Super) { s.BlocksPerGroup = 32764 }},
		{"s_blocks_per_group is 32769", func(s *ondisk.Super) { s.BlocksPerGroup = 32769 }},
		{"s_blocks_per_group is 32776: not up to 32768 clusters of 16", func(s *ondisk.Super) { bigalloc(s); s.BlocksPerGroup = 32776 }},
		{"s_clusters_per_group is 2047 with", func(s *ondisk.Super) { bigalloc(s); s.ClustersPerGroup = 2047 }},
		{"groups", func(s *ondisk.Super) { s.SetBlocks(1<<64 - 1) }},
		{"s_inodes_per_group is 0", func(s *ondisk.Super) { s.InodesPerGroup = 0 }},
		{"s_inodes_per_group is 32769", func(s *ondisk.Super) { s.InodesPerGroup = 32769 }},
		{"4 groups of 8192 make 32768", func(s *ondisk.Super) { s.InodesCount-- }},
		{"s_inodes_count is 32768, with s_first_ino 40000", func(s *ondisk.Super) { s.FirstIno = 40000 }},
		{"s_reserved_gdt_blocks is 1025", func(s *ondisk.Super) { s.ReservedGDTBlocks = 1025 }},
		{"s_first_meta_bg is 2, over 1", func(s *ondisk.Super) {
			s.FeatureIncompat |= uint32(ondisk.IncompatMetaBG)
			s.FirstMetaBG = 2
		}},
		{"checksums are of type 2", func(s *ondisk.Super) { s.ChecksumType = 2 }},
	} {
		s := soundSuper()
		c.damage(s)
		s.SetCsum()
		wantCorrupt(t, s.Check(), c.want)
	}
	s := soundSuper()
	s.WTime++
	wantCorrupt(t, s.Check(), "checksum")
	s.FeatureIncompat |= 1 << 20
	var u *ondisk.UnsupportedError
	if err := s.Check(); !errors.As(err, &u) || !slices.Equal(u.Features, []string{"FEATURE_I20"}) {
		t.Errorf("an unknown feature is no reason before a wrong checksum: %v", err)
	}
}

// bigalloc makes clusters of 16 blocks.
func bigalloc(s *ondisk.Super) {
	s.FeatureROCompat |= uint32(ondisk.ROCompatBigAlloc)
	s.LogClusterSize = 6
	s.ClustersPerGroup = 2048
}

func TestSuperCheckSound(t *testing.T) {
	for name, change := range map[string]func(*ondisk.Super){
		"bigalloc":   bigalloc,
		"revision 0": func(s *ondisk.Super) { s.RevLevel, s.InodeSize, s.FirstIno = 0, 0, 0 },
		"64 KiB":     func(s *ondisk.Super) { s.LogBlockSize, s.LogClusterSize, s.InodeSize = 6, 6, 4096 },
		"1 KiB": func(s *ondisk.Super) {
			s.LogBlockSize, s.LogClusterSize, s.FirstDataBlock, s.BlocksPerGroup = 0, 0, 1, 8192
			s.InodesCount = 13 * 8192
		},
		"meta_bg": func(s *ondisk.Super) { s.FeatureIncompat |= uint32(ondisk.IncompatMetaBG) },
	} {
		s := soundSuper()
		change(s)
		s.SetCsum()
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSuperGolden compares the list of fields of a super block, names and numbers, with a file.
func TestSuperGolden(t *testing.T) {
	b := make([]byte, ondisk.SuperSize)
	soundSuper().Encode(b)
	fields, err := new(ondisk.Super).Describe(b)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&out, "%#05x %-28s ", f.Offset, f.Name)
		if f.Bytes != nil {
			fmt.Fprintf(&out, "%x\n", bytes.TrimRight(f.Bytes, "\x00"))
			continue
		}
		fmt.Fprintf(&out, "%d\n", f.Value)
	}
	const file = "testdata/super.txt"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("fields differ from %s; rerun with -update to accept:\n%s", file, out.String())
	}
}
