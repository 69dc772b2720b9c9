package undo

import (
	"crypto/sha256"
	"io"
)

const (
	sampleStart = 16  // granules at the beginning
	sampleCount = 256 // granules spread over the rest
)

// identify hashes samples of size bytes. What cannot be read is part of the identity as such.
func identify(dev io.ReaderAt, size int64) [sha256.Size]byte {
	h := sha256.New()
	b := make([]byte, granule)
	for _, i := range samples((size + granule - 1) / granule) {
		n := min(granule, size-i*granule)
		if err := readAll(dev, b[:n], i*granule); err != nil {
			h.Write([]byte("unreadable"))
			continue
		}
		h.Write(b[:n])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// samples are the granules, of n, that make the identity, in ascending order.
func samples(n int64) []int64 {
	var list []int64
	for i := range min(n, sampleStart) {
		list = append(list, i)
	}
	rest := n - sampleStart
	for i := range min(rest, sampleCount) {
		// The last is the last of the device.
		list = append(list, sampleStart+(rest*(i+1)-1)/min(rest, sampleCount))
	}
	return list
}

// readAll reads all of p: to get less is an error.
func readAll(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}
