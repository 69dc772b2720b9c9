package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

const (
	craftSize  = 1024 // of a block, in bytes
	craftAt    = 100  // first block of the journal
	craftLen   = 64   // blocks of the journal
	craftTotal = 400  // blocks of the file system
)

// craft writes a log by hand, one transaction after the other, to a file system whose block n is filled with byte(n).
type craft struct {
	data  []byte // the file system
	super ondisk.JournalSuper
	next  uint32 // journal block of the next record
	tid   uint32
	sec   uint64                                            // time of the next commit
	sum   uint32                                            // of the transaction, under the compat feature checksum
	at    struct{ descriptor, data, revoke, commit []byte } // what was written last
}

func newCraft(compat ondisk.JournalCompat, f ondisk.JournalIncompat) *craft {
	c := &craft{data: make([]byte, craftTotal*craftSize), next: 1, tid: 1, sec: 1000, sum: ^uint32(0)}
	for n := range craftTotal {
		copy(c.data[n*craftSize:], bytes.Repeat([]byte{byte(n)}, craftSize))
	}
	clear(c.data[craftAt*craftSize : (craftAt+craftLen)*craftSize])
	c.super = ondisk.JournalSuper{
		Header:    ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalSuperV2},
		BlockSize: craftSize, MaxLen: craftLen, First: 1, Start: 1, Sequence: 1,
		FeatureCompat: uint32(compat), FeatureIncompat: uint32(f), UUID: [16]byte{1, 2, 3},
	}
	if f.Sums() {
		c.super.ChecksumType = ondisk.JournalCRC32C
	}
	return c
}

func (c *craft) features() ondisk.JournalIncompat {
	return ondisk.JournalIncompat(c.super.FeatureIncompat)
}

// block is journal block n.
func (c *craft) block(n uint32) []byte { return c.data[(craftAt+n)*craftSize:][:craftSize] }

// record starts the next block of the log with a header of the given type.
func (c *craft) record(kind uint32) []byte {
	b := c.take()
	(&ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: kind, Sequence: c.tid}).Encode(b)
	return b
}

func (c *craft) take() []byte {
	b := c.block(c.next)
	if c.next++; c.next == c.super.LogEnd() {
		c.next = c.super.First
	}
	return b
}

// log journals blocks, each filled with the byte given.
func (c *craft) log(fill byte, homes ...ondisk.Block) *craft {
	f, seed := c.features(), c.super.CsumSeed()
	d, off := c.record(ondisk.JournalDescriptor), ondisk.JournalHeaderSize
	var data [][]byte
	for i, h := range homes {
		b := c.take()
		copy(b, bytes.Repeat([]byte{fill}, craftSize))
		p := ondisk.JournalPlace{Block: h, Flags: ondisk.JournalTagSameUUID, Checksum: ondisk.JournalDataCsum(f, seed, c.tid, b)}
		if i == len(homes)-1 {
			p.Flags |= ondisk.JournalTagLast
		}
		off += f.PutTag(d[off:], p)
		data = append(data, b)
		c.at.data = b
	}
	if f.Sums() {
		ondisk.SealJournalTail(seed, d)
	}
	for _, b := range append([][]byte{d}, data...) {
		c.sum = ondisk.CRC32BE(c.sum, b)
	}
	c.at.descriptor = d
	return c
}

// revoke revokes blocks.
func (c *craft) revoke(blocks ...ondisk.Block) *craft {
	b, off := c.record(ondisk.JournalRevoke), ondisk.JournalRevokeSize
	for _, n := range blocks {
		off += c.features().PutRevoke(b[off:], n)
	}
	binary.BigEndian.PutUint32(b[12:], uint32(off))
	if c.features().Sums() {
		ondisk.SealJournalTail(c.super.CsumSeed(), b)
	}
	c.at.revoke = b
	return c
}

// commit ends the transaction.
func (c *craft) commit() *craft {
	b := c.record(ondisk.JournalCommit)
	k := ondisk.JournalCommitBlock{Header: ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalCommit, Sequence: c.tid}, Sec: c.sec}
	if c.super.Compat() != 0 {
		k.ChecksumType, k.ChecksumSize, k.Checksum[0] = ondisk.JournalCRC32, 4, c.sum
	}
	k.Encode(b)
	if c.features().Sums() {
		k.Checksum[0] = ondisk.JournalCommitCsum(c.super.CsumSeed(), b)
		k.Encode(b)
	}
	c.tid, c.sec, c.sum = c.tid+1, c.sec+5, ^uint32(0)
	c.at.commit = b
	return c
}

func (c *craft) config() journal.Config {
	return journal.Config{BlockSize: craftSize, Blocks: craftTotal, Extents: []journal.Extent{{Start: craftAt, Count: craftLen}}}
}

// device is the file system with the journal's super block in place and sealed.
func (c *craft) device() *disk.Mem {
	b := c.block(0)
	c.super.Encode(b)
	if c.features().Sums() {
		c.super.Checksum = ondisk.JournalSuperCsum(b)
		c.super.Encode(b)
	}
	return disk.NewMemFrom(bytes.Clone(c.data))
}

// recover is the recovery of a log that recovers.
func (c *craft) recover(t *testing.T) (*disk.Mem, *journal.Overlay) {
	t.Helper()
	dev := c.device()
	return dev, recovered(t, dev, c.config())
}

// shows checks the first byte of blocks as a reader of the overlay sees them.
func shows(t *testing.T, dev disk.Device, o *journal.Overlay, want map[ondisk.Block]byte) {
	t.Helper()
	for b, fill := range want {
		got := []byte{0}
		if _, err := o.View(dev).ReadAt(got, int64(b)*craftSize); err != nil || got[0] != fill {
			t.Errorf("block %d starts with %#x (%v), want %#x", b, got[0], err, fill)
		}
	}
}

// corrupted reports whether err is damage of the image.
func corrupted(err error) bool {
	var c *ondisk.CorruptError
	return errors.As(err, &c)
}

var csum3 = ondisk.JournalIncompatRevoke | ondisk.JournalIncompat64Bit | ondisk.JournalIncompatCsumV3

// craftForms are the features of crafted logs, one for each way of checksums.
var craftForms = []struct {
	compat   ondisk.JournalCompat
	incompat ondisk.JournalIncompat
}{
	{0, ondisk.JournalIncompatRevoke},
	{ondisk.JournalCompatChecksum, ondisk.JournalIncompatRevoke},
	{0, ondisk.JournalIncompatRevoke | ondisk.JournalIncompatCsumV2},
	{0, csum3},
}
