package buffer

import (
	"errors"
	"io"

	"extant/internal/ondisk"
	"extant/sched"
)

const (
	shardsMax       = 16
	shardBuffersMin = 8 // fewer than this and a shard could thrash on one path down a tree
)

var (
	shardClass  = &sched.Class{Name: "buffer-shard", Doc: "the index and the clock of one shard of the metadata cache", Wait: sched.Spinning}
	flightClass = &sched.Class{Name: "buffer-read", Doc: "waiting for another task's read of the same block"}
)

// Cache holds the blocks read last. It may be used from many goroutines at once.
type Cache struct {
	src       io.ReaderAt // immutable
	blockSize int         // immutable
	shards    []shard     // immutable but for what each shard guards
}

// shard is the part of the cache for the block numbers that are equal modulo the number of shards. Its ring
// is a clock: a buffer is passed over once for each time it was used since the hand last came by.
type shard struct {
	mu sched.Mutex // class: buffer-shard
	// +checklocks:mu
	index map[ondisk.Block]int // places in ring
	// +checklocks:mu
	ring []place
	// +checklocks:mu
	hand int
	// +checklocks:mu
	flights map[ondisk.Block]*flight
	max     int // immutable: the length ring may reach
}

type place struct {
	buf  *Buffer
	used bool // since the hand passed
}

// flight is a read under way. buf and err are set before done.
type flight struct {
	done sched.Event // class: buffer-read
	buf  *Buffer
	err  error
}

// New returns a cache over src that holds at most about bytes bytes in blocks of blockSize.
func New(src io.ReaderAt, blockSize int, bytes int64) *Cache {
	n := max(int(bytes/int64(blockSize)), shardBuffersMin)
	shards := min(n/shardBuffersMin, shardsMax)
	c := &Cache{src: src, blockSize: blockSize, shards: make([]shard, shards)}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Init(shardClass)
		s.index, s.flights, s.max = map[ondisk.Block]int{}, map[ondisk.Block]*flight{}, n/shards
	}
	return c
}

// BlockSize is the size of every buffer in bytes.
func (c *Cache) BlockSize() int { return c.blockSize }

// Read returns block b, from the device if it is not in memory. Failed reads are not remembered.
func (c *Cache) Read(b ondisk.Block) (*Buffer, error) {
	s := &c.shards[uint64(b)%uint64(len(c.shards))]
	buf, f, mine := s.find(b)
	switch {
	case buf != nil:
		return buf, nil
	case !mine:
		f.done.Wait()
		return f.buf, f.err
	}
	f.buf, f.err = c.fetch(b)
	s.land(b, f)
	return f.buf, f.err
}

// fetch reads b from the device.
func (c *Cache) fetch(b ondisk.Block) (*Buffer, error) {
	data := make([]byte, c.blockSize)
	n, err := c.src.ReadAt(data, int64(b)*int64(c.blockSize))
	if n == len(data) {
		return &Buffer{block: b, data: data}, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// find returns the buffer of b, or else the flight that reads it; mine says that the caller has to read.
func (s *shard) find(b ondisk.Block) (buf *Buffer, f *flight, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.index[b]; ok {
		s.ring[i].used = true
		return s.ring[i].buf, nil, false
	}
	if f := s.flights[b]; f != nil {
		return nil, f, false
	}
	f = &flight{}
	f.done.Init(flightClass)
	f.done.Begin()
	s.flights[b] = f
	return nil, f, true
}

// land publishes what a flight brought and wakes those who wait for it.
func (s *shard) land(b ondisk.Block, f *flight) {
	s.mu.Lock()
	delete(s.flights, b)
	if f.err == nil {
		s.addLocked(f.buf)
	}
	s.mu.Unlock()
	f.done.Fire()
}

// addLocked puts buf into the ring, in the place of one that has not been used lately where the ring is full.
//
// +checklocks:s.mu
func (s *shard) addLocked(buf *Buffer) {
	if len(s.ring) < s.max {
		s.index[buf.block] = len(s.ring)
		s.ring = append(s.ring, place{buf: buf})
		return
	}
	for s.ring[s.hand].used {
		s.ring[s.hand].used = false
		s.hand = (s.hand + 1) % len(s.ring)
	}
	delete(s.index, s.ring[s.hand].buf.block)
	s.ring[s.hand] = place{buf: buf}
	s.index[buf.block] = s.hand
	s.hand = (s.hand + 1) % len(s.ring)
}
