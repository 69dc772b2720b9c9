package fsck_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A victimKind is a kind of sound image that damage is done to. A seed takes one of each set of vary, which are features or, where they begin with a
// hyphen, other arguments; without a seed it is the first, nothing.
type victimKind struct {
	size, args, features string
	vary                 [][]string
}

var victimKinds = map[string]victimKind{
	"main": {"8M", "-t ext4 -b 1024 -g 4096 -I 256 -N 1024 -J size=1", "metadata_csum,64bit,ea_inode,encrypt,verity,casefold,resize_inode", [][]string{
		{"", "-b 2048 -g 4096 -J size=2", "-b 4096 -g 2048 -J size=4"}, {"-N 3200", "-N 4000"}, {"", "^64bit"}, {"", "metadata_csum_seed"}, {"", "large_dir"},
		{"", "fast_commit"}, {"", "^huge_file"}, {"", "stable_inodes"}, {"", "orphan_file"},
	}},
	"plain": {"8M", "-t ext4 -b 1024 -g 4096 -I 256 -N 1024", "^metadata_csum,uninit_bg,^flex_bg,^has_journal,^resize_inode,^64bit", [][]string{
		blockSizes, inodeSizes, inodeCounts, {"", "^huge_file"}, {"", "^dir_nlink"}, {"", "sparse_super2"},
	}},
	"old": {"8M", "-t ext2 -b 1024 -g 4096 -I 128 -N 1024", "^resize_inode,^dir_index,^large_file", [][]string{
		blockSizes, {"", "-I 256"}, inodeCounts, {"", "^sparse_super"},
	}},
	"inline": {"8M", "-t ext4 -b 1024 -g 4096 -I 256 -N 1024", "metadata_csum,inline_data,^has_journal", [][]string{
		blockSizes, inodeCounts, {"", "^64bit"}, {"", "metadata_csum_seed"}, {"", "^flex_bg"}, {"", "^resize_inode"},
	}},
	"big": {"16M", "-t ext4 -b 1024 -C 8192 -N 1024", "bigalloc,metadata_csum,^has_journal,^resize_inode", [][]string{
		{"", "-C 4096", "-C 16384", "-b 2048"}, inodeCounts, {"", "^64bit"}, {"", "metadata_csum_seed"}, {"", "^flex_bg"},
	}},
	"orphan": {"8M", "-t ext4 -b 1024 -g 4096 -I 256 -N 1024 -J size=1", "metadata_csum,orphan_file", [][]string{
		{"", "-b 2048 -g 4096 -J size=2", "-b 4096 -g 2048 -J size=4"}, inodeSizes, inodeCounts, {"", "^64bit"}, {"", "metadata_csum_seed"}, {"", "fast_commit"},
	}},
	"quota": {"8M", "-t ext4 -b 1024 -g 4096 -I 256 -N 1024", "metadata_csum,quota,^has_journal", [][]string{
		blockSizes, inodeSizes, inodeCounts, {"", "^64bit"}, {"", "metadata_csum_seed", "^metadata_csum"},
	}},
	"mmp": {"8M", "-t ext4 -b 1024 -g 4096 -N 128", "metadata_csum,mmp,^has_journal", [][]string{
		{"", "-b 2048", "-b 4096"}, {"", "metadata_csum_seed"}, {"", "^64bit"},
	}},
}

var (
	blockSizes  = []string{"", "-b 2048 -g 4096", "-b 4096 -g 2048"} // two groups, of whatever size
	inodeSizes  = []string{"", "-I 512", "-I 1024"}
	inodeCounts = []string{"", "-N 3200"}
)

// arguments are mke2fs's for the kind as a seed makes it.
func (k victimKind) arguments(seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, uint64(len(k.features))))
	args, features := k.args, k.features
	if seed > 0 {
		args = strings.Replace(args, "-g 4096", "-g 8192", 1) + " -N 1600" // there is a twin of everything
		for _, set := range k.vary {
			switch add := set[rnd.IntN(len(set))]; {
			case strings.HasPrefix(add, "-"):
				args += " " + add
			case add != "":
				features += "," + add
			}
		}
	}
	return args + " -O " + features
}

