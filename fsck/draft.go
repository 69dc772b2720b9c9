package fsck

import (
	"context"
	"maps"
	"slices"

	"extant/disk"
	"extant/internal/ondisk"
)

// A draft is a device as a repair will leave it. Nothing is written to the device itself before commit, which makes the changes in the order
// in which the draft went through them: stage by stage, so that an interruption leaves the device in a state that the repair
// itself went through, but for part of one stage. Within a stage what nobody refers to yet comes first, and the super block last:
//
//	stage 1                                  stage 2
//	fresh, flush | home, flush | super, flush | fresh, flush | ...
type draft struct {
	*disk.Overlay

	dev    disk.Device
	stages []stage
	now    stage
	taken  map[int64]bool // units that were allocated in this stage
}

// A stage is a set of changes none of which relies on another.
type stage struct {
	fresh, home map[int64]bool // units
	super       bool           // that of the primary super block
	after       *disk.Overlay  // the device after the stage
}

// unit is the size in bytes of what is kept track of: the smallest block. The super block is unit 1.
const (
	unit      = 1 << 10
	superUnit = ondisk.SuperOffset / unit
)

func newDraft(dev disk.Device) *draft {
	d := &draft{Overlay: disk.NewOverlay(dev), dev: dev, taken: make(map[int64]bool)}
	d.begin()
	return d
}

func (d *draft) begin() {
	d.now = stage{fresh: make(map[int64]bool), home: make(map[int64]bool)}
	clear(d.taken)
}

// take notes that nobody refers to n bytes at off before the stage is done.
func (d *draft) take(off, n int64) {
	for u := off / unit; u < (off+n)/unit; u++ {
		d.taken[u] = true
	}
}

// WriteAt implements disk.Device. Only what differs is noted as changed.
func (d *draft) WriteAt(p []byte, off int64) (int, error) {
	old := make([]byte, len(p))
	if err := readAt(d.Overlay, old, off); err != nil {
		return 0, err
	}
	for u := off / unit; u*unit < off+int64(len(p)); u++ {
		lo, hi := max(u*unit-off, 0), min((u+1)*unit-off, int64(len(p)))
		if string(old[lo:hi]) == string(p[lo:hi]) {
			continue
		}
		switch {
		case u == superUnit:
			d.now.super = true
		case d.taken[u]:
			d.now.fresh[u] = true
		default:
			d.now.home[u] = true
		}
	}
	return d.Overlay.WriteAt(p, off)
}

// Flush implements disk.Device: it ends a stage.
func (d *draft) Flush() error {
	if s := &d.now; s.super || len(s.fresh)+len(s.home) > 0 {
		s.after = d.Snapshot()
		d.stages = append(d.stages, *s)
	}
	d.begin()
	return nil
}

// changed reports whether there is anything to commit.
func (d *draft) changed() bool { return len(d.stages) > 0 }

// commit makes the changes on the device, and returns how many bytes it wrote.
func (d *draft) commit(ctx context.Context) (int64, error) {
	written := int64(0)
	for i := range d.stages {
		s := &d.stages[i]
		sets := [...][]int64{slices.Sorted(maps.Keys(s.fresh)), slices.Sorted(maps.Keys(s.home)), nil}
		if s.super {
			sets[2] = []int64{superUnit}
		}
		for _, units := range sets {
			n, err := d.write(ctx, s, units)
			written += n
			if err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// runMax is the most that is written at a time, in bytes.
const runMax = 1 << 20

// write writes units, in ascending order, as they are after a stage, and makes them durable.
func (d *draft) write(ctx context.Context, s *stage, units []int64) (int64, error) {
	written := int64(0)
	for i := 0; i < len(units); {
		n := 1
		for i+n < len(units) && units[i+n] == units[i]+int64(n) && n < runMax/unit {
			n++
		}
		if err := ctx.Err(); err != nil {
			return written, err
		}
		off := units[i] * unit
		b := make([]byte, min(int64(n)*unit, d.Size()-off))
		if err := readAt(s.after, b, off); err != nil {
			return written, err
		}
		if _, err := d.dev.WriteAt(b, off); err != nil {
			return written, err
		}
		written += int64(len(b))
		i += n
	}
	if len(units) == 0 {
		return 0, nil
	}
	return written, d.dev.Flush()
}
