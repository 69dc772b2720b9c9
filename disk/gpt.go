package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"unicode/utf16"
)

// The layout of a GPT (UEFI specification, chapter 5): in the second sector a
// header, and wherever it says, usually right behind, an array of entries. In
// the last sector is the backup header, with an array of its own before it.
const (
	gptMagic      = "EFI PART"
	gptHeaderMin  = 92  // bytes of the header that have a meaning
	gptEntryMin   = 128 // bytes of an entry that have a meaning
	gptArrayMax   = 4 << 20
	gptNameAt     = 56
	gptSectorsMax = 4096 // the largest logical sector in use, in bytes
)

// gptHeader is a header whose checksum is right.
type gptHeader struct {
	sector int64 // bytes of a logical sector
	at     int64 // sector where it was found

	alternate  int64  // alternate_lba: where the other header is
	entriesAt  int64  // partition_entry_lba
	entries    uint32 // num_partition_entries
	entrySize  uint32 // sizeof_partition_entry, in bytes
	entriesCRC uint32 // partition_entry_array_crc32
}

// readGPT lists the partitions of the primary table or, when that is bad, of the
// backup. The device's sector size is tried first, then the sizes there are.
func readGPT(dev Device) ([]Partition, error) {
	var reasons []error
	for _, sector := range gptSectorSizes(dev) {
		h, parts, err := loadGPT(dev, sector, 1)
		if err == nil {
			return parts.list()
		}
		backups := []int64{dev.Size()/sector - 1}
		if h != nil && h.alternate != backups[0] {
			backups = append(backups, h.alternate)
		}
		reasons = append(reasons, err)
		for _, at := range backups {
			_, parts, err := loadGPT(dev, sector, at)
			if err == nil {
				return parts.list()
			}
			reasons = append(reasons, err)
		}
	}
	return nil, worst(reasons)
}

// gptSectorSizes returns the sector sizes to try, in bytes.
func gptSectorSizes(dev Device) []int64 {
	first := sectorSizeOf(dev)
	if first == gptSectorsMax {
		return []int64{gptSectorsMax, 512}
	}
	return []int64{first, gptSectorsMax}
}

// worst chooses what to report when no table is good: trouble with the device
// before anything the device says, and of that what is said of the primary
// table that was found, or else of the first that was looked for.
func worst(reasons []error) error {
	for _, err := range reasons {
		if te := (*TableError)(nil); !errors.As(err, &te) {
			return err
		}
	}
	for _, err := range reasons {
		if te := err.(*TableError); te.Reason != gptAbsent {
			return err
		}
	}
	return reasons[0]
}

const gptAbsent = "a protective boot record, but no header"

// gptArray is an array of entries whose checksum is right.
type gptArray struct {
	*gptHeader
	bytes []byte
}

// loadGPT reads and verifies the table with its header in sector at. The header
// is returned when it alone is good.
func loadGPT(dev Device, sector, at int64) (*gptHeader, gptArray, error) {
	h, err := readGPTHeader(dev, sector, at)
	if err != nil {
		return nil, gptArray{}, err
	}
	if h.entrySize < gptEntryMin || h.entrySize%8 != 0 || h.entries > gptArrayMax/h.entrySize {
		return nil, gptArray{}, h.corrupt("%d entries of %d bytes", h.entries, h.entrySize)
	}
	n := int64(h.entries) * int64(h.entrySize)
	if off, ok := times(h.entriesAt, sector); !ok || checkRange("read", off, n, dev.Size()) != nil {
		return h, gptArray{}, h.corrupt("entries in sector %d, beyond the end of the device", h.entriesAt)
	}
	b := make([]byte, n)
	if _, err := readFull(dev, b, h.entriesAt*sector); err != nil {
		return h, gptArray{}, err
	}
	if sum := crc32.ChecksumIEEE(b); sum != h.entriesCRC {
		return h, gptArray{}, h.corrupt("checksum of the entries is %08x, computed %08x", h.entriesCRC, sum)
	}
	return h, gptArray{h, b}, nil
}

// readGPTHeader reads and verifies the header in sector at.
func readGPTHeader(dev Device, sector, at int64) (*gptHeader, error) {
	h := &gptHeader{sector: sector, at: at}
	off, ok := times(at, sector)
	if !ok || checkRange("read", off, sector, dev.Size()) != nil {
		return nil, &TableError{"gpt", max(off, 0), gptAbsent}
	}
	b := make([]byte, sector)
	if _, err := readFull(dev, b, off); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if string(b[:8]) != gptMagic {
		return nil, h.corrupt(gptAbsent)
	}
	size := int64(le.Uint32(b[12:]))
	if size < gptHeaderMin || size > sector {
		return nil, h.corrupt("header of %d bytes", size)
	}
	stored := le.Uint32(b[16:])
	clear(b[16:20])
	if sum := crc32.ChecksumIEEE(b[:size]); sum != stored {
		return nil, h.corrupt("checksum of the header is %08x, computed %08x", stored, sum)
	}
	if my := le.Uint64(b[24:]); my != uint64(at) {
		return nil, h.corrupt("header says it is in sector %d", my)
	}
	h.alternate = int64(le.Uint64(b[32:]))
	h.entriesAt = int64(le.Uint64(b[72:]))
	h.entries, h.entrySize = le.Uint32(b[80:]), le.Uint32(b[84:])
	h.entriesCRC = le.Uint32(b[88:])
	return h, nil
}

func (h *gptHeader) corrupt(format string, args ...any) error {
	return &TableError{"gpt", h.at * h.sector, fmt.Sprintf(format, args...)}
}

// list decodes the entries in use. One that makes no sense is left out and named
// in the error.
func (a gptArray) list() (parts []Partition, err error) {
	for i := range int(a.entries) {
		e := a.bytes[i*int(a.entrySize):][:a.entrySize]
		if [16]byte(e) == [16]byte{} {
			continue
		}
		p, ok := a.partition(i+1, e)
		if !ok {
			err = a.corrupt("entry %d: sectors %d to %d", i+1, binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:]))
			continue
		}
		parts = append(parts, p)
	}
	return parts, err
}

// partition decodes an entry. It is not ok when it ends before it starts, or
// further away than an offset can say.
func (a gptArray) partition(number int, e []byte) (p Partition, ok bool) {
	le := binary.LittleEndian
	first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
	if last < first || last >= uint64(math.MaxInt64/a.sector) {
		return Partition{}, false
	}
	return Partition{
		Number:     number,
		Start:      int64(first) * a.sector,
		Size:       int64(last-first+1) * a.sector,
		Type:       guid(e[:16]),
		Name:       gptName(e[gptNameAt:gptEntryMin]),
		UUID:       strings.ToLower(guid(e[16:32])),
		Attributes: le.Uint64(e[48:]),
	}, true
}

// guid prints a GUID, whose first three groups are little-endian on disk.
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// gptName decodes UTF-16LE up to the first zero.
func gptName(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// times is a*b for b > 0, and whether that is an offset.
func times(a, b int64) (int64, bool) {
	if a < 0 || a > math.MaxInt64/b {
		return 0, false
	}
	return a * b, true
}
