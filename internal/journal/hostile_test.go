package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

func TestOpenRefusesNonsense(t *testing.T) {
	for name, spoil := range map[string]func(c *craft, cfg *journal.Config){
		"magic":              func(c *craft, _ *journal.Config) { c.super.Header.Magic++ },
		"type":               func(c *craft, _ *journal.Config) { c.super.Header.BlockType = ondisk.JournalCommit },
		"block size":         func(c *craft, _ *journal.Config) { c.super.BlockSize = 2048 },
		"length":             func(c *craft, _ *journal.Config) { c.super.MaxLen = craftLen + 1 },
		"no length":          func(c *craft, _ *journal.Config) { c.super.MaxLen = 0 },
		"first is 0":         func(c *craft, _ *journal.Config) { c.super.First = 0 },
		"first past the end": func(c *craft, _ *journal.Config) { c.super.First = craftLen },
		"start past the end": func(c *craft, _ *journal.Config) { c.super.Start = craftLen },
		"start before first": func(c *craft, _ *journal.Config) { c.super.First, c.super.Start = 5, 4 },
		"two checksums":      func(c *craft, _ *journal.Config) { c.super.FeatureIncompat |= uint32(ondisk.JournalIncompatCsumV2) },
		"three checksums":    func(c *craft, _ *journal.Config) { c.super.FeatureCompat = uint32(ondisk.JournalCompatChecksum) },
		"extents leave":      func(_ *craft, cfg *journal.Config) { cfg.Extents[0].Start = craftTotal - craftLen + 1 },
		"extents far away":   func(_ *craft, cfg *journal.Config) { cfg.Extents[0].Start = 1<<64 - 1 },
		"extents overlap": func(_ *craft, cfg *journal.Config) {
			cfg.Extents = append(cfg.Extents, journal.Extent{Start: craftAt + 5, Count: 1})
		},
		"no extents":          func(_ *craft, cfg *journal.Config) { cfg.Extents = nil },
		"empty extents":       func(_ *craft, cfg *journal.Config) { cfg.Extents = []journal.Extent{{Start: 5}} },
		"device shorter":      func(_ *craft, cfg *journal.Config) { cfg.Blocks = craftAt },
		"extents of 2^32 - 1": func(_ *craft, cfg *journal.Config) { cfg.Extents = []journal.Extent{{Start: 0, Count: 1<<32 - 1}} },
	} {
		c := newCraft(0, csum3)
		cfg := c.config()
		spoil(c, &cfg)
		if _, err := journal.Open(c.device(), cfg); !corrupted(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := newCraft(0, csum3)
	dev := c.device()
	if _, err := dev.WriteAt([]byte{1}, craftAt*craftSize+200); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dev, c.config()); !corrupted(err) {
		t.Errorf("a super block with a wrong checksum: %v", err)
	}
}

func TestOpenRefusesUnknownFeaturesByName(t *testing.T) {
	for name, spoil := range map[string]func(*ondisk.JournalSuper){
		"FEATURE_I7":  func(s *ondisk.JournalSuper) { s.FeatureIncompat |= 1 << 7 },
		"FEATURE_R20": func(s *ondisk.JournalSuper) { s.FeatureROCompat |= 1 << 20 },
		"algorithm 3": func(s *ondisk.JournalSuper) { s.ChecksumType = ondisk.JournalSHA1 },
	} {
		c := newCraft(0, csum3)
		spoil(&c.super)
		_, err := journal.Open(c.device(), c.config())
		var u *ondisk.UnsupportedError
		if !errors.As(err, &u) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := newCraft(0, 0)
	c.super.Header.BlockType, c.super.FeatureIncompat = ondisk.JournalSuperV1, 1<<7
	if _, err := journal.Open(c.device(), c.config()); err != nil {
		t.Errorf("version 1 has no features, yet: %v", err)
	}
}

func TestRecoverRefusesHomesOutside(t *testing.T) {
	for name, home := range map[string]ondisk.Block{
		"past the end": craftTotal, "far past the end": 1<<63 + 5, "journal super block": craftAt, "end of the journal": craftAt + craftLen - 1,
	} {
		c := newCraft(0, csum3).log(1, home).commit()
		if _, err := open(t, c.device(), c.config()).Recover(); !corrupted(err) {
			t.Errorf("%s: %v", name, err)
		}
		c.revoke(home).commit()
		if _, err := open(t, c.device(), c.config()).Recover(); err != nil {
			t.Errorf("%s, revoked: %v", name, err)
		}
	}
}

func TestRecoverRefusesRevokeCountBeyondTheBlock(t *testing.T) {
	c := newCraft(0, ondisk.JournalIncompatRevoke).log(1, 10).revoke(10)
	binary.BigEndian.PutUint32(c.at.revoke[12:], craftSize+1)
	c.commit()
	if _, err := open(t, c.device(), c.config()).Recover(); !corrupted(err) {
		t.Errorf("%v", err)
	}
}

func TestRecoverKeepsWithinItsMemory(t *testing.T) {
	c := newCraft(0, csum3).log(1, 10, 11, 12, 13).commit()
	cfg := c.config()
	cfg.EntriesMax = 3
	var u *ondisk.UnsupportedError
	if _, err := open(t, c.device(), cfg).Recover(); !errors.As(err, &u) {
		t.Errorf("4 blocks where 3 are allowed: %v", err)
	}
	cfg.EntriesMax = 4
	if _, err := open(t, c.device(), cfg).Recover(); err != nil {
		t.Errorf("4 blocks where 4 are allowed: %v", err)
	}
}

// endless is a log without a commit: descriptors without tags, or whose tags go round.
func endless(tags bool) *craft {
	c := newCraft(0, 0)
	for range craftLen - 1 {
		b := c.record(ondisk.JournalDescriptor)
		if tags {
			copy(b[12:], bytes.Repeat([]byte{0xF2}, craftSize-12))
		} else {
			copy(b[12:], []byte{0, 0, 0, 5, 0, 0, 0, ondisk.JournalTagLast})
		}
	}
	return c
}

func TestRecoverGoesRoundOnce(t *testing.T) {
	for _, tags := range []bool{false, true} {
		c := endless(tags)
		dev := disktest.NewFaulty(c.device(), disktest.From(4*craftLen, disktest.Fail(errors.New("too many reads"))))
		o, err := open(t, dev, c.config()).Recover()
		if err != nil {
			t.Fatal(err)
		}
		if o.Len() != 0 {
			t.Errorf("%d blocks of a transaction without a commit", o.Len())
		}
	}
}

func TestRecoverReportsTheDevice(t *testing.T) {
	broken := errors.New("broken device")
	c := newCraft(ondisk.JournalCompatChecksum, ondisk.JournalIncompatRevoke).log(1, 10, 11).revoke(11).commit()
	for n := 1; ; n++ {
		dev := disktest.NewFaulty(c.device(), disktest.Nth(n, disktest.Fail(broken)))
		l, err := journal.Open(dev, c.config())
		if err == nil {
			_, err = l.Recover()
		}
		if len(dev.Faults()) == 0 {
			if n < 8 {
				t.Errorf("only %d reads", n-1)
			}
			return
		}
		if !errors.Is(err, broken) || corrupted(err) {
			t.Errorf("read %d failed: %v", n, err)
		}
	}
}

func TestJournalPastTheEndOfTheDevice(t *testing.T) {
	c := newCraft(0, csum3)
	dev, err := disk.Window(c.device(), 0, craftAt*craftSize+10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dev, c.config()); !corrupted(err) {
		t.Errorf("%v", err)
	}
}
