package fsck

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"extant/disk"
	"extant/internal/ondisk"
)

// RepairOptions say how to repair. The zero value repairs nothing.
type RepairOptions struct {
	Options // of the checks in between

	Policy Policy
	Ask    func(Finding) bool // for the policy Ask; asked once about each finding, in the order of the repair
	Shared Shared             // what becomes of blocks that several inodes claim

	// Optimise rebuilds all directories that have more than a block, sorted and without gaps.
	Optimise bool

	// BadBlocks are added to the list of bad blocks, or with BadBlocksOnly replace it, once nothing else is wrong; whoever has one of them then
	// gets a copy of what can be read of it. It takes the policy Yes. A block with fixed metadata is an error, and nothing is written.
	BadBlocks     []ondisk.Block
	BadBlocksOnly bool
}

// RepairReport is what a repair found, did and left.
type RepairReport struct {
	Before *Report     // what there was to repair
	After  *Report     // what is left
	Did    []Treatment // in the order in which it was decided upon

	// Stopped is the finding at which the policy Preen gave up, or SuperSize, at which Yes does too: what is missing where the device was cut
	// short may come back with its end, so that nothing is repaired unless somebody decides on each finding. Nil for none.
	Stopped *Finding

	Rounds  int   // checks that were made
	Written int64 // bytes written to the device, the journal's replay included
}

// Clean reports whether nothing is wrong with what the repair left.
func (r *RepairReport) Clean() bool { return r.Stopped == nil && r.After.Clean() }

// Changed reports whether something was written.
func (r *RepairReport) Changed() bool { return r.Written > 0 }

// ExitCode is what e2fsck would exit with: 0 where nothing had to be repaired, 1 where all was, 4 where something is left.
func (r *RepairReport) ExitCode() int {
	switch {
	case !r.Clean():
		return 4
	case !r.Before.Clean(), r.Changed() && r.Before.Super.State&ondisk.StateClean == 0:
		return 1
	}
	for _, t := range r.Did {
		if t.Outcome == Mended && t.Code != JournalReplay && t.Code != OrphanPending {
			return 1
		}
	}
	return 0
}

// Repair makes the file system on a device sound, as far as the policy lets it.
//
// It decides everything before it writes anything: rounds of checks and repairs go on in memory until a check finds nothing that is
// to be repaired. Then the changes are written in the order of the rounds, so that a repair that was interrupted, at whatever
// write, is finished by another. The errors are those of Check, an *ondisk.UnsupportedError where the journal holds what cannot be replayed, such as
// fast commits without Options.FastCommits, and the device's when it writes; only with that comes a report as well.
//
// Memory is that of a check, and all that is changed.
func Repair(ctx context.Context, dev disk.Device, o RepairOptions) (*RepairReport, error) {
	r := &repairer{o: o, draft: newDraft(dev), judge: newJudge(o.Policy, o.Ask), report: &RepairReport{}, moved: make(map[ondisk.Group]bool)}
	if o.FindingsMax <= 0 {
		r.o.FindingsMax = findingsRepair
	}
	if (len(o.BadBlocks) > 0 || o.BadBlocksOnly) && o.Policy != Yes {
		return nil, errors.New("a list of bad blocks takes the policy yes")
	}
	if err := r.rounds(ctx); err != nil {
		return nil, err
	}
	n, err := r.draft.commit(ctx)
	r.report.Written = n
	if err != nil {
		return r.report, fmt.Errorf("writing repairs: %w", err)
	}
	return r.report, nil
}

// Bounds of a repair. What of one kind is beyond the findings of a round is found in the next.
const (
	findingsRepair = 100_000
	roundsMax      = 400
)

// A repairer is one repair.
type repairer struct {
	o      RepairOptions
	draft  *draft
	judge  judge
	space  space
	report *RepairReport
	moved  map[ondisk.Group]bool // groups whose metadata has another place
	tidied bool                  // directories were optimised
	listed bool                  // the list of bad blocks was written
	sealed bool                  // the state of the super block was set
}

