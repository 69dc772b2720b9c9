package ondisk_test

import (
	"encoding/binary"
	"testing"

	"extant/internal/ondisk"
)

func TestDxRoom(t *testing.T) {
	for _, c := range []struct {
		size       int
		csum       bool
		storedHash bool
		root, node int
	}{
		{1024, false, false, 124, 127}, {1024, true, false, 123, 126}, {4096, false, false, 508, 511}, {4096, true, false, 507, 510},
		{4096, true, true, 507, 509}, {65536, true, false, 8187, 8190},
	} {
		f := ondisk.DxFormat{Csum: c.csum, StoredHash: c.storedHash}
		b := make([]byte, c.size)
		if got := ondisk.DxRootNode(b).Room(f); got != c.root {
			t.Errorf("root of %d bytes, %+v: room for %d, want %d", c.size, f, got, c.root)
		}
		if got := ondisk.DxInnerNode(b).Room(f); got != c.node {
			t.Errorf("node of %d bytes, %+v: room for %d, want %d", c.size, f, got, c.node)
		}
	}
}

// dxRoot is block 0 of a directory of 200 blocks: hashes below 100 in block 1, below 200 in block 2, and so on to 199.
func dxRoot(f ondisk.DxFormat) ([]byte, ondisk.DxNode) {
	b := make([]byte, 4096)
	n := ondisk.DxRootNode(b)
	n.Init(f, 1)
	r := ondisk.MakeDxRoot(12, 2, ondisk.FileDir, len(b), ondisk.HashHalfMD4Unsigned, 0)
	r.Encode(b)
	for i := ondisk.FileBlock(2); i < 200; i++ {
		n.Append(uint32(i-1)*100, i)
	}
	return b, n
}

func TestDxRoot(t *testing.T) {
	f := ondisk.DxFormat{Csum: true, Blocks: 200}
	b, n := dxRoot(f)
	if err := n.Check(f); err != nil {
		t.Fatal(err)
	}
	if got := names(t, b); len(got) != 2 || got[0] != "." || got[1] != ".." {
		t.Errorf("a linear reader sees %q", got)
	}
	var r ondisk.DxRoot
	if err := r.Decode(b); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(4096, false); err != nil || r.HashVersion != 1 || r.DotDot.Inode != 2 {
		t.Errorf("%+v: %v", r, err)
	}
	for hash, want := range map[uint32]ondisk.FileBlock{0: 1, 98: 1, 100: 2, 198: 2, 19798: 198, 19800: 199, 1<<32 - 4: 199} {
		if got := n.Block(n.Find(hash)); got != want {
			t.Errorf("hash %d is looked for in block %d, want %d", hash, got, want)
		}
	}
}

func TestDxContinues(t *testing.T) {
	n := ondisk.DxInnerNode(make([]byte, 1024))
	f := ondisk.DxFormat{Blocks: 10}
	n.Init(f, 1)
	n.Append(500|1, 2) // names of hash 500 are in blocks 1, 2 and 3
	n.Append(500|1, 3)
	n.Append(600, 4)
	if err := n.Check(f); err != nil {
		t.Fatal(err)
	}
	i := n.Find(500)
	if i != 0 || !n.Continues(1, 500) || !n.Continues(2, 500) || n.Continues(3, 500) || n.Continues(3, 600) {
		t.Errorf("hash 500 starts at entry %d", i)
	}
	if n.Find(502) != 2 {
		t.Errorf("hash 502 is looked for at entry %d, want 2", n.Find(502))
	}
}

