package fsck_test

import (
	"testing"

	"extant/disk"
	"extant/fsck"
	"extant/mkfs"
)

// matrix is the kinds of file system that mke2fs makes.
var matrix = []struct{ name, size, args string }{
	{"ext2", "32M", "-t ext2"},
	{"ext2 1k", "32M", "-t ext2 -b 1024 -I 128"},
	{"ext2 rev 0", "32M", "-r 0 -b 1024"},
	{"ext3", "32M", "-t ext3"},
	{"ext4", "32M", "-t ext4"},
	{"ext4 1k", "32M", "-t ext4 -b 1024"},
	{"ext4 64k", "96M", "-t ext4 -b 65536 -J size=64"},
	{"inodes of 128", "32M", "-t ext4 -I 128"},
	{"inodes of 1024", "32M", "-t ext4 -I 1024 -b 1024"},
	{"inodes of 4096", "64M", "-t ext4 -I 4096 -b 4096 -N 2000"},
	{"inline_data", "32M", "-t ext4 -O inline_data"},
	{"inline_data 512", "32M", "-t ext4 -O inline_data -I 512 -b 1024"},
	{"inline_data 1024", "32M", "-t ext4 -O inline_data -I 1024 -b 4096"},
	{"bigalloc", "64M", "-t ext4 -O bigalloc -C 16384"},
	{"bigalloc 1k", "64M", "-t ext4 -b 1024 -O bigalloc -C 8192"},
	{"meta_bg", "64M", "-t ext4 -b 1024 -O meta_bg,^resize_inode"},
	{"64bit off", "32M", "-t ext4 -O ^64bit"},
	{"metadata_csum off", "32M", "-t ext4 -O ^metadata_csum"},
	{"uninit_bg", "32M", "-t ext4 -O ^metadata_csum,uninit_bg -b 1024"},
	{"uninit_bg 32 bit", "32M", "-t ext4 -O ^metadata_csum,uninit_bg,^64bit -b 1024"},
	{"metadata_csum_seed", "32M", "-t ext4 -O metadata_csum,metadata_csum_seed"},
	{"large_dir", "32M", "-t ext4 -O large_dir"},
	{"casefold", "32M", "-t ext4 -O casefold"},
	{"orphan_file", "32M", "-t ext4 -O orphan_file"},
	{"no journal", "32M", "-t ext4 -O ^has_journal"},
	{"sparse_super2", "32M", "-t ext4 -O sparse_super2 -b 1024"},
	{"no sparse_super", "32M", "-t ext4 -O ^sparse_super,^resize_inode -b 1024"},
	{"ea_inode", "32M", "-t ext4 -O ea_inode"},
	{"encrypt", "32M", "-t ext4 -O encrypt"},
	{"verity", "32M", "-t ext4 -O verity"},
	{"fast_commit", "32M", "-t ext4 -O fast_commit"},
	{"no flex_bg", "32M", "-t ext4 -O ^flex_bg -b 1024"},
	{"no extent", "32M", "-t ext4 -O ^extent,^64bit -b 1024"},
	{"no filetype", "32M", "-t ext4 -O ^filetype"},
	{"no dir_index", "32M", "-t ext4 -O ^dir_index"},
	{"no huge_file", "32M", "-t ext4 -O ^huge_file"},
	{"stable_inodes", "32M", "-t ext4 -O stable_inodes"},
	{"small groups", "32M", "-t ext4 -b 1024 -g 1032"},
	{"descriptors of 256", "32M", "-t ext4 -E desc_size=256"},
}

// TestCleanMke2fs wants no false alarm on what mke2fs makes and fills.
func TestCleanMke2fs(t *testing.T) {
	from := source(t)
	for _, m := range matrix {
		t.Run(m.name, func(t *testing.T) {
			r := wantClean(t, mke2fs(t, from, m.size, m.args))
			if r.Usage.Files < 450 || r.Usage.Directories < 8 || r.Usage.Symlinks != 4 || r.Usage.Special != 3 {
				t.Errorf("not all was looked at: %+v", r.Usage)
			}
		})
	}
}

// TestCleanEmpty wants no false alarm on what mke2fs makes, quotas among it, which it does not count right when it fills.
func TestCleanEmpty(t *testing.T) {
	kinds := append(matrix[:len(matrix):len(matrix)],
		struct{ name, size, args string }{"mmp", "32M", "-t ext4 -O mmp"}, // which debugfs waits for, before it fills
		struct{ name, size, args string }{"quota", "32M", "-t ext4 -O quota"},
		struct{ name, size, args string }{"project", "32M", "-t ext4 -O quota,project"},
		struct{ name, size, args string }{"quota bigalloc", "64M", "-t ext4 -O quota,bigalloc"},
	)
	for _, m := range kinds {
		t.Run(m.name, func(t *testing.T) { wantClean(t, mke2fs(t, "", m.size, m.args)) })
	}
}

// TestCleanMkfs wants no false alarm on what package mkfs makes.
func TestCleanMkfs(t *testing.T) {
	for _, m := range []struct {
		features  string
		blockSize int
		size      int64
	}{
		{"", 0, 64 << 20}, {"", 1024, 1 << 20}, {"", 1024, 4 << 20}, {"", 4096, 136 << 20}, {"", 65536, 96 << 20},
		{"inline_data", 1024, 4 << 20}, {"bigalloc", 4096, 64 << 20}, {"bigalloc", 1024, 64 << 20}, {"quota,project", 0, 64 << 20},
		{"^metadata_csum,uninit_bg", 1024, 64 << 20}, {"^extent,^64bit,^flex_bg", 1024, 64 << 20}, {"meta_bg,^resize_inode", 1024, 64 << 20},
		{"orphan_file", 0, 64 << 20}, {"casefold", 0, 64 << 20}, {"mmp", 0, 64 << 20}, {"sparse_super2", 1024, 64 << 20}, {"^has_journal", 1024, 2 << 20},
	} {
		t.Run(m.features, func(t *testing.T) {
			edits, err := mkfs.ParseFeatures(m.features)
			if err != nil {
				t.Fatal(err)
			}
			dev := disk.NewMem(m.size)
			if _, err := mkfs.Format(dev, mkfs.Options{BlockSize: m.blockSize, Features: edits}); err != nil {
				t.Fatal(err)
			}
			image := make([]byte, m.size)
			if _, err := dev.ReadAt(image, 0); err != nil {
				t.Fatal(err)
			}
			wantClean(t, image)
		})
	}
}

// TestNotices wants nothing to be found on a sound image but what is worth knowing.
func TestNotices(t *testing.T) {
	image := mke2fs(t, "", "16M", "-t ext4 -b 1024")
	if r := check(t, image); len(r.Findings) != 0 || !r.Clean() || r.Worst() != fsck.Notice {
		t.Errorf("found %v", r.Findings)
	}
}
