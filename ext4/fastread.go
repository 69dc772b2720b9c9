package ext4

import (
	"errors"
	"iter"
	"slices"
	"syscall"

	"extant/internal/journal"
	"extant/internal/ondisk"
)

// readFastCommits reads the fast commits that recovery found. They lie over fs, which does not yet have them.
func (fs *FS) readFastCommits(records iter.Seq2[ondisk.FastCommitRecord, error]) (*fastCommits, error) {
	plan, err := fs.planFast(records)
	if err != nil {
		return nil, err
	}
	out := &fastCommits{slots: map[ondisk.Ino][]byte{}, runs: map[ondisk.Ino][]run{}, dirs: plan.Dirs}
	for ino, n := range plan.Inodes {
		out.slots[ino] = n.Slot
		for _, r := range n.Runs {
			out.runs[ino] = append(out.runs[ino], fastRun(r))
		}
	}
	return out, nil
}

// planFast works out what fast commits make of fs.
func (fs *FS) planFast(records iter.Seq2[ondisk.FastCommitRecord, error]) (*journal.FastPlan, error) {
	return journal.PlanFast(journal.FastBase{
		Super: &fs.sb, Named: fs.checkNamed,
		Range: func(start ondisk.Block, n uint64) error { return fs.checkRange("fast commit", start, n) },
		Slot:  fs.slotBefore,
	}, records)
}

// slotBefore is a copy of the slot of an inode without the fast commits; zeros where it was never used.
func (fs *FS) slotBefore(ino ondisk.Ino) ([]byte, error) {
	if fs.neverUsed(ino) {
		return make([]byte, fs.inodeSize), nil
	}
	slot, _, err := fs.readSlot(ino)
	if errors.Is(err, syscall.ESTALE) {
		return make([]byte, fs.inodeSize), nil
	}
	return slices.Clone(slot), err
}

// fastRun is a range of a plan as a run.
func fastRun(r journal.FastRun) run {
	out := run{first: r.First, count: r.Count, start: r.Start, state: written}
	switch {
	case r.Hole():
		out.state = hole
	case r.Unwritten:
		out.state = unwritten
	}
	return out
}
