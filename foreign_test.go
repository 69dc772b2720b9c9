//go:build linux

package extant_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"extant/internal/ext4test"
	"extant/internal/ondisk"
)

// mke2fsArgs turns the letters of a cell, whose defaults are upstream's, into those that Debian's mke2fs needs for the same.
func (c cell) mke2fsArgs() []string {
	args := strings.Fields(c.args)
	if strings.Contains(c.args, "-t ") {
		return args
	}
	features := "metadata_csum_seed,orphan_file"
	switch {
	case strings.Contains(c.args, "^has_journal"):
		features = "metadata_csum_seed"
	case strings.Contains(c.args, "^metadata_csum"):
		features = "orphan_file"
	}
	for i, a := range args {
		if a == "-O" {
			args[i+1] = features + "," + args[i+1]
			return append(args, "-t", "ext4")
		}
	}
	return append(args, "-t", "ext4", "-O", features)
}

// mke2fs makes an image of the cell, with what dir has where it is not "".
func (c cell) mke2fs(t testing.TB, dir string) string {
	t.Helper()
	image := filepath.Join(ext4test.TempDir(t), "disk.img")
	args := []string{"-q", "-F"}
	if dir != "" {
		args = append(args, "-d", dir)
	}
	args = append(append(args, c.mke2fsArgs()...), image, strconv.FormatInt(c.size()>>10, 10)+"k")
	cmd := exec.Command(ext4test.Tool(t, "mke2fs"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mke2fs %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return image
}

// TestForeignMatrix has mke2fs make every kind of file system from a directory, and reads it as what the directory is, but
// for what mke2fs leaves behind.
func TestForeignMatrix(t *testing.T) {
	ext4test.Tool(t, "mke2fs")
	sources := newRiches(t, 300) // mke2fs searches all of a directory for every name
	for _, c := range cells() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := sources.of(t, c)
			losses := c.losses()
			losses.Time, losses.Root, losses.MoreHoles = ext4test.WrappedSeconds, true, true
			got, want := ext4test.ReadImage(t, c.mke2fs(t, r.dir)), asMke2fs(r.onHost)
			if c.has("inline_data") {
				losses.Block = 0 // it gives the start of a file a block where there is a hole
				cutShort(want)
				maps.DeleteFunc(got, func(p string, _ ext4test.Node) bool { _, ok := want[p]; return !ok && r.onHost[p].Mode != 0 })
			}
			ext4test.Same(t, got, want, losses)
		})
	}
}

// asMke2fs is a tree as mke2fs -d has it: each name of a symbolic link is a link of its own.
func asMke2fs(tree ext4test.Tree) ext4test.Tree {
	out := maps.Clone(tree)
	for p, n := range out {
		if n.Type() == ondisk.ModeSymlink {
			n.Links, n.First = 1, ""
			out[p] = n
		}
	}
	return out
}

// cutShort leaves out files that end in a hole after data: where inline_data is on, mke2fs -d ends them before it.
func cutShort(tree ext4test.Tree) {
	maps.DeleteFunc(tree, func(p string, n ext4test.Node) bool {
		k := len(n.Data)
		return k > 0 && n.Data[k-1].End < n.Size
	})
}
