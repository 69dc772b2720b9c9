package mkfs

import (
	"bytes"
	"io"
	"strings"

	"extant/disk"
	"extant/internal/ondisk"
)

// signatures are what other users of a device leave near its start.
var signatures = []struct {
	off  int
	text string
	name string
}{
	{0, "XFSB", "an XFS file system"},
	{0x10040, "_BHRfS_M", "a Btrfs file system"},
	{3, "NTFS    ", "an NTFS file system"},
	{54, "FAT1", "a FAT file system"},
	{82, "FAT32   ", "a FAT file system"},
	{3, "EXFAT   ", "an exFAT file system"},
	{0, "hsqs", "a SquashFS file system"},
	{0x8001, "CD001", "an ISO 9660 file system"},
	{1024, "\xE2\xE1\xF5\xE0", "an EROFS file system"},
	{4086, "SWAPSPACE2", "swap space"},
	{0, "LUKS\xBA\xBE", "a LUKS container"},
	{512, "LABELONE", "an LVM physical volume"},
	{512, "EFI PART", "a partition table"},
	{510, "\x55\xAA", "a partition table or a boot sector"},
	{0, "QFI\xFB", "a qcow2 image"},
	{0, "\x1F\x8B", "compressed data"},
	{0, "\x28\xB5\x2F\xFD", "compressed data"},
	{257, "ustar", "a tar archive"},
	{0, "\x7FELF", "a program"},
}

// occupantSize is how much of a device is looked at, in bytes.
const occupantSize = 68 << 10

// Occupant says in a few words what a device seems to hold, from its first 68 KiB: "" for nothing but zeros, the kind
// of a known content, or "data".
func Occupant(dev disk.Device) (string, error) {
	b := make([]byte, occupantSize)
	n, err := dev.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	var s ondisk.Super
	if n >= ondisk.SuperOffset+ondisk.SuperSize && s.Decode(b[ondisk.SuperOffset:]) == nil && s.Magic == ondisk.SuperMagic {
		if label := s.Label(); label != "" {
			return "an ext2, ext3 or ext4 file system labelled " + label, nil
		}
		return "an ext2, ext3 or ext4 file system", nil
	}
	for _, sig := range signatures {
		if strings.HasPrefix(string(b[sig.off:sig.off+len(sig.text)]), sig.text) {
			return sig.name, nil
		}
	}
	if len(bytes.TrimLeft(b[:n], "\x00")) > 0 {
		return "data", nil
	}
	return "", nil
}
