package ondisk

import "encoding/binary"

// JournalSuperCsum is the checksum that belongs in the journal super block encoded in b.
func JournalSuperCsum(b []byte) uint32 {
	return crcAround(^uint32(0), b[:JournalSuperSize], journalSuperCsumOffset)
}

// JournalTailCsum is the checksum that belongs in the last four bytes of descriptor or revoke block b, under checksum
// versions 2 and 3; seed is the journal's.
func JournalTailCsum(seed uint32, b []byte) uint32 { return crcAround(seed, b, len(b)-4) }

// JournalTail is the checksum in the last four bytes of descriptor or revoke block b (struct jbd2_journal_block_tail).
func JournalTail(b []byte) uint32 { return binary.BigEndian.Uint32(b[len(b)-4:]) }

// SealJournalTail puts the right checksum at the end of descriptor or revoke block b.
func SealJournalTail(seed uint32, b []byte) {
	binary.BigEndian.PutUint32(b[len(b)-4:], JournalTailCsum(seed, b))
}

// JournalCommitCsum is the checksum that belongs in h_chksum[0] of commit block b, under checksum versions 2 and 3.
func JournalCommitCsum(seed uint32, b []byte) uint32 {
	return crcAround(seed, b, journalCommitCsumOffset)
}

// JournalCommitCsumHead is JournalCommitCsum where everything after the defined part of b is taken for zero, as it was
// written: the judge of a commit block of which only the first sector arrived.
func JournalCommitCsumHead(seed uint32, b []byte) uint32 {
	crc := crcAround(seed, b[:JournalCommitSize], journalCommitCsumOffset)
	for left := len(b) - JournalCommitSize; left > 0; left -= len(zeros) {
		crc = CRC32C(crc, zeros[:min(left, len(zeros))])
	}
	return crc
}

// JournalDataCsum is the checksum of data block b as it lies in the log (escaped), in transaction sequence, as a journal
// with the features f keeps it in a tag: 16 bits under version 2, 32 under version 3.
func JournalDataCsum(f JournalIncompat, seed, sequence uint32, b []byte) uint32 {
	var num [4]byte
	binary.BigEndian.PutUint32(num[:], sequence)
	crc := CRC32C(CRC32C(seed, num[:]), b)
	if !f.Has(JournalIncompatCsumV3) {
		return crc & 0xFFFF
	}
	return crc
}

// CRC32BE continues a raw CRC-32 (polynomial 0x04C11DB7, most significant bit first) over b, as commit blocks
// sum their transaction under the compat feature checksum. The first value is ^0.
func CRC32BE(crc uint32, b []byte) uint32 {
	for _, x := range b {
		crc = crc<<8 ^ crc32BETable[byte(crc>>24)^x]
	}
	return crc
}

var crc32BETable = func() (t [256]uint32) {
	for i := range t {
		crc := uint32(i) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04C11DB7
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()

const (
	journalSuperCsumOffset  = 0xFC
	journalCommitCsumOffset = 0x10
)

// crcAround continues a CRC over b with the four bytes at off taken for zero.
func crcAround(crc uint32, b []byte, off int) uint32 {
	crc = CRC32C(crc, b[:off])
	crc = CRC32C(crc, zeros[:4])
	return CRC32C(crc, b[off+4:])
}
