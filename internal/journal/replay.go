package journal

import (
	"errors"
	"fmt"

	"extant/disk"
	"extant/internal/ondisk"
)

// ReplayOptions say what Replay does with what it cannot settle by itself.
type ReplayOptions struct {
	// FastCommits makes the changes that the records of Overlay.FastCommits ask for on dev, a copy of the device in memory, on which
	// everything else is home. They come to the device all together, as a transaction. It may be called again after an interruption, on
	// the same content. Nil refuses a log that has any, before anything is written.
	FastCommits func(dev disk.Device) error

	// Damaged is told of each piece that cannot be replayed because of a wrong checksum, a whole transaction or a single
	// block, and the rest is replayed without it. Nil refuses such a log with the same error, before anything is written.
	Damaged func(*ondisk.CorruptError)
}

// Replay writes every journaled block home, makes that durable, and empties the log. It may be interrupted at any write and
// done again, from a new Open. What the device says wraps its error; the log is then as it was.
//
// The super block of the file system is journaled like any other block: whoever holds a copy must read it again, and clear
// its needs_recovery.
func (o *Overlay) Replay(opt ReplayOptions) error {
	if o.l.Empty() {
		return nil
	}
	if o.HasFastCommits() && opt.FastCommits == nil {
		return &ondisk.UnsupportedError{Features: []string{"fast_commit"}, Detail: "the journal holds fast commits"}
	}
	if err := o.verify(opt.Damaged); err != nil {
		return err
	}
	if err := o.writeHome(opt.Damaged != nil); err != nil {
		return err
	}
	next := o.end + 1
	if o.HasFastCommits() {
		if err := o.applyFast(opt.FastCommits); err != nil {
			return err
		}
		next++ // end stands in the log
	}
	return o.l.reset(next)
}

// verify reads every copy that has a checksum, so that a refusal comes before the first write.
func (o *Overlay) verify(damaged func(*ondisk.CorruptError)) error {
	if o.damage != nil {
		if damaged == nil {
			return o.damage
		}
		damaged(o.damage)
	}
	if !o.l.incomp.Sums() {
		return nil
	}
	buf := make([]byte, o.l.c.BlockSize)
	for _, b := range o.homes {
		_, err := o.ReadBlock(b, buf)
		var bad *ondisk.CorruptError
		if damaged != nil && errors.As(err, &bad) {
			damaged(bad)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeHome writes the copies home, in ascending order, and flushes. It passes over damaged ones where skip says so.
func (o *Overlay) writeHome(skip bool) error {
	buf := make([]byte, o.l.c.BlockSize)
	for _, b := range o.homes {
		_, err := o.ReadBlock(b, buf)
		var bad *ondisk.CorruptError
		if skip && errors.As(err, &bad) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := o.l.dev.WriteAt(buf, int64(b)*int64(len(buf))); err != nil {
			return fmt.Errorf("replaying block %d: %w", b, err)
		}
	}
	return o.l.flush()
}

// reset empties the log: the next transaction will be next, and nothing now in the log can be taken for it. An empty log does not
// need the fast-commit feature, which would keep old readers out.
func (l *Log) reset(next TID) error {
	s := l.super
	s.Start, s.Sequence = 0, uint32(next)
	if s.Header.BlockType == ondisk.JournalSuperV2 {
		s.FeatureIncompat &^= uint32(ondisk.JournalIncompatFastCommit)
	}
	if err := l.writeSuper(s); err != nil {
		return fmt.Errorf("emptying the journal: %w", err)
	}
	return nil
}

// writeSuper makes s the super block of the log, durably.
func (l *Log) writeSuper(s ondisk.JournalSuper) error {
	buf := make([]byte, l.c.BlockSize)
	if err := l.read(0, buf); err != nil {
		return err
	}
	s.Encode(buf)
	if l.incomp.Sums() {
		s.Checksum = ondisk.JournalSuperCsum(buf)
		s.Encode(buf)
	}
	// Only the first sector changes, and a sector is written whole or not at all.
	at := int64(l.layout.block(0)) * int64(l.c.BlockSize)
	if _, err := l.dev.WriteAt(buf[:superSector], at); err != nil {
		return err
	}
	if err := l.flush(); err != nil {
		return err
	}
	l.super = s
	return nil
}

func (l *Log) flush() error {
	if err := l.dev.Flush(); err != nil {
		return fmt.Errorf("flushing replayed blocks: %w", err)
	}
	return nil
}
