package journal

import (
	"errors"
	"fmt"
	"io"

	"extant/disk"
	"extant/internal/ondisk"
)

// TID is the number of a transaction (tid_t). Numbers wrap.
type TID uint32

// Before reports whether t is older than u.
func (t TID) Before(u TID) bool { return int32(t-u) < 0 }

// EntriesMax is the default of Config.EntriesMax.
const EntriesMax = 4 << 20

// Config says where a journal lies and what bounds it.
type Config struct {
	BlockSize int      // of the file system, in bytes
	Blocks    uint64   // of the file system: no block at or past it is read or written
	Extents   []Extent // where the journal lies, in the order of its blocks; holes are not allowed

	// EntriesMax bounds the memory of a recovery: the most blocks of which it will keep track, about 50 bytes
	// each. A log that names more is refused. 0 is EntriesMax.
	EntriesMax int
}

// Log is a journal as it lies on a device.
type Log struct {
	dev    disk.Device
	c      Config
	layout *layout
	super  ondisk.JournalSuper
	incomp ondisk.JournalIncompat
	end    uint32 // block after the last of the log
	seed   uint32
}

// Open reads the journal's super block and judges it. It returns a *CorruptError for one that makes no sense and an
// *UnsupportedError, naming the features, for one that needs what this package does not know; other errors are the device's.
func Open(dev disk.Device, c Config) (*Log, error) {
	if c.EntriesMax == 0 {
		c.EntriesMax = EntriesMax
	}
	c.Blocks = min(c.Blocks, uint64(dev.Size())/uint64(c.BlockSize))
	lay, err := newLayout(c.Extents, c.Blocks)
	if err != nil {
		return nil, err
	}
	l := &Log{dev: dev, c: c, layout: lay}
	if lay.len() == 0 {
		return nil, corrupt(0, "it has no blocks")
	}
	buf := make([]byte, c.BlockSize)
	if err := l.read(0, buf); err != nil {
		return nil, err
	}
	if err := l.super.Decode(buf); err != nil {
		return nil, err
	}
	if err := l.check(buf); err != nil {
		return nil, err
	}
	l.incomp, l.end, l.seed = l.super.Incompat(), l.super.LogEnd(), l.super.CsumSeed()
	return l, nil
}

// Super is the journal's super block as Open found it.
func (l *Log) Super() ondisk.JournalSuper { return l.super }

// Empty reports whether the log holds nothing to recover (s_start is 0).
func (l *Log) Empty() bool { return l.super.Start == 0 }

// check judges the super block, which is encoded in b: first what kind it is, then whether its features are known, and
// only then what they give a meaning to.
func (l *Log) check(b []byte) error {
	s, at := &l.super, l.layout.block(0)
	switch {
	case s.Header.Magic != ondisk.JournalMagic:
		return corrupt(at, "magic is %#x, want %#x", s.Header.Magic, uint32(ondisk.JournalMagic))
	case s.Header.BlockType != ondisk.JournalSuperV1 && s.Header.BlockType != ondisk.JournalSuperV2:
		return corrupt(at, "block type of the super block is %d", s.Header.BlockType)
	}
	if err := checkFeatures(s); err != nil {
		return err
	}
	if err := checkSums(s, b, at); err != nil {
		return err
	}
	return l.checkGeometry(at)
}

// checkFeatures refuses what this package does not know.
func checkFeatures(s *ondisk.JournalSuper) error {
	unknown := (s.Incompat() &^ ondisk.JournalIncompatKnown).Names()
	if s.Header.BlockType == ondisk.JournalSuperV2 && s.FeatureROCompat != 0 {
		unknown = append(unknown, ondisk.ROCompat(s.FeatureROCompat).Names()...)
	}
	if len(unknown) > 0 {
		return &ondisk.UnsupportedError{Features: unknown, Detail: "the journal needs it"}
	}
	return nil
}

// checkSums refuses a super block whose own checksum is wrong, and checksum features that exclude each other.
func checkSums(s *ondisk.JournalSuper, b []byte, at ondisk.Block) error {
	f := s.Incompat()
	switch {
	case !f.Sums():
		return nil
	case f.Has(ondisk.JournalIncompatCsumV2 | ondisk.JournalIncompatCsumV3):
		return corrupt(at, "checksum versions 2 and 3 are both on")
	case s.Compat()&ondisk.JournalCompatChecksum != 0:
		return corrupt(at, "checksums of transactions and of blocks are both on: %v,%v", s.Compat(), f)
	case s.ChecksumType != ondisk.JournalCRC32C:
		return &ondisk.UnsupportedError{Detail: fmt.Sprintf("checksum algorithm %d of the journal", s.ChecksumType)}
	}
	if want := ondisk.JournalSuperCsum(b); s.Checksum != want {
		return corrupt(at, "checksum of the super block is %#08x, want %#08x", s.Checksum, want)
	}
	return nil
}

// checkGeometry refuses sizes and positions that do not fit one another or the blocks the journal has.
func (l *Log) checkGeometry(at ondisk.Block) error {
	s := &l.super
	switch {
	case int64(s.BlockSize) != int64(l.c.BlockSize):
		return corrupt(at, "its blocks have %d bytes, the file system's %d", s.BlockSize, l.c.BlockSize)
	case s.MaxLen > l.layout.len():
		return corrupt(at, "it claims %d blocks and has %d", s.MaxLen, l.layout.len())
	case s.First == 0 || s.First >= s.LogEnd():
		return corrupt(at, "its log starts at %d of %d blocks", s.First, s.LogEnd())
	case s.Start != 0 && (s.Start < s.First || s.Start >= s.LogEnd()):
		return corrupt(at, "its oldest transaction is at %d, the log is %d to %d", s.Start, s.First, s.LogEnd()-1)
	}
	return nil
}

// read fills p, a block, from journal block n.
func (l *Log) read(n uint32, p []byte) error {
	if n >= l.layout.len() {
		return corrupt(0, "block %d of %d asked for", n, l.layout.len())
	}
	b := l.layout.block(n)
	if err := readFull(l.dev, p, int64(b)*int64(l.c.BlockSize)); err != nil {
		return fmt.Errorf("reading journal block %d (device block %d): %w", n, b, err)
	}
	return nil
}

// readFull reads all of p, and takes the end of the device for an error where it comes too early.
func readFull(dev disk.Device, p []byte, off int64) error {
	n, err := dev.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}
