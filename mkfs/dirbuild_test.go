package mkfs

import (
	"fmt"
	"testing"

	"extant/internal/ondisk"
)

// TestEqualHashes lays out names of one hash over several leaves: the index says of each but the first that it goes on.
func TestEqualHashes(t *testing.T) {
	const names, hash = 300, 0x1234
	tr := &tree{}
	tr.nodes.add(node{mode: ondisk.ModeDir, ino: ondisk.RootIno, hi: names + 1})
	add := func(name string, hash uint32) {
		tr.entries = append(tr.entries, entry{name: uint32(len(tr.names)), nameLen: uint8(len(name)), hash: hash})
		tr.names = append(tr.names, name...)
	}
	add("before", 8)
	for i := range names {
		add(fmt.Sprintf("name %d", i), hash)
	}
	d := &dirBuilder{t: tr, f: dirFormat{blockSize: 1024, tail: ondisk.DirTailSize, index: true}}
	blocks, err := d.f.blocks(tr.entries)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, blocks*1024)
	if err := d.build(tr.nodes.at(0), b); err != nil {
		t.Fatal(err)
	}
	root := ondisk.DxRootNode(b[:1024])
	if err := root.Check(ondisk.DxFormat{Csum: true, Blocks: uint32(blocks)}); err != nil {
		t.Fatal(err)
	}
	if root.Count() < 3 || uint64(root.Count()) != blocks-1 {
		t.Fatalf("%d leaves in %d blocks", root.Count(), blocks)
	}
	for i := 1; i < root.Count(); i++ {
		if root.Hash(i) != hash|1 {
			t.Errorf("leaf %d has hash %#x, want %#x", i, root.Hash(i), hash|1)
		}
	}
}
