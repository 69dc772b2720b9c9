package undo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"extant/disk"
	"extant/sched"
)

// pendingMax is how many granules wait in memory at most: 8 MiB.
const pendingMax = 2048

// Device is a disk.Device that saves what it changes. It cannot discard.
type Device struct {
	base disk.Device // immutable
	log  *writer     // immutable

	mu sched.RWMutex
	// granules that are written but not on the device, by number
	// +checklocks:mu
	pending map[int64][]byte
}

var _ disk.Device = (*Device)(nil)

var class = sched.Class{Name: "disk-undo", Doc: "what waits to be written past an undo file"}

// Open returns a device that is dev and whose changes can be undone with the file at path, which is made. Where there is a file already
// that a repair of dev left unfinished, it is gone on with, so that it leads back to the beginning; any other file is left
// alone, and is an error. About is for people: what the file is about, 1,024 bytes at most.
func Open(path string, dev disk.Device, about string) (*Device, error) {
	log, err := openWriter(path, dev, about[:min(len(about), aboutMax)])
	if err != nil {
		return nil, err
	}
	d := &Device{base: dev, log: log, pending: make(map[int64][]byte)}
	d.mu.Init(&class)
	return d, nil
}

// Size implements disk.Device.
func (d *Device) Size() int64 { return d.base.Size() }

// ReadAt implements disk.Device.
func (d *Device) ReadAt(p []byte, off int64) (int, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, err := d.base.ReadAt(p, off)
	if n == 0 || len(d.pending) == 0 {
		return n, err
	}
	for i := off / granule; i*granule < off+int64(n); i++ {
		if b := d.pending[i]; b != nil {
			lo := max(off, i*granule)
			copy(p[lo-off:n], b[lo-i*granule:])
		}
	}
	return n, err
}

// WriteAt implements disk.Device.
func (d *Device) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || int64(len(p)) > d.Size() || off > d.Size()-int64(len(p)) {
		return 0, &disk.RangeError{Op: "write", Off: off, Len: int64(len(p)), Size: d.Size()}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := 0; n < len(p); {
		if len(d.pending) >= pendingMax {
			if err := d.drainLocked(); err != nil {
				return n, err
			}
		}
		i := (off + int64(n)) / granule
		b, err := d.granuleLocked(i)
		if err != nil {
			return n, err
		}
		n += copy(b[off+int64(n)-i*granule:], p[n:])
	}
	return len(p), nil
}

// granuleLocked is a granule to be changed.
//
// +checklocks:d.mu
func (d *Device) granuleLocked(i int64) ([]byte, error) {
	if b := d.pending[i]; b != nil {
		return b, nil
	}
	b := make([]byte, min(granule, d.Size()-i*granule))
	if err := readAll(d.base, b, i*granule); err != nil {
		return nil, fmt.Errorf("what is to change cannot be saved: %w", err)
	}
	d.pending[i] = b
	return b, nil
}

// drainLocked saves what the device has where it is to change, and then changes it. What fails stays pending.
//
// +checklocks:d.mu
func (d *Device) drainLocked() error {
	list := slices.Sorted(maps.Keys(d.pending))
	if err := d.log.save(list); err != nil {
		return err
	}
	for _, i := range list {
		if _, err := d.base.WriteAt(d.pending[i], i*granule); err != nil {
			return err
		}
	}
	clear(d.pending)
	return nil
}

// Flush implements disk.Device.
func (d *Device) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.drainLocked(); err != nil {
		return err
	}
	return d.base.Flush()
}

// Discard implements disk.Device: it refuses.
func (d *Device) Discard(off, n int64) error {
	if off < 0 || n < 0 || n > d.Size() || off > d.Size()-n {
		return &disk.RangeError{Op: "discard", Off: off, Len: n, Size: d.Size()}
	}
	return fmt.Errorf("discard: what is discarded cannot be undone: %w", syscall.EOPNOTSUPP)
}

// Close implements disk.Device: it writes and flushes what waits, and finishes the undo file, which is removed where nothing was changed. The
// device below stays open.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.drainLocked()
	if err == nil && len(d.log.granules) > 0 {
		err = d.base.Flush()
	}
	if err == nil {
		err = d.log.finish()
	}
	return errors.Join(err, d.log.close())
}

// Saved is the number of bytes whose old content is in the undo file.
func (d *Device) Saved() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return int64(len(d.log.granules)) * granule
}
