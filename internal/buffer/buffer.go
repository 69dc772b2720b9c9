package buffer

import (
	"extant/internal/ondisk"
	"extant/sched"
)

// Buffer is one block of metadata in memory.
type Buffer struct {
	block ondisk.Block // immutable
	data  []byte       // immutable once published

	use sched.Pointer[Use] // what the content was last found good for; nil for nothing
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

// Data is the content, one block long. It must not be changed.
func (b *Buffer) Data() []byte { return b.data }

// GoodFor reports whether the content was found good for u.
func (b *Buffer) GoodFor(u Use) bool {
	have := b.use.Load()
	return have != nil && *have == u
}

// SetGoodFor records that the content was found good for u. The finding replaces one for another use.
func (b *Buffer) SetGoodFor(u Use) { b.use.Store(&u) }
