package journal_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// rig is a device with an empty log, as craft lays it out, and a journal that writes to it.
type rig struct {
	*journal.Journal
	dev    disk.Device
	cache  *buffer.Cache
	config journal.Config
}

// blank is the device of a rig: block n is filled with byte(n), and the log of logBlocks blocks is empty.
func blank(f ondisk.JournalIncompat) (*disk.Mem, journal.Config) {
	c := newCraft(0, f)
	c.super.Start = 0
	return c.device(), c.config()
}

func startJournal(t testing.TB, dev disk.Device, config journal.Config, log bool, change ...func(*journal.WriteConfig)) *rig {
	t.Helper()
	cache := buffer.New(dev, config.BlockSize, 0)
	w := journal.WriteConfig{Dev: dev, Cache: cache, Now: func() time.Time { return time.Unix(1000, 5) }}
	if log {
		w.Log = open(t, dev, config)
	}
	for _, f := range change {
		f(&w)
	}
	j, err := journal.New(w)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{j, dev, w.Cache, config}
}

// set fills blocks, each with the byte given, in one handle.
func (r *rig) set(t testing.TB, fill byte, blocks ...ondisk.Block) journal.TID {
	t.Helper()
	h, err := r.Start(len(blocks))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		r.fill(t, h, fill, b)
	}
	tid := h.TID()
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	return tid
}

func (r *rig) fill(t testing.TB, h *journal.Handle, fill byte, b ondisk.Block) {
	t.Helper()
	buf, err := r.cache.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	data, err := h.Access(buf)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = fill
	}
	h.Dirty(buf)
}

// after is what a recovery makes of the device.
func (r *rig) after(t testing.TB, dev disk.Device) *journal.Overlay {
	t.Helper()
	o, err := open(t, dev, r.config).Recover()
	if err != nil {
		t.Fatal(err)
	}
	if o.Damage() != nil {
		t.Fatal(o.Damage())
	}
	return o
}

func TestCommittedIsRecovered(t *testing.T) {
	for _, f := range []ondisk.JournalIncompat{0, ondisk.JournalIncompat64Bit, ondisk.JournalIncompatCsumV2, csum3} {
		dev, config := blank(f)
		r := startJournal(t, dev, config, true)
		r.set(t, 0xA1, 10, 11, 12)
		if err := r.Commit(r.set(t, 0xA2, 11, 13)); err != nil {
			t.Fatal(err)
		}
		r.set(t, 0xA3, 10, 14)
		shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 0xA1, 11: 0xA2, 12: 0xA1, 13: 0xA2, 14: 14})
		if err := r.Force(); err != nil {
			t.Fatal(err)
		}
		shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 0xA3, 11: 0xA2, 12: 0xA1, 13: 0xA2, 14: 0xA3})
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		l := open(t, dev, config)
		if !l.Empty() || l.Super().Sequence != 3 {
			t.Errorf("%v: after a flush the log starts at %d with transaction %d", f, l.Super().Start, l.Super().Sequence)
		}
		shows(t, dev, r.after(t, dev), map[ondisk.Block]byte{10: 0xA3, 11: 0xA2, 12: 0xA1, 13: 0xA2, 14: 0xA3})
		r.Close()
		if _, err := r.Start(1); err == nil {
			t.Error("a closed journal takes handles")
		}
	}
}

