package journal_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// busy is a log with rewritten, revoked and escaped blocks that goes round.
func busy() *craft {
	c := newCraft(0, csum3)
	c.next, c.super.Start = craftLen-10, craftLen-10
	c.log(0xA1, 10, 11, 12, 13).commit()
	c.log(0xA2, 11, 300, 301, 302, 303, 399).revoke(12).commit()
	return c.log(0xA3, 11).commit()
}

func TestReplayMayBeInterruptedAnywhere(t *testing.T) {
	broken := errors.New("power cut")
	c := busy()
	want := c.device()
	if err := recovered(t, want, c.config()).Replay(journal.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	for torn := range int64(2) {
		for n := 1; ; n++ {
			dev := c.device()
			faulty := disktest.NewFaulty(dev, disktest.On(disktest.Write|disktest.Flush, disktest.From(n, disktest.Tear(torn*700, broken))))
			err := recovered(t, faulty, c.config()).Replay(journal.ReplayOptions{})
			if len(faulty.Faults()) == 0 {
				if n < 10 {
					t.Errorf("only %d writes and flushes", n-1)
				}
				break
			}
			if !errors.Is(err, broken) {
				t.Fatalf("operation %d failed: %v", n, err)
			}
			if err := recovered(t, dev, c.config()).Replay(journal.ReplayOptions{}); err != nil {
				t.Fatalf("again after operation %d failed: %v", n, err)
			}
			if !bytes.Equal(contents(t, dev), contents(t, want)) {
				t.Fatalf("interrupted at operation %d and done again, the result differs", n)
			}
		}
	}
}

// TestReplayIsDurableBeforeTheLogIsEmptied looks at the order of writes and flushes.
func TestReplayIsDurableBeforeTheLogIsEmptied(t *testing.T) {
	c := busy()
	rec := disktest.NewRecorder(c.device())
	if err := recovered(t, rec, c.config()).Replay(journal.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	trace := rec.Trace()
	var kinds []byte
	for i, op := range trace {
		switch {
		case op.Kind == disktest.Flush:
			kinds = append(kinds, 'F')
		case op.Off == craftAt*craftSize:
			kinds = append(kinds, 'S')
			if op.Len > 512 {
				t.Errorf("the super block is written as %d bytes: a sector is what arrives whole", op.Len)
			}
		case i > 0 && trace[i-1].Kind == disktest.Write && trace[i-1].Off >= op.Off:
			t.Errorf("block at %d is written after the one at %d", op.Off, trace[i-1].Off)
		}
		if op.Kind == disktest.Write && op.Off > craftAt*craftSize && op.Off < (craftAt+craftLen)*craftSize {
			t.Errorf("a write into the log at %d", op.Off)
		}
	}
	if string(kinds) != "FSF" {
		t.Errorf("flushes and super block come as %s, want FSF", kinds)
	}
}

func TestReplayEmptiesTheLog(t *testing.T) {
	for _, f := range craftForms {
		c := newCraft(f.compat, f.incompat|ondisk.JournalIncompatFastCommit).log(1, 10).commit().log(2, 11).commit()
		dev, o := c.recover(t)
		if err := o.Replay(journal.ReplayOptions{}); err != nil {
			t.Fatal(err)
		}
		l := open(t, dev, c.config())
		s := l.Super()
		if !l.Empty() || s.Sequence != 4 || s.Incompat() != f.incompat {
			t.Errorf("start %d, sequence %d, features %v", s.Start, s.Sequence, s.Incompat())
		}
		before := contents(t, dev)
		if err := recovered(t, dev, c.config()).Replay(journal.ReplayOptions{}); err != nil || !bytes.Equal(before, contents(t, dev)) {
			t.Errorf("a second replay changes something, or: %v", err)
		}
	}
}

func TestReplayOfDamage(t *testing.T) {
	for name, c := range map[string]*craft{
		"block": func() *craft {
			c := newCraft(0, csum3).log(1, 10).commit().log(2, 11, 12)
			spoilData(c)
			return c.commit()
		}(),
		"transaction": func() *craft {
			c := newCraft(0, csum3).log(1, 10, 11).commit().log(2, 12).commit()
			spoilCommit(c)
			return c
		}(),
	} {
		dev, o := c.recover(t)
		before := contents(t, dev)
		if err := o.Replay(journal.ReplayOptions{}); !corrupted(err) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(before, contents(t, dev)) {
			t.Errorf("%s: something was written by a replay that refuses", name)
		}
		told := 0
		if err := o.Replay(journal.ReplayOptions{Damaged: func(*ondisk.CorruptError) { told++ }}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if told != 1 {
			t.Errorf("%s: told of %d pieces of damage, want 1", name, told)
		}
		after := contents(t, dev)
		if after[10*craftSize] != 1 || after[12*craftSize] != 12 {
			t.Errorf("%s: blocks 10 and 12 start with %d and %d, want 1 and 12", name, after[10*craftSize], after[12*craftSize])
		}
		if !open(t, dev, c.config()).Empty() {
			t.Errorf("%s: the log is not empty", name)
		}
	}
}

func TestViewReadsAsAfterAReplay(t *testing.T) {
	c := busy()
	dev, o := c.recover(t)
	view := o.View(dev)
	after := c.device()
	if err := recovered(t, after, c.config()).Replay(journal.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	want := contents(t, after)
	copy(want[craftAt*craftSize:], contents(t, dev)[craftAt*craftSize:(craftAt+1)*craftSize])
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		off := rnd.Int64N(craftTotal * craftSize)
		n := 1 + rnd.Int64N(min(craftTotal*craftSize-off, 5*craftSize))
		got := make([]byte, n)
		if k, err := view.ReadAt(got, off); k != int(n) || err != nil || !bytes.Equal(got, want[off:off+n]) {
			t.Fatalf("%d bytes at %d: %d, %v, equal %v", n, off, k, err, bytes.Equal(got, want[off:off+n]))
		}
	}
	if _, err := view.WriteAt([]byte{1}, 0); !errors.Is(err, syscall.EROFS) {
		t.Errorf("write: %v", err)
	}
	if err := view.Discard(0, 1); !errors.Is(err, syscall.EROFS) {
		t.Errorf("discard: %v", err)
	}
}

func TestViewNamesADamagedBlock(t *testing.T) {
	c := newCraft(0, csum3).log(1, 10, 11)
	spoilData(c)
	dev, o := c.commit().recover(t)
	got := make([]byte, 2*craftSize)
	n, err := o.View(dev).ReadAt(got, 10*craftSize)
	if !corrupted(err) || n != craftSize {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, err := o.View(dev).ReadAt(got[:10], 10*craftSize); err != nil {
		t.Errorf("the block before it: %v", err)
	}
}

func TestViewEndsWhereTheDeviceDoes(t *testing.T) {
	c := newCraft(0, csum3).log(1, craftTotal-1).commit()
	dev, o := c.recover(t)
	got := make([]byte, 3*craftSize)
	n, err := o.View(dev).ReadAt(got, (craftTotal-2)*craftSize)
	wantN, wantErr := dev.ReadAt(make([]byte, len(got)), (craftTotal-2)*craftSize)
	if n != wantN || err != wantErr || got[craftSize] != 1 {
		t.Errorf("%d, %v, want %d, %v", n, err, wantN, wantErr)
	}
	var _ disk.Device = o.View(dev)
}
