package mkfs_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/mkfs"
)

// TestContradictions asks for what cannot be, and expects to be told which option is at fault and what to do.
func TestContradictions(t *testing.T) {
	for _, c := range []struct{ size, args, option, says string }{
		{"64M", "-O bigalloc,^extents,^64bit", "-O", "add -O extent"},
		{"64M", "-O 64bit,^extents", "-O", "block maps hold 32-bit"},
		{"64M", "-O inline_data -I 128", "-I", "give -I 256"},
		{"64M", "-O project -I 128", "-I", "give -I 256"},
		{"64M", "-O inline_data,^ext_attr", "-O", "add -O ext_attr"},
		{"64M", "-O orphan_file,^has_journal", "-O", "add -O has_journal"},
		{"64M", "-O fast_commit,^has_journal", "-O", "fast commits lie in the journal"},
		{"64M", "-O metadata_csum_seed,^metadata_csum", "-O", "needs metadata_csum"},
		{"64M", "-O meta_bg,resize_inode", "-O", "-O ^meta_bg"},
		{"64M", "-O resize_inode,^sparse_super", "-O", "sparse_super"},
		{"64M", "-C 16384", "-C", "add -O bigalloc"},
		{"64M", "-O bigalloc -C 1024", "-C", "twice the block size"},
		{"64M", "-O bigalloc -C 3000", "-C", "power of two"},
		{"64M", "-b 1000", "-b", "power of two"},
		{"64M", "-b 131072", "-b", "65536"},
		{"64M", "-b 1024 -I 2048", "-I", "than a block"},
		{"64M", "-I 100", "-I", "power of two"},
		{"64M", "-g 100", "-g", "256"},
		{"64M", "-g 1001", "-g", "multiple of 8"},
		{"64M", "-g 9000 -b 1024", "-g", "8192"},
		{"64M", "-G 3", "-G", "power of two"},
		{"64M", "-G 16 -O ^flex_bg", "-G", "add -O flex_bg"},
		{"64M", "-m 51", "-m", "0 to 50"},
		{"64M", "-N 5000000000", "-N", "4294967295"},
		{"64M", "-N 1000000", "-N", "do not fit"},
		{"64M", "-i 512", "-i", "1024"},
		{"64M", "-r 0", "-r", "leave -r out"},
		{"64M", "-L seventeen-letters", "-L", "16 bytes"},
		{"64M", "-J size=1 -b 4096", "-J size", "give 1024"},
		{"64M", "-J size=60", "-J size", "more than half"},
		{"64M", "-J size=4 -O ^has_journal", "-J", "add -O has_journal"},
		{"64M", "-J fast_commit_size=256", "-J fast_commit_size", "add -O fast_commit"},
		{"64M", "-J location=1T", "-J location", "outside"},
		{"64M", "-E num_backup_sb=1", "-E num_backup_sb", "add -O sparse_super2"},
		{"64M", "-E orphan_file_size=1M -O ^orphan_file", "-E orphan_file_size", "add -O orphan_file"},
		{"64M", "-E quotatype=usrquota", "-E quotatype", "add -O quota"},
		{"64M", "-O quota -E quotatype=prjquota -I 128", "-I", "project"},
		{"64M", "-E resize=1000", "-E resize", "more than the 65536"},
		{"64M", "-E resize=1000000 -O ^resize_inode", "-E resize", "add -O resize_inode"},
		{"64M", "-E desc_size=100", "-E desc_size", "power of two"},
		{"64M", "-E desc_size=64 -O ^64bit", "-E desc_size", "add -O 64bit"},
		{"64M", "-E mmp_update_interval=301", "-E mmp_update_interval", "300"},
		{"64M", "-E offset=65M", "-E offset", "the device has"},
		{"64M", "-T fridge", "-T", "unknown usage"},
		{"10k", "-t ext4", "size", "at least"},
		{"16T", "-O ^64bit", "size", "add -O 64bit"},
		{"1M", "-O has_journal", "-O", "too small for a journal"},
	} {
		_, err := mkfs.Format(disk.NewMem(size(t, c.size)), options(t, c.args))
		var e *mkfs.OptionError
		if !errors.As(err, &e) || e.Option != c.option || !strings.Contains(e.Detail, c.says) || !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s %s: %v, want %s to say %q", c.size, c.args, err, c.option, c.says)
		}
	}
}

// TestTooSmall gives less room than the parts take.
func TestTooSmall(t *testing.T) {
	for _, args := range []string{"-b 1024 -N 120", "-b 1024 -O ^has_journal -E orphan_file_size=0", "-b 65536 -I 4096 -N 20"} {
		for blocks := int64(16); blocks < 60; blocks++ {
			o := options(t, args)
			d := disk.NewMem(blocks * int64(o.BlockSize))
			_, err := mkfs.Format(d, o)
			if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s, %d blocks: %v", args, blocks, err)
			}
		}
	}
}

// TestDefaultsYield asks for what a default stands in the way of.
func TestDefaultsYield(t *testing.T) {
	for _, c := range []struct{ args, gone, note string }{
		{"-O meta_bg", "resize_inode", "no room to reserve"},
		{"-O ^has_journal", "orphan_file", "kept by the journal"},
		{"-O ^metadata_csum", "metadata_csum_seed", "no checksums"},
		{"-O ^extents", "64bit", "block maps"},
		{"-O uninit_bg", "uninit_bg", "metadata_csum guards"},
	} {
		g, err := mkfs.Plan(1<<30, options(t, c.args))
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if notes := strings.Join(g.Notes, "\n"); !strings.Contains(notes, c.gone+" left out") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: notes %q, want %s left out: %s", c.args, notes, c.gone, c.note)
		}
		for _, name := range g.Features().Names() {
			if name == c.gone {
				t.Errorf("%s: %s is still on", c.args, c.gone)
			}
		}
	}
}
