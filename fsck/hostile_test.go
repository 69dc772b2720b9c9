package fsck_test

import (
	"testing"

	"extant/fsck"
	"extant/internal/ondisk"
)

// TestRepeats checks a file, and then a directory, whose map claims the same blocks 7,000 times over: there is an answer within the bounds
// that fuzzing is held to.
func TestRepeats(t *testing.T) {
	image := mke2fs(t, smallSource(t), "4M", "-t ext4 -b 1024 -N 512 -O ^metadata_csum,^has_journal,^resize_inode,^64bit")
	for _, mode := range []uint16{ondisk.ModeRegular | 0o644, ondisk.ModeDir | 0o755} {
		v := newVictim(t, image)
		const free = 2000 // blocks from there on are in nobody's use
		index := ondisk.ExtentNode(v.at(free))
		index.Init(1)
		file := ondisk.FileBlock(0)
		for i := range ondisk.Block(index.Max()) {
			n := ondisk.ExtentNode(v.at(free + 1 + i))
			n.Init(0)
			index.AppendIndex(ondisk.MakeExtentIndex(file, free+1+i))
			for n.Append(ondisk.MakeExtent(file, 300, 1500, false)) {
				file += 1500
			}
		}
		v.inode(v.ino("deep/a/b/leaf"), func(n *ondisk.Inode) {
			n.Mode = mode
			root := ondisk.ExtentNode(n.IBlock[:])
			root.Init(2)
			root.AppendIndex(ondisk.MakeExtentIndex(0, free))
			n.SetSize(uint64(file) * 1024)
			n.Flags |= ondisk.InodeIndex
		})
		bounded(t, v.b)
		if r := check(t, v.b); !r.Has(fsck.BlockClaimedTwice) {
			t.Errorf("mode %#o: found %v", mode, r.Counts)
		}
	}
}
