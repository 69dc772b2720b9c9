package ext4

import (
	"errors"
	"fmt"
	"time"

	"extant/disk"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// superState is the super block of a file system mounted to write, as it changes. It is in its block as well, and goes through the
// journal like any other, but for what it says of the mount itself: that is written straight to the device, before the first
// transaction and after the last one was checkpointed.
type superState struct {
	fs  *FS         // immutable
	dev disk.Device // immutable

	mu sched.Mutex
	// +checklocks:mu
	sb ondisk.Super
}

var classSuper = &sched.Class{Name: "super", Doc: "the super block in memory"}

func (s *superState) init(fs *FS, dev disk.Device) {
	s.fs, s.dev = fs, dev
	s.mu.Init(classSuper)
	s.mu.Lock()
	s.sb = fs.sb
	s.mu.Unlock()
}

// get is a copy of the super block.
func (s *superState) get() ondisk.Super {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sb
}

// update changes the super block in h.
func (s *superState) update(h *journal.Handle, change func(*ondisk.Super)) error {
	buf, err := s.fs.cache.Read(s.fs.sb.SuperBlock())
	if err != nil {
		return fmt.Errorf("super block: %w", err)
	}
	data, err := h.Access(buf)
	if err != nil {
		return err
	}
	s.mu.Lock()
	change(&s.sb)
	s.sb.SetCsum()
	s.sb.Encode(data[ondisk.SuperOffset%s.fs.blockSize:])
	s.mu.Unlock()
	h.Dirty(buf)
	return nil
}

// note changes the super block in memory alone. It gets to the device with the next change or at the latest when it is unmounted.
func (s *superState) note(change func(*ondisk.Super)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.sb)
}

// write changes the super block and writes it to the device, durably. No transaction is under way or in the log, and nobody else changes
// it.
func (s *superState) write(now time.Time, change func(*ondisk.Super)) error {
	sb := s.get()
	change(&sb)
	sb.SetWritten(now)
	if err := writeSuper(s.dev, &sb); err != nil {
		return err
	}
	s.mu.Lock()
	s.sb = sb
	s.mu.Unlock()
	return nil
}

// writeSuper writes the primary super block, durably.
func writeSuper(dev disk.Device, sb *ondisk.Super) error {
	sb.SetCsum()
	var raw [ondisk.SuperSize]byte
	sb.Encode(raw[:])
	_, err := dev.WriteAt(raw[:], ondisk.SuperOffset)
	if err == nil {
		err = dev.Flush()
	}
	if err != nil {
		return fmt.Errorf("super block: %w", err)
	}
	return nil
}

// noteError records damage in a super block, as the kernel does.
func noteError(sb *ondisk.Super, err error, now time.Time) {
	sb.State |= ondisk.StateError
	var c *CorruptError
	var ino ondisk.Ino
	var b ondisk.Block
	if errors.As(err, &c) {
		ino, b = c.Ino, c.Block
	}
	sb.SetLastErrorSeen(now)
	sb.LastErrorIno, sb.LastErrorBlock, sb.LastErrorLine = uint32(ino), uint64(b), 0
	sb.LastErrorFunc = errorFunc(c)
	if sb.ErrorCount == 0 {
		sb.SetFirstErrorSeen(now)
		sb.FirstErrorIno, sb.FirstErrorBlock, sb.FirstErrorLine = uint32(ino), uint64(b), 0
		sb.FirstErrorFunc = sb.LastErrorFunc
	}
	sb.ErrorCount++
}

// errorFunc names what was found damaged in the place where the kernel names one of its functions.
func errorFunc(c *CorruptError) (name [32]byte) {
	if c == nil {
		copy(name[:], "device")
		return name
	}
	copy(name[:len(name)-1], c.Structure)
	return name
}
