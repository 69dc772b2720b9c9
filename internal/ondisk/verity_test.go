package ondisk_test

import (
	"encoding/binary"
	"testing"

	"extant/internal/ondisk"
)

func verity(alg ondisk.VerityAlgorithm, log uint8, size uint64) ondisk.VerityDescriptor {
	return ondisk.VerityDescriptor{Version: 1, HashAlgorithm: alg, LogBlockSize: log, DataSize: size}
}

// TestVerityTreeSmall has shapes worked out by hand.
func TestVerityTreeSmall(t *testing.T) {
	for _, c := range []struct {
		d      ondisk.VerityDescriptor
		levels int
		bytes  uint64
	}{
		{verity(ondisk.VeritySHA256, 12, 0), 0, 0},
		{verity(ondisk.VeritySHA256, 12, 1), 0, 0},
		{verity(ondisk.VeritySHA256, 12, 4096), 0, 0},
		{verity(ondisk.VeritySHA256, 12, 4097), 1, 4096},
		{verity(ondisk.VeritySHA256, 12, 128*4096), 1, 4096},
		{verity(ondisk.VeritySHA256, 12, 128*4096+1), 2, 3 * 4096},
		{verity(ondisk.VeritySHA512, 12, 64*4096+1), 2, 3 * 4096},
		{verity(ondisk.VeritySHA512, 10, 16*16*1024+1), 3, (1 + 2 + 17) * 1024},
	} {
		tree, ok := ondisk.NewVerityTree(&c.d)
		if !ok || tree.Levels() != c.levels || tree.Bytes() != c.bytes {
			t.Errorf("%d bytes: %d levels, %d bytes (%v), want %d, %d", c.d.DataSize, tree.Levels(), tree.Bytes(), ok,
				c.levels, c.bytes)
		}
	}
}

// TestVerityTreeTiles wants every byte of every tree to be where exactly one hash may lie, and each hash within a block of its own level.
func TestVerityTreeTiles(t *testing.T) {
	for size := uint64(1); size < 700*1024; size += 1021 {
		d := verity(ondisk.VeritySHA512, 10, size)
		tree, ok := ondisk.NewVerityTree(&d)
		if !ok {
			t.Fatal(size)
		}
		below, end := (size+1023)/1024, tree.Bytes()
		for level := range tree.Levels() {
			for i := range below {
				at := tree.HashOffset(level, i)
				if want := tree.BlockOffset(level, i/16) + i%16*64; at != want || at+64 > end {
					t.Fatalf("size %d level %d: hash %d at %d, want %d below %d", size, level, i, at, want, end)
				}
			}
			below = (below + 15) / 16
			if start := tree.BlockOffset(level, 0); start+below*1024 != end {
				t.Fatalf("size %d: level %d has blocks %d..%d, want its end at %d", size, level, start, start+below*1024, end)
			}
			end = tree.BlockOffset(level, 0)
		}
		if end != 0 || tree.Levels() > 0 && below != 1 {
			t.Fatalf("size %d: levels start at %d, last has %d blocks", size, end, below)
		}
	}
}

func TestVerityTreeTooDeep(t *testing.T) {
	d := verity(ondisk.VeritySHA512, 10, 1024<<32)
	if tree, ok := ondisk.NewVerityTree(&d); !ok || tree.Levels() != 8 {
		t.Errorf("%d levels, %v", tree.Levels(), ok)
	}
	for _, size := range []uint64{1024<<32 + 1, ^uint64(0)} {
		d.DataSize = size
		if tree, ok := ondisk.NewVerityTree(&d); ok {
			t.Errorf("%d bytes: %d levels", size, tree.Levels())
		}
	}
}

func TestVerityPlaces(t *testing.T) {
	for _, c := range []struct {
		size, tree    uint64
		stored, block int
		at, end       uint64
	}{
		{0, 0, 256, 4096, 0, 4096},
		{1, 0, 256, 4096, 65536, 65536 + 4096},
		{65536, 4096, 256, 4096, 65536 + 4096, 65536 + 8192},
		{65537, 4096, 256, 65536, 131072 + 65536, 131072 + 131072},
		{5, 1024, 1020, 1024, 65536 + 1024, 65536 + 2048},
		{5, 1024, 1021, 1024, 65536 + 1024, 65536 + 3072},
	} {
		at, end, ok := ondisk.VerityDescriptorOffset(c.size, c.tree, c.stored, c.block)
		if !ok || at != c.at || end != c.end {
			t.Errorf("%+v: descriptor at %d, end %d, %v", c, at, end, ok)
		}
		trailer := binary.LittleEndian.AppendUint32(nil, uint32(c.stored))
		found, stored, err := ondisk.FindVerityDescriptor(end, trailer, c.block)
		if err != nil || found != at || stored != c.stored {
			t.Errorf("%+v: found at %d with %d bytes, %v", c, found, stored, err)
		}
	}
	for _, size := range []uint64{1<<63 - 1, 1 << 63, ^uint64(0)} {
		if _, _, ok := ondisk.VerityDescriptorOffset(size, 0, 256, 4096); ok {
			t.Errorf("place after %d bytes", size)
		}
	}
}

func TestFindVerityDescriptorRefuses(t *testing.T) {
	for _, c := range []struct {
		end, size uint64
	}{{4096, 255}, {4096, 16385}, {4096, 4093}, {0, 256}, {4096, 0xFFFFFFFF}} {
		trailer := binary.LittleEndian.AppendUint32(nil, uint32(c.size))
		_, _, err := ondisk.FindVerityDescriptor(c.end, trailer, 4096)
		wantCorrupt(t, err, "verity descriptor: size")
	}
}

func TestVerityCheck(t *testing.T) {
	good := verity(ondisk.VeritySHA256, 12, 99)
	if err := good.Check(99, 256); err != nil {
		t.Error(err)
	}
	for _, damage := range []func(*ondisk.VerityDescriptor){
		func(d *ondisk.VerityDescriptor) { d.Version = 2 },
		func(d *ondisk.VerityDescriptor) { d.HashAlgorithm = 3 },
		func(d *ondisk.VerityDescriptor) { d.LogBlockSize = 9 },
		func(d *ondisk.VerityDescriptor) { d.LogBlockSize = 17 },
		func(d *ondisk.VerityDescriptor) { d.SaltSize = 33 },
		func(d *ondisk.VerityDescriptor) { d.DataSize = 98 },
		func(d *ondisk.VerityDescriptor) { d.SigSize = 1 },
	} {
		bad := good
		damage(&bad)
		if err := bad.Check(99, 256); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}
