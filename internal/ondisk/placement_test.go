package ondisk_test

import (
	"slices"
	"testing"

	"extant/internal/ondisk"
)

// TestBackupGroups compares the walk with asking HasBackup of every group.
func TestBackupGroups(t *testing.T) {
	for name, change := range map[string]func(*ondisk.Super){
		"sparse_super": func(s *ondisk.Super) {},
		"all groups":   func(s *ondisk.Super) { s.FeatureROCompat &^= uint32(ondisk.ROCompatSparseSuper) },
		"sparse_super2": func(s *ondisk.Super) {
			s.FeatureCompat |= uint32(ondisk.CompatSparseSuper2)
			s.BackupBGs = [2]uint32{1, 2999}
		},
		"sparse_super2 with none": func(s *ondisk.Super) { s.FeatureCompat |= uint32(ondisk.CompatSparseSuper2) },
	} {
		s := soundSuper()
		s.SetBlocks(3000 * 32768)
		change(s)
		var want []ondisk.Group
		for g := range ondisk.Group(s.Groups()) {
			if s.HasBackup(g) {
				want = append(want, g)
			}
		}
		if got := slices.Collect(s.BackupGroups()); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	s := soundSuper()
	s.SetBlocks(3000 * 32768)
	if got := slices.Collect(s.BackupGroups()); !slices.Equal(got, []ondisk.Group{0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729, 2187, 2401}) {
		t.Errorf("sparse_super: %v", got)
	}
}

func TestDescriptorPlaces(t *testing.T) {
	s := soundSuper()
	s.SetBlocks(300 * 32768)
	if b, off := s.DescriptorBlock(130); b != 3 || off != 2*64 {
		t.Errorf("group 130 at block %d, byte %d", b, off)
	}
	copies := slices.Collect(s.DescriptorCopies(1))
	if len(copies) != 12 || copies[0] != 2 || copies[1] != 32768+2 || copies[2] != 3*32768+2 {
		t.Errorf("second block of descriptors in %v", copies)
	}
	if s.DescriptorBlocks() != 5 || s.GroupHead(0) != 1+5+256 || s.GroupHead(3) != 1+5+256 || s.GroupHead(4) != 0 {
		t.Errorf("%d blocks of descriptors, heads of %d and %d", s.DescriptorBlocks(), s.GroupHead(0), s.GroupHead(4))
	}

	s.FeatureIncompat |= uint32(ondisk.IncompatMetaBG)
	s.FirstMetaBG = 1
	s.ReservedGDTBlocks = 0
	if b, _ := s.DescriptorBlock(63); b != 1 {
		t.Errorf("group 63, before the meta groups, at block %d", b)
	}
	if b, off := s.DescriptorBlock(130); b != 128*32768 || off != 128 {
		t.Errorf("group 130 at block %d, byte %d", b, off)
	}
	want := []ondisk.Block{64 * 32768, 65 * 32768, 127 * 32768}
	if got := slices.Collect(s.DescriptorCopies(1)); !slices.Equal(got, want) {
		t.Errorf("meta group 1 in %v, want %v", got, want)
	}
	want = []ondisk.Block{256 * 32768, 257 * 32768}
	if got := slices.Collect(s.DescriptorCopies(4)); !slices.Equal(got, want) {
		t.Errorf("the last meta group, cut short, in %v, want %v", got, want)
	}
	for g, want := range map[ondisk.Group]uint64{0: 2, 1: 2, 2: 0, 64: 1, 65: 1, 66: 0, 127: 1, 81: 1, 243: 1, 255: 1} {
		if got := s.GroupHead(g); got != want {
			t.Errorf("head of group %d has %d blocks, want %d", g, got, want)
		}
	}
}

func TestGroupOf(t *testing.T) {
	s := soundSuper()
	if g, i := s.InodeGroup(8192); g != 0 || i != 8191 {
		t.Errorf("inode 8192 in group %d at %d", g, i)
	}
	if g, i := s.InodeGroup(8193); g != 1 || i != 0 {
		t.Errorf("inode 8193 in group %d at %d", g, i)
	}
	if g, i := s.BlockGroup(32768); g != 1 || i != 0 {
		t.Errorf("block 32768 in group %d at %d", g, i)
	}
	if s.ItableBlocks() != 512 || s.GroupBlocks(3) != 100000-3*32768 {
		t.Errorf("%d blocks of table, %d in the last group", s.ItableBlocks(), s.GroupBlocks(3))
	}
}
