package disk

import (
	"encoding/binary"
	"fmt"
)

// The layout of a boot record: 440 bytes of code, a signature of the disk, and
// at 446 four entries of 16 bytes, closed by 55 aa. A logical partition lies
// within an extended one and has a boot record of its own (EBR) before it, whose
// first entry is the partition, and whose second leads to the next EBR.
const (
	bootRecordSize  = 512
	diskSignatureAt = 440
	mbrEntriesAt    = 446
	mbrEntrySize    = 16
	bootMagicAt     = 510
	bootMagic       = 0xaa55

	logicalMax = 256 // partitions on a disk that Linux would show
)

// mbrEntry is one of the four entries. Sectors count from the device's start in
// the first record; in an EBR the partition counts from the EBR, the next EBR
// from the start of the extended partition.
type mbrEntry struct {
	active byte // boot_ind
	typ    byte // sys_ind
	start  int64
	length int64
}

func (e mbrEntry) empty() bool { return e.typ == 0 || e.length == 0 }

func (e mbrEntry) extended() bool {
	return e.typ == 0x05 || e.typ == 0x0f || e.typ == 0x85
}

// bootRecord is an MBR or an EBR.
type bootRecord struct {
	off       int64 // on the device, in bytes
	signature uint32
	entries   [4]mbrEntry
}

// readMBR reads the boot record at off. When there is none it returns ErrNoTable.
func readMBR(dev Device, off int64) (*bootRecord, error) {
	if checkRange("read", off, bootRecordSize, dev.Size()) != nil {
		return nil, ErrNoTable
	}
	b := make([]byte, bootRecordSize)
	if _, err := readFull(dev, b, off); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if le.Uint16(b[bootMagicAt:]) != bootMagic {
		return nil, ErrNoTable
	}
	r := &bootRecord{off: off, signature: le.Uint32(b[diskSignatureAt:])}
	for i := range r.entries {
		e := b[mbrEntriesAt+i*mbrEntrySize:][:mbrEntrySize]
		r.entries[i] = mbrEntry{e[0], e[4], int64(le.Uint32(e[8:])), int64(le.Uint32(e[12:]))}
		if e[0]&0x7f != 0 {
			return nil, ErrNoTable // the boot sector of a file system ends in 55 aa too
		}
	}
	return r, nil
}

// protective says whether the record only stands for a GPT.
func (r *bootRecord) protective() bool {
	for _, e := range r.entries {
		if e.typ == 0xee {
			return true
		}
	}
	return false
}

// partitions lists the primary partitions of r and the logical ones.
func (r *bootRecord) partitions(dev Device) ([]Partition, error) {
	l := mbrList{dev: dev, sector: sectorSizeOf(dev), signature: r.signature}
	for i, e := range r.entries {
		if !e.empty() {
			l.add(i+1, 0, e)
		}
	}
	l.logical = 5
	for _, e := range r.entries {
		if e.extended() && !e.empty() {
			if err := l.walk(e.start); err != nil {
				return l.parts, err
			}
		}
	}
	return l.parts, nil
}

// mbrList collects the partitions of an MBR.
type mbrList struct {
	dev       Device
	sector    int64 // in bytes
	signature uint32
	parts     []Partition
	logical   int // number of the next logical partition
}

// add appends entry e, which counts from sector base.
func (l *mbrList) add(number int, base int64, e mbrEntry) {
	l.parts = append(l.parts, Partition{
		Number:     number,
		Start:      (base + e.start) * l.sector,
		Size:       e.length * l.sector,
		Type:       fmt.Sprintf("%02x", e.typ),
		UUID:       fmt.Sprintf("%08x-%02x", l.signature, number),
		Attributes: uint64(e.active),
	})
}

// walk follows the chain of EBRs in the extended partition at sector first.
// Records may be visited in any order but only so many of them.
func (l *mbrList) walk(first int64) error {
	at := first
	for range logicalMax {
		r, err := readMBR(l.dev, at*l.sector)
		if err == ErrNoTable {
			return l.corrupt(at, "no boot record where the chain of logical partitions leads")
		}
		if err != nil {
			return err
		}
		for _, e := range r.entries[:2] {
			if !e.empty() && !e.extended() {
				l.add(l.logical, at, e)
				l.logical++
			}
		}
		link, ok := r.link()
		if !ok {
			return nil
		}
		at = first + link.start
	}
	return l.corrupt(at, fmt.Sprintf("chain of logical partitions longer than %d, or a loop", logicalMax))
}

// link returns the entry that leads to the next EBR.
func (r *bootRecord) link() (mbrEntry, bool) {
	for _, e := range r.entries {
		if e.extended() && !e.empty() {
			return e, true
		}
	}
	return mbrEntry{}, false
}

func (l *mbrList) corrupt(sector int64, reason string) error {
	return &TableError{Scheme: "mbr", Offset: sector * l.sector, Reason: reason}
}
