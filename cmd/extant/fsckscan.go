package main

import (
	"errors"
	"io"
	"slices"

	"extant/disk"
	"extant/internal/ondisk"
)

const scanBytes = 1 << 20

// scan reads the whole file system and returns the blocks that cannot be read.
func (r *fsckRun) scan() ([]ondisk.Block, error) {
	var s ondisk.Super
	raw := make([]byte, ondisk.SuperSize)
	if _, err := r.dev.ReadAt(raw, ondisk.SuperOffset); err != nil {
		return nil, err
	}
	if err := s.Decode(raw); err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, errors.Join(errors.New("-c needs a super block that makes sense: repair it first"), err)
	}
	line := r.newProgress()
	defer line.done()
	var bad []ondisk.Block
	end := min(int64(s.Blocks())*int64(s.BlockSize()), r.dev.Size())
	b := make([]byte, scanBytes)
	for off := int64(0); off < end; off += scanBytes {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		n := min(scanBytes, end-off)
		if !readable(r.dev, b[:n], off) {
			bad = append(bad, badIn(r.dev, b[:n], off, int64(s.BlockSize()))...)
		}
		line.show(off+n, end)
	}
	return bad, nil
}

// badIn are the blocks of a range that cannot be read one by one.
func badIn(dev disk.Device, b []byte, off, size int64) (bad []ondisk.Block) {
	for c := range slices.Chunk(b, int(size)) {
		if !readable(dev, c, off) {
			bad = append(bad, ondisk.Block(off/size))
		}
		off += size
	}
	return bad
}

func readable(dev disk.Device, b []byte, off int64) bool {
	n, err := dev.ReadAt(b, off)
	return n == len(b) && (err == nil || err == io.EOF)
}
