package extant_test

import (
	"fmt"
	"log"
	"os"

	"extant"
	"extant/disk"
	"extant/mkfs"
)

// A file system in memory, and in it a file that is mapped: what is stored through the mapping is what a read finds.
func Example() {
	dev := disk.NewMem(16 << 20)
	if _, err := mkfs.Format(dev, mkfs.Options{}); err != nil {
		log.Fatal(err)
	}
	vol, err := extant.OpenDevice(dev, extant.Options{ReadWrite: true})
	if err != nil {
		log.Fatal(err)
	}
	n, err := count(vol)
	if err == nil {
		err = vol.Close()
	}
	fmt.Println(n, err)
	// Output: 42 <nil>
}

func count(vol *extant.Volume) (byte, error) {
	if err := vol.MkdirAll("/srv/state", 0o755); err != nil {
		return 0, err
	}
	f, err := vol.OpenFile("/srv/state/counter", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Truncate(8); err != nil {
		return 0, err
	}
	m, err := f.Map(0, 8, extant.MapWrite)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	if err := m.Store(0, 8, 42); err != nil {
		return 0, err
	}
	if err := m.Sync(0, 8); err != nil {
		return 0, err
	}
	var b [8]byte
	_, err = f.ReadAt(b[:], 0)
	return b[0], err
}
