package ondisk

import (
	"encoding/binary"
	"math/bits"
)

// Bitmap is a bitmap of blocks (clusters, under bigalloc) or inodes in place: bit i is bit i%8 of byte i/8. A set bit is
// one in use.
type Bitmap []byte

// Len is the number of bits.
func (m Bitmap) Len() int { return 8 * len(m) }

// Test reports whether bit i is set.
func (m Bitmap) Test(i int) bool { return m[i>>3]>>(i&7)&1 != 0 }

// Set sets bit i.
func (m Bitmap) Set(i int) { m[i>>3] |= 1 << (i & 7) }

// Clear clears bit i.
func (m Bitmap) Clear(i int) { m[i>>3] &^= 1 << (i & 7) }

// SetRange sets the bits from i up to, but without, end.
func (m Bitmap) SetRange(i, end int) { m.fill(i, end, 0xFF) }

// ClearRange clears the bits from i up to, but without, end.
func (m Bitmap) ClearRange(i, end int) { m.fill(i, end, 0) }

func (m Bitmap) fill(i, end int, with byte) {
	if i >= end {
		return
	}
	first, last := i>>3, (end-1)>>3
	head, tail := byte(0xFF)<<(i&7), byte(0xFF)>>(7-(end-1)&7)
	if first == last {
		m.put(first, head&tail, with)
		return
	}
	m.put(first, head, with)
	for j := first + 1; j < last; j++ {
		m[j] = with
	}
	m.put(last, tail, with)
}

// put gives the bits of byte j that mask selects the values they have in with.
func (m Bitmap) put(j int, mask, with byte) { m[j] = m[j]&^mask | with&mask }

// NextSet is the first set bit from i up to, but without, end; end where there is none.
func (m Bitmap) NextSet(i, end int) int { return m.next(i, end, 0) }

// NextClear is the first clear bit from i up to, but without, end; end where there is none.
func (m Bitmap) NextClear(i, end int) int { return m.next(i, end, ^uint64(0)) }

// next finds the first bit that differs from skip, which is all zeros or all ones, a word at a time.
func (m Bitmap) next(i, end int, skip uint64) int {
	for i < min(end, m.Len()) {
		w, n := m.word(i)
		if w ^= skip; w != 0 {
			if k := bits.TrailingZeros64(w); k < n {
				return min(i+k, end)
			}
		}
		i += n
	}
	return end
}

// word is the bits from i on, in the low bits of w, up to the end of the eight bytes that start with i's or to the bitmap's
// end; n is how many.
func (m Bitmap) word(i int) (w uint64, n int) {
	j := i >> 3
	if j+8 <= len(m) {
		w, n = binary.LittleEndian.Uint64(m[j:]), 64
	} else {
		for k, b := range m[j:] {
			w |= uint64(b) << (8 * k)
		}
		n = 8 * (len(m) - j)
	}
	return w >> (i & 7), n - i&7
}

// Count is the number of set bits from i up to, but without, end.
func (m Bitmap) Count(i, end int) int {
	total := 0
	for end = min(end, m.Len()); i < end; {
		w, n := m.word(i)
		if n > end-i {
			n = end - i
			w &= 1<<n - 1
		}
		total += bits.OnesCount64(w)
		i += n
	}
	return total
}

// Pad sets the bits from n on to the end of the block: what no block or inode of the group stands behind counts as in use.
func (m Bitmap) Pad(n int) { m.SetRange(n, m.Len()) }

// Padded reports whether the bits from n on are all set.
func (m Bitmap) Padded(n int) bool { return m.NextClear(n, m.Len()) == m.Len() }

// BitmapCsum is the checksum of a bitmap that belongs in its group's descriptor, of which n bits count: Super.ClustersPerGroup of
// them for blocks, Super.InodesPerGroup for inodes, in the last group too. seed is the file system's.
func BitmapCsum(seed uint32, m Bitmap, n uint32) uint32 {
	return CRC32C(seed, m[:min(uint64(n)/8, uint64(len(m)))])
}

// CheckBlockBitmap compares the checksum of a block bitmap with that in its group's descriptor, of descSize bytes.
// The error is a *CorruptError.
func (d *GroupDesc) CheckBlockBitmap(seed uint32, m Bitmap, clustersPerGroup uint32, descSize int) error {
	return checkBitmap("block bitmap", d.BlockBitmapCsum(), BitmapCsum(seed, m, clustersPerGroup), descSize >= blockBitmapCsumHiEnd)
}

// CheckInodeBitmap compares the checksum of an inode bitmap with that in its group's descriptor, of descSize bytes.
// The error is a *CorruptError.
func (d *GroupDesc) CheckInodeBitmap(seed uint32, m Bitmap, inodesPerGroup uint32, descSize int) error {
	return checkBitmap("inode bitmap", d.InodeBitmapCsum(), BitmapCsum(seed, m, inodesPerGroup), descSize >= inodeBitmapCsumHiEnd)
}

// Where the high halves of the checksums of bitmaps end in a descriptor.
const (
	blockBitmapCsumHiEnd = 0x3A
	inodeBitmapCsumHiEnd = 0x3C
)

func checkBitmap(structure string, got, want uint32, hi bool) error {
	if !hi {
		got, want = got&0xFFFF, want&0xFFFF
	}
	return checkCsum(structure, got, want)
}
