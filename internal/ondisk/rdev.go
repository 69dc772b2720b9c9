package ondisk

import (
	"encoding/binary"
	"syscall"
)

// Device is the number of a character or block device.
type Device struct {
	Major uint32 // at most DeviceMajorMax
	Minor uint32 // at most DeviceMinorMax
}

// The largest device numbers that an inode can hold.
const (
	DeviceMajorMax = 1<<12 - 1
	DeviceMinorMax = 1<<20 - 1
)

// Device is the number of the device that the inode stands for. The first word of i_block has it in 8:8 bits; where
// that is zero the second has it in 12:20 bits, the minor's upper twelve above the major.
func (n *Inode) Device() Device {
	if old := binary.LittleEndian.Uint32(n.IBlock[0:]); old != 0 {
		return Device{Major: old >> 8 & 0xFF, Minor: old & 0xFF}
	}
	v := binary.LittleEndian.Uint32(n.IBlock[4:])
	return Device{Major: v >> 8 & 0xFFF, Minor: v>>12&0xFFF00 | v&0xFF}
}

// SetDevice writes d over i_block, in the shorter form where it fits; syscall.EINVAL where neither form does.
func (n *Inode) SetDevice(d Device) error {
	if d.Major > DeviceMajorMax || d.Minor > DeviceMinorMax {
		return syscall.EINVAL
	}
	clear(n.IBlock[:])
	if d.Major <= 0xFF && d.Minor <= 0xFF {
		binary.LittleEndian.PutUint32(n.IBlock[0:], d.Major<<8|d.Minor)
		return nil
	}
	binary.LittleEndian.PutUint32(n.IBlock[4:], d.Minor&^0xFF<<12|d.Major<<8|d.Minor&0xFF)
	return nil
}
