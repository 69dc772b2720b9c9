package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// reseal makes every checksum of a fuzzed log right, so that what it says is believed: of its super block, of each descriptor,
// revoke and commit block, and of the data blocks that a walk from the start meets.
func (c *craft) reseal() {
	f, seed := c.features(), c.super.CsumSeed()
	if !f.Sums() {
		return
	}
	c.super.ChecksumType = ondisk.JournalCRC32C
	for n := uint32(1); n < craftLen; n++ {
		b := c.block(n)
		var h ondisk.JournalHeader
		if h.Decode(b) != nil || h.Magic != ondisk.JournalMagic {
			continue
		}
		switch h.BlockType {
		case ondisk.JournalDescriptor:
			c.resealData(n, h.Sequence)
			ondisk.SealJournalTail(seed, b)
		case ondisk.JournalRevoke:
			ondisk.SealJournalTail(seed, b)
		case ondisk.JournalCommit:
			binary.BigEndian.PutUint32(b[16:], ondisk.JournalCommitCsum(seed, b))
		}
	}
}

// resealData puts into the tags of the descriptor in journal block n the checksums of the blocks after it.
func (c *craft) resealData(n, sequence uint32) {
	f, b := c.features(), c.block(n)
	type tag struct {
		off   int
		place ondisk.JournalPlace
	}
	var tags []tag
	for off, p := range f.Tags(b) {
		tags = append(tags, tag{off, p})
	}
	for i, t := range tags {
		at := n + 1 + uint32(i)
		if at >= c.super.LogEnd() && c.super.LogEnd() > c.super.First {
			at = c.super.First + (at-c.super.LogEnd())%(c.super.LogEnd()-c.super.First)
		}
		if at < craftLen {
			t.place.Checksum = ondisk.JournalDataCsum(f, c.super.CsumSeed(), sequence, c.block(at))
			f.PutTag(b[t.off:], t.place)
		}
	}
}

// fuzzed is a log of which data gives the super block's numbers and the changes to a log that is right.
func fuzzed(compat, incompat uint32, data []byte) *craft {
	c := newCraft(ondisk.JournalCompat(compat&1), ondisk.JournalIncompat(incompat)&ondisk.JournalIncompatKnown)
	c.log(0xA1, 10, 11, 12).commit().log(0xA2, 11, 300).revoke(12, 10).commit().log(0xA3, 10).commit()
	for ; len(data) >= 4; data = data[4:] {
		// Most changes hit where the log is: the first bytes of its first blocks.
		n := uint32(data[0]) % craftLen
		off := int(data[1]) | int(data[2]&3)<<8
		if n == 0 {
			c.spoilSuper(off, data[3])
			continue
		}
		c.block(n)[off] = data[3]
	}
	c.reseal()
	return c
}

// spoilSuper changes a number of the super block that a crafted image may lie about.
func (c *craft) spoilSuper(which int, v byte) {
	s := &c.super
	switch which % 6 {
	case 0:
		s.Start = uint32(v)
	case 1:
		s.First = uint32(v)
	case 2:
		s.MaxLen = uint32(v)
	case 3:
		s.Sequence = uint32(int8(v))
	case 4:
		s.NumFCBlocks = uint32(v)
	case 5:
		s.Header.BlockType = ondisk.JournalSuperV1 + uint32(v&1)
	}
}

// FuzzRecover holds any log to this: recovery ends, within a few readings of the journal; a replay leaves what the view
// showed, empties the log, and touches neither the log nor anything outside the file system.
func FuzzRecover(f *testing.F) {
	f.Add(uint32(0), uint32(csum3), []byte{})
	f.Add(uint32(1), uint32(1), []byte{2, 0, 0, 1})
	f.Add(uint32(0), uint32(9), []byte{0, 1, 0, 60, 1, 15, 0, 5, 5, 3, 0, 2})
	f.Add(uint32(0), uint32(0x33), []byte{0, 0, 0, 62, 7, 12, 3, 255})
	f.Fuzz(func(t *testing.T, compat, incompat uint32, data []byte) {
		c := fuzzed(compat, incompat, data)
		dev := c.device()
		tooMany := errors.New("too many reads")
		bounded := disktest.NewFaulty(dev, disktest.From(8*craftLen, disktest.Fail(tooMany)))
		l, err := journal.Open(bounded, c.config())
		if err != nil {
			return
		}
		o, err := l.Recover()
		if errors.Is(err, tooMany) {
			t.Fatal("recovery goes on and on")
		}
		if err == nil {
			replayAsViewed(t, dev, c.config())
			_ = o.Damage()
		}
	})
}

func replayAsViewed(t *testing.T, dev *disk.Mem, cfg journal.Config) {
	t.Helper()
	before := contents(t, dev)
	o := recovered(t, dev, cfg)
	view := make([]byte, len(before))
	for n := range craftTotal {
		if _, err := o.View(dev).ReadAt(view[n*craftSize:(n+1)*craftSize], int64(n)*craftSize); err != nil {
			if !corrupted(err) {
				t.Fatal(err)
			}
			copy(view[n*craftSize:(n+1)*craftSize], before[n*craftSize:])
		}
	}
	calls := 0
	err := o.Replay(journal.ReplayOptions{
		FastCommits: func(disk.Device) error {
			for _, err := range o.FastCommits() {
				if err != nil {
					t.Fatal(err)
				}
				calls++
			}
			return nil
		},
		Damaged: func(*ondisk.CorruptError) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.HasFastCommits() != (calls > 0) {
		t.Fatalf("fast commits: %v, %d records", o.HasFastCommits(), calls)
	}
	after := contents(t, dev)
	const log = craftAt * craftSize
	if !bytes.Equal(after[log+craftSize:log+craftLen*craftSize], before[log+craftSize:log+craftLen*craftSize]) {
		t.Fatal("the log was written to")
	}
	copy(after[log:log+craftSize], before[log:])
	if !bytes.Equal(after, view) {
		t.Fatal("a replay leaves other content than the view showed")
	}
	if !open(t, dev, cfg).Empty() {
		t.Fatal("the log is not empty after a replay")
	}
}

// FuzzFastCommits holds any fast-commit area, its checksums made right, to this: what is valid of it can be read, to the end.
func FuzzFastCommits(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 4, 0, 3, 0, 20, 0, 9})
	f.Add([]byte{0, 4, 4}) // a head with a feature
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newFastCraft().head(0, 2).name("a").name("b").tail(2, 0).name("c").tail(2, 0)
		area := c.buf[:(fastLen-1)*craftSize]
		for ; len(data) >= 3; data = data[3:] {
			area[(int(data[0])<<8|int(data[1]))%len(area)] = data[2]
		}
		resealFast(area)
		o, err := open(t, c.device(), c.config()).Recover()
		var unsupported *ondisk.UnsupportedError
		if errors.As(err, &unsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range o.FastCommits() {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if o.HasFastCommits() != (n > 0) {
			t.Fatalf("fast commits: %v, %d records", o.HasFastCommits(), n)
		}
	})
}

// resealFast puts the right checksum into each tail of an area.
func resealFast(area []byte) {
	crc := uint32(0)
	for ; len(area) > 0; area = area[craftSize:] {
		block := area[:craftSize]
		for r, err := range ondisk.FastCommitRecords(block) {
			if err != nil {
				return
			}
			crc = ondisk.FastCommitCRC(crc, block, r)
			if r.Tag == ondisk.FCTail {
				binary.LittleEndian.PutUint32(r.Value[4:], crc)
				crc = 0
			}
		}
	}
}
