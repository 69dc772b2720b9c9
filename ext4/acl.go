package ext4

import (
	"encoding/binary"
	"math"

	"extant/internal/ondisk"
)

// POSIX ACLs have two forms, little-endian both. On disk an entry has a tag and permissions, and an id only where its tag
// names somebody; in the system call every entry has an id.
const (
	aclVersionDisk    = 1
	aclVersionSyscall = 2

	aclHeaderSize  = 4
	aclShortSize   = 4
	aclLongSize    = 8
	aclSyscallSize = 8

	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

// aclToSyscall is an ACL in the form of the system call.
func aclToSyscall(disk []byte) ([]byte, error) {
	if len(disk) < aclHeaderSize || binary.LittleEndian.Uint32(disk) != aclVersionDisk {
		return nil, ondisk.Corrupt("ACL", "%d bytes that do not start with version %d", len(disk), aclVersionDisk)
	}
	out := binary.LittleEndian.AppendUint32(nil, aclVersionSyscall)
	for b := disk[aclHeaderSize:]; len(b) > 0; {
		size := aclEntrySize(b)
		if size == 0 || size > len(b) {
			return nil, ondisk.Corrupt("ACL", "entry at byte %d of %d", len(disk)-len(b), len(disk))
		}
		out = append(out, b[:aclShortSize]...)
		id := uint32(math.MaxUint32)
		if size == aclLongSize {
			id = binary.LittleEndian.Uint32(b[aclShortSize:])
		}
		out = binary.LittleEndian.AppendUint32(out, id)
		b = b[size:]
	}
	return out, nil
}

// aclEntrySize is the size of the entry at the start of b; 0 for none that there is.
func aclEntrySize(b []byte) int {
	if len(b) < aclShortSize {
		return 0
	}
	switch binary.LittleEndian.Uint16(b) {
	case aclUserObj, aclGroupObj, aclMask, aclOther:
		return aclShortSize
	case aclUser, aclGroup:
		return aclLongSize
	}
	return 0
}
