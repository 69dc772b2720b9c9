package journal_test

import (
	"errors"
	"testing"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

const (
	fastLen   = 4    // blocks of the fast-commit area; the first of them stays unused, as in the kernel
	fastFirst = 1025 // first block that is used
	fastMax   = 1024 + fastLen
)

// fastCraft is a log with a full commit, large enough for a fast-commit area, and the area's writer.
type fastCraft struct {
	*craft
	buf  []byte // of the area
	off  int
	crc  uint32
	data []byte
}

func newFastCraft() *fastCraft {
	c := newCraft(0, csum3|ondisk.JournalIncompatFastCommit)
	c.super.MaxLen, c.super.NumFCBlocks = fastMax, fastLen
	grown := make([]byte, (craftAt+fastMax)*craftSize)
	copy(grown, c.data)
	c.data = grown
	c.log(1, 10).commit()
	return &fastCraft{craft: c, buf: grown[(craftAt+fastFirst)*craftSize:]}
}

func (f *fastCraft) config() journal.Config {
	return journal.Config{BlockSize: craftSize, Blocks: craftAt + fastMax, Extents: []journal.Extent{{Start: craftAt, Count: fastMax}}}
}

// put adds a record, after padding where the block has no room for it.
func (f *fastCraft) put(tag ondisk.FastCommitTag, value []byte) *fastCraft {
	if left := craftSize - f.off%craftSize; left < ondisk.FastCommitTLSize+len(value) {
		f.encode(ondisk.FCPad, make([]byte, left-ondisk.FastCommitTLSize))
	}
	return f.encode(tag, value)
}

func (f *fastCraft) encode(tag ondisk.FastCommitTag, value []byte) *fastCraft {
	block := f.buf[f.off/craftSize*craftSize:][:craftSize]
	r := ondisk.FastCommitRecord{Tag: tag, Offset: f.off % craftSize, Value: value}
	f.off += r.Encode(block[r.Offset:])
	f.crc = ondisk.FastCommitCRC(f.crc, block, r)
	return f
}

func (f *fastCraft) head(features, tid uint32) *fastCraft {
	b := make([]byte, ondisk.FastCommitHeadSize)
	(&ondisk.FastCommitHead{Features: features, TID: tid}).Encode(b)
	return f.put(ondisk.FCHead, b)
}

// name adds a record that removes a name.
func (f *fastCraft) name(name string) *fastCraft {
	return f.put(ondisk.FCUnlink, append(make([]byte, ondisk.FastCommitDentrySize), name...))
}

// tail ends a fast commit, and fills its block.
func (f *fastCraft) tail(tid, wrong uint32) *fastCraft {
	b := make([]byte, craftSize-f.off%craftSize-ondisk.FastCommitTLSize)
	t := ondisk.FastCommitTail{TID: tid}
	t.Encode(b)
	block, at := f.buf[f.off/craftSize*craftSize:][:craftSize], f.off%craftSize
	f.encode(ondisk.FCTail, b)
	t.CRC = f.crc + wrong
	t.Encode(block[at+ondisk.FastCommitTLSize:])
	f.crc = 0
	return f
}

func (f *fastCraft) names(t *testing.T) (names string) {
	t.Helper()
	for r, err := range recovered(t, f.device(), f.config()).FastCommits() {
		if err != nil {
			t.Fatal(err)
		}
		if r.Tag == ondisk.FCTail {
			continue
		}
		names += string(r.Value[ondisk.FastCommitDentrySize:])
	}
	return names
}

func TestFastCommitsUpToTheLastWhole(t *testing.T) {
	long := make([]byte, 250)
	for i := range long {
		long[i] = 'x'
	}
	for _, c := range []struct {
		name string
		f    *fastCraft
		want string
	}{
		{"none", newFastCraft(), ""},
		{"one", newFastCraft().head(0, 2).name("a").name("b").tail(2, 0), "ab"},
		{"two", newFastCraft().head(0, 2).name("a").tail(2, 0).name("b").tail(2, 0), "ab"},
		{"wide", newFastCraft().head(0, 2).name(string(long)).name(string(long)).name(string(long)).name(string(long)).name("e").tail(2, 0),
			string(long) + string(long) + string(long) + string(long) + "e"},
		{"wrong sum", newFastCraft().head(0, 2).name("a").tail(2, 1), ""},
		{"wrong second sum", newFastCraft().head(0, 2).name("a").tail(2, 0).name("b").tail(2, 1), "a"},
		{"second of another transaction", newFastCraft().head(0, 2).name("a").tail(2, 0).name("b").tail(1, 0), "a"},
		{"no tail", newFastCraft().head(0, 2).name("a"), ""},
		{"no head", newFastCraft().name("a").tail(2, 0), ""},
		{"old", newFastCraft().head(0, 1).name("a").tail(1, 0), ""},
		{"future", newFastCraft().head(0, 3).name("a").tail(3, 0), ""},
		{"second head is old", newFastCraft().head(0, 2).name("a").tail(2, 0).head(0, 1).name("b").tail(2, 0), "a"},
	} {
		if got := c.f.names(t); got != c.want {
			t.Errorf("%s: fast commits name %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFastCommitsWithFeaturesAreRefused(t *testing.T) {
	f := newFastCraft().head(4, 2).name("a").tail(2, 0)
	var u *ondisk.UnsupportedError
	if _, err := open(t, f.device(), f.config()).Recover(); !errors.As(err, &u) {
		t.Errorf("%v", err)
	}
	f = newFastCraft().head(4, 1).name("a").tail(1, 0)
	if _, err := open(t, f.device(), f.config()).Recover(); err != nil {
		t.Errorf("features of an old area: %v", err)
	}
}

func TestReplayAppliesFastCommitsBeforeItEmptiesTheLog(t *testing.T) {
	f := newFastCraft().head(0, 2).name("a").tail(2, 0)
	dev := f.device()
	o := recovered(t, dev, f.config())
	var u *ondisk.UnsupportedError
	if err := o.Replay(journal.ReplayOptions{}); !errors.As(err, &u) {
		t.Errorf("without a way to apply them: %v", err)
	}
	failed := errors.New("no")
	if err := o.Replay(journal.ReplayOptions{FastCommits: func(disk.Device) error { return failed }}); !errors.Is(err, failed) {
		t.Errorf("applying fails: %v", err)
	}
	if open(t, dev, f.config()).Empty() {
		t.Error("the log is empty though the fast commits were not applied")
	}
	applied := func(dev disk.Device) error {
		if got := contents(t, dev)[10*craftSize]; got != 1 {
			t.Errorf("block 10 starts with %d when fast commits are applied", got)
		}
		return nil
	}
	if err := o.Replay(journal.ReplayOptions{FastCommits: applied}); err != nil {
		t.Fatal(err)
	}
	if !open(t, dev, f.config()).Empty() {
		t.Error("the log is not empty")
	}
}
