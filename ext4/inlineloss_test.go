package ext4_test

import (
	"bytes"
	"syscall"
	"testing"

	"extant/disk"
	"extant/ext4"
)

// lossCases are what Linux loses the data of inline files by, although nothing else happens meanwhile: after a conversion that a store, an
// fallocate or a truncation makes, what is stored later is not what is read after a clean unmount. The device is full of 0xAA before, so that what
// was never written shows.
var lossCases = []struct {
	name string
	do   func(n *ext4.Inode) error
	want string // as spell has it
}{
	{"write_in_place", func(n *ext4.Inode) error { return write('w', 12, 0).do(n) }, "12w12a"},
	{"write_past_room", func(n *ext4.Inode) error { return write('w', 300, 12).do(n) }, "12a300w"},
	{"store", func(n *ext4.Inode) error { return storeSynced(n, 'm', 3) }, "3am20a"},
	{"fallocate_write", func(n *ext4.Inode) error {
		if err := n.Fallocate(ext4.FallocAllocate, 0, 8192); err != nil {
			return err
		}
		return write('w', 12, 0).do(n)
	}, "12w12a8168z"},
	{"truncate_write", func(n *ext4.Inode) error {
		if err := n.Truncate(200); err != nil {
			return err
		}
		return write('w', 12, 0).do(n)
	}, "12w12a176z"},
	{"fallocate_read", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 0, 8192) }, "24a8168z"},
	{"store_freeze_store", func(n *ext4.Inode) error {
		if err := storeSynced(n, 'm', 3); err != nil {
			return err
		}
		if err := n.FS().Freeze(); err != nil {
			return err
		}
		if err := n.FS().Thaw(); err != nil {
			return err
		}
		return storeSynced(n, 'o', 20)
	}, "3am16ao3a"},
}

// storeSynced stores a byte through a mapping and syncs that.
func storeSynced(n *ext4.Inode, c byte, off int64) error {
	m, err := n.Map(0, 4096, ext4.MapWrite)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := m.Store(off, 1, uint64(c)); err != nil {
		return err
	}
	return m.Sync(0, 4096)
}

// TestNothingLost runs each case in each mode: the file holds what was stored at once, in a copy of the device made after fsync, and
// after a clean unmount.
func TestNothingLost(t *testing.T) {
	for _, m := range raceModes {
		for _, c := range lossCases {
			t.Run(m.name+"/"+c.name, func(t *testing.T) {
				dev := filledImage(t, m.args)
				fs, err := ext4.Mount(dev, raceOptions(m.o))
				if err != nil {
					t.Fatal(err)
				}
				n := theFile(fs)
				if err := c.do(n); err != nil {
					t.Fatal(err)
				}
				want := spell(c.want)
				holds(t, "at once", n, want)
				if err := n.Fsync(); err != nil {
					t.Fatal(err)
				}
				holdsOn(t, "after fsync", dev.Snapshot(), want)
				if err := fs.Close(); err != nil {
					t.Fatal(err)
				}
				holdsOn(t, "after unmount", dev, want)
				checkDevice(t, dev, raceTime)
			})
		}
	}
}

func holdsOn(t *testing.T, when string, dev disk.Device, want []byte) {
	t.Helper()
	fs, err := ext4.Mount(dev, ext4.Options{})
	if err != nil {
		t.Fatal(when, err)
	}
	holds(t, when, theFile(fs), want)
}

func holds(t *testing.T, when string, n *ext4.Inode, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := n.ReadAt(got, 0); err != nil || n.Attr().Size != int64(len(want)) {
		t.Fatalf("%s: size %d, want %d; %v", when, n.Attr().Size, len(want), err)
	}
	if i := differs(got, want); i >= 0 {
		t.Errorf("%s: byte %d is %#x, want %#x", when, i, got[i], want[i])
	}
}

// filledImage is a file system with an inline file of 24 bytes, on a device that was full of 0xAA.
func filledImage(t *testing.T, args string) *disk.Mem {
	t.Helper()
	mem := disk.NewMemFrom(bytes.Repeat([]byte{0xAA}, 4<<20))
	formatRace(t, noDiscard{mem}, args, 24)
	return mem
}

// noDiscard is a device that cannot discard.
type noDiscard struct{ disk.Device }

func (noDiscard) Discard(_, _ int64) error { return syscall.EOPNOTSUPP }
