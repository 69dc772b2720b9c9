package alloc_test

import (
	"math/rand/v2"
	"testing"

	"extant/internal/alloc"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// growing is a file that grows at its end.
type growing struct {
	ino     ondisk.Ino
	pre     alloc.Prealloc
	blocks  uint64
	end     ondisk.Block // behind the last extent
	extents int
}

// grow adds n blocks as writeback does.
func (f *growing) grow(t testing.TB, im *image, n uint32) {
	for n > 0 {
		h := im.start()
		r := alloc.Request{
			Goal: f.end, Len: n, Inode: f.ino, Logical: ondisk.FileBlock(f.blocks), Size: f.blocks + uint64(n),
			Prealloc: &f.pre, Flags: alloc.Follow,
		}
		if f.end == 0 {
			r.Flags = 0
		}
		start, got, err := im.a.Blocks(h, r)
		if err != nil {
			t.Fatal(err)
		}
		stop(t, h)
		if start != f.end || f.end == 0 {
			f.extents++
		}
		f.end = start + ondisk.Block(got)
		f.blocks += uint64(got)
		n -= got
	}
}

// TestInterleavedFilesStayWhole grows many files in turns and wants each in few extents.
func TestInterleavedFilesStayWhole(t *testing.T) {
	im := newImage(t, "", mkfs.Options{Size: 8 << 30})
	files := make([]growing, 1000)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range files {
		files[i].ino = ondisk.Ino(11 + i)
	}
	for range 64 {
		for _, i := range r.Perm(len(files)) {
			files[i].grow(t, im, uint32(1+r.IntN(31)))
		}
	}
	extents, blocks, worst := 0, uint64(0), 0
	for i := range files {
		extents += files[i].extents
		blocks += files[i].blocks
		worst = max(worst, files[i].extents)
		im.a.Discard(&files[i].pre)
	}
	t.Logf("%d files of %d blocks: %.1f extents each, %d at most", len(files), blocks/uint64(len(files)), float64(extents)/float64(len(files)), worst)
	if extents > 6*len(files) || worst > 8 {
		t.Errorf("%d extents in %d files, %d in one", extents, len(files), worst)
	}
	im.onlyMarked()
}

// TestSmallFilesLieTogether makes many small files and wants them packed side by side.
func TestSmallFilesLieTogether(t *testing.T) {
	im := newImage(t, "", mkfs.Options{Size: 1 << 30})
	var lowest, highest, total ondisk.Block
	for i := range 2000 {
		f := growing{ino: ondisk.Ino(11 + i)}
		n := uint32(1 + i%3)
		f.grow(t, im, n)
		im.a.Discard(&f.pre)
		if f.extents != 1 {
			t.Fatalf("a file of %d blocks in %d extents", n, f.extents)
		}
		if lowest == 0 {
			lowest = f.end - ondisk.Block(n)
		}
		lowest, highest, total = min(lowest, f.end-ondisk.Block(n)), max(highest, f.end), total+ondisk.Block(n)
	}
	if span := highest - lowest; span > total+total/16 {
		t.Errorf("%d blocks of small files are spread over %d", total, span)
	}
}

// TestTornDisk fills a disk, frees every other block, and wants every one of them found again.
func TestTornDisk(t *testing.T) {
	im := newImage(t, "", mkfs.Options{Size: 64 * mib, BlockSize: 1024})
	var all []alloc.Run
	for {
		h := im.start()
		start, n, err := im.a.Blocks(h, alloc.Request{Len: 1 << 20, Inode: 12, Flags: alloc.Essential})
		stop(t, h)
		if err != nil {
			break
		}
		all = append(all, alloc.Run{Start: start, N: uint64(n)})
	}
	if free, _ := im.a.Free(); free != 0 {
		t.Fatalf("%d clusters left", free)
	}
	freed := uint64(0)
	for _, r := range all {
		h := im.start()
		for i := uint64(0); i < r.N; i += 2 {
			if err := im.a.FreeBlocks(h, r.Start+ondisk.Block(i), 1); err != nil {
				t.Fatal(err)
			}
			freed++
		}
		stop(t, h)
	}
	h := im.start()
	if _, _, err := im.a.Blocks(h, alloc.Request{Len: 1, Inode: 12, Flags: alloc.Essential}); err == nil {
		t.Error("a block is given out again before it is free for good")
	}
	stop(t, h)
	if again, err := im.a.Retry(); !again || err != nil {
		t.Fatalf("nothing to wait for: %v", err)
	}
	for range freed {
		h := im.start()
		if _, n, err := im.a.Blocks(h, alloc.Request{Len: 16, Inode: 12, Flags: alloc.Essential}); n != 1 || err != nil {
			t.Fatalf("%d blocks: %v", n, err)
		}
		stop(t, h)
	}
	im.onlyMarked()
}
