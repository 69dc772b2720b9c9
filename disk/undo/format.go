package undo

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
)

const (
	granule    = 4096
	headerSize = 4096
	headSize   = 32 // of a record
	recordSize = headSize + granule

	version  = 1
	aboutMax = 1024

	sumSize       = 16
	sumsPerRecord = granule / sumSize
)

var (
	magic = [8]byte{'e', 'x', 't', 'u', 'n', 'd', 'o', '\n'}
	crc   = crc32.MakeTable(crc32.Castagnoli)
)

// A header is the start of an undo file.
type header struct {
	size     int64  // of the device, in bytes
	about    string // what the caller said of it
	identity [sha256.Size]byte
}

func (h *header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, magic[:])
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], granule)
	binary.LittleEndian.PutUint64(b[16:], uint64(h.size))
	copy(b[24:56], h.identity[:])
	binary.LittleEndian.PutUint32(b[56:], uint32(len(h.about)))
	copy(b[60:60+aboutMax], h.about)
	binary.LittleEndian.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], crc))
	return b
}

// decode reads a header of headerSize bytes; false for what is none.
func (h *header) decode(b []byte) bool {
	if [8]byte(b[:8]) != magic || binary.LittleEndian.Uint32(b[headerSize-4:]) != crc32.Checksum(b[:headerSize-4], crc) {
		return false
	}
	n := binary.LittleEndian.Uint32(b[56:])
	h.size = int64(binary.LittleEndian.Uint64(b[16:]))
	if n > aboutMax || h.size < 0 || binary.LittleEndian.Uint32(b[8:]) != version || binary.LittleEndian.Uint32(b[12:]) != granule {
		return false
	}
	h.about = string(b[60 : 60+n])
	copy(h.identity[:], b[24:56])
	return true
}

type kind uint32

const (
	saved kind = 1 + iota // old content of a granule
	sums                  // hashes of new content, in the order of the records of old content
)

// A head is what stands before the content of a record.
type head struct {
	kind  kind
	off   int64 // saved: of the granule on the device; sums: how many hashes went before
	batch uint32
	index uint32 // of the record in the batch
	count uint32 // of the batch's records
}

// seal writes the head of a record whose content is in place.
func (h *head) seal(b []byte) {
	binary.LittleEndian.PutUint32(b, uint32(h.kind))
	binary.LittleEndian.PutUint64(b[8:], uint64(h.off))
	binary.LittleEndian.PutUint32(b[16:], h.batch)
	binary.LittleEndian.PutUint32(b[20:], h.index)
	binary.LittleEndian.PutUint32(b[24:], h.count)
	binary.LittleEndian.PutUint32(b[28:], 0)
	binary.LittleEndian.PutUint32(b[4:], recordSum(b))
}

// decode reads the head of a record; false where the record is damaged.
func (h *head) decode(b []byte) bool {
	*h = head{
		kind: kind(binary.LittleEndian.Uint32(b)), off: int64(binary.LittleEndian.Uint64(b[8:])),
		batch: binary.LittleEndian.Uint32(b[16:]), index: binary.LittleEndian.Uint32(b[20:]), count: binary.LittleEndian.Uint32(b[24:]),
	}
	return binary.LittleEndian.Uint32(b[4:]) == recordSum(b) && (h.kind == saved || h.kind == sums) && h.index < h.count
}

func recordSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], crc), crc, b[8:recordSize])
}

// sum is the hash of the content of a granule.
func sum(b []byte) (s [sumSize]byte) {
	full := sha256.Sum256(b)
	copy(s[:], full[:])
	return s
}
