package journal_test

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// lazy is a device that needs a while for each flush, as most do.
type lazy struct{ disk.Device }

func (d lazy) Flush() error {
	time.Sleep(5 * time.Millisecond)
	return d.Device.Flush()
}

func TestManySyncsCostFewCommits(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, lazy{dev}, config, true)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			h, err := r.Start(1)
			must(t, err)
			buf, err := r.cache.Read(10)
			must(t, err)
			data, err := h.Access(buf)
			must(t, err)
			data[i] = byte(i)
			h.Dirty(buf)
			tid := h.TID()
			must(t, h.Stop())
			must(t, r.Commit(tid))
		})
	}
	wg.Wait()
	if n := r.Stats().Commits; n > 8 {
		t.Errorf("100 tasks made their changes durable in %d commits", n)
	}
}

func TestTimerCommits(t *testing.T) {
	base, config := blank(csum3)
	rec := disktest.NewRecorder(base)
	r := startJournal(t, rec, config, true, func(w *journal.WriteConfig) { w.Interval = 5 * time.Millisecond })
	for round := range 3 {
		r.set(t, byte(round), 10)
		for end := time.Now().Add(10 * time.Second); r.Stats().Commits <= round; {
			if time.Now().After(end) {
				t.Fatal("nothing was committed")
			}
			time.Sleep(time.Millisecond)
		}
	}
	r.Close()
	n := len(rec.Trace())
	time.Sleep(20 * time.Millisecond)
	if len(rec.Trace()) != n {
		t.Error("a closed journal writes")
	}
}

// TestMemoryBoundsTheLog gives a journal less memory than its log would take: it writes home before the log is full.
func TestMemoryBoundsTheLog(t *testing.T) {
	for _, log := range []bool{true, false} {
		dev, config := blank(csum3)
		r := startJournal(t, dev, config, log, func(w *journal.WriteConfig) { w.MemoryMax = 40 * craftSize })
		if n := r.CreditsMax(); n > 10 {
			t.Errorf("a handle may have %d blocks, with room for 40", n)
		}
		for i := range 30 {
			r.set(t, byte(i), ondisk.Block(10+i))
		}
		if s := r.Stats(); s.Commits == 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestOldSuperBlockIsBroughtUpToDate writes to a journal whose super block is of version 1, as old file systems have it.
func TestOldSuperBlockIsBroughtUpToDate(t *testing.T) {
	c := newCraft(0, 0)
	c.super.Start, c.super.Header.BlockType = 0, ondisk.JournalSuperV1
	c.super.UUID = [16]byte{}
	c.super.Users[3][2] = 77 // what version 1 has no meaning for
	dev := c.device()
	r := startJournal(t, dev, c.config(), true, func(w *journal.WriteConfig) { w.Checksums = true })
	must(t, r.Commit(r.set(t, 0xA1, 10)))
	s := open(t, dev, c.config()).Super()
	if s.Header.BlockType != ondisk.JournalSuperV2 || !s.Incompat().Has(ondisk.JournalIncompatCsumV3|ondisk.JournalIncompatRevoke) || s.Users[3][2] != 0 {
		t.Errorf("super block of type %d with %v", s.Header.BlockType, s.Incompat())
	}
	shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 0xA1, 11: 11})
}

func TestLogsThatCannotBeWritten(t *testing.T) {
	c := newCraft(0, csum3)
	c.log(1, 10).commit()
	dev := c.device()
	if _, err := journal.New(journal.WriteConfig{Dev: dev, Cache: startJournal(t, dev, c.config(), false).cache, Log: open(t, dev, c.config())}); err == nil {
		t.Error("a log that has not been recovered is written to")
	}
	c = newCraft(0, csum3)
	c.super.Start, c.super.MaxLen = 0, 20
	dev = c.device()
	if _, err := journal.New(journal.WriteConfig{Dev: dev, Cache: startJournal(t, dev, c.config(), false).cache, Log: open(t, dev, c.config())}); !corrupted(err) {
		t.Errorf("a log of 19 blocks: %v", err)
	}
}

// TestEarlyBlocksGoHomeFirst commits without a log: what says which blocks are taken is durable before the rest is written.
func TestEarlyBlocksGoHomeFirst(t *testing.T) {
	base, config := blank(0)
	rec := disktest.NewRecorder(base)
	r := startJournal(t, rec, config, false, func(w *journal.WriteConfig) {
		w.Early = func(b ondisk.Block) bool { return b >= 20 }
	})
	must(t, r.Commit(r.set(t, 1, 10, 11, 20, 12, 21)))
	want := "flush write 20480+2048 flush write 10240+3072 flush"
	var got []byte
	for _, op := range rec.Trace() {
		got = append(append(got, ' '), op.String()...)
	}
	if string(bytes.TrimSpace(got)) != want {
		t.Errorf("the commit did %s, want %s", got, want)
	}
}

