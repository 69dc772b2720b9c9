package ondisk_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"extant/internal/ondisk"
)

// structure is what every structure with a field list can do.
type structure interface {
	Decode(b []byte) error
	Encode(b []byte)
	Describe(b []byte) ([]ondisk.Field, error)
}

// layout is a structure with the numbers that the kernel's declaration of it gives.
type layout struct {
	name    string
	new     func() structure
	size    int            // bytes
	offsets map[string]int // of some fields, by the kernel's names
}

func layouts() []layout {
	return append(fileLayouts(), []layout{
		{"super block", func() structure { return new(ondisk.Super) }, 1024, map[string]int{
			"s_inodes_count": 0x0, "s_log_block_size": 0x18, "s_magic": 0x38, "s_rev_level": 0x4C, "s_inode_size": 0x58,
			"s_feature_compat": 0x5C, "s_feature_incompat": 0x60, "s_feature_ro_compat": 0x64, "s_uuid": 0x68,
			"s_last_mounted": 0x88, "s_reserved_gdt_blocks": 0xCE, "s_journal_uuid": 0xD0, "s_last_orphan": 0xE8,
			"s_hash_seed[0]": 0xEC, "s_def_hash_version": 0xFC, "s_desc_size": 0xFE, "s_jnl_blocks[0]": 0x10C,
			"s_blocks_count_hi": 0x150, "s_min_extra_isize": 0x15C, "s_flags": 0x160, "s_mmp_block": 0x168,
			"s_log_groups_per_flex": 0x174, "s_checksum_type": 0x175, "s_kbytes_written": 0x178, "s_error_count": 0x194,
			"s_first_error_time": 0x198, "s_last_error_time": 0x1CC, "s_mount_opts": 0x200, "s_usr_quota_inum": 0x240,
			"s_overhead_clusters": 0x248, "s_backup_bgs[0]": 0x24C, "s_encrypt_algos": 0x254, "s_encrypt_pw_salt": 0x258,
			"s_lpf_ino": 0x268, "s_prj_quota_inum": 0x26C, "s_checksum_seed": 0x270, "s_wtime_hi": 0x274,
			"s_first_error_errcode": 0x27A, "s_encoding": 0x27C, "s_encoding_flags": 0x27E, "s_orphan_file_inum": 0x280,
			"s_checksum": 0x3FC,
		}},
		{"group descriptor of 32 bytes", func() structure { return new(ondisk.GroupDesc) }, 32, map[string]int{
			"bg_inode_table_lo": 0x8, "bg_free_blocks_count_lo": 0xC, "bg_flags": 0x12, "bg_block_bitmap_csum_lo": 0x18,
			"bg_itable_unused_lo": 0x1C, "bg_checksum": 0x1E,
		}},
		{"group descriptor of 64 bytes", func() structure { return new(ondisk.GroupDesc) }, 64, map[string]int{
			"bg_block_bitmap_hi": 0x20, "bg_inode_table_hi": 0x28, "bg_free_blocks_count_hi": 0x2C, "bg_itable_unused_hi": 0x32,
			"bg_block_bitmap_csum_hi": 0x38, "bg_inode_bitmap_csum_hi": 0x3A,
		}},
		{"inode of 128 bytes", func() structure { return new(ondisk.Inode) }, 128, map[string]int{
			"i_mode": 0x0, "i_size_lo": 0x4, "i_dtime": 0x14, "i_links_count": 0x1A, "i_flags": 0x20, "l_i_version": 0x24,
			"i_block": 0x28, "i_generation": 0x64, "i_file_acl_lo": 0x68, "i_size_high": 0x6C, "l_i_blocks_high": 0x74,
			"l_i_uid_high": 0x78, "l_i_checksum_lo": 0x7C,
		}},
		{"extent header", func() structure { return new(ondisk.ExtentHeader) }, 12, map[string]int{
			"eh_magic": 0, "eh_entries": 2, "eh_max": 4, "eh_depth": 6, "eh_generation": 8,
		}},
		{"extent", func() structure { return new(ondisk.Extent) }, 12, map[string]int{
			"ee_block": 0, "ee_len": 4, "ee_start_hi": 6, "ee_start_lo": 8,
		}},
		{"extent index", func() structure { return new(ondisk.ExtentIndex) }, 12, map[string]int{
			"ei_block": 0, "ei_leaf_lo": 4, "ei_leaf_hi": 8, "ei_unused": 10,
		}},
		{"directory entry", func() structure { return new(ondisk.DirentHeader) }, 8, map[string]int{
			"inode": 0, "rec_len": 4, "name_len": 6, "file_type": 7,
		}},
		{"directory entry hash", func() structure { return new(ondisk.DirentHash) }, 8, map[string]int{"hash": 0, "minor_hash": 4}},
		{"directory tail", func() structure { return new(ondisk.DirTail) }, 12, map[string]int{
			"det_rec_len": 4, "det_reserved_ft": 7, "det_checksum": 8,
		}},
		{"directory index root", func() structure { return new(ondisk.DxRoot) }, 32, map[string]int{
			"dot_name": 8, "dotdot_name": 20, "reserved_zero": 24, "hash_version": 28, "info_length": 29, "indirect_levels": 30,
		}},
		{"directory index entry", func() structure { return new(ondisk.DxEntry) }, 8, map[string]int{"hash": 0, "block": 4}},
		{"directory index counts", func() structure { return new(ondisk.DxCountLimit) }, 4, map[string]int{"limit": 0, "count": 2}},
		{"directory index tail", func() structure { return new(ondisk.DxTail) }, 8, map[string]int{"dt_checksum": 4}},
		{"xattr header", func() structure { return new(ondisk.XattrHeader) }, 32, map[string]int{
			"h_refcount": 4, "h_blocks": 8, "h_hash": 12, "h_checksum": 16,
		}},
		{"xattr entry", func() structure { return new(ondisk.XattrEntry) }, 16, map[string]int{
			"e_name_index": 1, "e_value_offs": 2, "e_value_inum": 4, "e_value_size": 8, "e_hash": 12,
		}},
		{"extent tail", func() structure { return new(ondisk.ExtentTail) }, 4, map[string]int{"et_checksum": 0}},
	}...)
}

