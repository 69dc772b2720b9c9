package ondisk_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

func TestExtentLength(t *testing.T) {
	for _, c := range []struct {
		n         uint32
		unwritten bool
		raw       uint16
	}{
		{1, false, 1}, {32767, false, 32767}, {32768, false, 32768}, {1, true, 32769}, {32767, true, 65535},
	} {
		e := ondisk.MakeExtent(7, 1<<47+5, c.n, c.unwritten)
		if e.Len != c.raw {
			t.Errorf("length %d unwritten %v is stored as %d, want %d", c.n, c.unwritten, e.Len, c.raw)
		}
		if e.Length() != c.n || e.Unwritten() != c.unwritten || e.Start() != 1<<47+5 || e.End() != 7+uint64(c.n) {
			t.Errorf("%+v: length %d unwritten %v start %d end %d", e, e.Length(), e.Unwritten(), e.Start(), e.End())
		}
	}
}

// bounds are those of a root on a device of 10,000 blocks.
func bounds() ondisk.ExtentBounds {
	return ondisk.ExtentBounds{Depth: -1, End: ondisk.FileBlocksMax, BlockMin: 1, BlockEnd: 10000}
}

func leaf(size int, extents ...ondisk.Extent) ondisk.ExtentNode {
	n := make(ondisk.ExtentNode, size)
	n.Init(0)
	for _, e := range extents {
		n.Append(e)
	}
	return n
}

func TestExtentNodeRoom(t *testing.T) {
	for size, want := range map[int]int{60: 4, 1024: 84, 2048: 169, 4096: 340, 65536: 5460} {
		n := leaf(size)
		for i := range want {
			if !n.Append(ondisk.MakeExtent(ondisk.FileBlock(i), 100, 1, false)) {
				t.Fatalf("%d bytes hold only %d extents, want %d", size, i, want)
			}
		}
		if n.Append(ondisk.MakeExtent(9999, 100, 1, false)) {
			t.Errorf("%d bytes hold more than %d extents", size, want)
		}
		if err := n.Check(bounds()); err != nil {
			t.Error(err)
		}
	}
}

func TestExtentNodeFind(t *testing.T) {
	n := leaf(60, ondisk.MakeExtent(10, 100, 5, false), ondisk.MakeExtent(20, 200, 1, true), ondisk.MakeExtent(21, 300, 9, false))
	for fb, want := range map[ondisk.FileBlock]int{0: -1, 9: -1, 10: 0, 14: 0, 19: 0, 20: 1, 21: 2, 1<<32 - 1: 2} {
		if got := n.Find(fb); got != want {
			t.Errorf("Find(%d) = %d, want %d", fb, got, want)
		}
	}
	if leaf(60).Find(5) != -1 {
		t.Error("found something in an empty leaf")
	}
}

func TestExtentNodeEdit(t *testing.T) {
	n := leaf(60, ondisk.MakeExtent(10, 100, 1, false), ondisk.MakeExtent(30, 300, 1, false))
	n.Insert(1, ondisk.MakeExtent(20, 200, 1, false))
	n.Insert(0, ondisk.MakeExtent(5, 50, 1, false))
	if n.Insert(2, ondisk.MakeExtent(15, 150, 1, false)) {
		t.Error("a fifth extent went in")
	}
	wantFirsts(t, n, 5, 10, 20, 30)
	n.Remove(1, 3)
	wantFirsts(t, n, 5, 30)
	for i, b := range n[12+24:] {
		if b != 0 {
			t.Fatalf("byte %d after the entries left is %#x", i, b)
		}
	}
	n.Remove(0, 2)
	wantFirsts(t, n)
}

func wantFirsts(t *testing.T, n ondisk.ExtentNode, want ...ondisk.FileBlock) {
	t.Helper()
	if n.Len() != len(want) {
		t.Fatalf("%d entries, want %d", n.Len(), len(want))
	}
	for i, w := range want {
		if n.First(i) != w || n.At(i).Start() != ondisk.Block(w)*10 {
			t.Errorf("entry %d: %+v, want file block %d", i, n.At(i), w)
		}
	}
	if err := n.Check(bounds()); err != nil {
		t.Error(err)
	}
}

