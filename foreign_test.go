//go:build linux

package extant_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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

// TestDebugfsMatrix fills every kind of file system with debugfs, of every size of blocks and inodes but not each with each, and reads
// what the commands say.
func TestDebugfsMatrix(t *testing.T) {
	ext4test.Tool(t, "mke2fs")
	src := plainSource()
	for i, c := range cells() {
		if i%3 != 0 && !testing.Short() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			image, dir := c.mke2fs(t, ""), ext4test.TempDir(t)
			script, err := src.WriteDebugfs(dir, c.inode > 128)
			if err != nil {
				t.Fatal(err)
			}
			if !c.has("inline_data") && !strings.Contains(c.args, "ext2") && !c.has("ext3") && !strings.Contains(c.args, "^extents") {
				script += "fallocate /sparse 20 30\n" // unwritten, in a hole
			}
			file := filepath.Join(dir, "script")
			if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			ext4test.Run(t, "debugfs", "-w", "-f", file, image)
			losses := c.losses()
			losses.Root, losses.MoreHoles = true, true
			ext4test.Same(t, ext4test.ReadImage(t, image), src.Tree(), losses)
		})
	}
}

// plainSource is a tree of what the commands of debugfs can make.
func plainSource() *ext4test.Source {
	s := ext4test.NewSource()
	for _, n := range []int{0, 1, 59, 60, 61, 128, 160, 161, 900, 1024, 4096, 4097, 70_000, 300_000} {
		name := fmt.Sprintf("file of %d", n)
		s.File(name, ext4test.Noise(uint64(n), n))
		s.Owner(name, uint32(n)*9, uint32(n)*11)
	}
	s.Sparse("sparse", 3<<20, map[int64][]byte{0: []byte("start"), 2 << 20: ext4test.Noise(8, 5000), 3<<20 - 1: []byte("e")})
	s.Dir("dir")
	s.Mode("dir", 0o1777)
	for i := range 40 {
		s.File(fmt.Sprintf("dir/file %d %s", i, strings.Repeat("n", 3*i)), []byte{byte(i)})
	}
	s.Link("dir/hard link", "file of 4097")
	for _, n := range []int{1, 59, 60, 61, 500} {
		s.Symlink(fmt.Sprintf("link of %d", n), strings.Repeat("t", n))
	}
	s.FIFO("fifo")
	s.Device("null", ondisk.ModeChar, 1, 3)
	s.Device("wide", ondisk.ModeBlock, 259, 60_000)
	s.Mode("file of 1", 0o6711)
	s.MTime("file of 59", time.Unix(-5, 6))
	s.MTime("file of 60", time.Unix(1<<31-1, 999_999_999))
	for i, n := range []int{1, 20, 60, 100, 400} {
		s.Xattr(fmt.Sprintf("dir/file %d %s", i, strings.Repeat("n", 3*i)), "user.value", ext4test.Noise(uint64(n), n))
	}
	s.Xattr("file of 900", "trusted.one", []byte("1"))
	s.Xattr("dir", "system.posix_acl_default", ext4test.ACL(ext4test.ACLEntry{Tag: ext4test.ACLOwner, Perm: 7},
		ext4test.ACLEntry{Tag: ext4test.ACLUser, Perm: 6, ID: 70_000}, ext4test.ACLEntry{Tag: ext4test.ACLOwnerGroup, Perm: 5},
		ext4test.ACLEntry{Tag: ext4test.ACLMask, Perm: 6}, ext4test.ACLEntry{Tag: ext4test.ACLOther, Perm: 1}))
	return s
}
