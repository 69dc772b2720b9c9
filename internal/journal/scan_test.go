package journal_test

import (
	"encoding/binary"
	"testing"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

func TestNewestLivingCopyWins(t *testing.T) {
	for _, f := range craftForms {
		c := newCraft(f.compat, f.incompat)
		c.log(0xA1, 10, 11, 12, 13).commit()
		c.log(0xA2, 11).revoke(12, 13).commit()
		c.log(0xA3, 13).commit()
		c.log(0xA4, 10).revoke(11) // no commit
		dev, o := c.recover(t)
		shows(t, dev, o, map[ondisk.Block]byte{10: 0xA1, 11: 0xA2, 12: 12, 13: 0xA3})
		if o.End() != 4 {
			t.Errorf("%v: recovery ends before transaction %d, want 4", f, o.End())
		}
	}
}

// TestRevokeHoldsInItsOwnTransaction: a block journaled, freed and used for file data within one transaction must keep the data.
func TestRevokeHoldsInItsOwnTransaction(t *testing.T) {
	dev, o := newCraft(0, csum3).log(0xA1, 10).revoke(10).commit().recover(t)
	shows(t, dev, o, map[ondisk.Block]byte{10: 10})
}

func TestTransactionNumbersWrap(t *testing.T) {
	c := newCraft(0, csum3)
	c.tid, c.super.Sequence = 1<<32-2, 1<<32-2
	c.log(1, 10, 11).commit().log(2, 10).commit().log(3, 10).revoke(11).commit()
	dev, o := c.recover(t)
	shows(t, dev, o, map[ondisk.Block]byte{10: 3, 11: 11})
	if o.End() != 1 {
		t.Errorf("recovery ends before transaction %d, want 1", o.End())
	}
	if !journal.TID(1<<32-1).Before(1) || journal.TID(1).Before(1<<32-1) {
		t.Error("numbers do not compare round their end")
	}
}

func TestLogGoesRound(t *testing.T) {
	for _, f := range craftForms {
		c := newCraft(f.compat, f.incompat)
		c.next, c.super.Start = craftLen-3, craftLen-3
		c.log(0xB1, 10, 11, 12, 13, 14).commit().log(0xB2, 20).commit()
		dev, o := c.recover(t)
		shows(t, dev, o, map[ondisk.Block]byte{10: 0xB1, 14: 0xB1, 20: 0xB2})
	}
}

// A wrongness is a way to break the second of three transactions, and what recovery makes of it.
type wrongness struct {
	name     string
	compat   ondisk.JournalCompat
	incompat ondisk.JournalIncompat
	spoil    func(c *craft) // after the commit block of the second
	third    bool           // there is a third
	damage   bool           // recovery says that a committed transaction is lost
}

func spoilDescriptor(c *craft) { c.at.descriptor[200] ^= 1 }
func spoilRevoke(c *craft)     { c.at.revoke[200] ^= 1 }
func spoilCommit(c *craft)     { c.at.commit[50] ^= 1 }
func spoilData(c *craft)       { c.at.data[200] ^= 1 }

// spoilTime makes the commit block wrong and older than the one before: it is left from an earlier round of the log.
func spoilTime(c *craft) { binary.BigEndian.PutUint64(c.at.commit[48:], 999) }

var wrongnesses = []wrongness{
	{"descriptor v3", 0, csum3, spoilDescriptor, false, true},
	{"revoke v3", 0, csum3, spoilRevoke, false, true},
	{"commit v3", 0, csum3, spoilCommit, false, true},
	{"commit v2", 0, ondisk.JournalIncompatCsumV2, spoilCommit, false, true},
	{"stale commit v3", 0, csum3, spoilTime, false, false},
	{"stale descriptor v3", 0, csum3, func(c *craft) { spoilDescriptor(c); spoilTime(c) }, false, false},
	{"data v1", ondisk.JournalCompatChecksum, 0, spoilData, false, true},
	{"stale data v1", ondisk.JournalCompatChecksum, 0, func(c *craft) { spoilData(c); spoilTime(c) }, false, false},
	{"torn async v1", ondisk.JournalCompatChecksum, ondisk.JournalIncompatAsyncCommit, spoilData, false, false},
	{"lost async v1", ondisk.JournalCompatChecksum, ondisk.JournalIncompatAsyncCommit, spoilData, true, true},
	{"torn async v3", 0, csum3 | ondisk.JournalIncompatAsyncCommit, spoilCommit, false, false},
	{"descriptor async v3", 0, csum3 | ondisk.JournalIncompatAsyncCommit, spoilDescriptor, false, true},
	{"lost async v3", 0, csum3 | ondisk.JournalIncompatAsyncCommit, spoilCommit, true, true},
}

func TestWrongChecksumEndsTheLog(t *testing.T) {
	for _, w := range wrongnesses {
		t.Run(w.name, func(t *testing.T) {
			c := newCraft(w.compat, w.incompat)
			c.log(0xC1, 10, 11).commit()
			c.log(0xC2, 10, 12).revoke(11).commit()
			w.spoil(c)
			if w.third {
				c.log(0xC3, 10).commit()
			}
			dev, o := c.recover(t)
			shows(t, dev, o, map[ondisk.Block]byte{10: 0xC1, 11: 0xC1, 12: 12})
			if (o.Damage() != nil) != w.damage {
				t.Errorf("damage: %v", o.Damage())
			}
			if o.End() != 2 {
				t.Errorf("recovery ends before transaction %d, want 2", o.End())
			}
		})
	}
}

// TestCommitBlockOfWhichOneSectorArrived is a commit block whose rest was left as it was on the device.
func TestCommitBlockOfWhichOneSectorArrived(t *testing.T) {
	c := newCraft(0, csum3).log(0xC1, 10).commit()
	c.at.commit[700] = 0xEE
	dev, o := c.recover(t)
	shows(t, dev, o, map[ondisk.Block]byte{10: 0xC1})
	if o.Damage() != nil {
		t.Error(o.Damage())
	}
}

func TestDescriptorOfOtherTransactionEndsTheLog(t *testing.T) {
	c := newCraft(0, csum3).log(0xC1, 10).commit()
	c.tid += 3
	c.log(0xC2, 10).commit()
	dev, o := c.recover(t)
	shows(t, dev, o, map[ondisk.Block]byte{10: 0xC1})
	if o.Damage() != nil {
		t.Error(o.Damage())
	}
}
