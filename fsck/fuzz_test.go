package fsck_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// A mutant is a small image with all places that hold metadata, whose checksums are made right again after it was changed.
type mutant struct {
	*victim
	places []place
	owned  []owned
	slots  map[ondisk.Ino]int // where the inodes in use lie, in bytes
}

type place struct{ off, n int }

// owned is a block whose checksum depends on an inode.
type owned struct {
	kind ext4.MetaKind
	at   ondisk.Block
	ino  ondisk.Ino
	root bool // of an index
}

var mutantArgs = []string{
	"-t ext4 -b 1024 -I 256 -N 512 -O metadata_csum,ea_inode,64bit,orphan_file,encrypt,verity,casefold,quota -J size=1",
	"-t ext4 -b 1024 -I 256 -N 512 -O metadata_csum,inline_data,^has_journal,^resize_inode",
	"-t ext2 -b 1024 -I 128 -N 512",
	"-t ext4 -b 1024 -N 512 -O ^metadata_csum,^has_journal,uninit_bg,bigalloc,^resize_inode -C 2048",
}

func newMutant(t testing.TB, image []byte) *mutant {
	t.Helper()
	m := &mutant{victim: newVictim(t, image), slots: make(map[ondisk.Ino]int)}
	bs := m.sb.BlockSize()
	m.places = append(m.places, place{ondisk.SuperOffset, ondisk.SuperSize})
	for g := range ondisk.Group(m.sb.Groups()) {
		at, off := m.sb.DescriptorBlock(g)
		d := m.group(g)
		m.places = append(m.places, place{int(at)*bs + off, m.sb.DescriptorSize()}, place{int(d.BlockBitmap()) * bs, bs}, place{int(d.InodeBitmap()) * bs, bs})
	}
	for ino := ondisk.Ino(1); uint32(ino) <= m.sb.InodesCount; ino++ {
		n, err := m.fs.SystemInode(ino)
		if err != nil || n.Attr().Mode == 0 && ino != ondisk.BadBlocksIno {
			continue
		}
		at, err := m.fs.InodeSlot(ino)
		m.must(err)
		m.slots[ino] = int(at.Block)*bs + at.Offset
		m.places = append(m.places, place{m.slots[ino], at.Size})
		for b, err := range n.MetaBlocks() {
			m.must(err)
			m.places = append(m.places, place{int(b.Block) * bs, bs})
			m.owned = append(m.owned, owned{b.Kind, b.Block, ino, b.File == 0})
		}
	}
	return m
}

// copy is another mutant of the same image, for a test of its own.
func (m *mutant) copy(t testing.TB) *mutant {
	v := *m.victim
	v.t, v.b = t, bytes.Clone(m.b)
	n := *m
	n.victim = &v
	return &n
}

// seal makes the checksums right for the structures where the sound image has them.
func (m *mutant) seal() {
	m.super(func(*ondisk.Super) {})
	if m.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		seed, size := m.sb.CsumSeed(), m.sb.InodeBytes()
		for ino, off := range m.slots {
			ondisk.SetInodeCsum(seed, ino, m.b[off:][:size])
		}
		for _, o := range m.owned {
			b, own := m.at(o.at), ondisk.InodeSeed(seed, o.ino, binary.LittleEndian.Uint32(m.b[m.slots[o.ino]+0x64:]))
			switch {
			case o.kind == ext4.ExtentNode:
				ondisk.ExtentNode(b).SetCsum(own)
			case o.kind == ext4.DirBlock:
				ondisk.SetDirTail(own, b)
			case o.kind == ext4.IndexBlock && o.root:
				ondisk.DxRootNode(b).SetCsum(own)
			case o.kind == ext4.IndexBlock:
				ondisk.DxInnerNode(b).SetCsum(own)
			case o.kind == ext4.XattrBlock:
				ondisk.SetXattrBlockCsum(seed, o.at, b)
			}
		}
	}
	for g := range ondisk.Group(m.sb.Groups()) {
		m.desc(g, func(*ondisk.GroupDesc) {})
	}
}

