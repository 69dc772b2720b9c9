package journal

import (
	"errors"
	"fmt"
	"time"

	"extant/disk"
	"extant/internal/buffer"
	"extant/internal/ondisk"
	"extant/sched"
)

var (
	classState      = &sched.Class{Name: "journal", Doc: "the transactions of a journal and what is known of each block: a leaf", Wait: sched.Spinning}
	classHandle     = &sched.Class{Name: "handle", Doc: "an open handle; waiting for a commit, or for room in the log, is its exclusive side"}
	classCommit     = &sched.Class{Name: "journal-commit", Doc: "waiting until another task has committed a transaction"}
	classCheckpoint = &sched.Class{Name: "journal-checkpoint", Doc: "writing home what is committed: one task at a time"}
	classSuper      = &sched.Class{Name: "journal-super", Doc: "the super block of the journal while it is written"}
)

// MemoryMax is the default of WriteConfig.MemoryMax.
const MemoryMax = 64 << 20

// WriteConfig says what a journal writes to and how.
type WriteConfig struct {
	Dev   disk.Device   // the file system, the log included
	Cache *buffer.Cache // where the metadata blocks of Dev are

	// Log is the journal as opened on Dev and recovered: its log is empty. Nil is a file system without one, the blocks of which
	// each commit writes home.
	Log *Log

	// Checksums is whether the file system has metadata_csum: then the log gets checksums of version 3. Without, it keeps
	// what it has of versions 2 and 3.
	Checksums bool

	// Wide is whether the file system has the 64bit feature: then the log gets it.
	Wide bool

	// Early reports what is written home first where there is no log: bitmaps and group descriptors, so that a block is taken before
	// anything refers to it. Nil is for nothing. It is called by the task that commits, without locks.
	Early func(ondisk.Block) bool

	// Interval is the age at which a transaction is committed by a timer; 0 is for never: then it is committed when asked
	// for, or when it has become large.
	Interval time.Duration

	// Now is the clock for the times in commit blocks. Nil is sched.Now.
	Now func() time.Time

	// MemoryMax bounds the bytes of log blocks that are in use at once, and with them what is kept in memory until it is home, where the log is larger
	// than that; 0 is MemoryMax. A transaction takes a quarter of it at most.
	MemoryMax int64

	// Aborted is called once, without locks but in any task, when the journal has been aborted. It must neither start a handle nor
	// wait for one. Nil is for nobody.
	Aborted func(error)
}

// Journal makes changes of many blocks take effect together or not at all. It may be used by many goroutines at once.
type Journal struct {
	c       WriteConfig  // immutable
	log     *Log         // immutable; nil for none. Its layout is used, its super block is in super
	blocks  uint64       // immutable: no block at or past it is written
	form    logForm      // immutable
	room    int          // immutable: log blocks that may be in use
	max     int          // immutable: log blocks that a transaction may take
	credits int          // immutable: CreditsMax
	timer   *sched.Timer // immutable; nil for none

	handle  sched.Pseudo       // held by each handle
	waits   sched.Pseudo       // the wait for the commit of another task that any start of a handle might be
	homes   sched.Pseudo       // the wait for a checkpoint that a commit which frees blocks might be
	handles sched.Pool[Handle] // stopped ones

	recording   []byte    // of the task that commits: what goes to the device in one write
	building    []byte    // likewise: a block of the log that is no data
	committedAt time.Time // of the task that commits: what the last commit block says

	checkpoint sched.Mutex
	// +checklocks:checkpoint
	homing []byte // what goes home in one write

	sb sched.Mutex
	// +checklocks:sb
	super ondisk.JournalSuper // as it is on the device

	mu sched.Mutex
	// +checklocks:mu
	fault error      // what aborted the journal; nil for nothing
	ready sched.Cond // with mu: there may be a running transaction to join
	quiet sched.Cond // with mu: the last handle of a locked transaction has stopped
	// +checklocks:mu
	next TID // of the transaction after the running one
	// +checklocks:mu
	running *transaction // takes handles, or is locked and waits for those it has; nil for none
	// +checklocks:mu
	committing *transaction // being written; nil for none
	// +checklocks:mu
	committed []*transaction // in the log and not all home, oldest first
	// +checklocks:mu
	known map[ondisk.Block]*block
	// +checklocks:mu
	head uint32 // journal block at which the next transaction starts
	// +checklocks:mu
	free int // log blocks that no transaction is in
	// +checklocks:mu
	stats Stats
}

