package mkfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"extant/disk"
	"extant/internal/ext4test"
	"extant/mkfs"
)

// TestRandomOptions draws sizes and options and expects a sound file system, or to be told why there is none.
// EXTANT_SEED draws one case again, EXTANT_CASES says how many to draw.
func TestRandomOptions(t *testing.T) {
	needTool(t, "e2fsck")
	first, cases := uint64(1), uint64(60)
	if s, err := strconv.ParseUint(os.Getenv("EXTANT_CASES"), 10, 64); err == nil {
		cases = s
	}
	if s, err := strconv.ParseUint(os.Getenv("EXTANT_SEED"), 10, 64); err == nil {
		first, cases = s, 1
	}
	dir, made := tempDir(t), 0
	for seed := first; seed < first+cases; seed++ {
		size, args := randomOptions(rand.New(rand.NewPCG(seed, 0)))
		path := filepath.Join(dir, "img")
		d, err := disk.Create(path, size)
		if err != nil {
			t.Fatal(err)
		}
		if seed%4 == 0 && size < 24<<20 {
			if _, err := d.WriteAt(bytes.Repeat([]byte{0xFF}, int(size)), 0); err != nil {
				t.Fatal(err)
			}
		}
		_, err = mkfs.Format(d, options(t, args))
		d.Close()
		var option *mkfs.OptionError
		var room *mkfs.NoSpaceError
		switch {
		case err == nil:
			made++
			ext4test.Check(t, path)
		case !errors.As(err, &option) && !errors.As(err, &room):
			t.Errorf("%v", err)
		}
		if t.Failed() {
			t.Fatalf("%d bytes, %s\nEXTANT_SEED=%d go test -run RandomOptions ./mkfs", size, args, seed)
		}
	}
	t.Logf("%d of %d were possible", made, cases)
	if cases > 20 && made == 0 {
		t.Error("no file system was made at all")
	}
}

// randomOptions draws a size and arguments of mke2fs.
func randomOptions(rnd *rand.Rand) (int64, string) {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	var args, features []string
	add := func(odds int, letter string, of ...string) {
		if rnd.IntN(odds) == 0 {
			args = append(args, letter, pick(of...))
		}
	}
	args = append(args, "-t", pick("ext2", "ext3", "ext4", "ext4", "ext4"))
	add(2, "-b", "1024", "1024", "2048", "4096", "8192", "65536")
	add(3, "-I", "128", "256", "512", "1024", "4096")
	add(4, "-i", "1024", "2048", "8192", "65536", "1000000")
	add(6, "-N", "1", "20", "333", "5000", "70000")
	add(5, "-g", "256", "512", "1024", "2040", "8192")
	add(5, "-G", "1", "2", "8", "64", "1024")
	add(5, "-m", "0", "50", "3.3")
	add(6, "-J", "size=1", "size=4", "size=32", "size=8,location=9M")
	add(4, "-E", "packed_meta_blocks", "resize=10G", "num_backup_sb=1", "stride=17", "desc_size=256", "orphan_file_size=100k", "nodiscard")
	for _, f := range []string{
		"has_journal", "resize_inode", "dir_index", "ext_attr", "sparse_super2", "fast_commit", "orphan_file", "extent", "64bit", "mmp",
		"flex_bg", "meta_bg", "inline_data", "bigalloc", "metadata_csum", "uninit_bg", "sparse_super", "quota", "project", "casefold",
	} {
		if rnd.IntN(5) == 0 {
			features = append(features, pick("", "^")+f)
		}
	}
	if len(features) > 0 {
		args = append(args, "-O", strings.Join(features, ","))
	}
	if rnd.IntN(6) == 0 && strings.Contains(fmt.Sprint(features), " bigalloc") {
		args = append(args, "-C", pick("2048", "8192", "65536", "1048576"))
	}
	return 1024 * (64 + rnd.Int64N(1<<(8+rnd.IntN(12)))), strings.Join(args, " ")
}
