package ext4

import (
	"errors"
	"fmt"
	"io"

	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// What a cached block was checked for: Use.What of its buffer.
const (
	useExtentNode = iota + 1
	useDirBlock
	useIndexBlock
	useXattrBlock
)

// metaBlock returns block b of the file system, which is to hold a structure of this name.
func (fs *FS) metaBlock(structure string, b ondisk.Block) (*buffer.Buffer, error) {
	if err := fs.checkRange(structure, b, 1); err != nil {
		return nil, err
	}
	buf, err := fs.cache.Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s in block %d: %w", structure, b, err)
	}
	return buf, nil
}

// checkedBlock is metaBlock, and a check of the content unless it has been found good for the same use before.
func (fs *FS) checkedBlock(structure string, b ondisk.Block, u buffer.Use, check func([]byte) error) ([]byte, error) {
	buf, err := fs.metaBlock(structure, b)
	if err != nil {
		return nil, ondisk.Locate(err, u.Ino, b)
	}
	if !buf.GoodFor(u) {
		if err := check(buf.Data()); err != nil {
			return nil, ondisk.Locate(err, u.Ino, b)
		}
		buf.SetGoodFor(u)
	}
	return buf.Data(), nil
}

// readDevice fills p with the bytes of the view at off, all of which lie in the device.
func (fs *FS) readDevice(p []byte, off int64) error {
	n, err := fs.view.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("block %d: %w", off>>fs.blockBits, err)
}
