package ext4_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"extant/ext4"
)

// TestMapsWithoutEnd reads block maps that fold back on themselves: a few blocks that claim to map 2^32.
func TestMapsWithoutEnd(t *testing.T) {
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": noise(1, 400<<10), "dir/x": nil}), "8M", "-t ext2 -b 1024")
	n := child(t, im.mount(ext4.Options{}), "file")
	var indirect []uint32
	for m, err := range n.MetaBlocks() {
		if err != nil {
			t.Fatal(err)
		}
		indirect = append(indirect, uint32(m.Block))
	}
	if len(indirect) < 3 {
		t.Fatalf("%d indirect blocks, want a double one", len(indirect))
	}
	at, err := n.FS().InodeSlot(n.Ino())
	if err != nil {
		t.Fatal(err)
	}
	pointers := int64(at.Block)*1024 + int64(at.Offset) + 0x28
	for name, leaf := range map[string]uint32{"holes": 0, "one block": indirect[0]} {
		// The triple indirect block points at the double one only, that one at the single one only.
		single, double, triple := indirect[0], indirect[1], indirect[2]
		im.fill(single, leaf)
		im.fill(double, single)
		im.fill(triple, double)
		im.patch(pointers+14*4, binary.LittleEndian.AppendUint32(nil, triple)...)
		im.patch(int64(at.Block)*1024+int64(at.Offset)+0x6c, 2) // i_size_high
		n := child(t, im.mount(ext4.Options{}), "file")
		var last error
		answers := 0
		for _, err := range n.Mappings(100 << 20) {
			last = err
			if answers++; answers > 100_000 {
				t.Fatalf("%s: more than %d mappings", name, answers)
			}
		}
		var corrupt *ext4.CorruptError
		if !errors.As(last, &corrupt) {
			t.Errorf("%s: mappings end with %v, want a *CorruptError", name, last)
		}
		if _, err := n.SeekHole(100 << 20); name == "one block" && !errors.As(err, &corrupt) {
			t.Errorf("%s: SeekHole: %v, want a *CorruptError", name, err)
		}
		if _, err := n.SeekData(100 << 20); name == "holes" && !errors.As(err, &corrupt) {
			t.Errorf("%s: SeekData: %v, want a *CorruptError", name, err)
		}
		answers = 0
		for range n.MetaBlocks() {
			if answers++; answers > 100_000 {
				t.Fatalf("%s: more than %d blocks of metadata", name, answers)
			}
		}
	}
}

// fill makes every pointer of an indirect block the same.
func (im *image) fill(b, pointer uint32) {
	im.t.Helper()
	var block []byte
	for range 256 {
		block = binary.LittleEndian.AppendUint32(block, pointer)
	}
	im.patch(int64(b)*1024, block...)
}
