package fsck_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"extant/disk"
	"extant/mkfs"
)

// choices are what makers of file systems let one choose, one of each line. Not all go together.
var choices = [...][]string{
	{"-t ext4", "-t ext4", "-t ext3", "-t ext2"},
	{"-b 1024", "-b 1024", "-b 2048", "-b 4096"},
	{"", "-I 128", "-I 256", "-I 512", "-I 1024"},
	{"", "-N 300", "-i 4096", "-i 65536"},
	{"", "-m 0", "-m 50"},
	{"", "", "-g 1032", "-g 4096"},
	{"", "-E lazy_itable_init=0", "-E packed_meta_blocks=1", "-E stride=16,stripe-width=64"},
	{"", "-l BAD"},
	{"-O metadata_csum", "-O ^metadata_csum", "-O ^metadata_csum,uninit_bg", "-O metadata_csum,metadata_csum_seed"},
	{"-O extent", "-O ^extent,^64bit", "-O extent,64bit", "-O extent,64bit -E desc_size=128", "-O extent,^64bit"},
	{"", "", "", "-O bigalloc -C 4096", "-O bigalloc -C 16384"},
	{
		"", "-O resize_inode", "-O ^resize_inode", "-O ^resize_inode,meta_bg", "-O ^resize_inode,^sparse_super",
		"-O sparse_super2,^resize_inode", "-O sparse_super2,^resize_inode -E num_backup_sb=1", "-O resize_inode -E resize=200000",
	},
	{"", "-O flex_bg", "-O flex_bg -G 1", "-O flex_bg -G 4", "-O ^flex_bg"},
	{"-O has_journal", "-O has_journal -J size=4", "-O ^has_journal", "-O has_journal,fast_commit -J size=8", "-O has_journal,orphan_file"},
	{"", "-O inline_data", "-O ea_inode", "-O ea_inode,inline_data"},
	{"", "-O casefold", "-O encrypt", "-O verity", "-O encrypt,casefold,verity,stable_inodes"},
	{"", "-O ^dir_index", "-O ^filetype", "-O ^dir_index,^filetype", "-O large_dir"},
	{"", "-O ^large_file", "-O ^huge_file", "-O ^dir_nlink,^extra_isize"},
	{"", "-O quota", "-O quota,project"},
}

// combination draws one of everything.
func combination(seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 7))
	var words []string
	for _, list := range choices {
		if w := list[rnd.IntN(len(list))]; w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// cases is which seeds to draw, from first up to but without end: EXTANT_CASES of them, or n, from EXTANT_SEED on, or 1.
func cases(n uint64) (first, end uint64) {
	if k, err := strconv.ParseUint(os.Getenv("EXTANT_CASES"), 10, 32); err == nil {
		n = k
	}
	first, err := strconv.ParseUint(os.Getenv("EXTANT_SEED"), 10, 64)
	if err != nil {
		first = 1
	}
	return first, first + n
}

// TestCleanCombinations wants no false alarm on file systems of features drawn at random: those that mke2fs makes, fills, and e2fsck has nothing
// against.
func TestCleanCombinations(t *testing.T) {
	from := smallSource(t)
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("3001\n3007\n3008\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, end := cases(24)
	made := uint64(0)
	for seed := first; seed < end; seed++ {
		args := combination(seed)
		path := filepath.Join(dir, "image")
		words := append([]string{"-q", "-F"}, strings.Fields(strings.ReplaceAll(args, "BAD", bad))...)
		if seed%3 != 0 {
			words = append(words, "-d", from)
		}
		_ = os.Remove(path)
		if out, err := exec.Command(tool(t, "mke2fs"), append(words, path, "24M")...).CombinedOutput(); err != nil {
			why, _, _ := strings.Cut(strings.TrimPrefix(string(out), "Creating regular file "+path+"\n"), "\n\n")
			t.Logf("%s: %s", args, why)
			continue
		}
		image := contents(t, path)
		if code, _, _ := e2fsck(t, image); code != 0 {
			image = settled(t, image) // quotas, which it does not count when it fills
			if code, out, _ := e2fsck(t, image); code != 0 {
				t.Logf("%s: e2fsck is against it still: %s", args, out)
				continue
			}
		}
		made++
		if r := check(t, image); !r.Clean() {
			t.Errorf("false alarm on mke2fs %s: %v\nEXTANT_SEED=%d EXTANT_CASES=1 go test -run CleanCombinations ./fsck", args, r.Findings, seed)
		}
	}
	if made*4 < end-first {
		t.Errorf("only %d of %d combinations could be made", made, end-first)
	}
	t.Logf("%d of %d combinations", made, end-first)
}

// features are what of a combination package mkfs is asked for.
func features(args string) (list string, blockSize int) {
	words := strings.Fields(args)
	var all []string
	for i, w := range words {
		switch w {
		case "-O":
			all = append(all, words[i+1])
		case "-b":
			blockSize, _ = strconv.Atoi(words[i+1])
		}
	}
	return strings.Join(all, ","), blockSize
}

// TestCleanMkfsCombinations wants no false alarm on file systems of features drawn at random that package mkfs makes and fills.
func TestCleanMkfsCombinations(t *testing.T) {
	from := smallSource(t)
	first, end := cases(24)
	made := uint64(0)
	for seed := first; seed < end; seed++ {
		list, blockSize := features(combination(seed))
		edits, err := mkfs.ParseFeatures(list)
		if err != nil {
			t.Fatal(err)
		}
		dev := disk.NewMem(24 << 20)
		o := mkfs.Options{BlockSize: blockSize, Features: edits}
		if seed%3 == 0 {
			_, err = mkfs.Format(dev, o)
		} else {
			_, err = mkfs.Build(context.Background(), dev, mkfs.Dir(from), o, mkfs.FillOptions{})
		}
		if err != nil {
			t.Logf("%s: %v", list, err)
			continue
		}
		made++
		image := make([]byte, dev.Size())
		if _, err := dev.ReadAt(image, 0); err != nil {
			t.Fatal(err)
		}
		again := fmt.Sprintf("EXTANT_SEED=%d EXTANT_CASES=1 go test -run CleanMkfsCombinations ./fsck", seed)
		if r := check(t, image); !r.Clean() {
			t.Errorf("false alarm on -b %d -O %s: %v\n%s", blockSize, list, r.Findings, again)
		}
		if code, out, _ := e2fsck(t, image); code != 0 {
			t.Errorf("e2fsck on -b %d -O %s: %s\n%s", blockSize, list, out, again)
		}
	}
	if made*4 < end-first {
		t.Errorf("only %d of %d combinations could be made", made, end-first)
	}
	t.Logf("%d of %d combinations", made, end-first)
}
