package ondisk

import "encoding/binary"

// What i_block of a block-mapped file holds: numbers of data blocks, and then of blocks that hold numbers, over one, two
// and three levels.
const (
	DirectBlocks   = 12
	IndirectSlot   = 12 // EXT4_IND_BLOCK
	DoubleSlot     = 13
	TripleSlot     = 14
	blockNumSize   = 4
	indirectLevels = 3
)

// BlockMap is a run of block numbers in place: an inode's i_block, or a whole indirect block. 0 is a hole.
type BlockMap []byte

// Len is the number of block numbers.
func (m BlockMap) Len() int { return len(m) / blockNumSize }

// At is block number i.
func (m BlockMap) At(i int) Block { return Block(binary.LittleEndian.Uint32(m[i*blockNumSize:])) }

// Set sets block number i, which has 32 bits.
func (m BlockMap) Set(i int, b Block) {
	binary.LittleEndian.PutUint32(m[i*blockNumSize:], uint32(b))
}

// Run is how many of the block numbers from i up to, but without, end follow one another on the device, or are all
// holes. It is at least 1 where i is below end.
func (m BlockMap) Run(i, end int) int {
	first := m.At(i)
	step := min(first, 1)
	n := 1
	for i+n < end && m.At(i+n) == first+Block(n)*step {
		n++
	}
	return n
}

// Check says which block number lies outside the device's bounds in w, if one does; the error is a *CorruptError.
func (m BlockMap) Check(w ExtentBounds) error {
	for i := range m.Len() {
		if b := m.At(i); b != 0 && !w.holds(b, 1) {
			return Corrupt("block map", "entry %d points at block %d, outside %d to %d", i, b, w.BlockMin, w.BlockEnd-1)
		}
	}
	return nil
}

// A BlockPath leads from i_block to the number of one file block: Index[0] is the slot of i_block, and the ones after it those
// of the indirect blocks on the way.
type BlockPath struct {
	Index [indirectLevels + 1]int
	Depth int // indirect blocks on the way, 0 to 3
}

// PathTo is the path to a file block; false where no map reaches it. blockSize is in bytes.
func PathTo(fb FileBlock, blockSize int) (BlockPath, bool) {
	if fb < DirectBlocks {
		return BlockPath{Index: [indirectLevels + 1]int{int(fb)}}, true
	}
	rest := uint64(fb) - DirectBlocks
	for depth := 1; depth <= indirectLevels; depth++ {
		span := IndirectSpan(depth, blockSize)
		if rest >= span {
			rest -= span
			continue
		}
		p := BlockPath{Depth: depth}
		p.Index[0] = DirectBlocks + depth - 1
		per := uint64(blockSize / blockNumSize)
		for i := depth; i > 0; i-- {
			p.Index[i] = int(rest % per)
			rest /= per
		}
		return p, true
	}
	return BlockPath{}, false
}

// IndirectSpan is the number of file blocks below one block number: 1 for that of a data block, at level 0, and so on
// to level 3.
func IndirectSpan(level, blockSize int) uint64 {
	span := uint64(1)
	for range level {
		span *= uint64(blockSize / blockNumSize)
	}
	return span
}

// BlockMapMax is the number of blocks that the map of a file reaches.
func BlockMapMax(blockSize int) uint64 {
	n := uint64(DirectBlocks)
	for level := 1; level <= indirectLevels; level++ {
		n += IndirectSpan(level, blockSize)
	}
	return min(n, FileBlocksMax)
}

// IndirectBlocks is the number of indirect blocks that the map of a file of n blocks without holes takes.
func IndirectBlocks(n uint64, blockSize int) uint64 {
	total := uint64(0)
	rest := n - min(n, DirectBlocks)
	for depth := 1; depth <= indirectLevels && rest > 0; depth++ {
		here := min(rest, IndirectSpan(depth, blockSize))
		for level := 1; level <= depth; level++ {
			span := IndirectSpan(level, blockSize)
			total += (here + span - 1) / span
		}
		rest -= here
	}
	return total
}