// TestUnchangedIsNotWritten takes write access without using it.
func TestUnchangedIsNotWritten(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	h, err := r.Start(2)
	must(t, err)
	buf, err := r.cache.Read(10)
	must(t, err)
	_, err = h.Access(buf)
	must(t, err)
	r.fill(t, h, 1, 11)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a block was changed without access, and nobody noticed")
			}
		}()
		other, err := r.cache.Read(12)
		must(t, err)
		h.Dirty(other)
	}()
	must(t, h.Stop())
	must(t, r.Force())
	if o := r.after(t, dev); o.Has(10) || !o.Has(11) {
		t.Errorf("logged: 10 %v, 11 %v", o.Has(10), o.Has(11))
	}
}

// TestChangedAgainIsNotRevoked changes a block that was freed in the same transaction, as a damaged file system may have it: the revoke
// would kill the new copy.
func TestChangedAgainIsNotRevoked(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	must(t, r.Commit(r.set(t, 1, 10)))
	h, err := r.Start(2)
	must(t, err)
	must(t, h.Forget(10))
	r.fill(t, h, 2, 10)
	must(t, h.Stop())
	must(t, r.Force())
	shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 2})
	must(t, r.Flush())
	shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 2})
}

func TestSyncFlushesTheDevice(t *testing.T) {
	base, config := blank(csum3)
	rec := disktest.NewRecorder(base)
	r := startJournal(t, rec, config, true)
	must(t, r.Sync(0))
	if s := rec.Trace().String(); s != "flush\n" {
		t.Errorf("nothing to commit: %q", s)
	}
	tid := r.set(t, 1, 10)
	must(t, r.Sync(tid))
	n := len(rec.Trace())
	must(t, r.Commit(tid))
	if len(rec.Trace()) != n {
		t.Error("what is committed was committed again")
	}
	must(t, r.Sync(tid))
	if got := rec.Trace()[n:].String(); got != "flush\n" {
		t.Errorf("sync of what is committed did %q", got)
	}
}

// TestEverybodyAtOnce lets 16 tasks change blocks that each two of them share, with all that a journal can do, for the race detector.
func TestEverybodyAtOnce(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	for _, log := range []bool{true, false} {
		dev, config := blank(csum3)
		r := startJournal(t, dev, config, log)
		counts := make([]int, 16)
		var wg sync.WaitGroup
		for task := range counts {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(task), 9))
				for range rounds {
					if err := r.bump(task, rnd); err != nil {
						t.Error(err)
						return
					}
					counts[task]++
				}
			})
		}
		wg.Wait()
		must(t, r.Flush())
		p := make([]byte, craftSize)
		for task, want := range counts {
			if _, err := dev.ReadAt(p, int64(10+task/2)*craftSize); err != nil {
				t.Fatal(err)
			}
			if got := p[100+task%2]; got != byte(10+task/2)+byte(want) {
				t.Errorf("task %d made %d changes, its byte is %d", task, want, got)
			}
		}
	}
}

// bump adds one to a byte of the task's, in a block that another task has bytes in as well, and does something else.
func (r *rig) bump(task int, rnd *rand.Rand) error {
	h, err := r.Start(2)
	if err != nil {
		return err
	}
	buf, err := r.cache.Read(ondisk.Block(10 + task/2))
	if err != nil {
		return err
	}
	data, err := h.Access(buf)
	if err != nil {
		return err
	}
	data[100+task%2]++
	h.Dirty(buf)
	own := ondisk.Block(200 + task)
	switch rnd.IntN(4) {
	case 0:
		if _, err := h.Create(r.cache.New(own)); err != nil {
			return err
		}
	case 1:
		if err := h.Forget(own); err != nil {
			return err
		}
	case 2:
		if err := h.Log(own+50, make([]byte, craftSize)); err != nil {
			return err
		}
	}
	tid := h.TID()
	if err := h.Stop(); err != nil {
		return err
	}
	switch rnd.IntN(8) {
	case 0:
		return r.Commit(tid)
	case 1:
		return r.Sync(tid)
	case 2:
		if rnd.IntN(4) == 0 {
			return r.Flush()
		}
	}
	r.Pending(own + 50)
	return nil
}