// Stats counts what a journal did.
type Stats struct {
	Commits     int
	Checkpoints int
	Logged      int // blocks written to the log, or home where there is no log
	Home        int // blocks written home by checkpoints
	Revoked     int // blocks

	// Overdrawn is how often a handle took a block for which it had no credit left. It is a mistake of the caller that does no
	// harm as long as the log has room.
	Overdrawn int
}

// New returns a journal for writing. With a log, which must be empty, nothing is written before the first commit.
func New(c WriteConfig) (*Journal, error) {
	if c.Now == nil {
		c.Now = sched.Now
	}
	j := &Journal{c: c, log: c.Log, next: 1, known: map[ondisk.Block]*block{}}
	size, memory := int64(c.Cache.BlockSize()), c.MemoryMax
	if memory == 0 {
		memory = MemoryMax
	}
	j.blocks, j.room = uint64(c.Dev.Size()/size), max(int(memory/size), logMin)
	if j.log != nil {
		if err := j.begin(); err != nil {
			return nil, err
		}
	}
	j.free, j.max = j.room, j.room/4
	for j.credits = j.max; j.form.cost(j.credits, 0) > j.max; j.credits-- {
	}
	j.handle.Init(classHandle)
	j.waits.Init(classCommit)
	j.homes.Init(classCheckpoint)
	j.checkpoint.Init(classCheckpoint)
	j.sb.Init(classSuper)
	j.mu.Init(classState)
	j.ready.Init(&j.mu, classHandle)
	j.quiet.Init(&j.mu, classHandle)
	if c.Interval > 0 {
		j.timer = sched.NewTimer("journal-timer", j.tick)
	}
	return j, nil
}

// begin takes the log over from who opened and recovered it.
//
// +checklocksignore: the journal is not shared yet.
func (j *Journal) begin() error {
	l := j.log
	if !l.Empty() {
		return errors.New("a log with transactions in it must be recovered before it is written")
	}
	if l.c.BlockSize != j.c.Cache.BlockSize() {
		return fmt.Errorf("blocks of %d bytes in the log and of %d in the cache", l.c.BlockSize, j.c.Cache.BlockSize())
	}
	if j.blocks = l.c.Blocks; j.blocks > 1<<32 {
		j.c.Wide = true
	}
	j.super = formedSuper(l.super, j.c)
	j.form, j.building = newLogForm(&j.super, l.c.BlockSize), make([]byte, l.c.BlockSize)
	room := int(l.end-l.super.First) - 1 // so that head and tail only meet when there is nothing between
	if room < logMin {
		return corrupt(l.layout.block(0), "a log of %d blocks is too small to be written", room)
	}
	j.next, j.head, j.room = TID(l.super.Sequence), l.super.First, min(j.room, room)
	return nil
}

// logMin is the least number of log blocks with which work makes sense.
const logMin = 32

// CreditsMax is the most credits that a handle may ask for: more would not fit into a transaction.
func (j *Journal) CreditsMax() int { return j.credits }

// Stats returns the counts of this moment.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

// Last is the newest transaction that a handle may have changed anything in: Sync of it makes durable whatever any handle did that has stopped.
func (j *Journal) Last() TID {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next - 1
}

// Pending returns the newest content of block b that was given to [Handle.Log] and is not home yet, false for none. It must
// not be changed.
func (j *Journal) Pending(b ondisk.Block) ([]byte, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	k := j.known[b]
	if k == nil || k.buf != nil || k.gone {
		return nil, false
	}
	for _, e := range []*entry{k.run, k.com, k.home} {
		if e != nil {
			return e.data, true
		}
	}
	return nil, false
}

// Close ends the use of the journal. It writes nothing: what was not flushed is left to recovery. No handle may be open, and
// none can be started afterwards.
func (j *Journal) Close() {
	if j.timer != nil {
		j.timer.Stop()
	}
	j.fail(errClosed)
}

var errClosed = errors.New("the journal was closed")

// tick commits what is running. A transaction that began after the timer was started has started it anew.
func (j *Journal) tick() {
	j.handle.Might(sched.Exclusive)
	j.mu.Lock()
	_, _ = j.commitUnlock(anyTransaction) // whoever comes next learns of an abort
}