// mutate changes up to four bytes of metadata for every seven of data: three say where, the rest what.
func (m *mutant) mutate(data []byte) {
	total := 0
	for _, p := range m.places {
		total += p.n
	}
	for len(data) >= 7 {
		at := int(binary.LittleEndian.Uint32(data)&0xFFFFFF) % total
		for _, p := range m.places {
			if at < p.n {
				copy(m.b[p.off+at:p.off+p.n], data[3:4+data[3]%4])
				break
			}
			at -= p.n
		}
		data = data[7:]
	}
}

// fuzzMutants fuzzes do with small images whose metadata is changed as data says, with the checksums made right again or not.
func fuzzMutants(f *testing.F, do func(t *testing.T, image, data []byte)) {
	var images []*mutant
	from := smallSource(f)
	for _, args := range mutantArgs {
		images = append(images, newMutant(f, mke2fs(f, from, "4M", args)))
	}
	for i := range images {
		f.Add(uint8(i), true, []byte("\x00\x00\x00\x01\x02\x03\x04"))
		f.Add(uint8(i+4), false, noise(uint64(i), 21))
	}
	f.Fuzz(func(t *testing.T, which uint8, seal bool, data []byte) {
		if len(data) > 70 {
			return
		}
		m := images[int(which)%len(images)].copy(t)
		m.mutate(data)
		if seal {
			m.seal()
		}
		do(t, m.b, data)
	})
}

// drawMutants gives do as many images of each kind as cases(n) says, with metadata changed at random and the checksums made right. again says
// how to draw the same one.
func drawMutants(t *testing.T, n uint64, do func(image []byte, again string)) {
	first, end := cases(n)
	from := smallSource(t)
	for kind, args := range mutantArgs {
		sound := newMutant(t, settled(t, mke2fs(t, from, "4M", args)))
		for seed := first; seed < end; seed++ {
			m := sound.copy(t)
			m.mutate(noise(seed, 7*(1+rand.New(rand.NewPCG(seed, 2)).IntN(3))))
			m.seal()
			do(m.b, fmt.Sprintf("image %d: EXTANT_SEED=%d EXTANT_CASES=1 go test -run %s ./fsck", kind, seed, t.Name()))
		}
	}
}

// FuzzCheck checks images with changed metadata. There is an answer in bounded time and memory, the same from one task as from two, and no panic.
func FuzzCheck(f *testing.F) {
	fuzzMutants(f, func(t *testing.T, image, _ []byte) { bounded(t, image) })
}

// checkAllocMax is the most that the check of an image of 4 MiB may allocate in all, in bytes.
const checkAllocMax = 64 << 20

// bounded checks an image and holds the check to its bounds.
func bounded(t *testing.T, image []byte) {
	t.Helper()
	before := bytes.Clone(image)
	var texts [2]string
	for i := range texts {
		var a, z runtime.MemStats
		runtime.ReadMemStats(&a)
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		r, err := fsck.Check(ctx, disk.NewMemFrom(image), fsck.Options{Workers: i + 1, FindingsMax: 200})
		late := ctx.Err()
		stop()
		runtime.ReadMemStats(&z)
		if late != nil {
			t.Fatal("no answer in 20 seconds")
		}
		if n := z.TotalAlloc - a.TotalAlloc; n > checkAllocMax {
			t.Fatalf("%d bytes allocated", n)
		}
		texts[i] = fmt.Sprint(err)
		if err == nil {
			texts[i] = fmt.Sprint(r.Findings, r.Counts, r.Usage)
		}
	}
	if texts[0] != texts[1] {
		t.Errorf("one task says\n%s\ntwo say\n%s", texts[0], texts[1])
	}
	if !bytes.Equal(before, image) {
		t.Error("a check changed the image")
	}
}