// rounds checks and repairs until there is nothing to be repaired.
func (r *repairer) rounds(ctx context.Context) error {
	rep := r.report
	for {
		c, err := inspect(ctx, r.draft, r.o.Options)
		if err != nil {
			return err
		}
		rep.Rounds++
		rep.After = c.report()
		if rep.Before == nil {
			rep.Before = rep.After
		}
		if c.backup == nil && rep.After.Has(JournalExternal) && c.sb.HasIncompat(ondisk.IncompatNeedsRecovery) {
			return &ondisk.UnsupportedError{Detail: "what is to be recovered is in a journal on another device"}
		}
		if r.takeBackup(c) {
			continue
		}
		if rep.Rounds > roundsMax || rep.After.Worst() == Fatal {
			return nil
		}
		if more, err := r.round(c); !more || err != nil {
			return err
		}
	}
}

// takeBackup makes the copy of the super block that the options name the primary; false where they name none.
func (r *repairer) takeBackup(c *checker) bool {
	if r.o.Backup == 0 || r.o.Policy == No {
		return false
	}
	r.o.Backup = 0
	if newMender(c, r).restoreSuper(nil) != nil {
		return false
	}
	_ = r.draft.Flush() // of a draft, which cannot fail
	return true
}

// round repairs what is wrong in the first tier with anything to repair; false says that there is no such tier. Where a journal cannot be
// replayed, nothing else may be done either, and why not is the error.
func (r *repairer) round(c *checker) (bool, error) {
	todo := r.choose(c)
	m := newMender(c, r)
	for i := range todo {
		t := Treatment{Finding: todo[i], Round: r.report.Rounds}
		x, _ := remedyOf(t.Code)
		if t.Err = x.mend(m, &t.Finding); t.Err != nil {
			t.Outcome = Failed
			r.judge.failed[spotOf(&t.Finding)] = true
		}
		r.report.Did = append(r.report.Did, t)
		if t.Err != nil && x.tier == tierReplay {
			return false, fmt.Errorf("replaying the journal: %w", t.Err)
		}
	}
	if len(todo) == 0 {
		if more, err := r.finish(m); !more || err != nil {
			return false, err
		}
	}
	return true, r.draft.Flush()
}

// choose picks the findings that are to be repaired now.
func (r *repairer) choose(c *checker) []Finding {
	var byTier [tiers][]Finding
	for i := range c.list {
		if x, ok := remedyOf(c.list[i].Code); ok {
			byTier[x.tier] = append(byTier[x.tier], c.list[i])
		}
	}
	if i := slices.IndexFunc(c.list, func(f Finding) bool { return f.Code == SuperSize }); i >= 0 && len(byTier[tierFind]) == 0 && r.o.Policy != Ask && r.o.Policy != No {
		r.report.Stopped = &c.list[i]
		return nil
	}
	for t, list := range &byTier {
		todo, stopped := r.sift(list)
		switch {
		case stopped != nil && (len(todo) == 0 || tier(t) == tierReplay):
			r.report.Stopped = stopped
			return nil
		case len(todo) > 0:
			return todo
		case tier(t) == tierReplay && c.replay:
			return nil // everything else was judged as it is after a replay
		}
	}
	return nil
}

// sift asks the judge about the findings of a tier.
func (r *repairer) sift(list []Finding) (todo []Finding, stopped *Finding) {
	for i := range list {
		f := &list[i]
		v, fresh := r.judge.decide(f)
		switch {
		case v == mend && r.judge.tried(f):
			todo = append(todo, *f)
		case v == mend:
			r.report.Did = append(r.report.Did, Treatment{Finding: *f, Outcome: Failed, Round: r.report.Rounds, Err: errAgain})
		case v == stop && stopped == nil:
			stopped = f
		case v == pass && fresh:
			r.report.Did = append(r.report.Did, Treatment{Finding: *f, Outcome: Declined, Round: r.report.Rounds})
		}
	}
	return todo, stopped
}

// finish does what remains to be done once nothing is wrong any more; false where that is nothing.
func (r *repairer) finish(m *mender) (bool, error) {
	if r.o.Policy == No || m.c.replay {
		return false, nil
	}
	if len(r.moved) > 0 {
		m.copyDescriptors()
		clear(r.moved)
		return true, nil
	}
	if r.report.Stopped != nil || !r.report.After.Clean() {
		return false, nil
	}
	if r.o.Optimise && !r.tidied {
		r.tidied = true
		m.optimise()
		return true, nil
	}
	if (len(r.o.BadBlocks) > 0 || r.o.BadBlocksOnly) && !r.listed {
		r.listed = true
		return true, m.listBadBlocks()
	}
	if r.sealed || !r.draft.changed() && r.o.Now.IsZero() {
		return false, nil
	}
	r.sealed = true
	return m.seal(), nil
}
