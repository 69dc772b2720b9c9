package mkfs_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// same lists file systems that mke2fs and we make alike, but for what the last column names, with the reason.
var same = []struct {
	size, args string
	differ     map[string]string // field of dumpe2fs -h: why
}{
	{"64M", "-t ext2", nil},
	{"64M", "-t ext3", nil},
	{"1M", "-t ext4", nil},
	{"3M", "-t ext4", nil},
	{"64M", "-t ext4", nil},
	{"511M", "-t ext4", nil},
	{"512M", "-t ext4", nil},
	{"1G", "-t ext4", nil},
	{"1000000k", "-t ext4", nil},
	{"20G", "-t ext4", nil},
	{"130G", "-t ext4 -g 4096", nil},
	{"5T", "-t ext4", nil},
	{"1G", "-t ext4 -b 1024", nil},
	{"1G", "-t ext4 -b 2048", nil},
	{"1G", "-t ext4 -b 65536", nil},
	{"1G", "-t ext4 -b 8192 -I 4096", nil},
	{"1G", "-t ext4 -O bigalloc", packed},
	{"1G", "-t ext4 -O bigalloc -C 8192", nil},
	{"64M", "-t ext4 -O bigalloc", packed},
	{"64M", "-t ext4 -O bigalloc,^flex_bg -C 2048", nil},
	{"64M", "-t ext4 -I 128", nil},
	{"1G", "-t ext4 -O meta_bg,^resize_inode", nil},
	{"1G", "-t ext4 -b 1024 -O meta_bg,^resize_inode,^flex_bg", nil},
	{"1G", "-t ext4 -O sparse_super2", nil},
	{"64M", "-t ext4 -O sparse_super2 -E num_backup_sb=1", nil},
	{"1G", "-t ext4 -O inline_data -b 1024", nil},
	{"1G", "-t ext4 -O quota", nil},
	{"1G", "-t ext4 -O quota,project -E root_owner=5:6", nil},
	{"1G", "-t ext4 -O quota -E quotatype=prjquota", nil},
	{"1G", "-t ext4 -O project", nil},
	{"1G", "-t ext4 -O ^has_journal", nil},
	{"1G", "-t ext4 -O mmp -E mmp_update_interval=7", nil},
	{"1G", "-t ext4 -O fast_commit", nil},
	{"1G", "-t ext4 -O fast_commit -J fast_commit_size=2048,size=16", nil},
	{"1G", "-t ext4 -O casefold -E encoding_flags=strict", nil},
	{"1G", "-t ext4 -E encoding=utf8", nil},
	{"1G", "-t ext4 -E packed_meta_blocks", nil},
	{"1G", "-t ext4 -E resize=100000000", nil},
	{"1G", "-t ext4 -E stride=16,stripe_width=64 -O ^flex_bg", nil},
	{"1G", "-t ext4 -E orphan_file_size=1M", nil},
	{"1G", "-t ext4 -O ^64bit", nil},
	{"1G", "-t ext4 -O ^extents,^64bit", nil},
	{"1G", "-t ext4 -O ^extents,^64bit,^metadata_csum,^metadata_csum_seed,uninit_bg", nil},
	{"1G", "-t ext4 -O uninit_bg", nil},
	{"1G", "-t ext4 -O ea_inode,encrypt,casefold,verity,large_dir,stable_inodes", nil},
	{"1G", "-t ext4 -O ^sparse_super,^resize_inode", nil},
	{"1G", "-t ext4 -O none", nil},
	{"1G", "-t ext4 -N 100", nil},
	{"1G", "-t ext4 -N 100000", nil},
	{"8M", "-t ext4 -b 1024 -N 1001", map[string]string{
		"Inode count": "mke2fs makes fewer than it was asked for", "Inodes per group": "likewise", "Free inodes": "likewise",
		"Inode blocks per group": "likewise", "Overhead clusters": "likewise"}},
	{"1G", "-t ext4 -i 1024", map[string]string{"Reserved block count": "mke2fs takes the share of a size it has left by then"}},
	{"1G", "-t ext4 -G 1", nil},
	{"1G", "-t ext4 -G 64", nil},
	{"1G", "-t ext4 -g 8192", nil},
	{"1G", "-t ext4 -m 0 -L name -M /where -e remount-ro -o FreeBSD", nil},
	{"1G", "-t ext4 -m 1.5 -J size=64", nil},
	{"1G", "-t ext4 -T news", nil},
	{"1G", "-t ext4 -T largefile4", nil},
	{"100G", "-t ext4 -T small,largefile", nil},
	{"1G", "-t ext4 -E test_fs,lazy_itable_init=0", nil},
}

var packed = map[string]string{"Overhead clusters": "our bitmaps and tables share clusters, mke2fs's do not"}

