package volume_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/ext4test"
	"extant/internal/prog"
	"extant/internal/prog/volume"
)

// TestTorn cuts the power while random programs run: what lies on the device then, once it was mounted again, is a file system in which no checker
// finds anything. Of the writes since the last flush any may be missing.
func TestTorn(t *testing.T) {
	const cuts = 8
	for _, m := range ext4test.Modes() {
		if *modeName != "" && *modeName != m.Name || strings.Contains(m.Mkfs, "^has_journal") {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			empty := newBenches(t, m)
			for _, name := range profileNames {
				if *kind != "" && *kind != name {
					continue
				}
				p := profiles[name]
				p.Ops, p.Model = *ops, m.Model
				for i := range uint64(*count) {
					if err := empty.of(p).torn(prog.Generate(*seed+i, p), *seed+i, cuts); err != nil {
						t.Errorf("%v\n-mode %s -profile %s -ops %d -count 1 -seed %d", err, m.Name, name, *ops, *seed+i)
						break
					}
				}
			}
		})
	}
}

// torn runs a program and looks at the device as so many crashes would leave it.
func (b *bench) torn(p *prog.Program, seed uint64, cuts int) error {
	rec := disktest.NewRecorder(b.empty.Snapshot())
	v, err := volume.Open(rec, b.mode.Mount)
	if err != nil {
		return err
	}
	r := prog.NewRunner(v)
	r.Run(p)
	if err := errors.Join(r.CloseFiles(), v.Close()); err != nil {
		return err
	}
	trace := rec.Trace()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range cuts {
		n := 1 + rng.IntN(len(trace))
		dev, err := b.cut(trace[:n], rng)
		if err == nil {
			err = b.recover(dev)
		}
		if err != nil {
			if *keep != "" {
				err = errors.Join(err, ext4test.Save(dev, *keep))
			}
			return fmt.Errorf("cut after %d of %d operations: %w", n, len(trace), err)
		}
	}
	return nil
}

// cut is a device to which the operations were done, without some that no flush followed.
func (b *bench) cut(trace disktest.Trace, rng *rand.Rand) (*disk.Mem, error) {
	dev := b.empty.Snapshot()
	flushed := len(trace)
	for flushed > 0 && trace[flushed-1].Kind != disktest.Flush {
		flushed--
	}
	if err := trace[:flushed].Replay(dev); err != nil {
		return dev, err
	}
	for _, op := range trace[flushed:] {
		if rng.IntN(2) == 0 {
			if err := op.Apply(dev); err != nil {
				return dev, err
			}
		}
	}
	return dev, nil
}

// recover mounts the file system and unmounts it, and judges it.
func (b *bench) recover(dev *disk.Mem) error {
	v, err := volume.Open(dev, b.mode.Mount)
	if err != nil {
		return err
	}
	if err := v.Close(); err != nil {
		return err
	}
	return ext4test.Judge(dev)
}