func TestLayouts(t *testing.T) {
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			fields, err := l.new().Describe(make([]byte, l.size))
			if err != nil {
				t.Fatal(err)
			}
			at := map[string]int{}
			end := 0
			for _, f := range fields {
				if f.Offset != end {
					t.Errorf("%s at %#x, but the field before ends at %#x", f.Name, f.Offset, end)
				}
				at[f.Name], end = f.Offset, f.Offset+f.Size
			}
			if end != l.size {
				t.Errorf("fields end at %d, want %d", end, l.size)
			}
			for name, want := range l.offsets {
				if got, ok := at[name]; !ok || got != want {
					t.Errorf("%s at %#x (%v), want %#x", name, got, ok, want)
				}
			}
		})
	}
}

// TestLossless decodes random bytes, encodes them over garbage, and wants every byte of every field back and none beside them touched.
func TestLossless(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			for range 200 {
				checkLossless(t, l.new(), randomBytes(rnd, l.size), randomBytes(rnd, l.size))
			}
		})
	}
}

// TestLosslessInode does the same for slots of every size, where i_extra_isize decides which fields there are.
func TestLosslessInode(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for size := 128; size <= 4096; size *= 2 {
		for extra := range 80 {
			b, into := randomBytes(rnd, size), randomBytes(rnd, size)
			if size > 128 {
				b[128], b[129] = byte(extra), 0
			}
			checkLossless(t, new(ondisk.Inode), b, into)
		}
	}
}

func checkLossless(t *testing.T, s structure, b, into []byte) {
	t.Helper()
	if err := s.Decode(b); err != nil {
		t.Fatal(err)
	}
	fields, err := s.Describe(b)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(into)
	for _, f := range fields {
		copy(want[f.Offset:], b[f.Offset:f.Offset+f.Size])
	}
	s.Encode(into)
	if !bytes.Equal(into, want) {
		t.Fatalf("encode(decode(b)) differs:\nfrom %x\ngot  %x\nwant %x", b, into, want)
	}
}

// TestShort gives every structure every length that is too short.
func TestShort(t *testing.T) {
	for _, l := range layouts() {
		if l.name == "group descriptor of 64 bytes" {
			continue // shorter ones are descriptors of 32 bytes
		}
		for n := range l.size {
			if err := l.new().Decode(make([]byte, n)); err == nil {
				t.Errorf("%s: decoded from %d bytes", l.name, n)
			}
			if _, err := l.new().Describe(make([]byte, n)); err == nil {
				t.Errorf("%s: described from %d bytes", l.name, n)
			}
		}
	}
}

// TestAnyLength gives every structure buffers of all lengths around its own, full of anything.
func TestAnyLength(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for _, l := range layouts() {
		for n := range l.size + 70 {
			b := randomBytes(rnd, n)
			if l.new().Decode(b) == nil {
				checkLossless(t, l.new(), b, randomBytes(rnd, n))
			}
		}
	}
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}
