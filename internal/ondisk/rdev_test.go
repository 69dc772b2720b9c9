package ondisk_test

import (
	"encoding/binary"
	"errors"
	"syscall"
	"testing"

	"extant/internal/ondisk"
)

func TestDeviceForms(t *testing.T) {
	for _, c := range []struct {
		d          ondisk.Device
		old, young uint32
	}{
		{ondisk.Device{}, 0, 0},
		{ondisk.Device{Major: 8, Minor: 1}, 0x0801, 0},
		{ondisk.Device{Major: 255, Minor: 255}, 0xFFFF, 0},
		{ondisk.Device{Major: 0, Minor: 7}, 7, 0},
		{ondisk.Device{Major: 256, Minor: 0}, 0, 0x00010000},
		{ondisk.Device{Major: 8, Minor: 256}, 0, 0x00100800},
		{ondisk.Device{Major: 259, Minor: 0x12345}, 0, 0x12310345},
		{ondisk.Device{Major: 0xFFF, Minor: 0xFFFFF}, 0, 0xFFFFFFFF},
	} {
		var n ondisk.Inode
		n.IBlock[59] = 1
		if err := n.SetDevice(c.d); err != nil {
			t.Fatal(err)
		}
		old, young := binary.LittleEndian.Uint32(n.IBlock[0:]), binary.LittleEndian.Uint32(n.IBlock[4:])
		if old != c.old || young != c.young || n.IBlock[59] != 0 {
			t.Errorf("%v: words %#x %#x, want %#x %#x and zeros", c.d, old, young, c.old, c.young)
		}
		if got := n.Device(); got != c.d {
			t.Errorf("%v came back as %v", c.d, got)
		}
	}
}

func TestDeviceOutOfRange(t *testing.T) {
	for _, d := range []ondisk.Device{{Major: 1 << 12}, {Minor: 1 << 20}} {
		var n ondisk.Inode
		if err := n.SetDevice(d); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%v: error %v", d, err)
		}
	}
}
