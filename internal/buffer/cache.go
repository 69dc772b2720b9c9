package buffer

import (
	"errors"
	"io"

	"extant/internal/clock"
	"extant/internal/ondisk"
	"extant/sched"
)

var classes = clock.Classes{
	Shard: &sched.Class{Name: "buffer-shard", Doc: "the index and the clock of one shard of the metadata cache", Wait: sched.Spinning},
	Load:  &sched.Class{Name: "buffer-read", Doc: "waiting for another task's read of the same block"},
}

// Cache holds the blocks read last. It may be used from many goroutines at once.
type Cache struct {
	src       io.ReaderAt // immutable
	blockSize int         // immutable
	zeros     []byte      // never written: the content of new buffers
	blocks    *clock.Cache[ondisk.Block, Buffer]
}

// New returns a cache over src that holds about bytes bytes in blocks of blockSize, and a few blocks at least.
func New(src io.ReaderAt, blockSize int, bytes int64) *Cache {
	c := &Cache{src: src, blockSize: blockSize, zeros: make([]byte, blockSize)}
	c.blocks = clock.New(int(bytes/int64(blockSize)), classes, c.fetch)
	return c
}

// NewConstant is New where nothing changes src, nor any block: a block may then have several buffers.
func NewConstant(src io.ReaderAt, blockSize int, bytes int64) *Cache {
	c := &Cache{src: src, blockSize: blockSize, zeros: make([]byte, blockSize)}
	c.blocks = clock.NewConstant(int(bytes/int64(blockSize)), classes, c.fetch)
	return c
}

// BlockSize is the size of every buffer in bytes.
func (c *Cache) BlockSize() int { return c.blockSize }

// Read returns block b, from the source if it is not in memory. Failed reads are not remembered.
func (c *Cache) Read(b ondisk.Block) (*Buffer, error) { return c.blocks.Get(b) }

// ReadAhead is Read for a cache of constants, where it is likely that up to n blocks from b on will be wanted: it reads them all at once if b is
// not in memory. That the others could not be read is no error.
func (c *Cache) ReadAhead(b ondisk.Block, n int) (*Buffer, error) {
	if buf := c.blocks.Peek(b); buf != nil || n < 2 {
		return c.Read(b)
	}
	data := make([]byte, n*c.blockSize)
	if got, _ := c.src.ReadAt(data, int64(b)*int64(c.blockSize)); got == len(data) {
		for i := range n {
			at := b + ondisk.Block(i)
			c.blocks.Add(at, func() *Buffer { return newBuffer(at, data[i*c.blockSize:][:c.blockSize:c.blockSize]) })
		}
	}
	return c.Read(b)
}

// New returns the buffer of block b without reading it: of a block that was just allocated. Its content is zeros; that of a
// block that is in memory already is left as it is, for the journal to replace, which knows who else may need it.
func (c *Cache) New(b ondisk.Block) *Buffer {
	return c.blocks.Add(b, func() *Buffer { return newBuffer(b, c.zeros) })
}

// IsNew reports whether b has the content that New gave it, which other buffers have too: it is to be replaced before it is written to.
func (c *Cache) IsNew(b *Buffer) bool { return &b.Data()[0] == &c.zeros[0] }

// Drop forgets block b, which was freed. Whoever still has the buffer has what is no more.
func (c *Cache) Drop(b ondisk.Block) { c.blocks.Drop(b) }

// fetch reads b from the source.
func (c *Cache) fetch(b ondisk.Block) (*Buffer, error) {
	data := make([]byte, c.blockSize)
	n, err := c.src.ReadAt(data, int64(b)*int64(c.blockSize))
	if n == len(data) {
		return newBuffer(b, data), nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}
