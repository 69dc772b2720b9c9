package ondisk

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CRC32C continues a raw CRC-32C over b: no inversion before or after, as ext4 and jbd2 use it. The first value is ^0.
func CRC32C(crc uint32, b []byte) uint32 { return ^crc32.Update(^crc, castagnoli, b) }

// CRC16 continues the CRC-16 (polynomial 0x8005, reflected) that guards descriptors under uninit_bg. The first value is ^0.
func CRC16(crc uint16, b []byte) uint16 {
	for _, x := range b {
		crc = crc>>8 ^ crc16Table[byte(crc)^x]
	}
	return crc
}

var crc16Table = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// CsumSeed is the value that every metadata checksum of the file system starts from.
func (s *Super) CsumSeed() uint32 {
	if s.HasIncompat(IncompatCsumSeed) {
		return s.ChecksumSeed
	}
	return CRC32C(^uint32(0), s.UUID[:])
}

// SuperCsum is the checksum that belongs in the super block encoded in b.
func SuperCsum(b []byte) uint32 { return CRC32C(^uint32(0), b[:SuperSize-4]) }

// GroupDescCsum is the checksum that belongs in descriptor b of group g under metadata_csum.
func GroupDescCsum(seed uint32, g Group, b []byte) uint16 {
	crc := crcNumber(seed, uint32(g))
	crc = CRC32C(crc, b[:groupCsumOffset])
	crc = CRC32C(crc, zeros[:2])
	return uint16(CRC32C(crc, b[groupCsumOffset+2:]))
}

// GroupDescCRC16 is the checksum that belongs in descriptor b of group g under uninit_bg.
func GroupDescCRC16(uuid [16]byte, g Group, b []byte) uint16 {
	var num [4]byte
	binary.LittleEndian.PutUint32(num[:], uint32(g))
	crc := CRC16(^uint16(0), uuid[:])
	crc = CRC16(crc, num[:])
	crc = CRC16(crc, b[:groupCsumOffset])
	if len(b) > GroupDescSize32 {
		crc = CRC16(crc, b[groupCsumOffset+2:])
	}
	return crc
}

const groupCsumOffset = 0x1E

// InodeSeed is the value that the checksums of an inode and of the blocks it owns start from.
func InodeSeed(seed uint32, ino Ino, generation uint32) uint32 {
	return crcNumber(crcNumber(seed, uint32(ino)), generation)
}

// InodeCsum is the checksum that belongs in inode slot b; seed is the file system's. An inode without room for
// i_checksum_hi keeps only the low 16 bits.
func InodeCsum(seed uint32, ino Ino, b []byte) uint32 {
	crc := InodeSeed(seed, ino, binary.LittleEndian.Uint32(b[0x64:]))
	crc = CRC32C(crc, b[:inodeCsumLo])
	crc = CRC32C(crc, zeros[:2])
	crc = CRC32C(crc, b[inodeCsumLo+2:InodeSizeMin])
	if !hasCsumHi(b) {
		return CRC32C(crc, b[InodeSizeMin:]) & 0xFFFF
	}
	crc = CRC32C(crc, b[InodeSizeMin:inodeCsumHi])
	crc = CRC32C(crc, zeros[:2])
	return CRC32C(crc, b[inodeCsumHi+2:])
}

// SetInodeCsum writes the checksum into inode slot b, as much of it as the inode has room for.
func SetInodeCsum(seed uint32, ino Ino, b []byte) {
	crc := InodeCsum(seed, ino, b)
	binary.LittleEndian.PutUint16(b[inodeCsumLo:], uint16(crc))
	if hasCsumHi(b) {
		binary.LittleEndian.PutUint16(b[inodeCsumHi:], uint16(crc>>16))
	}
}

// hasCsumHi reports whether inode slot b has room for i_checksum_hi, and its i_extra_isize covers that.
func hasCsumHi(b []byte) bool {
	return len(b) >= inodeCsumHi+2 && binary.LittleEndian.Uint16(b[InodeSizeMin:]) >= inodeCsumHi+2-InodeSizeMin
}

const (
	inodeCsumLo = 0x7C
	inodeCsumHi = 0x82
)

var zeros [8]byte

// crcNumber continues a CRC over a 32-bit number in disk order. It goes by the table, as a buffer for CRC32C would escape to the heap.
func crcNumber(crc, n uint32) uint32 {
	for range 4 {
		crc = crc>>8 ^ castagnoli[byte(crc^n)]
		n >>= 8
	}
	return crc
}

// checkCsum compares the checksum found in a structure with the one that belongs there.
func checkCsum(structure string, got, want uint32) error {
	if got != want {
		return Corrupt(structure, "checksum %#08x, not %#08x", got, want)
	}
	return nil
}
