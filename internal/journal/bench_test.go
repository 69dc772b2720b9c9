package journal_test

import (
	"fmt"
	"sync"
	"testing"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// benchJournal is a journal of 8 MiB in blocks of 4 KiB on a memory device of 64 MiB.
func benchJournal(b *testing.B, log bool) *rig {
	b.Helper()
	const size, blocks, at, length = 4096, 16384, 8000, 2048
	dev := disk.NewMem(blocks * size)
	s := ondisk.JournalSuper{
		Header:    ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize: size, MaxLen: length, First: 1, Sequence: 1,
	}
	p := make([]byte, size)
	s.Encode(p)
	if _, err := dev.WriteAt(p, at*size); err != nil {
		b.Fatal(err)
	}
	config := journal.Config{BlockSize: size, Blocks: blocks, Extents: []journal.Extent{{Start: at, Count: length}}}
	r := startJournal(b, dev, config, log, func(w *journal.WriteConfig) {
		w.Checksums = true
		w.Cache = buffer.New(dev, size, 16<<20)
	})
	return r
}

// BenchmarkHandle is one change of three blocks that are in the transaction already.
func BenchmarkHandle(b *testing.B) {
	r := benchJournal(b, true)
	bufs := r.buffers(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		r.touch(b, bufs)
	}
}

func BenchmarkHandleParallel(b *testing.B) {
	r := benchJournal(b, true)
	bufs := r.buffers(b, 3)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.touch(b, bufs)
		}
	})
}

func (r *rig) buffers(b *testing.B, n int) (bufs []*buffer.Buffer) {
	for i := range n {
		buf, err := r.cache.Read(ondisk.Block(100 + 7*i))
		if err != nil {
			b.Fatal(err)
		}
		bufs = append(bufs, buf)
	}
	return bufs
}

func (r *rig) touch(b *testing.B, bufs []*buffer.Buffer) journal.TID {
	h, err := r.Start(len(bufs))
	if err != nil {
		b.Fatal(err)
	}
	for _, buf := range bufs {
		if _, err := h.Access(buf); err != nil {
			b.Fatal(err)
		}
		h.Dirty(buf)
	}
	tid := h.TID()
	if err := h.Stop(); err != nil {
		b.Fatal(err)
	}
	return tid
}

// BenchmarkCommit is a change of five blocks and its commit, with what checkpoints cost.
func BenchmarkCommit(b *testing.B) {
	for _, log := range []bool{true, false} {
		b.Run(fmt.Sprint("log=", log), func(b *testing.B) {
			r := benchJournal(b, log)
			bufs := r.buffers(b, 5)
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Commit(r.touch(b, bufs)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGroupCommit is 100 tasks, each of which makes a change durable.
func BenchmarkGroupCommit(b *testing.B) {
	r := benchJournal(b, true)
	bufs := r.buffers(b, 5)
	before := r.Stats().Commits
	for b.Loop() {
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := r.Commit(r.touch(b, bufs)); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(r.Stats().Commits-before)/float64(b.N), "commits/op")
}

// BenchmarkLargeTransactions is changes of blocks one after the other, committed when the transaction is full: bytes are of blocks.
func BenchmarkLargeTransactions(b *testing.B) {
	r := benchJournal(b, true)
	b.SetBytes(4096)
	b.ReportAllocs()
	n := ondisk.Block(0)
	for b.Loop() {
		buf := r.cache.New(n % 4000)
		n++
		r.touch(b, []*buffer.Buffer{buf})
	}
}
