package journal

import (
	"slices"
	"syscall"

	"extant/disk"
	"extant/internal/ondisk"
)

// View returns dev as it would read after a replay. It writes nothing: WriteAt and Discard fail with EROFS. Closing it closes dev.
// Fast commits do not show in it.
func (o *Overlay) View(dev disk.Device) disk.Device {
	if o.Len() == 0 {
		return readOnly{dev}
	}
	return &view{readOnly{dev}, o}
}

// readOnly is a device that refuses to be changed.
type readOnly struct{ disk.Device }

func (readOnly) WriteAt([]byte, int64) (int, error) { return 0, syscall.EROFS }
func (readOnly) Discard(int64, int64) error         { return syscall.EROFS }

// Flush does nothing, as nothing was written.
func (readOnly) Flush() error { return nil }

type view struct {
	readOnly
	o *Overlay
}

// ReadAt reads dev, and then lays over p the parts of journaled blocks that lie in it.
func (v *view) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.Device.ReadAt(p, off)
	if off < 0 || n == 0 {
		return n, err
	}
	size := int64(v.o.l.c.BlockSize)
	first := ondisk.Block(off / size)
	i, _ := slices.BinarySearch(v.o.homes, first)
	for ; i < len(v.o.homes); i++ {
		at := int64(v.o.homes[i]) * size
		if at >= off+int64(n) {
			break
		}
		if e := v.lay(p[:n], off, v.o.homes[i], at); e != nil {
			return int(max(0, at-off)), e
		}
	}
	return n, err
}

// lay puts the journaled block b, whose home is at byte at, over p, which was read at off.
func (v *view) lay(p []byte, off int64, b ondisk.Block, at int64) error {
	size := int64(v.o.l.c.BlockSize)
	if at >= off && at+size <= off+int64(len(p)) {
		_, err := v.o.ReadBlock(b, p[at-off:at-off+size])
		return err
	}
	buf := make([]byte, size)
	if _, err := v.o.ReadBlock(b, buf); err != nil {
		return err
	}
	if at < off {
		copy(p, buf[off-at:])
	} else {
		copy(p[at-off:], buf)
	}
	return nil
}
