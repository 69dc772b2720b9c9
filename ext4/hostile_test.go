package ext4_test

import (
	"encoding/binary"
	"flag"
	"testing"

	"extant/ext4"
)

var everyByte = flag.Bool("everybyte", false, "damage every byte of metadata, and not a sample of them")

// TestEveryByte damages the metadata byte by byte and walks all of what is left.
func TestEveryByte(t *testing.T) {
	for _, a := range victimArgs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, a.name, a.args)
			size, step := v.size(), 97
			switch {
			case *everyByte:
				step = 1
			case testing.Short():
				step = 997
			}
			mutants := 0
			for i := 0; i < size; i += step {
				off := v.at(i)
				for _, x := range []byte{0x01, 0x80, 0xff} {
					for _, seal := range []bool{false, true} {
						mutants++
						if err := v.try(seal, map[int]byte{off: v.clean[off] ^ x}); err != nil {
							t.Fatalf("byte %#x of %d xor %#x, sealed %v: %v", off, len(v.clean), x, seal, err)
						}
					}
				}
			}
			t.Logf("%d bytes of metadata, %d mutants", size, mutants)
		})
	}
}

// TestSealing makes sure that sealing repairs what damage breaks: else the sealed mutants of the other tests stop at the first checksum.
func TestSealing(t *testing.T) {
	for _, a := range victimArgs {
		v := newVictim(t, a.name, a.args)
		img := append([]byte(nil), v.clean...)
		v.seal(img)
		fs, err := mountBytes(img, ext4.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := mountBytes(v.clean, ext4.Options{})
		if err != nil {
			t.Fatal(err)
		}
		compareTrees(t, readTree(t, fs), readTree(t, want), nil)
	}
}

// FuzzMount damages images as its input says: the first byte chooses image and sealing, each five that follow an
// offset in the metadata, a width and a value.
func FuzzMount(f *testing.F) {
	var victims []*victim
	for _, a := range victimArgs {
		victims = append(victims, newVictim(f, a.name, a.args))
	}
	for i := range byte(8) {
		f.Add([]byte{i})
		f.Add([]byte{i, 40, 1, 0, 7, 0xff, 0, 4, 0, 3, 0x80})
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		v := victims[int(input[0]>>1)%len(victims)]
		edits := map[int]byte{}
		for ops := input[1:]; len(ops) >= 5; ops = ops[5:] {
			v.edit(edits, int(ops[0])|int(ops[1])<<8|int(ops[2])<<16, ops[3], ops[4])
		}
		if err := v.try(input[0]&1 != 0, edits); err != nil {
			t.Fatal(err)
		}
	})
}

// edit adds one change: a byte, or a number of two or four bytes near a power of two, at a place in the metadata.
func (v *victim) edit(edits map[int]byte, place int, kind, value byte) {
	off := v.at(place % v.size())
	n := uint32(1) << (value % 32)
	switch kind % 4 {
	case 0:
		edits[off] = value
		return
	case 1:
		n--
	case 2:
		n = -n
	}
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], n)
	for i, x := range b[:2+int(kind>>2%2)*2] {
		if off+i < len(v.clean) {
			edits[off+i] = x
		}
	}
}
