//go:build linux

package extant_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"extant/internal/ext4test"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// kinds are the file systems of the matrix but for sizes of blocks and inodes, in the letters of mke2fs.
var kinds = []struct {
	name, args string
	large      bool // needs inodes of more than 128 bytes
}{
	{"ext2", "-t ext2", false},
	{"ext3", "-t ext3", false},
	{"ext4", "-t ext4", false},
	{"inline_data", "-O inline_data", true},
	{"bigalloc", "-O bigalloc", false},
	{"meta_bg", "-O meta_bg,^resize_inode", false},
	{"64bit off", "-O ^64bit", false},
	{"metadata_csum off", "-O ^metadata_csum", false},
	{"uninit_bg", "-O ^metadata_csum,uninit_bg", false},
	{"metadata_csum_seed off", "-O ^metadata_csum_seed", false},
	{"large_dir", "-O large_dir", false},
	{"quota", "-O quota", false},
	{"project", "-O quota,project", true},
	{"casefold", "-O casefold", false},
	{"orphan_file off", "-O ^orphan_file", false},
	{"no journal", "-O ^has_journal", false},
	{"sparse_super2", "-O sparse_super2", false},
	{"ea_inode", "-O ea_inode", false},
	{"mmp", "-O mmp", false},
	{"verity, encrypt, stable_inodes", "-O verity,encrypt,stable_inodes", false},
	{"flex_bg off", "-O ^flex_bg", false},
	{"huge_file off", "-O ^huge_file", false},
	{"extents off", "-O ^extents,^64bit", false},
	{"dir_index off", "-O ^dir_index", false},
	{"filetype off", "-O ^filetype", false},
	{"dir_nlink off", "-O ^dir_nlink", false},
	{"resize_inode off", "-O ^resize_inode", false},
	{"fast_commit", "-O fast_commit", false},
	{"packed", "-E packed_meta_blocks", false},
	{"inline_data, ea_inode", "-O inline_data,ea_inode", true},
	{"inline_data in ext2", "-t ext2 -O inline_data", true},
	{"ext2 with metadata_csum", "-t ext2 -O metadata_csum", false},
	{"bigalloc, inline_data, ea_inode", "-O bigalloc,inline_data,ea_inode,meta_bg,^resize_inode,large_dir,quota", true},
}

// A cell is one file system of the matrix.
type cell struct {
	name, args   string
	block, inode int
}

func (c cell) has(feature string) bool {
	return strings.Contains(c.args, feature) && !strings.Contains(c.args, "^"+feature)
}

// losses is what a file system of the cell cannot hold of a source.
func (c cell) losses() ext4test.Losses {
	l := ext4test.Losses{Block: int64(c.block), ATimes: true}
	if c.has("bigalloc") {
		l.Block *= 16 // a cluster is mapped as a whole
	}
	if c.inode == 128 {
		l.Time = ext4test.ShortSeconds
	}
	return l
}

// size gives some groups to every size of blocks but the largest.
func (c cell) size() int64 {
	return map[int]int64{1024: 90 << 20, 2048: 150 << 20, 4096: 400 << 20, 65536: 1 << 30}[c.block]
}

// cells lists the matrix; under -short, some of each row and column.
func cells() (list []cell) {
	n := 0
	for _, block := range []int{1024, 2048, 4096, 65536} {
		for _, inode := range []int{128, 256, 1024} {
			for _, k := range kinds {
				if n++; k.large && inode == 128 || testing.Short() && n%7 != 0 {
					continue
				}
				args := fmt.Sprintf("-b %d -I %d %s", block, inode, k.args)
				list = append(list, cell{fmt.Sprintf("%d/%d/%s", block, inode, k.name), args, block, inode})
			}
		}
	}
	return list
}

// A rich is a tree of ext4test.Rich in all forms that an image can be made of.
type rich struct {
	extant program
	src    *ext4test.Source // without the file that is too large to be written out, as io/fs knows no holes
	dir    string
	onHost ext4test.Tree // the directory, which without root lacks some of src
	tar    string
}

// riches makes trees for the rooms that file systems have, each once.
type riches struct {
	t      testing.TB
	extant program
	names  int // in the large directory

	mu   sync.Mutex
	made map[ext4test.Room]func() (*rich, error)
}

func newRiches(t testing.TB, names int) *riches {
	return &riches{t: t, extant: buildProgram(t), names: names, made: map[ext4test.Room]func() (*rich, error){}}
}

