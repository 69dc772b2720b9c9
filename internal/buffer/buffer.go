package buffer

import (
	"extant/internal/ondisk"
	"extant/sched"
)

// Buffer is one block of metadata in memory.
type Buffer struct {
	block ondisk.Block // immutable

	content sched.Pointer[[]byte]
	use     sched.Pointer[Use] // what the content was last found good for; nil for nothing
	stake   sched.Pointer[Stake]
}

// Stake is what the journal keeps with a buffer, so that it need not look for it.
type Stake struct{ Of any }

// Stake is what SetStake was last given; nil for nothing.
func (b *Buffer) Stake() *Stake { return b.stake.Load() }

// SetStake keeps s, which may be nil. It is for the journal.
func (b *Buffer) SetStake(s *Stake) { b.stake.Store(s) }

func newBuffer(b ondisk.Block, data []byte) *Buffer {
	buf := &Buffer{block: b}
	buf.content.Store(&data)
	return buf
}

// Use is what a block was checked for. The checks of a structure may depend on who owns it and on where in the owner's
// tree it stands, so those belong to the use: a block found good for one is not taken for good for another.
type Use struct {
	What     uint8      // the structure, by a number of the caller's
	Ino      ondisk.Ino // the owner; 0 for none
	From, To uint64     // the place, in terms of the structure
}

// Block is the buffer's block number.
func (b *Buffer) Block() ondisk.Block { return b.block }

// Data is the content now, one block long. It is read under the lock that orders readers and writers of what is read, and
// written only through what the journal gives for writing. It must not be kept across taking write access, which may put
// another slice in its place.
func (b *Buffer) Data() []byte { return *b.content.Load() }

// Replace puts data, one block long, in the place of the content, and leaves the old slice to those who have it. It is for
// the journal: to go on with a copy while a transaction that is being committed needs the bytes as they are.
func (b *Buffer) Replace(data []byte) { b.content.Store(&data) }

// GoodFor reports whether the content was found good for u.
func (b *Buffer) GoodFor(u Use) bool {
	have := b.use.Load()
	return have != nil && *have == u
}

// SetGoodFor records that the content was found good for u. The finding replaces one for another use.
func (b *Buffer) SetGoodFor(u Use) { b.use.Store(&u) }

// SetGoodForNothing forgets the finding: the content has become another.
func (b *Buffer) SetGoodForNothing() { b.use.Store(nil) }
