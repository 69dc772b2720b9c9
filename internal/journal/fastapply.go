package journal

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/ondisk"
)

// drafted is a copy in memory of a device, in which what was written is known.
type drafted struct {
	*disk.Overlay
	blockSize int64
	written   map[ondisk.Block]bool
}

// WriteAt implements disk.Device.
func (d *drafted) WriteAt(p []byte, off int64) (int, error) {
	d.note(off, int64(len(p)))
	return d.Overlay.WriteAt(p, off)
}

// Discard implements disk.Device.
func (d *drafted) Discard(off, n int64) error {
	d.note(off, n)
	return d.Overlay.Discard(off, n)
}

func (d *drafted) note(off, n int64) {
	for b := off / d.blockSize; b*d.blockSize < off+n; b++ {
		d.written[ondisk.Block(b)] = true
	}
}

// applyFast lets apply make the changes of the fast commits in memory, and makes them on the device as what they stand in for: transaction end, as
// if it had been committed in full. All that came before is home. Until the commit block is there, recovery finds the fast commits, which an empty log goes
// before; and from then on the transaction, which they are too old for.
//
//	| super | T5 | T6 | free         | fast commits of T7 |     everything up to T6 is home
//	| super: starts here, with T7 | ...  | fast commits of T7 |
//	| super | T7: D d d C | ...          | fast commits of T7 |
func (o *Overlay) applyFast(apply func(disk.Device) error) error {
	dev := o.l.dev
	d := &drafted{Overlay: disk.NewOverlay(dev), blockSize: int64(o.l.c.BlockSize), written: make(map[ondisk.Block]bool)}
	if err := apply(d); err != nil {
		return err
	}
	changed, err := d.changes(dev)
	if err != nil || len(changed) == 0 {
		return err
	}
	return o.l.commitAlone(o.end, changed)
}

// changes is what differs from the device beneath, in ascending order.
func (d *drafted) changes(dev disk.Device) (list []homing, err error) {
	old := make([]byte, d.blockSize)
	for _, b := range slices.Sorted(maps.Keys(d.written)) {
		now, off := make([]byte, d.blockSize), int64(b)*d.blockSize
		if err := readFull(d.Overlay, now, off); err != nil {
			return nil, err
		}
		if err := readFull(dev, old, off); err != nil {
			return nil, err
		}
		if !bytes.Equal(now, old) {
			list = append(list, homing{b, now})
		}
	}
	return list, nil
}

// commitAlone makes blocks durable as transaction tid, the only one in the log, and writes them home. What the kernel commits fast it could also have
// committed in full: its transactions take a quarter of the log, and here there may be all of it.
func (l *Log) commitAlone(tid TID, blocks []homing) error {
	form := newLogForm(&l.super, l.c.BlockSize)
	if room := int(l.end-l.super.First) - 1; form.cost(len(blocks), 0) > room {
		return &ondisk.UnsupportedError{Features: []string{"fast_commit"}, Detail: fmt.Sprintf("fast commits that change %d blocks, with a journal of %d", len(blocks), room)}
	}
	if err := l.restart(tid); err != nil {
		return err
	}
	empty := *l
	empty.super.Start = 0
	cache := buffer.New(l.dev, l.c.BlockSize, 1<<20)
	j, err := New(WriteConfig{Dev: l.dev, Cache: cache, Log: &empty, MemoryMax: math.MaxInt32 * int64(l.c.BlockSize)})
	if err != nil {
		return err
	}
	defer j.Close()
	j.takeStarted(l.super, len(blocks))
	h, err := j.Start(len(blocks))
	if err != nil {
		return err
	}
	for _, b := range blocks {
		buf := cache.New(b.at)
		data, err := h.Create(buf)
		if err != nil {
			h.Stop()
			return err
		}
		copy(data, b.data)
		h.Dirty(buf)
	}
	if err := h.Stop(); err != nil {
		return err
	}
	return j.Flush()
}

// takeStarted makes the journal, which is new, go on with a log whose super block says already that it starts with the next transaction. That may take
// all of the log, with so many blocks.
//
// +checklocksignore: the journal is not shared yet.
func (j *Journal) takeStarted(s ondisk.JournalSuper, blocks int) {
	j.super.Start, j.super.Sequence = s.Start, s.Sequence
	j.max, j.credits = j.room, blocks
}

// restart makes the log start at its first block, with transaction next, which is not in it yet. Fast commits of next stay valid.
func (l *Log) restart(next TID) error {
	s := l.super
	s.Start, s.Sequence = s.First, uint32(next)
	if err := l.writeSuper(s); err != nil {
		return fmt.Errorf("starting the journal anew: %w", err)
	}
	return nil
}