// TestLikeMke2fs compares the super block with mke2fs's, field by field.
func TestLikeMke2fs(t *testing.T) {
	needTool(t, "mke2fs", "dumpe2fs", "e2fsck")
	for _, c := range same {
		t.Run(c.size+" "+c.args, func(t *testing.T) {
			t.Parallel()
			theirs, err := mke2fs(t, size(t, c.size), withUpstream(c.args))
			if err != nil {
				t.Fatal(err)
			}
			ours := create(t, size(t, c.size), options(t, c.args))
			ext4test.Check(t, ours)
			compare(t, header(t, ours), header(t, theirs), c.differ)
		})
	}
}

// withUpstream adds upstream's defaults to arguments for a mke2fs that is configured without.
func withUpstream(args string) string {
	if !strings.Contains(args, "-t ext4") || strings.Contains(args, "none") {
		return args
	}
	add := upstream
	if strings.Contains(args, "^has_journal") {
		add = strings.ReplaceAll(add, ",orphan_file", "")
	}
	if strings.Contains(args, "^metadata_csum") {
		add = "orphan_file"
	}
	before, after, ok := strings.Cut(args, "-O ")
	if !ok {
		return args + " -O " + add
	}
	return before + "-O " + add + "," + after
}

func compare(t *testing.T, ours, theirs, differ map[string]string) {
	t.Helper()
	maps.DeleteFunc(ours, func(k, v string) bool { return strings.HasPrefix(k, "Journal features") })
	maps.DeleteFunc(theirs, func(k, v string) bool { return strings.HasPrefix(k, "Journal features") })
	for _, k := range slices.Sorted(maps.Keys(theirs)) {
		if _, ok := differ[k]; ok == (ours[k] == theirs[k]) {
			t.Errorf("%s: %q, mke2fs has %q (expected to differ: %v)", k, ours[k], theirs[k], ok)
		}
		delete(ours, k)
	}
	for k, v := range ours {
		t.Errorf("%s: %q, mke2fs has none", k, v)
	}
}

// TestMatrix formats every combination of block size, inode size and features that means something.
func TestMatrix(t *testing.T) {
	needTool(t, "e2fsck")
	features := []string{
		"-t ext2", "-t ext3", "-t ext4", "-O inline_data", "-O bigalloc", "-O meta_bg", "-O ^64bit", "-O ^metadata_csum",
		"-O ^metadata_csum,uninit_bg", "-O ^metadata_csum_seed", "-O large_dir", "-O quota", "-O quota,project", "-O casefold",
		"-O ^orphan_file", "-O ^has_journal", "-O sparse_super2", "-O ^flex_bg", "-O ^resize_inode", "-O mmp", "-O fast_commit",
		"-O bigalloc,quota,meta_bg,inline_data,casefold,encrypt,verity,ea_inode,mmp,large_dir",
		"-E packed_meta_blocks", "-E packed_meta_blocks -O bigalloc", "-O ^sparse_super", "-E stride=7 -O ^flex_bg", "-E desc_size=128",
		"-t ext2 -O metadata_csum", "-t ext3 -O extent,quota", "-O none",
	}
	for _, block := range []string{"1024", "2048", "4096", "65536"} {
		for _, inode := range []string{"128", "256", "1024"} {
			for _, f := range features {
				if inode == "128" && (strings.Contains(f, "inline_data") || strings.Contains(f, "project")) {
					continue
				}
				args := "-b " + block + " -I " + inode + " " + f
				t.Run(args, func(t *testing.T) {
					t.Parallel()
					ext4test.Check(t, create(t, matrixSize(t, block), options(t, args)))
				})
			}
		}
	}
}

// matrixSize gives some groups to every block size but the largest.
func matrixSize(t *testing.T, block string) int64 {
	return size(t, map[string]string{"1024": "270M", "2048": "200M", "4096": "700M", "65536": "300M"}[block])
}

// TestShapes formats what the matrix has no room for: maps of several levels, odd places, tight groups.
func TestShapes(t *testing.T) {
	needTool(t, "e2fsck")
	for _, c := range []struct{ size, args string }{
		{"2G", "-b 1024 -J size=900"},
		{"2G", "-b 1024 -g 256 -J size=200 -O ^resize_inode"},
		{"2G", "-b 1024 -t ext3 -J size=900"},
		{"2G", "-t ext3 -J size=1000"},
		{"1G", "-J location=500M,size=128"},
		{"1G", "-J location=3 -O ^flex_bg"},
		{"1G", "-i 1024 -I 512"},
		{"1G", "-i 2048 -G 128 -b 1024"},
		{"1G", "-g 1024 -b 1024 -i 1024 -I 512"},
		{"4G", "-b 1024 -O sparse_super2,meta_bg,bigalloc -C 4096"},
		{"40M", "-b 1024 -O bigalloc -C 4096"},
		{"4G", "-O bigalloc -C 1048576"},
		{"300G", "-O bigalloc,^has_journal -C 268435456"},
		{"8G", "-b 1024 -I 256 -E packed_meta_blocks,resize=100000000"},
		{"300G", "-N 20 -m 0"},
		{"64M", "-E offset=0,root_perms=1777,root_owner=4000000000:5"},
	} {
		t.Run(c.size+" "+c.args, func(t *testing.T) {
			t.Parallel()
			ext4test.Check(t, create(t, size(t, c.size), options(t, c.args)))
		})
	}
}

