package ext4_test

import (
	"strings"
	"testing"
	"time"

	"extant/ext4"
)

// matrix is the kinds of file system that mke2fs makes, each of which reads back equal to its source.
var matrix = []struct {
	name, size, args string
	plain            bool // inodes or blocks have no room for the xattrs
}{
	{"ext2", "48M", "-t ext2", false},
	{"ext2 1k", "48M", "-t ext2 -b 1024 -I 128", true},
	{"ext2 rev 0", "48M", "-r 0 -b 1024", true},
	{"ext2 4k", "48M", "-t ext2 -b 4096 -I 128", false},
	{"ext3", "48M", "-t ext3", false},
	{"ext3 2k", "48M", "-t ext3 -b 2048 -I 256", false},
	{"ext4", "48M", "-t ext4", false},
	{"ext4 1k", "48M", "-t ext4 -b 1024", false},
	{"ext4 2k", "48M", "-t ext4 -b 2048", false},
	{"ext4 4k", "64M", "-t ext4 -b 4096", false},
	{"ext4 64k", "256M", "-t ext4 -b 65536", false},
	{"inodes of 128", "48M", "-t ext4 -I 128", true},
	{"inodes of 512", "48M", "-t ext4 -I 512", false},
	{"inodes of 1024", "48M", "-t ext4 -I 1024 -b 1024", false},
	{"inodes of 4096", "64M", "-t ext4 -I 4096 -b 4096 -N 2000", false},
	{"inline_data", "48M", "-t ext4 -O inline_data", false},
	{"inline_data 512", "48M", "-t ext4 -O inline_data -I 512 -b 1024", false},
	{"inline_data 1024", "64M", "-t ext4 -O inline_data -I 1024 -b 4096", false},
	{"bigalloc", "64M", "-t ext4 -b 4096 -O bigalloc -C 16384", false},
	{"bigalloc 1k", "64M", "-t ext4 -b 1024 -O bigalloc -C 8192", false},
	{"meta_bg", "256M", "-t ext4 -b 1024 -O meta_bg,^resize_inode", false},
	{"meta_bg 64k", "256M", "-t ext4 -b 65536 -O meta_bg,^resize_inode", false},
	{"64bit off", "48M", "-t ext4 -O ^64bit", false},
	{"metadata_csum off", "48M", "-t ext4 -O ^metadata_csum", false},
	{"uninit_bg", "64M", "-t ext4 -O ^metadata_csum,uninit_bg -b 1024", false},
	{"uninit_bg 32 bit", "64M", "-t ext4 -O ^metadata_csum,uninit_bg,^64bit -b 1024", false},
	{"metadata_csum_seed", "48M", "-t ext4 -O metadata_csum,metadata_csum_seed", false},
	{"large_dir", "48M", "-t ext4 -O large_dir", false},
	{"quota", "48M", "-t ext4 -O quota", false},
	{"project", "48M", "-t ext4 -O quota,project -I 256", false},
	{"casefold", "48M", "-t ext4 -O casefold", false},
	{"orphan_file", "48M", "-t ext4 -O orphan_file", false},
	{"no journal", "48M", "-t ext4 -O ^has_journal", false},
	{"sparse_super2", "48M", "-t ext4 -O sparse_super2 -b 1024", false},
	{"ea_inode", "48M", "-t ext4 -O ea_inode", false},
	{"encrypt", "48M", "-t ext4 -O encrypt", false},
	{"mmp", "48M", "-t ext4 -O mmp", false},
	{"no flex_bg", "64M", "-t ext4 -O ^flex_bg -b 1024", false},
	{"no extent", "48M", "-t ext4 -O ^extent,^64bit -b 1024", false},
	{"no filetype", "48M", "-t ext4 -O ^filetype", false},
	{"no dir_index", "48M", "-t ext4 -O ^dir_index", false},
	{"no huge_file", "48M", "-t ext4 -O ^huge_file", false},
	{"stable_inodes", "48M", "-t ext4 -O stable_inodes", false},
}

func TestMatrix(t *testing.T) {
	small := plantVariety(t)
	rich := plantVariety(t)
	rich.plantXattrs()
	want := map[*plant]tree{small: hostTree(t, small.root), rich: hostTree(t, rich.root)}
	for _, m := range matrix {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := rich
			if m.plain {
				p = small
			}
			im := mke2fs(t, p.root, m.size, m.args)
			compareTrees(t, readTree(t, im.mount(ext4.Options{})), want[p], unlikeHost)
			if t.Failed() || testing.Short() {
				return
			}
			im.e2fsck("-fyD") // which sorts directories into htrees
			compareTrees(t, readTree(t, im.mount(ext4.Options{})), want[p], unlikeHost)
		})
	}
}

// unlikeHost leaves out what mke2fs -d does not carry over from the host.
func unlikeHost(path string, n *node) {
	n.Blocks, n.CTime = 0, time.Time{}
	n.MTime = n.MTime.Truncate(time.Second)
	if n.Mode&0xF000 == 0x4000 {
		n.Size, n.Links = 0, 0
	}
	if path == "." {
		n.MTime, n.UID, n.GID, n.Mode = time.Time{}, 0, 0, n.Mode&0xF000
	}
	for k := range n.Xattrs {
		if strings.HasPrefix(k, "security.selinux") {
			delete(n.Xattrs, k)
		}
	}
}
