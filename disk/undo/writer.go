package undo

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"extant/disk"
)

// writer is an undo file that is being written. The lock of its Device guards it.
type writer struct {
	f    *os.File
	dev  disk.Device
	size int64

	granules []int64 // in the order of their records
	known    map[int64]bool
	batch    uint32 // the next
	end      int64  // of what is durable, in bytes
	err      error  // the first; nothing is saved after it
}

// openWriter makes the undo file of a device, or goes on with one.
func openWriter(path string, dev disk.Device, about string) (*writer, error) {
	w := &writer{dev: dev, size: dev.Size(), known: make(map[int64]bool)}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return w, w.resume(path)
	}
	if err != nil {
		return nil, err
	}
	w.f = f
	h := header{size: w.size, about: about, identity: identify(dev, w.size)}
	if _, err = f.Write(h.encode()); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		os.Remove(path)
		return nil, err
	}
	w.end = headerSize
	return w, nil
}

// syncDir makes names in a directory durable, where the system can.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// resume goes on with an unfinished file.
func (w *writer) resume(path string) error {
	u, err := Read(path)
	if err != nil {
		return err
	}
	defer u.Close()
	if u.Finished() {
		return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("it is the undo file of a repair that is over: %w", fs.ErrExist)}
	}
	if err := u.Check(w.dev); err != nil {
		return err
	}
	if w.f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	w.granules, w.batch, w.end = u.granules, u.batches, u.end
	for _, i := range w.granules {
		w.known[i] = true
	}
	if err = w.f.Truncate(w.end); err == nil {
		err = w.f.Sync() // before there is another batch of the same number
	}
	if err != nil {
		w.f.Close()
	}
	return err
}

// save saves those of the granules that are not saved yet, and returns once that is durable.
func (w *writer) save(list []int64) error {
	var fresh []int64
	for _, i := range list {
		if !w.known[i] {
			fresh = append(fresh, i)
		}
	}
	if w.err != nil || len(fresh) == 0 {
		return w.err
	}
	w.err = w.append(saved, len(fresh), func(k int, content []byte) (int64, error) {
		off := fresh[k] * granule
		return off, readAll(w.dev, content[:min(granule, w.size-off)], off)
	})
	if w.err != nil {
		return w.err
	}
	w.granules = append(w.granules, fresh...)
	for _, i := range fresh {
		w.known[i] = true
	}
	return nil
}

// append writes a batch of n records and makes it durable. fill fills the content of one, which is zeros, and says what its offset is.
func (w *writer) append(k kind, n int, fill func(i int, content []byte) (int64, error)) error {
	if _, err := w.f.Seek(w.end, 0); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w.f, 256<<10)
	b := make([]byte, recordSize)
	for i := range n {
		clear(b)
		off, err := fill(i, b[headSize:])
		if err != nil {
			return fmt.Errorf("what is to change cannot be saved: %w", err)
		}
		h := head{k, off, w.batch, uint32(i), uint32(n)}
		h.seal(b)
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		return err
	}
	w.batch++
	w.end += int64(n) * recordSize
	return nil
}

// finish notes what the device holds now.
func (w *writer) finish() error {
	if w.err != nil || len(w.granules) == 0 {
		return w.err
	}
	b := make([]byte, granule)
	records := (len(w.granules) + sumsPerRecord - 1) / sumsPerRecord
	return w.append(sums, records, func(k int, content []byte) (int64, error) {
		first := k * sumsPerRecord
		for j, i := range w.granules[first:min(first+sumsPerRecord, len(w.granules))] {
			n := min(granule, w.size-i*granule)
			if err := readAll(w.dev, b[:n], i*granule); err != nil {
				return 0, err
			}
			s := sum(b[:n])
			copy(content[j*sumSize:], s[:])
		}
		return int64(first), nil
	})
}

// close closes the file. One with nothing in it is removed.
func (w *writer) close() error {
	err := w.f.Close()
	if len(w.granules) == 0 && w.err == nil {
		err = errors.Join(err, os.Remove(w.f.Name()))
	}
	return err
}
