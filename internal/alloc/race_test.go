package alloc_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// owners says who was given which block: it fails where two have one.
type owners struct {
	mu   sync.Mutex
	used map[ondisk.Block]bool
}

func (o *owners) give(t *testing.T, start ondisk.Block, n uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range ondisk.Block(n) {
		if o.used[start+i] {
			t.Errorf("block %d given out twice", start+i)
		}
		o.used[start+i] = true
	}
}

// take is told before the blocks are freed.
func (o *owners) take(start ondisk.Block, n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range ondisk.Block(n) {
		delete(o.used, start+i)
	}
}

// churn allocates and frees with files of its own, and gives all back.
func churn(t *testing.T, im *image, o *owners, seed uint64, steps int) {
	r := rand.New(rand.NewPCG(seed, 1))
	var given []alloc.Run
	var inodes []ondisk.Ino
	var files [3]alloc.Prealloc
	free := func(h *journal.Handle, i int) {
		run := given[i]
		given[i] = given[len(given)-1]
		given = given[:len(given)-1]
		o.take(run.Start, run.N)
		if err := im.a.FreeBlocks(h, run.Start, run.N); err != nil {
			t.Error(err)
		}
	}
	for range steps {
		h := im.start()
		switch k := r.IntN(10); {
		case k < 5:
			q := alloc.Request{Len: uint32(1 + r.IntN(40)), Inode: ondisk.Ino(11 + seed*500), Prealloc: &files[r.IntN(3)], Size: uint64(r.IntN(1000))}
			if im.a.Reserve(uint64(q.Len), false) == nil {
				q.Flags = alloc.FromReserve
			}
			start, n, err := im.a.Blocks(h, q)
			if q.Flags != 0 {
				im.a.Unreserve(uint64(q.Len - n))
			}
			if err == nil {
				o.give(t, start, n)
				given = append(given, alloc.Run{Start: start, N: uint64(n)})
			} else if q.Flags != 0 {
				t.Errorf("what was promised: %v", err)
			}
		case k < 7 && len(given) > 0:
			free(h, r.IntN(len(given)))
		case k < 9:
			ino, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno, Dir: true, TopDir: k == 8, Hash: r.Uint32()})
			if err != nil {
				t.Error(err)
			}
			inodes = append(inodes, ino)
		default:
			im.a.Discard(&files[r.IntN(3)])
		}
		stop(t, h)
		if r.IntN(100) == 0 {
			if _, err := im.a.Retry(); err != nil {
				t.Error(err)
			}
		}
	}
	for len(given) > 0 {
		h := im.start()
		free(h, 0)
		stop(t, h)
	}
	for _, ino := range inodes {
		h := im.start()
		if err := im.a.FreeInode(h, ino, true); err != nil {
			t.Error(err)
		}
		stop(t, h)
	}
}

// TestManyAtOnce lets several tasks allocate and free on a disk that is too small for them.
func TestManyAtOnce(t *testing.T) {
	for _, c := range []struct {
		maps int
		o    mkfs.Options
	}{{0, mkfsSmall}, {3, mkfs.Options{Size: 24 * mib, BlockSize: 1024, BlocksPerGroup: 1024}}} {
		im := newImage(t, "", c.o)
		im.mapsMax = c.maps
		im.mount(true)
		o := &owners{used: make(map[ondisk.Block]bool)}
		var wg sync.WaitGroup
		for i := range uint64(6) {
			wg.Go(func() { churn(t, im, o, i, 600) })
		}
		wg.Wait()
		im.check()
	}
}
