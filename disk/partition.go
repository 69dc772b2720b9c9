package disk

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Partition is an entry of a partition table.
type Partition struct {
	// Number is the number Linux gives it: of an MBR 1 to 4 for the four entries
	// of the table and 5 onwards for the logical partitions in the order of
	// their chain, of a GPT the place in the table, from 1.
	Number int

	Start int64 // offset on the device, in bytes
	Size  int64 // in bytes; Start+Size does not overflow, but may lie beyond the device

	// Type is two lower-case hexadecimal digits in an MBR ("83") and an
	// upper-case GUID in a GPT.
	Type string

	Name string // of a GPT entry; invalid UTF-16 is replaced by U+FFFD

	// UUID identifies the partition, as Linux's PARTUUID does: a lower-case GUID
	// in a GPT; in an MBR the disk's signature and the number, "1b2c3d4e-05".
	UUID string

	// Attributes are the GPT entry's; of an MBR entry 0x80 when it is active.
	Attributes uint64
}

// Types that a Linux file system is usually found in.
const (
	TypeLinuxMBR = "83"
	TypeLinuxGPT = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
)

// ErrNoTable says that a device begins with no partition table.
var ErrNoTable = errors.New("no partition table")

// TableError says what is wrong with a partition table.
type TableError struct {
	Scheme string // "mbr" or "gpt"
	Offset int64  // on the device, of the structure that is wrong, in bytes
	Reason string
}

func (e *TableError) Error() string {
	return fmt.Sprintf("%s partition table: at %d: %s", e.Scheme, e.Offset, e.Reason)
}

// Partitions reads the partition table of dev: an MBR with its chain of logical
// partitions, or a GPT, from the backup when the primary is bad. Entries in use
// are returned in order of number. It reads at most a few MiB whatever the table
// says.
//
// A device without a table gives ErrNoTable, a table that cannot be understood
// a *TableError. With a *TableError come the partitions that could be read all
// the same.
func Partitions(dev Device) ([]Partition, error) {
	m, err := readMBR(dev, 0)
	if err != nil {
		return nil, err
	}
	if m.protective() {
		return readGPT(dev)
	}
	return m.partitions(dev)
}

// OpenPartition returns the partition with that number as a Window of dev. To
// close it does not close dev. When there is none the error wraps syscall.ENXIO
// and names the numbers there are.
func OpenPartition(dev Device, number int) (Device, error) {
	parts, err := Partitions(dev)
	for _, p := range parts {
		if p.Number == number {
			return p.Open(dev)
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("no partition %d; %s: %w", number, describe(parts), syscall.ENXIO)
}

// FindPartition returns the one partition of parts that has a type. The letters'
// case does not matter, and "linux" stands for TypeLinuxMBR and TypeLinuxGPT.
// When there is none, or more than one to choose from, the error wraps
// syscall.ENXIO and names the numbers there are.
func FindPartition(parts []Partition, typ string) (Partition, error) {
	var found []Partition
	for _, p := range parts {
		if p.is(typ) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Partition{}, fmt.Errorf("no partition of type %s; %s: %w", typ, describe(parts), syscall.ENXIO)
	}
	return Partition{}, fmt.Errorf("more than one partition of type %s; %s: choose one by number: %w", typ, describe(found), syscall.ENXIO)
}

// Open returns the partition as a Window of dev, the device whose table it is
// of. A partition that dev is too short for gives a *RangeError.
func (p Partition) Open(dev Device) (Device, error) {
	w, err := Window(dev, p.Start, p.Size)
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", p.Number, err)
	}
	return w, nil
}

func (p Partition) is(typ string) bool {
	if strings.EqualFold(typ, "linux") {
		return p.Type == TypeLinuxMBR || p.Type == TypeLinuxGPT
	}
	return strings.EqualFold(p.Type, typ)
}

// describe lists partitions for a message.
func describe(parts []Partition) string {
	if len(parts) == 0 {
		return "the table is empty"
	}
	var b strings.Builder
	b.WriteString("there are")
	for i, p := range parts {
		if i == 16 {
			fmt.Fprintf(&b, " and %d more", len(parts)-i)
			break
		}
		fmt.Fprintf(&b, " %d (%s)", p.Number, p.Type)
	}
	return b.String()
}

// sectorSizeOf is the unit in which a table on dev counts, as far as dev knows.
func sectorSizeOf(dev Device) int64 {
	if s, ok := dev.(interface{ SectorSize() int64 }); ok {
		return s.SectorSize()
	}
	return 512
}