func TestExtentNodeCheck(t *testing.T) {
	put := binary.LittleEndian.PutUint16
	ext := ondisk.MakeExtent
	for _, c := range []struct {
		want   string // in the message
		bounds func(*ondisk.ExtentBounds)
		damage func(n ondisk.ExtentNode)
	}{
		{"magic 0x1234", nil, func(n ondisk.ExtentNode) { put(n, 0x1234) }},
		{"depth 6, over 5", nil, func(n ondisk.ExtentNode) { put(n[6:], 6) }},
		{"the node above is one of depth 3", func(w *ondisk.ExtentBounds) { w.Depth = 2 }, nil},
		{"room for 5 entries, has it for 4", nil, func(n ondisk.ExtentNode) { put(n[4:], 5) }},
		{"room for 0 entries", nil, func(n ondisk.ExtentNode) { put(n[4:], 0) }},
		{"3 entries in a node for 2", nil, func(n ondisk.ExtentNode) { put(n[4:], 2) }},
		{"no entries at depth 1", nil, func(n ondisk.ExtentNode) { put(n[2:], 0); put(n[6:], 1) }},
		{"has no length", nil, func(n ondisk.ExtentNode) { put(n[12+4:], 0) }},
		{"extent 2 starts at file block 20, before 21", nil, func(n ondisk.ExtentNode) { n.Set(2, ext(20, 9, 1, false)) }},
		{"extent 0 starts at file block 10, before 11", func(w *ondisk.ExtentBounds) { w.First = 11 }, nil},
		{"passes 29", func(w *ondisk.ExtentBounds) { w.End = 29 }, nil},
		{"passes 4294967295", nil, func(n ondisk.ExtentNode) { n.Set(2, ext(1<<32-2, 9, 2, false)) }},
		{"outside 1 to 9999", nil, func(n ondisk.ExtentNode) { n.Set(2, ext(21, 9992, 9, false)) }},
		{"outside 1 to 9999", nil, func(n ondisk.ExtentNode) { n.Set(2, ext(21, 0, 1, false)) }},
		{"outside 1 to 9999", nil, func(n ondisk.ExtentNode) { n.Set(2, ext(21, 1<<48-1, 32768, false)) }},
		{"index entry 1 starts at file block 10, before 11", nil, func(n ondisk.ExtentNode) {
			put(n[6:], 1)
			n.SetIndex(0, ondisk.MakeExtentIndex(10, 5))
			n.SetIndex(1, ondisk.MakeExtentIndex(10, 5))
		}},
		{"index entry 0 points at block 10000", nil, func(n ondisk.ExtentNode) {
			put(n[6:], 1)
			n.SetIndex(0, ondisk.MakeExtentIndex(10, 10000))
		}},
		{"past 15", func(w *ondisk.ExtentBounds) { w.End = 15 }, func(n ondisk.ExtentNode) {
			put(n[6:], 1)
			n.SetIndex(0, ondisk.MakeExtentIndex(10, 1))
			n.SetIndex(1, ondisk.MakeExtentIndex(20, 1))
		}},
	} {
		n := leaf(60, ext(10, 100, 5, false), ext(20, 200, 1, true), ext(21, 9991, 9, false))
		w := bounds()
		if err := n.Check(w); err != nil {
			t.Fatal(err)
		}
		if c.bounds != nil {
			c.bounds(&w)
		}
		if c.damage != nil {
			c.damage(n)
		}
		wantCorrupt(t, n.Check(w), c.want)
	}
	for size := range 12 {
		wantCorrupt(t, make(ondisk.ExtentNode, size).Check(bounds()), "less than a header")
	}
}

// wantCorrupt wants a *CorruptError that says what.
func wantCorrupt(t *testing.T, err error, what string) {
	t.Helper()
	var c *ondisk.CorruptError
	if !errors.As(err, &c) || !strings.Contains(err.Error(), what) {
		t.Errorf("error %v, want corruption: %s", err, what)
	}
}

func TestExtentBoundsBelow(t *testing.T) {
	n := make(ondisk.ExtentNode, 60)
	n.Init(1)
	n.AppendIndex(ondisk.MakeExtentIndex(0, 50))
	n.AppendIndex(ondisk.MakeExtentIndex(100, 60))
	if err := n.Check(bounds()); err != nil {
		t.Fatal(err)
	}
	a, b := bounds().Below(n, 0), bounds().Below(n, 1)
	if a.Depth != 0 || a.First != 0 || a.End != 100 || b.First != 100 || b.End != ondisk.FileBlocksMax {
		t.Errorf("bounds below: %+v, %+v", a, b)
	}
	if x := n.IndexAt(1); x.Leaf() != 60 || x.First() != 100 {
		t.Errorf("index entry %+v", x)
	}
}

func TestExtentCsum(t *testing.T) {
	n := leaf(1024, ondisk.MakeExtent(0, 100, 1, false))
	n.SetCsum(1)
	if err := n.CheckCsum(1); err != nil {
		t.Error(err)
	}
	if binary.LittleEndian.Uint32(n[1020:]) == 0 {
		t.Error("no checksum at the end of the block")
	}
	wantCorrupt(t, n.CheckCsum(2), "checksum")
	n[500] ^= 1
	wantCorrupt(t, n.CheckCsum(1), "checksum")
	binary.LittleEndian.PutUint16(n[4:], 0xFFFF)
	n.SetCsum(1)
	wantCorrupt(t, n.CheckCsum(1), "no room")
	root := leaf(60)
	wantCorrupt(t, root.CheckCsum(1), "no room")
}
