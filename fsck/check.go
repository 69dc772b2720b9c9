package fsck

import (
	"context"
	"iter"
	"time"

	"extant/disk"
	"extant/internal/ondisk"
	"extant/sched"
)

// Options say how to check. The zero value checks everything with two tasks.
type Options struct {
	// Workers is the number of tasks; 0 is two.
	Workers int

	// FindingsMax is the most findings that a report holds; 0 is 10,000. What is beyond it is counted.
	FindingsMax int

	// BlockSize and Backup name a copy of the super block to use in place of the primary: the size of blocks in bytes and the
	// block that holds the copy (e2fsck -B and -b). BlockSize alone is a hint for the search of one.
	BlockSize int
	Backup    ondisk.Block

	// Now is the time after which times in the super block are in the future; the zero time does not ask. A repair that ends with a sound
	// file system notes there that it was checked at this time.
	Now time.Time

	// Layout asks for Report.Layout, which takes up to 2 MB.
	Layout bool

	// FastCommits applies fast commits of the journal, whose records it is given, to dev, a copy in memory of the file system as the full
	// commits leave it; ext4.ApplyFastCommits does. It is asked for, not imported: what it does is judged here. Without it a file system is judged as it
	// is before them, and a repair of one that has any is an *ondisk.UnsupportedError.
	FastCommits func(dev disk.Device, records iter.Seq2[ondisk.FastCommitRecord, error]) error

	// Progress is told, from time to time and by one task at a time, how far the check is.
	Progress func(Progress)
}

// Progress is how far a check is.
type Progress struct {
	Phase string // see the package's phases
	Done  int    // units
	Units int
}

const (
	workersDefault  = 2
	findingsDefault = 10_000
)

// Check looks for what is wrong with the file system on a device, which it never writes to. The error is what the device says, that of
// the context, an *ondisk.UnsupportedError where the file system has features that cannot be judged, or an *ondisk.CorruptError where no
// file system is found at all. What is wrong with the file system is in the report, not in the error.
func Check(ctx context.Context, dev disk.Device, o Options) (*Report, error) {
	c, err := inspect(ctx, dev, o)
	if err != nil {
		return nil, err
	}
	return c.report(), nil
}

// inspect is Check that keeps all it knows.
func inspect(ctx context.Context, dev disk.Device, o Options) (*checker, error) {
	if o.Workers <= 0 {
		o.Workers = workersDefault
	}
	if o.FindingsMax <= 0 {
		o.FindingsMax = findingsDefault
	}
	c := &checker{ctx: ctx, o: o, raw: dev}
	c.progress.Init(&progressClass)
	c.findings.max = o.FindingsMax
	return c, c.run()
}

// A checker is one check.
type checker struct {
	image    // immutable after phase groups
	findings // of the phases that are one task

	ctx context.Context // immutable
	o   Options         // immutable
	raw disk.Device     // immutable; without the journal

	backup  *ondisk.Group // whose super block it is
	replay  bool
	orphans map[ondisk.Ino]bool // in the list or the file of orphans
	special map[ondisk.Ino]specialKind

	workers   []*worker
	fixed     fixedMap
	base      blockSet // clusters of fixed metadata
	used      blockSet // and of files
	dup       blockSet // clusters that are claimed more than once
	inodes    []inodeGroup
	dirs      []dir               // by inode number
	xrefs     []xattrRef          // in order of blocks
	valued    map[ondisk.Ino]bool // inodes whose values xattrs have
	lostFound bool                // the root has an entry for it
	shared    bool                // something was met twice: the inodes phase is to be done again in one task
	owners    ownerMap
	usage     Usage

	slotBuf, blockBuf []byte

	progress sched.Mutex
}

var progressClass = sched.Class{Name: "fsck-progress", Doc: "the callback for progress of a check"}

// run does the phases in order.
func (c *checker) run() error {
	if err := c.findSuper(); err != nil {
		return err
	}
	for _, phase := range []func() error{
		c.replayed, c.checkSuper, c.readGroups, c.readOrphans,
		c.checkInodes, c.checkXattrs, c.checkDirs, c.connect, c.checkLinks,
		c.checkBitmaps, c.checkCounts, c.checkQuotas, c.checkBackups,
	} {
		if err := phase(); err != nil {
			return err
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// report puts together what was found.
func (c *checker) report() *Report {
	c.trim()
	r := &Report{
		Findings: c.list, Counts: c.counts, Omitted: c.total() - len(c.list),
		Super: c.sb, Backup: c.backup, Replay: c.replay, Usage: c.usage,
	}
	if c.o.Layout {
		r.Layout = c.layOut(r.Findings)
	}
	return r
}
