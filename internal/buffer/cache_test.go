package buffer_test

import (
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"extant/internal/buffer"
	"extant/internal/ondisk"
)

const blockSize = 1024

// source is a device whose every block starts with its own number.
type source struct {
	blocks int64
	reads  int
	fail   bool
}

var errBroken = errors.New("broken")

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	s.reads++
	switch {
	case s.fail:
		return 0, errBroken
	case off >= s.blocks*blockSize:
		return 0, io.EOF
	}
	short := min(int64(len(p)), s.blocks*blockSize-off)
	if short < int64(len(p)) {
		return int(short), io.EOF
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

func TestBytesBoundBlocks(t *testing.T) {
	s := &source{blocks: 1000}
	c := buffer.New(s, blockSize, 128*blockSize)
	for range 2 {
		for b := range ondisk.Block(100) {
			read(t, c, b)
		}
	}
	if s.reads != 100 {
		t.Errorf("%d reads of 100 blocks that fit, want 100", s.reads)
	}
	for b := range ondisk.Block(1000) {
		read(t, c, b)
	}
	s.reads = 0
	for b := range ondisk.Block(1000) {
		if b == 0 || b == 130 {
			runtime.GC() // what is evicted comes back until the collector has been
		}
		read(t, c, 999-b)
	}
	if hits := 1000 - s.reads; hits > 128 {
		t.Errorf("%d blocks in memory, want at most 128", hits)
	}
}

func TestErrors(t *testing.T) {
	s := &source{blocks: 10}
	c := buffer.New(s, blockSize, 64*blockSize)
	if _, err := c.Read(10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("past the end: %v", err)
	}
	s.fail = true
	if _, err := c.Read(1); !errors.Is(err, errBroken) {
		t.Errorf("broken device: %v", err)
	}
	s.fail = false
	read(t, c, 1)
}

func TestUse(t *testing.T) {
	c := buffer.New(&source{blocks: 10}, blockSize, 0)
	b := read(t, c, 1)
	leaf := buffer.Use{What: 1, Ino: 12, From: 5, To: 9}
	if b.GoodFor(buffer.Use{}) || b.GoodFor(leaf) {
		t.Error("a fresh buffer is good for something")
	}
	b.SetGoodFor(leaf)
	other := leaf
	other.To = 10
	if !read(t, c, 1).GoodFor(leaf) || b.GoodFor(other) {
		t.Error("the finding was not kept as it was")
	}
}

// TestOneBufferPerBlock changes a block, evicts it, and asks for it again while somebody holds it.
func TestOneBufferPerBlock(t *testing.T) {
	s := &source{blocks: 1000}
	c := buffer.New(s, blockSize, 64*blockSize)
	held, old := read(t, c, 5), read(t, c, 5).Data()
	held.SetGoodFor(buffer.Use{What: 1})
	changed := append([]byte(nil), old...)
	changed[100] = 7
	held.Replace(changed)
	for b := ondisk.Block(10); b < 900; b++ {
		read(t, c, b)
	}
	runtime.GC()
	again := read(t, c, 5)
	if again != held || again.Data()[100] != 7 || old[100] != 0 || !again.GoodFor(buffer.Use{What: 1}) {
		t.Error("a block changed in memory was read again")
	}
	again.SetGoodForNothing()
	if held.GoodFor(buffer.Use{What: 1}) {
		t.Error("the finding was not forgotten")
	}
	c.Drop(5)
	if read(t, c, 5) == held {
		t.Error("dropped and still there")
	}
}

func TestNewReadsNothing(t *testing.T) {
	s := &source{blocks: 1000}
	c := buffer.New(s, blockSize, 64*blockSize)
	b := c.New(7)
	if s.reads != 0 || b.Block() != 7 || len(b.Data()) != blockSize || b.Data()[0] != 0 {
		t.Errorf("%d reads, block %d", s.reads, b.Block())
	}
	if got, err := c.Read(7); got != b || err != nil || s.reads != 0 {
		t.Errorf("not there: %v", err)
	}
	if r := read(t, c, 8); c.New(8) != r {
		t.Error("a second buffer of a block")
	}
}

func TestReadAhead(t *testing.T) {
	s := &source{blocks: 100}
	c := buffer.NewConstant(s, blockSize, 64*blockSize)
	for b := ondisk.Block(10); b < 18; b++ {
		buf, err := c.ReadAhead(b, 8)
		if err != nil || buf.Block() != b || len(buf.Data()) != blockSize {
			t.Fatalf("block %d: %v", b, err)
		}
	}
	if s.reads != 1 {
		t.Errorf("%d reads of 8 blocks side by side, want 1", s.reads)
	}
	if _, err := c.ReadAhead(98, 8); err != nil {
		t.Errorf("the last blocks: %v", err)
	}
	if _, err := c.ReadAhead(100, 2); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("past the end: %v", err)
	}
}