func TestDxEdit(t *testing.T) {
	b := make([]byte, 1024)
	for i := range b {
		b[i] = 0xA5
	}
	f := ondisk.DxFormat{Csum: true, Blocks: 1000}
	n := ondisk.DxInnerNode(b)
	n.Init(f, 1)
	if got := names(t, b); got != nil {
		t.Errorf("a linear reader sees %q", got)
	}
	for i := 1; i < n.Limit(); i++ {
		if !n.Append(uint32(2*i), ondisk.FileBlock(i+1)) {
			t.Fatalf("no room for entry %d of %d", i, n.Limit())
		}
	}
	if n.Append(9999, 5) {
		t.Error("an entry too many went in")
	}
	n.SetCsum(3)
	if err := n.CheckCsum(3); err != nil {
		t.Error(err)
	}
	n.Truncate(3)
	wantCorrupt(t, n.CheckCsum(3), "checksum")
	if !n.Insert(1, 1, 77) || n.Count() != 4 || n.Block(1) != 77 || n.Block(2) != 2 || n.Hash(3) != 4 {
		t.Errorf("after an insertion: %d entries, blocks %d %d, hash %d", n.Count(), n.Block(1), n.Block(2), n.Hash(3))
	}
	if err := n.Check(f); err != nil {
		t.Error(err)
	}
	for i, x := range b[8+4*8 : 8+n.Limit()*8] {
		if x != 0 {
			t.Fatalf("byte %d after the entries left is %#x", i, x)
		}
	}
}

// TestDxCsumCoverage wants the checksum blind to the room between the last entry and the tail, and to nothing else.
func TestDxCsumCoverage(t *testing.T) {
	f := ondisk.DxFormat{Csum: true, Blocks: 200}
	b, n := dxRoot(f)
	n.SetCsum(3)
	for _, off := range []int{0, 30, 40, 32 + 199*8 - 1, 4088} {
		b[off] ^= 1
		if n.CheckCsum(3) == nil {
			t.Errorf("a change of byte %d was not noticed", off)
		}
		b[off] ^= 1
	}
	b[32+199*8] ^= 1
	if err := n.CheckCsum(3); err != nil {
		t.Error(err)
	}
	binary.LittleEndian.PutUint16(b[32:], 65535)
	n.SetCsum(3)
	wantCorrupt(t, n.CheckCsum(3), "no room")
}

func TestDxRootCheck(t *testing.T) {
	for _, c := range []struct {
		want   string
		damage func(b []byte)
	}{
		{`not "."`, func(b []byte) { b[8] = 'x' }},
		{`not "."`, func(b []byte) { b[4] = 16 }},
		{`not ".."`, func(b []byte) { b[21] = 'x' }},
		{`not ".."`, func(b []byte) { b[12+4]-- }},
		{"reserved_zero", func(b []byte) { b[24] = 1 }},
		{"info_length is 9", func(b []byte) { b[29] = 9 }},
		{"2 levels of nodes, over 1", func(b []byte) { b[30] = 2 }},
		{"unused_flags", func(b []byte) { b[31] = 1 }},
	} {
		b, _ := dxRoot(ondisk.DxFormat{})
		c.damage(b)
		var r ondisk.DxRoot
		if err := r.Decode(b); err != nil {
			t.Fatal(err)
		}
		wantCorrupt(t, r.Check(4096, false), c.want)
		if r.IndirectLevels == 2 && r.Check(4096, true) != nil {
			t.Error("two levels of nodes refused with large_dir")
		}
	}
}

func TestDxNodeCheck(t *testing.T) {
	f := ondisk.DxFormat{Blocks: 10}
	put := binary.LittleEndian.PutUint16
	for _, c := range []struct {
		want   string
		damage func(b []byte)
	}{
		{"does not start with an entry not in use", func(b []byte) { b[0] = 1 }},
		{"does not start with an entry not in use", func(b []byte) { put(b[4:], 1020) }},
		{"room for 128 entries, has it for 127", func(b []byte) { put(b[8:], 128) }},
		{"128 entries in a node for 127", func(b []byte) { put(b[10:], 128) }},
		{"0 entries", func(b []byte) { put(b[10:], 0) }},
		{"entry 2 has hash 0x4, after 0x6", func(b []byte) { put(b[24:], 4) }},
		{"entry 0 points at block 0", func(b []byte) { put(b[12:], 0) }},
		{"entry 1 points at block 10 of a directory of 10", func(b []byte) { put(b[20:], 10) }},
	} {
		b := make([]byte, 1024)
		n := ondisk.DxInnerNode(b)
		n.Init(f, 1)
		n.Append(6, 2)
		n.Append(8, 3)
		if err := n.Check(f); err != nil {
			t.Fatal(err)
		}
		c.damage(b)
		wantCorrupt(t, n.Check(f), c.want)
	}
	wantCorrupt(t, ondisk.DxRootNode(make([]byte, 40)).Check(f), "block of 40 bytes")
}
