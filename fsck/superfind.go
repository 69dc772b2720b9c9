package fsck

import (
	"encoding/binary"
	"errors"
	"io"
	"iter"

	"extant/disk"
	"extant/internal/ondisk"
)

// findSuper takes the primary super block, or the best copy where that makes no sense.
func (c *checker) findSuper() error {
	if c.o.Backup != 0 {
		return c.useBackup()
	}
	primary, err := c.superAt(ondisk.SuperOffset)
	var corrupt *ondisk.CorruptError
	if err == nil {
		c.setImage(primary)
		return nil
	}
	if !errors.As(err, &corrupt) {
		return err
	}
	for at := range c.backupPlaces(primary) {
		s, e := c.superAt(at)
		if e != nil || !s.isBackupAt(at) {
			continue
		}
		g := ondisk.Group(s.BlockGroupNr)
		c.backup = &g
		c.setImage(s)
		c.add(SuperLost, Place{}, "%v; the copy in group %d was used", err, g)
		return nil
	}
	if primary != nil && primary.Magic == ondisk.SuperMagic && primary.ReadSupport() == nil && primary.CheckGeometry() == nil {
		c.setImage(primary)
		c.add(SuperChecksum, Place{}, "%v", err)
		return nil
	}
	return err
}

// foundSuper is a super block as it was read.
type foundSuper struct{ ondisk.Super }

// superAt reads and judges a super block. What it read comes with the error, too, where it read anything.
func (c *checker) superAt(at int64) (*foundSuper, error) {
	var b [ondisk.SuperSize]byte
	if err := readAt(c.raw, b[:], at); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ondisk.Corrupt("super block", "the device has %d bytes", c.raw.Size())
		}
		return nil, err
	}
	s := &foundSuper{}
	if err := s.Decode(b[:]); err != nil {
		return nil, err
	}
	return s, s.judge()
}

// judge is Check with the checksum before the features: what has a wrong checksum may say anything about them.
func (s *foundSuper) judge() error {
	if s.Magic == ondisk.SuperMagic {
		if err := s.CheckCsum(); err != nil {
			return err
		}
	}
	return s.Check()
}

// isBackupAt reports whether the copy says of itself that it lies at this byte of the device.
func (s *foundSuper) isBackupAt(at int64) bool {
	g := ondisk.Group(s.BlockGroupNr)
	return g != 0 && uint64(g) < s.Groups() && int64(s.GroupFirstBlock(g))*int64(s.BlockSize()) == at
}

func (c *checker) setImage(s *foundSuper) {
	c.setSuper(&s.Super, c.raw.Size())
	c.dev = c.raw
}

// useBackup takes the copy that the options name.
func (c *checker) useBackup() error {
	size := int64(c.o.BlockSize)
	if size == 0 {
		size = ondisk.SuperOffset
	}
	s, err := c.superAt(int64(c.o.Backup) * size)
	if err != nil {
		return err
	}
	g := ondisk.Group(s.BlockGroupNr)
	c.backup = &g
	c.setImage(s)
	return nil
}

// scanMax is how much of a device is searched for copies that are not where they usually are, in bytes.
const scanMax = 64 << 20

// backupPlaces yields the bytes of the device at which there may be a copy: where the primary, if it makes any sense, puts
// them, where mke2fs puts them for each block size, and then all places near the start.
func (c *checker) backupPlaces(primary *foundSuper) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		if primary != nil && primary.CheckGeometry() == nil {
			for g := range primary.BackupGroups() {
				if g > 0 && !yield(int64(primary.GroupFirstBlock(g))*int64(primary.BlockSize())) {
					return
				}
			}
		}
		for _, bs := range c.blockSizes() {
			for _, g := range [...]int64{1, 3, 5, 7, 9, 25, 27} {
				first := int64(0)
				if bs == ondisk.SuperOffset {
					first = 1
				}
				if !yield((first + g*8*bs) * bs) {
					return
				}
			}
		}
		c.scanPlaces(yield)
	}
}

func (c *checker) blockSizes() []int64 {
	if c.o.BlockSize > 0 {
		return []int64{int64(c.o.BlockSize)}
	}
	return []int64{1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}
}

// scanPlaces yields the places with the magic number near the start of the device.
func (c *checker) scanPlaces(yield func(int64) bool) {
	b := make([]byte, 64<<10)
	end := min(scanMax, c.raw.Size())
	for off := int64(0); off < end; off += int64(len(b)) {
		data, _, err := disk.NextData(c.raw, off)
		if err != nil || data >= end {
			return
		}
		off = data &^ int64(len(b)-1)
		n, _ := c.raw.ReadAt(b, off)
		for at := 0; at+ondisk.SuperSize <= n; at += ondisk.SuperSize {
			if binary.LittleEndian.Uint16(b[at+0x38:]) == ondisk.SuperMagic && !yield(off+int64(at)) {
				return
			}
		}
	}
}
