package buffer_test

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"extant/internal/buffer"
	"extant/internal/ondisk"
)

const blockSize = 1024

// source is a device whose every block starts with its own number.
type source struct {
	blocks int64
	reads  atomic.Int64
	gate   chan struct{} // if not nil, a read waits until it is closed
	fail   atomic.Bool
}

var errBroken = errors.New("broken")

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	s.reads.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	if s.fail.Load() {
		return 0, errBroken
	}
	if off >= s.blocks*blockSize {
		return 0, io.EOF
	}
	clear(p)
	binary.LittleEndian.PutUint64(p, uint64(off/blockSize))
	return len(p), nil
}

func read(t *testing.T, c *buffer.Cache, b ondisk.Block) *buffer.Buffer {
	t.Helper()
	buf, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := binary.LittleEndian.Uint64(buf.Data()); got != uint64(b) || buf.Block() != b || len(buf.Data()) != blockSize {
		t.Fatalf("block %d: buffer of %d with content of %d, %d bytes", b, buf.Block(), got, len(buf.Data()))
	}
	return buf
}

func TestReadOnceWhileItFits(t *testing.T) {
	s := &source{blocks: 1000}
	c := buffer.New(s, blockSize, 512*blockSize)
	for range 3 {
		for b := range ondisk.Block(500) {
			read(t, c, b)
		}
	}
	if n := s.reads.Load(); n != 500 {
		t.Errorf("%d reads of the device, want 500", n)
	}
}

func TestBounded(t *testing.T) {
	s := &source{blocks: 100_000}
	c := buffer.New(s, blockSize, 64*blockSize)
	for b := range ondisk.Block(10_000) {
		read(t, c, b)
	}
	before := s.reads.Load()
	for b := range ondisk.Block(10_000) {
		read(t, c, 9_999-b)
	}
	if hits := 10_000 - (s.reads.Load() - before); hits > 64 || hits < 32 {
		t.Errorf("%d blocks were still in memory, want at most 64 and most of those", hits)
	}
}

// TestUsedStays shows that a block in constant use outlives a scan that is larger than the cache.
func TestUsedStays(t *testing.T) {
	s := &source{blocks: 100_000}
	c := buffer.New(s, blockSize, 64*blockSize)
	read(t, c, 7)
	for b := ondisk.Block(100); b < 5_000; b++ {
		read(t, c, b)
		read(t, c, 7)
	}
	if n := s.reads.Load(); n != 4_901 {
		t.Errorf("%d reads, want 4901: block 7 once", n)
	}
}

func TestOneReadInFlight(t *testing.T) {
	s := &source{blocks: 10, gate: make(chan struct{})}
	c := buffer.New(s, blockSize, 64*blockSize)
	var wg sync.WaitGroup
	bufs := make([]*buffer.Buffer, 20)
	for i := range bufs {
		wg.Go(func() { bufs[i], _ = c.Read(3) })
	}
	close(s.gate)
	wg.Wait()
	for _, b := range bufs {
		if b == nil || b != bufs[0] {
			t.Fatal("readers of one block got different buffers")
		}
	}
	if n := s.reads.Load(); n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
}

func TestErrors(t *testing.T) {
	s := &source{blocks: 10}
	c := buffer.New(s, blockSize, 64*blockSize)
	if _, err := c.Read(10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("past the end: %v", err)
	}
	s.fail.Store(true)
	if _, err := c.Read(1); !errors.Is(err, errBroken) {
		t.Errorf("broken device: %v", err)
	}
	s.fail.Store(false)
	read(t, c, 1)
}

func TestUse(t *testing.T) {
	c := buffer.New(&source{blocks: 10}, blockSize, 0)
	b := read(t, c, 1)
	if b.GoodFor(5) {
		t.Error("a fresh buffer is good for something")
	}
	b.SetGoodFor(5)
	if !read(t, c, 1).GoodFor(5) || b.GoodFor(6) {
		t.Error("the finding was not kept")
	}
}

func TestConcurrent(t *testing.T) {
	s := &source{blocks: 1000}
	c := buffer.New(s, blockSize, 32*blockSize)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 5_000 {
				b := ondisk.Block((i*(g+1) + g) % 1000)
				if buf, err := c.Read(b); err != nil || buf.Block() != b {
					t.Errorf("block %d: %v", b, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestHitAllocatesNothing(t *testing.T) {
	c := buffer.New(&source{blocks: 10}, blockSize, 64*blockSize)
	read(t, c, 1)
	if n := testing.AllocsPerRun(100, func() { c.Read(1) }); n != 0 {
		t.Errorf("%v allocations for a hit", n)
	}
}

func BenchmarkHit(b *testing.B) {
	c := buffer.New(&source{blocks: 10}, blockSize, 64*blockSize)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			c.Read(ondisk.Block(i % 10))
		}
	})
}
