package buffer

import (
	"extant/internal/ondisk"
	"extant/sched"
)

// Buffer is one block of metadata in memory.
type Buffer struct {
	block ondisk.Block // immutable
	data  []byte       // immutable once published

	use sched.Int64 // the Use the content was last found good for; 0 for none
}

// Use names what a block was checked for: a structure and its owner, in an encoding that is the caller's. 0 is no use.
type Use int64

// Block is the buffer's block number.
func (b *Buffer) Block() ondisk.Block { return b.block }

// Data is the content, one block long. It must not be changed.
func (b *Buffer) Data() []byte { return b.data }

// GoodFor reports whether the content was found good for u.
func (b *Buffer) GoodFor(u Use) bool { return Use(b.use.Load()) == u }

// SetGoodFor records that the content was found good for u. The finding replaces an earlier one for another use.
func (b *Buffer) SetGoodFor(u Use) { b.use.Store(int64(u)) }