// of is the tree for a cell.
func (r *riches) of(t testing.TB, c cell) *rich {
	t.Helper()
	room := ext4test.Room{Block: min(c.block, 4096), EAInode: c.has("ea_inode"), Names: r.names}
	r.mu.Lock()
	get := r.made[room]
	if get == nil {
		root := ext4test.TempDir(r.t)
		get = sync.OnceValues(func() (*rich, error) { return newRich(room, root, r.extant) })
		r.made[room] = get
	}
	r.mu.Unlock()
	out, err := get()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newRich(room ext4test.Room, root string, extant program) (r *rich, err error) {
	r = &rich{extant: extant, src: ext4test.Rich(room), dir: filepath.Join(root, "tree"), tar: filepath.Join(root, "tar")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		return nil, err
	}
	if err := r.src.WriteDir(r.dir); err != nil {
		return nil, err
	}
	if r.onHost, err = ext4test.ReadHost(r.dir); err != nil {
		return nil, err
	}
	r.src.Drop("sparse/far")
	return r, archive(r.dir, r.tar)
}

// archive makes a tar of a directory that keeps all there is.
func archive(dir, file string) error {
	cmd := exec.Command("tar", "--format=posix", "--sparse", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "-C", dir, "-cf", file, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w\n%s", err, out)
	}
	return nil
}

// tarred is a tree as GNU tar has it: each name of a device is a device of its own.
func tarred(tree ext4test.Tree) ext4test.Tree {
	out := maps.Clone(tree)
	for p, n := range out {
		if kind := n.Type(); kind == ondisk.ModeChar || kind == ondisk.ModeBlock || kind == ondisk.ModeFIFO {
			n.Links, n.First = 1, ""
			out[p] = n
		}
	}
	return out
}

// A program is the extant command, built.
type program string

func buildProgram(t testing.TB) program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "extant")
	if out, err := exec.Command("go", "build", "-o", file, "./cmd/extant").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program(file)
}

// run runs the command, with variables added to the environment.
func (p program) run(t testing.TB, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command(string(p), args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("extant %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// ways are the ways to make an image of a tree; each returns the image and what the way can carry.
var ways = []struct {
	name string
	make func(t testing.TB, c cell, r *rich) (image string, want ext4test.Tree, losses ext4test.Losses)
}{
	{"directory", func(t testing.TB, c cell, r *rich) (string, ext4test.Tree, ext4test.Losses) {
		return ext4test.Build(t, mkfs.Dir(r.dir), c.size(), c.args, mkfs.FillOptions{}), r.onHost, c.losses()
	}},
	{"smallest", func(t testing.TB, c cell, r *rich) (string, ext4test.Tree, ext4test.Losses) {
		return ext4test.Build(t, mkfs.Dir(r.dir), 0, c.args, mkfs.FillOptions{}), r.onHost, c.losses()
	}},
	{"fs.FS", func(t testing.TB, c cell, r *rich) (string, ext4test.Tree, ext4test.Losses) {
		l := c.losses()
		l.Block, l.ATimes = 0, false // io/fs has neither
		return ext4test.Build(t, mkfs.FS(r.src.FS()), c.size(), c.args, mkfs.FillOptions{}), r.src.Tree(), l
	}},
	{"tar", func(t testing.TB, c cell, r *rich) (string, ext4test.Tree, ext4test.Losses) {
		f, err := os.Open(r.tar)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return ext4test.Build(t, mkfs.Tar(f), c.size(), c.args, mkfs.FillOptions{}), tarred(r.onHost), c.losses()
	}},
	{"command", func(t testing.TB, c cell, r *rich) (string, ext4test.Tree, ext4test.Losses) {
		image := filepath.Join(ext4test.TempDir(t), "disk.img")
		args := append([]string{"mkfs", "-q", "-d", r.dir}, strings.Fields(c.args)...)
		r.extant.run(t, nil, append(args, image, fmt.Sprint(c.size()>>10)+"k")...)
		return image, r.onHost, c.losses()
	}},
}

// TestMatrix makes every kind of file system with every size of blocks and inodes, in turn by every way, from a tree with one of
// everything. e2fsck has nothing to say of the image, and what package extant reads of it is the tree.
func TestMatrix(t *testing.T) {
	ext4test.Tool(t, "e2fsck")
	ext4test.Tool(t, "tar")
	sources := newRiches(t, 3000)
	for i, c := range cells() {
		way := ways[i%len(ways)]
		t.Run(c.name+" by "+way.name, func(t *testing.T) {
			t.Parallel()
			image, want, losses := way.make(t, c, sources.of(t, c))
			ext4test.Check(t, image)
			ext4test.Same(t, ext4test.ReadImage(t, image), want, losses)
		})
	}
}