// TestBadBlocks keeps blocks out of use, and refuses those that cannot be.
func TestBadBlocks(t *testing.T) {
	needTool(t, "e2fsck", "dumpe2fs", "debugfs")
	o := options(t, "-b 1024")
	for b := ondisk.Block(9000); b < 9700; b += 2 {
		o.BadBlocks = append(o.BadBlocks, b, b)
	}
	path := create(t, 64<<20, o)
	ext4test.Check(t, path)
	bad := strings.Fields(run(t, "dumpe2fs", "-b", path))
	if len(bad) < 350 || !slices.Contains(bad, "9698") {
		t.Errorf("dumpe2fs -b lists %d words: %q", len(bad), bad)
	}
	for _, b := range []ondisk.Block{1, 65536} {
		o.BadBlocks = []ondisk.Block{b}
		_, err := mkfs.Format(disk.NewMem(64<<20), o)
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("bad block %d: %v", b, err)
		}
	}
}

// TestOffset leaves what lies before and after the file system alone.
func TestOffset(t *testing.T) {
	dev := dirtyDevice(t, 40<<20)
	if _, err := mkfs.Format(dev, options(t, "-E offset=1M,root_perms=700")); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1<<20)
	if _, err := dev.ReadAt(head, 0); err != nil || !bytes.Equal(head, bytes.Repeat([]byte{0xFF}, 1<<20)) {
		t.Errorf("the bytes before the file system have changed (%v)", err)
	}
	var magic [2]byte
	if _, err := dev.ReadAt(magic[:], 1<<20+ondisk.SuperOffset+0x38); err != nil || magic != [2]byte{0x53, 0xEF} {
		t.Errorf("no file system at the offset: magic %x, %v", magic, err)
	}
}

// TestSizes formats everything from a floppy's worth to what 32-bit block numbers cannot reach.
func TestSizes(t *testing.T) {
	needTool(t, "e2fsck", "dumpe2fs")
	for _, s := range []string{"64k", "100k", "360k", "1440k", "2047k", "8193k", "8240k", "16M", "129M", "134217728", "4T", "16T"} {
		for _, args := range []string{"-t ext4", "-t ext2"} {
			if args == "-t ext2" && strings.HasSuffix(s, "T") {
				continue
			}
			t.Run(s+" "+args, func(t *testing.T) {
				path := create(t, size(t, s), options(t, args))
				if strings.HasSuffix(s, "T") {
					header(t, path) // e2fsck wants more memory than a test may take
					return
				}
				ext4test.Check(t, path)
			})
		}
	}
}

// TestSameBytes makes the same file system twice, and once over old content.
func TestSameBytes(t *testing.T) {
	for _, args := range []string{"-t ext4", "-t ext2", "-O quota,project,mmp,fast_commit,casefold,encrypt", "-O bigalloc", "-O meta_bg"} {
		one, two, dirty := disk.NewMem(64<<20), disk.NewMem(64<<20), dirtyDevice(t, 64<<20)
		for _, d := range []disk.Device{one, two, dirty} {
			if _, err := mkfs.Format(d, options(t, args)); err != nil {
				t.Fatal(err)
			}
		}
		if sum(t, one) != sum(t, two) {
			t.Errorf("%s: two runs differ", args)
		}
		if sum(t, one) != sum(t, dirty) {
			t.Errorf("%s: old content shows", args)
		}
	}
}

// dirtyDevice is a device full of ones.
func dirtyDevice(t testing.TB, n int64) disk.Device {
	t.Helper()
	return disk.NewMemFrom(bytes.Repeat([]byte{0xFF}, int(n)))
}

func sum(t testing.TB, d disk.Device) [sha256.Size]byte {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(d, 0, d.Size())); err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// TestOverOldContent formats files full of ones, where nothing may be discarded.
func TestOverOldContent(t *testing.T) {
	needTool(t, "e2fsck")
	for _, args := range []string{
		"-t ext2", "-t ext3", "-t ext4", "-O quota,project,mmp,fast_commit", "-O bigalloc", "-O ^metadata_csum,uninit_bg", "-O meta_bg",
		"-E lazy_itable_init=0", "-E lazy_itable_init=1,lazy_journal_init=1",
	} {
		t.Run(args, func(t *testing.T) {
			for _, discard := range []string{"discard", "nodiscard"} {
				path := filepath.Join(tempDir(t), "img")
				if err := os.WriteFile(path, bytes.Repeat([]byte{0xFF}, 40<<20), 0o666); err != nil {
					t.Fatal(err)
				}
				d, err := disk.Open(path, disk.ReadWrite)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := mkfs.Format(d, options(t, args+" -E "+discard)); err != nil {
					t.Fatal(err)
				}
				d.Close()
				ext4test.Check(t, path)
			}
		})
	}
}
