//go:build linux

package extant_test

import (
	"os"
	"os/exec"
	"testing"

	"extant/internal/ext4test"
	"extant/mkfs"
)

// TestKernelReads mounts every kind of file system, each with all sizes of blocks and one of inodes, and finds the tree that went in.
func TestKernelReads(t *testing.T) {
	if os.Geteuid() != 0 {
		ext4test.Lacking(t, "loop mounts need root")
	}
	ext4test.Tool(t, "mount")
	sources := newRiches(t, 3000)
	for _, c := range cells() {
		if !c.mounts() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := sources.of(t, c)
			image := ext4test.Build(t, mkfs.Dir(r.dir), c.size(), c.args, mkfs.FillOptions{})
			at := mount(t, image)
			got, err := ext4test.ReadHost(at)
			if err != nil {
				t.Fatal(err)
			}
			ext4test.Same(t, got, r.onHost, c.losses())
		})
	}
}

// mounts reports whether the test mounts a cell: one size of inodes to each size of blocks, no blocks beyond a page, which Linux does not
// mount before 6.19, and no casefold, for which many kernels lack the tables.
func (c cell) mounts() bool {
	inode := map[int]int{1024: 256, 2048: 1024, 4096: 128}[c.block]
	if inode == 128 && (c.has("inline_data") || c.has("project")) {
		inode = 256
	}
	return c.inode == inode && !c.has("casefold")
}

// mount mounts an image for reading until the test ends.
func mount(t testing.TB, image string) string {
	t.Helper()
	at := t.TempDir()
	if out, err := exec.Command("mount", "-t", "ext4", "-o", "loop,ro", image, at).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v\n%s", err, out)
	}
	t.Cleanup(func() { ext4test.Unmount(t, at) })
	return at
}