// sizeOf is the size of an image of a seed: with twins it is twice that.
func (k victimKind) sizeOf(seed uint64) string {
	if seed == 0 {
		return k.size
	}
	return map[string]string{"8M": "16M", "16M": "32M"}[k.size]
}

// soundImages are those that were made, of seed 0 and of the last other.
var soundImages = map[uint64]map[string][]byte{}

// soundImage is a sound image of a kind. Seeds make it of other features, and put what is in it elsewhere.
func soundImage(t testing.TB, kind string, seed uint64) []byte {
	t.Helper()
	if soundImages[seed] == nil {
		soundImages = map[uint64]map[string][]byte{0: soundImages[0], seed: makeSound(t, seed)}
	}
	return soundImages[seed][kind]
}

// makeSound makes the images of a seed.
func makeSound(t testing.TB, seed uint64) map[string][]byte {
	t.Helper()
	dir, all := scattered(t, seed), make(map[string][]byte)
	for kind, k := range victimKinds {
		from, args := dir, k.arguments(seed)
		if kind == "mmp" {
			from = ""
		} else if seed > 0 {
			island(t, dir, args)
		}
		b := mke2fs(t, from, k.sizeOf(seed), args)
		if kind == "quota" {
			b = settled(t, b)
		}
		wantClean(t, b)
		if code, out, _ := e2fsck(t, b); code != 0 {
			t.Fatalf("%s of seed %d, %s: e2fsck says %d before any damage\n%s", kind, seed, args, code, out)
		}
		all[kind] = b
	}
	return all
}

// scattered is source for images of a seed: with a twin of everything, and more between.
func scattered(t testing.TB, seed uint64) string {
	t.Helper()
	dir := source(t)
	if seed == 0 {
		return dir
	}
	fill(t, filepath.Join(dir, "twin"), 0)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for i := range rnd.IntN(30) {
		put(t, filepath.Join(dir, fmt.Sprintf("more%d/%d", i%4, i)), noise(seed, rnd.IntN(30000)))
	}
	return dir
}

// island gives the files with islands more than fit a leaf of an extent tree of the blocks that the arguments say, and fewer than fit four.
func island(t testing.TB, dir, args string) {
	t.Helper()
	n := int64(180 * (1 + strings.Count(args, "-b 2048") + 3*strings.Count(args, "-b 4096")))
	scatter(t, filepath.Join(dir, "islands"), n, 16384)
	scatter(t, filepath.Join(dir, "twin", "islands"), n, 16384)
}

// settled is an image after e2fsck has put right what mke2fs and itself left wrong: quotas.
func settled(t testing.TB, image []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	store(t, path, image)
	for range 2 {
		_ = exec.Command(tool(t, "e2fsck"), "-fy", path).Run()
	}
	return contents(t, path)
}

// victimOf is an image of a kind, to be damaged: with odd seeds in its twin.
func victimOf(t testing.TB, kind string, seed uint64) *victim {
	t.Helper()
	v := newVictim(t, soundImage(t, kind, seed))
	v.twin = seed%2 == 1 && kind != "mmp"
	return v
}

// drawnDamage is what a test does to images. With EXTANT_ALL it is all of the catalogue, to the images of seed 0 and of EXTANT_CASES others (n unless said)
// from EXTANT_SEED on; otherwise one damage in share, each to an image of one of three seeds.
func drawnDamage(share, which int, n uint64) iter.Seq2[uint64, damage] {
	seeds := []uint64{0, 1, 2}
	if first, end := cases(n); everything() {
		seeds = seeds[:1]
		for seed := first; seed < end; seed++ {
			seeds = append(seeds, seed)
		}
	}
	return func(yield func(uint64, damage) bool) {
		for _, seed := range seeds {
			for i, d := range catalogue {
				if !everything() && (i%share != which || uint64(i/share%3) != seed || d.slow != "") {
					continue
				}
				if !yield(seed, d) {
					return
				}
			}
		}
	}
}

// of names a damage to an image of a seed.
func (d damage) of(seed uint64) string {
	if seed == 0 {
		return d.name
	}
	return fmt.Sprintf("%s, seed %d", d.name, seed)
}
