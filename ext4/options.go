package ext4

import (
	"io"
	"time"

	"extant/internal/ondisk"
)

// Options are how to mount. The zero value reads, and is right for most who do.
type Options struct {
	// ReadWrite mounts for writing: the journal is replayed, orphans are done away with, and everything that changes is written.
	ReadWrite bool

	// NoLoad leaves the journal alone even if it needs recovery: what is read is what the last checkpoint
	// left, which may contradict itself. It is the remedy for a damaged journal, or one on a device of its own. It does not go
	// with ReadWrite.
	NoLoad bool

	// CacheBytes bounds the memory for metadata; 0 means 64 MiB.
	CacheBytes int64

	// DataBytes bounds the memory for the data of files, which is cached where the file system is mounted to write; 0 means 256 MiB.
	DataBytes int64

	// ReadPast leaves what is read out of that cache, but for parts of blocks: for a caller that keeps what it has read itself.
	ReadPast bool

	// WritePast, if it is not 0, has whole blocks go to the device when they are written, and not into that cache: where they have a place there, and where
	// so many bytes that have none are written at once. It is for a caller that gathers what is written itself. With clusters what has no place takes the usual way.
	WritePast int64

	// SuperBlock is the number of the block whose copy of the super block, and of the descriptors after it, to use:
	// 32768 is usual with blocks of 4 KiB, 8193 with 1 KiB. 0 means the primary, and nothing else goes with ReadWrite.
	SuperBlock ondisk.Block

	// Truncated accepts a device that is shorter than the file system: what lies beyond its end is unreadable,
	// the rest is read. Otherwise Mount refuses it, as the kernel does. It does not go with ReadWrite.
	Truncated bool

	Data        DataMode    // what a commit promises of the data of files
	NoDelalloc  bool        // blocks are allocated when data is written to the cache, not when it goes to the device
	Errors      ErrorPolicy // what damage met while mounted leads to
	ATime       ATimePolicy // when reading sets i_atime
	QuotaLimits bool        // limits of users, groups and projects are enforced; without, what they use is only recorded
	Discard     bool        // the device is told of blocks that were freed, once that is durable; of one that cannot discard nothing is asked
	LazyTime    bool        // times alone are kept in memory until the inode is written for another reason, synced or evicted

	// Background runs a task that commits every CommitEvery and one that writes back what has waited for long. Without it both
	// happen in the tasks that call Sync, Fsync or reach a limit.
	Background  bool
	CommitEvery time.Duration // 0 means 5 seconds

	// Now is the clock of all times that are stored; nil means sched.Now.
	Now func() time.Time

	// Rand is where generations and other numbers that nobody should guess come from; nil means crypto/rand.
	Rand io.Reader

	// Node is the name of this machine in the block that guards against a second mount (mmp_nodename).
	Node string
}

// DataMode says what a commit promises of the data of files (data=).
type DataMode uint8

// Data modes.
const (
	DataOrdered   DataMode = iota // data that new blocks hold is on the device before the commit that makes them a file's
	DataJournal                   // data goes through the journal
	DataWriteback                 // nothing
)

// ErrorPolicy says what damage that is met while mounted leads to (errors=).
type ErrorPolicy uint8

// Error policies.
const (
	ErrorsDefault  ErrorPolicy = iota // what the super block says; where that is a panic, ErrorsReadOnly
	ErrorsContinue                    // the operation returns the error, others go on
	ErrorsReadOnly                    // besides, the journal is aborted and nothing is written any more
	ErrorsPanic                       // besides, a panic with the error
)

// ATimePolicy says when reading sets i_atime.
type ATimePolicy uint8

// Policies for i_atime. An inode flag (ondisk.InodeNoAtime) goes over them.
const (
	RelATime    ATimePolicy = iota // where it is not after i_mtime and i_ctime, or a day old
	NoATime                        // never
	StrictATime                    // always
)
