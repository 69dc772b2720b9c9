package ondisk

import (
	"encoding/binary"
	"iter"
)

// OrphanMagic closes every block of the orphan file (ob_magic).
const OrphanMagic = 0x0B10CA04

// OrphanTailSize is the size in bytes of what follows the slots in a block of the orphan file.
const OrphanTailSize = 8

// OrphanTail is the end of a block of the orphan file (struct ext4_orphan_block_tail).
type OrphanTail struct {
	Magic    uint32
	Checksum uint32
}

func (t *OrphanTail) fields(c *codec) {
	c.u32("ob_magic", &t.Magic)
	c.u32("ob_checksum", &t.Checksum)
}

// Decode reads the tail from its bytes, the last OrphanTailSize of the block.
func (t *OrphanTail) Decode(b []byte) error { return decode(t, b, OrphanTailSize) }

// Encode writes the tail to its bytes, the last OrphanTailSize of the block.
func (t *OrphanTail) Encode(b []byte) { encode(t, b, OrphanTailSize) }

// Describe lists the fields of the tail encoded in b.
func (t *OrphanTail) Describe(b []byte) ([]Field, error) { return describe(t, b, OrphanTailSize) }

// OrphanBlock is one block of the orphan file: slots that each hold the number of an orphan, or 0, and the tail. It is
// the block's own bytes; their length is the file system's block size.
type OrphanBlock []byte

// OrphanSlots is the number of slots in a block of the given size in bytes.
func OrphanSlots(blockSize int) int { return (blockSize - OrphanTailSize) / 4 }

// Slot is the orphan in slot i, or 0.
func (b OrphanBlock) Slot(i int) Ino { return Ino(binary.LittleEndian.Uint32(b[4*i:])) }

// SetSlot puts an orphan, or 0, into slot i.
func (b OrphanBlock) SetSlot(i int, n Ino) { binary.LittleEndian.PutUint32(b[4*i:], uint32(n)) }

// Orphans yields the slots in use and what they hold.
func (b OrphanBlock) Orphans() iter.Seq2[int, Ino] {
	return func(yield func(int, Ino) bool) {
		for i := range OrphanSlots(len(b)) {
			if n := b.Slot(i); n != 0 && !yield(i, n) {
				return
			}
		}
	}
}

// Free is the first empty slot, or -1.
func (b OrphanBlock) Free() int {
	for i := range OrphanSlots(len(b)) {
		if b.Slot(i) == 0 {
			return i
		}
	}
	return -1
}

// TailBytes are the bytes of the block's tail.
func (b OrphanBlock) TailBytes() []byte { return b[len(b)-OrphanTailSize:] }

// Init makes b a block without orphans. Its checksum, which depends on its place, is still to be set.
func (b OrphanBlock) Init() {
	clear(b)
	t := OrphanTail{Magic: OrphanMagic}
	t.Encode(b.TailBytes())
}

// Check judges what a reader of the slots relies on. The checksum is not among it.
func (b OrphanBlock) Check() error {
	if len(b) < OrphanTailSize {
		return ErrShort
	}
	if m := binary.LittleEndian.Uint32(b.TailBytes()); m != OrphanMagic {
		return Corrupt("orphan file block", "magic %#x, want %#x", m, OrphanMagic)
	}
	return nil
}

// Csum is the checksum that belongs in the tail when the block lies at the given place on the device. inodeSeed is the
// orphan file's; see [InodeSeed].
func (b OrphanBlock) Csum(inodeSeed uint32, at Block) uint32 {
	var num [8]byte
	binary.LittleEndian.PutUint64(num[:], uint64(at))
	return CRC32C(CRC32C(inodeSeed, num[:]), b[:4*OrphanSlots(len(b))])
}
