package ondisk_test

import (
	"testing"

	"extant/internal/ondisk"
)

func TestPathTo(t *testing.T) {
	type path = [4]int
	for _, c := range []struct {
		fb    ondisk.FileBlock
		size  int
		depth int
		index path
	}{
		{0, 1024, 0, path{0}}, {11, 1024, 0, path{11}},
		{12, 1024, 1, path{12, 0}}, {12 + 255, 1024, 1, path{12, 255}},
		{12 + 256, 1024, 2, path{13, 0, 0}}, {12 + 256 + 65535, 1024, 2, path{13, 255, 255}},
		{12 + 256 + 65536, 1024, 3, path{14, 0, 0, 0}}, {12 + 256 + 65536 + 1<<24 - 1, 1024, 3, path{14, 255, 255, 255}},
		{12 + 1024 + 1025, 4096, 2, path{13, 1, 1}},
		{1<<32 - 2, 65536, 3, path{}},
	} {
		p, ok := ondisk.PathTo(c.fb, c.size)
		if c.size == 65536 { // checked by adding up again
			per := uint64(16384)
			sum := 12 + per + per*per + uint64(p.Index[1])*per*per + uint64(p.Index[2])*per + uint64(p.Index[3])
			if !ok || sum != uint64(c.fb) {
				t.Errorf("block %d: %+v adds up to %d", c.fb, p, sum)
			}
			continue
		}
		if !ok || p.Depth != c.depth || p.Index != c.index {
			t.Errorf("block %d of %d bytes: %+v %v, want %v", c.fb, c.size, p, ok, c.index)
		}
	}
	if p, ok := ondisk.PathTo(12+256+65536+1<<24, 1024); ok {
		t.Errorf("a block past the last: %+v", p)
	}
	if ondisk.BlockMapMax(1024) != 12+256+65536+1<<24 || ondisk.BlockMapMax(65536) != 1<<32-1 {
		t.Errorf("limits %d, %d", ondisk.BlockMapMax(1024), ondisk.BlockMapMax(65536))
	}
}

// TestIndirectBlocks counts the indirect blocks on the paths to all blocks of a file.
func TestIndirectBlocks(t *testing.T) {
	seen := map[ondisk.BlockPath]bool{}
	for n := uint64(0); n < 70000; n++ {
		if n%997 == 0 || n < 600 || n > 65700 && n < 66500 {
			if got := ondisk.IndirectBlocks(n, 1024); got != uint64(len(seen)) {
				t.Fatalf("%d blocks take %d indirect ones, want %d", n, got, len(seen))
			}
		}
		p, _ := ondisk.PathTo(ondisk.FileBlock(n), 1024)
		for d := range p.Depth {
			q := ondisk.BlockPath{Depth: d + 1}
			copy(q.Index[:d+1], p.Index[:d+1])
			seen[q] = true
		}
	}
}

func TestBlockMap(t *testing.T) {
	m := make(ondisk.BlockMap, 60)
	for i, b := range []ondisk.Block{10, 11, 12, 0, 0, 0, 20, 22, 23, 0, 1} {
		m.Set(i, b)
	}
	for i, want := range map[int]int{0: 3, 1: 2, 3: 3, 6: 1, 7: 2, 9: 1, 10: 1, 11: 4} {
		if got := m.Run(i, m.Len()); got != want {
			t.Errorf("Run(%d) = %d, want %d", i, got, want)
		}
	}
	if m.Run(0, 2) != 2 || m.Len() != 15 {
		t.Error("a run passes its end")
	}
	if err := m.Check(ondisk.ExtentBounds{BlockMin: 1, BlockEnd: 24}); err != nil {
		t.Error(err)
	}
	wantCorrupt(t, m.Check(ondisk.ExtentBounds{BlockMin: 1, BlockEnd: 23}), "entry 8 points at block 23, outside 1 to 22")
	wantCorrupt(t, m.Check(ondisk.ExtentBounds{BlockMin: 2, BlockEnd: 24}), "entry 10 points at block 1")
}
