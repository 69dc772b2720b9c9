package ondisk_test

import (
	"testing"

	"extant/internal/ondisk"
)

// TestCRC compares with the check values that catalogues of CRCs give for "123456789".
func TestCRC(t *testing.T) {
	check := []byte("123456789")
	if got := ^ondisk.CRC32C(^uint32(0), check); got != 0xE3069283 {
		t.Errorf("CRC-32C %#x", got)
	}
	if got := ondisk.CRC16(^uint16(0), check); got != 0x4B37 { // as in Modbus
		t.Errorf("CRC-16 %#x", got)
	}
	for i := range check {
		if ondisk.CRC32C(ondisk.CRC32C(^uint32(0), check[:i]), check[i:]) != ondisk.CRC32C(^uint32(0), check) {
			t.Errorf("CRC-32C in two steps, of %d bytes and the rest, differs", i)
		}
	}
}

// TestInodeSeed wants numbers taken as their bytes in disk order.
func TestInodeSeed(t *testing.T) {
	want := ondisk.CRC32C(5, []byte{0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55})
	if got := ondisk.InodeSeed(5, 0x11223344, 0x55667788); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}
