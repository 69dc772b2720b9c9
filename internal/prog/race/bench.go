package race

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"syscall"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/internal/model"
	"extant/internal/prog"
	"extant/internal/prog/volume"
	"extant/mkfs"
)

// epoch is when file systems are made.
var epoch = time.Unix(1_700_000_000, 0)

// counter is a source of numbers that may be guessed: they are always the same.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*5 + 7
		p[i] = c.n
	}
	return len(p), nil
}

// A Bench is a case on a file system that is ready to be snapshotted: what comes up to the first remount before all threads has been done.
type Bench struct {
	c     *Case
	setup Setup

	base  *disk.Mem
	clock prog.Clock   // as base was left
	first int          // the line to go on from
	did   prog.Outcome // of the lines before

	judged  map[uint64]error // what was found, by sum
	seed    maphash.Seed     // of sums
	room    []byte           // for what is summed
	seen    map[string]bool  // reports of lockdep
	reports []string         // in order
}

// Prepare makes the file system.
func Prepare(c *Case, s Setup) (*Bench, error) {
	b := &Bench{c: c, setup: s, base: disk.NewMem(imageBytes), judged: map[uint64]error{}, seed: maphash.MakeSeed(), room: make([]byte, 64<<10), seen: map[string]bool{}}
	o, err := s.Mode.format()
	if err == nil {
		_, err = mkfs.Format(b.base, o)
	}
	if err != nil {
		return nil, err
	}
	m, err := b.open(b.base, &b.clock, true)
	if err != nil {
		return nil, err
	}
	m.cut = false
	now := model.Time{Now: true}
	err = errors.Join(m.Chmod(model.Cred{}, "/", 0o755), m.Utimes(model.Cred{}, "/", now, now, true))
	if err == nil {
		err = b.begin(m)
	}
	if err == nil && s.Room >= 0 {
		err = fill(m, s.Room)
	}
	return b, errors.Join(err, m.Close())
}

// begin does the lines up to the first remount.
func (b *Bench) begin(m *machine) error {
	lines := b.c.Program.Lines[:b.c.threads()]
	at := slices.IndexFunc(lines, func(l prog.Line) bool { return len(l.Ops) == 1 && l.Ops[0].Verb == "remount" })
	if at < 0 {
		return nil
	}
	r := prog.NewRunner(m)
	r.Clock, b.first = &b.clock, at+1
	b.did = r.Run(&prog.Program{Lines: lines[:at+1]})
	for i, line := range b.did {
		for k, res := range line {
			if res.Err != "" {
				return fmt.Errorf("line %d: %s: %v", i+1, lines[i].Ops[k], res)
			}
		}
	}
	return nil
}

// fill leaves room for so many blocks. What fills the rest lies in lost+found, where nobody looks.
func fill(m *machine, room int) error {
	f, err := m.Open(model.Cred{}, "/lost+found/filler", model.OpenRead|model.OpenWrite|model.OpenCreate, 0o600)
	if err != nil {
		return err
	}
	size := int64(0)
	for step := int64(imageBytes / 4); step >= blockBytes; {
		switch err := f.Fallocate(0, size, step); {
		case err == nil:
			size += step
		case errors.Is(err, syscall.ENOSPC):
			step /= 2
		default:
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Truncate(max(0, size-int64(room)*blockBytes)), f.Close())
}

// A machine is a volume that the power may leave.
type machine struct {
	*volume.Volume
	bench *Bench
	dev   *disk.Mem
	clock *prog.Clock
	cut   bool
}

func (b *Bench) open(dev *disk.Mem, clock *prog.Clock, write bool) (*machine, error) {
	o := b.setup.Mode.mount
	o.Now, o.Rand, o.ATime, o.DataBytes = clock.Now, &counter{}, ext4.NoATime, dataBytes
	mount := volume.Read
	if write {
		mount = volume.Open
	}
	v, err := mount(dev, o)
	if err != nil {
		return nil, err
	}
	return &machine{v, b, dev, clock, b.setup.Cut}, nil
}

// Remount mounts what is on the device, after an unmount or as it is.
func (m *machine) Remount() error {
	if !m.cut {
		return m.Volume.Remount()
	}
	n, err := m.bench.open(m.dev.Snapshot(), m.clock, true)
	if err == nil {
		*m = *n
	}
	return err
}

// Freeze freezes, and wants the device to be one that was unmounted.
func (m *machine) Freeze() error {
	if err := m.Volume.Freeze(); err != nil {
		return err
	}
	if err := check(m.dev.Snapshot()); err != nil {
		return fmt.Errorf("frozen: %w", err)
	}
	return nil
}