func TestWithoutALogCommitsGoHome(t *testing.T) {
	dev, config := blank(0)
	r := startJournal(t, dev, config, false)
	tid := r.set(t, 0xA1, 10, 11, 12)
	if got := first(t, dev, 10); got != 10 {
		t.Errorf("block 10 is home as %#x before the commit", got)
	}
	if err := r.Commit(tid); err != nil {
		t.Fatal(err)
	}
	r.set(t, 0xA2, 11)
	for b, want := range map[ondisk.Block]byte{10: 0xA1, 11: 0xA1, 12: 0xA1} {
		if got := first(t, dev, b); got != want {
			t.Errorf("block %d is %#x, want %#x", b, got, want)
		}
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := first(t, dev, 11); got != 0xA2 {
		t.Errorf("block 11 is %#x after a flush", got)
	}
}

// first is the first byte of a block at home.
func first(t testing.TB, dev disk.Device, b ondisk.Block) byte {
	t.Helper()
	p := make([]byte, 1)
	if _, err := dev.ReadAt(p, int64(b)*craftSize); err != nil {
		t.Fatal(err)
	}
	return p[0]
}

// TestWritingGoesRound makes more transactions than the log has room for.
func TestWritingGoesRound(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	want := map[ondisk.Block]byte{}
	for i := range 200 {
		b := ondisk.Block(10 + i*7%50)
		want[b] = byte(i)
		want[200] = byte(i)
		if err := r.Commit(r.set(t, byte(i), b, 200)); err != nil {
			t.Fatal(err)
		}
		shows(t, dev, r.after(t, dev), want)
	}
	if n := r.Stats().Checkpoints; n < 5 {
		t.Errorf("%d checkpoints", n)
	}
}

func TestHandlesAskForWhatThereIs(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	var big *journal.CreditsError
	if _, err := r.Start(r.CreditsMax() + 1); !errors.As(err, &big) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("too many credits: %v", err)
	}
	h, err := r.Start(r.CreditsMax() - 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Extend(1); err != nil {
		t.Error(err)
	}
	if err := h.Extend(1); err != journal.ErrNoRoom {
		t.Errorf("extended beyond the transaction: %v", err)
	}
	tid := h.TID()
	if err := h.Restart(3); err != nil || h.Credits() != 3 {
		t.Errorf("restart: %v, %d credits", err, h.Credits())
	}
	if h.TID() != tid {
		t.Error("an empty transaction was committed")
	}
	for _, b := range []ondisk.Block{craftTotal, craftAt, craftAt + craftLen - 1} {
		if _, err := h.Access(r.cache.New(b)); !corrupted(err) {
			t.Errorf("block %d: %v", b, err)
		}
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestNewBlocksAreTheirOwn writes to a block that was never read, and wants another such block to hold zeros still.
func TestNewBlocksAreTheirOwn(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	h, err := r.Start(2)
	if err != nil {
		t.Fatal(err)
	}
	one, other := r.cache.New(10), r.cache.New(11)
	data, err := h.Access(one)
	if err != nil {
		t.Fatal(err)
	}
	data[0] = 1
	h.Dirty(one)
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	if one.Data()[0] != 1 || other.Data()[0] != 0 || r.cache.New(12).Data()[0] != 0 {
		t.Errorf("the block holds %d and others %d, %d", one.Data()[0], other.Data()[0], r.cache.New(12).Data()[0])
	}
}

// TestCommittedContentStays changes blocks again while the log has them, and checks that checkpoints write what was committed.
func TestCommittedContentStays(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	if err := r.Commit(r.set(t, 0xA1, 10)); err != nil {
		t.Fatal(err)
	}
	buf, _ := r.cache.Read(10)
	old := buf.Data()
	r.set(t, 0xA2, 10)
	if old[0] != 0xA1 || buf.Data()[0] != 0xA2 {
		t.Errorf("committed content is %#x, the buffer's %#x", old[0], buf.Data()[0])
	}
	data := buf.Data()
	r.set(t, 0xA3, 10)
	if &data[0] != &buf.Data()[0] {
		t.Error("copied twice in one transaction")
	}
}

func TestMagicIsEscaped(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	h, err := r.Start(2)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ondisk.Block][]byte{}
	for _, b := range []ondisk.Block{20, 21} {
		buf, _ := r.cache.Read(b)
		data, err := h.Access(buf)
		if err != nil {
			t.Fatal(err)
		}
		(&ondisk.JournalHeader{Magic: ondisk.JournalMagic, BlockType: ondisk.JournalCommit, Sequence: uint32(h.TID())}).Encode(data)
		h.Dirty(buf)
		want[b] = data
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Force(); err != nil {
		t.Fatal(err)
	}
	o, p := r.after(t, dev), make([]byte, craftSize)
	for b, data := range want {
		if ok, err := o.ReadBlock(b, p); !ok || err != nil || !bytes.Equal(p, data) {
			t.Errorf("block %d: %v, %v", b, ok, err)
		}
	}
}
