package alloc_test

import (
	"fmt"
	"testing"
	"time"

	"extant/internal/alloc"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// BenchmarkBlocks gives out and takes back runs of some lengths.
func BenchmarkBlocks(b *testing.B) {
	for _, n := range []uint32{1, 16, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			im := newImage(b, "", mkfs.Options{Size: 4 << 30})
			var given []alloc.Run
			b.ReportAllocs()
			for b.Loop() {
				h := im.start()
				start, got, err := im.a.Blocks(h, alloc.Request{Len: n, Inode: 12})
				stop(b, h)
				if err == nil {
					given = append(given, alloc.Run{Start: start, N: uint64(got)})
				}
				if err != nil || len(given) == 1000 {
					b.StopTimer()
					im.giveBack(given)
					given = given[:0]
					b.StartTimer()
				}
			}
		})
	}
}

func (im *image) giveBack(given []alloc.Run) {
	im.t.Helper()
	h := im.start()
	for _, r := range given {
		if err := im.a.FreeBlocks(h, r.Start, r.N); err != nil {
			im.t.Fatal(err)
		}
	}
	stop(im.t, h)
	if err := im.j.Force(); err != nil {
		im.t.Fatal(err)
	}
}

// BenchmarkFree takes back runs of 16 blocks.
func BenchmarkFree(b *testing.B) {
	im := newImage(b, "", mkfs.Options{Size: 4 << 30})
	var given []alloc.Run
	b.ReportAllocs()
	for b.Loop() {
		if len(given) == 0 {
			b.StopTimer()
			if err := im.j.Force(); err != nil {
				b.Fatal(err)
			}
			h := im.start()
			for range 1000 {
				start, n, err := im.a.Blocks(h, alloc.Request{Len: 16, Inode: 12})
				if err != nil {
					b.Fatal(err)
				}
				given = append(given, alloc.Run{Start: start, N: uint64(n)})
			}
			stop(b, h)
			b.StartTimer()
		}
		h := im.start()
		r := given[len(given)-1]
		given = given[:len(given)-1]
		if err := im.a.FreeBlocks(h, r.Start, r.N); err != nil {
			b.Fatal(err)
		}
		stop(b, h)
	}
}

// BenchmarkInode gives out inodes of one directory.
func BenchmarkInode(b *testing.B) {
	im := newImage(b, "", mkfs.Options{Size: 4 << 30})
	var given []ondisk.Ino
	b.ReportAllocs()
	for b.Loop() {
		h := im.start()
		ino, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno})
		stop(b, h)
		if err != nil {
			b.StopTimer()
			h := im.start()
			for _, ino := range given {
				if err := im.a.FreeInode(h, ino, false); err != nil {
					b.Fatal(err)
				}
			}
			stop(b, h)
			given = given[:0]
			b.StartTimer()
			continue
		}
		given = append(given, ino)
	}
}

// BenchmarkMount starts an allocator on images of some sizes, and gives out a first block.
func BenchmarkMount(b *testing.B) {
	for _, size := range []int64{1 << 30, 1 << 40, 16 << 40, 64 << 40} {
		b.Run(fmt.Sprint(size>>30, "GiB"), func(b *testing.B) {
			im := newImage(b, "", mkfs.Options{Size: size, BytesPerInode: 64 << 20, Journal: mkfs.Journal{Size: 64 << 20}})
			b.ReportAllocs()
			for b.Loop() {
				im.mount(true)
				h := im.start()
				if _, _, err := im.a.Blocks(h, alloc.Request{Len: 1, Inode: 12}); err != nil {
					b.Fatal(err)
				}
				stop(b, h)
			}
		})
	}
}

// fill makes every group but the last look full, as far as descriptors tell.
func (im *image) fill() {
	per := im.sb.DescriptorsPerBlock()
	size := im.sb.DescriptorSize()
	p := make([]byte, im.sb.BlockSize())
	for g := ondisk.Group(0); uint64(g) < im.sb.Groups(); g++ {
		b, off := im.sb.DescriptorBlock(g)
		if off == 0 {
			im.read(b, p)
		}
		var d ondisk.GroupDesc
		raw := p[off : off+size]
		if err := d.Decode(raw); err != nil {
			im.t.Fatal(err)
		}
		if uint64(g) < im.sb.Groups()-1 {
			d.SetFreeClusters(0)
		}
		d.Encode(raw)
		d.Checksum = ondisk.GroupDescCsum(im.sb.CsumSeed(), g, raw)
		d.Encode(raw)
		if int(g)%per == per-1 || uint64(g) == im.sb.Groups()-1 {
			im.write(b, p)
		}
	}
}

// BenchmarkNearlyFull gives out blocks where one group of 131,072 has any.
func BenchmarkNearlyFull(b *testing.B) {
	im := newImage(b, "", mkfs.Options{Size: 16 << 40, BytesPerInode: 64 << 20, Journal: mkfs.Journal{Size: 64 << 20}})
	im.fill()
	im.mount(true)
	h := im.start()
	began := time.Now()
	if _, _, err := im.a.Blocks(h, alloc.Request{Len: 16, Inode: 12}); err != nil {
		b.Fatal(err)
	}
	first := time.Since(began)
	var given []alloc.Run
	b.ReportAllocs()
	for b.Loop() {
		start, n, err := im.a.Blocks(h, alloc.Request{Len: 16, Inode: 12})
		if err != nil {
			b.Fatal(err)
		}
		if given = append(given, alloc.Run{Start: start, N: uint64(n)}); len(given) == 500 {
			b.StopTimer()
			stop(b, h)
			im.giveBack(given)
			given = given[:0]
			h = im.start()
			b.StartTimer()
		}
	}
	stop(b, h)
	b.ReportMetric(float64(first.Microseconds()), "us/first")
}
