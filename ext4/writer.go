package ext4

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"syscall"
	"time"

	"extant/disk"
	"extant/internal/alloc"
	"extant/internal/journal"
	"extant/internal/ondisk"
	"extant/sched"
)

// writer is what a file system has besides when it is mounted to write.
type writer struct {
	fs  *FS         // immutable
	dev disk.Device // immutable
	o   Options     // immutable

	journal *journal.Journal // immutable
	alloc   *alloc.Allocator // immutable
	quotas  *quotas          // immutable; nil without the feature
	super   superState
	orphans orphans
	shares  shares
	lazy    lazyTimes
	mmp     *mmpOwner // immutable; nil without the feature

	state sched.Int64 // bits of refusals; 0 lets changes pass

	write    gate // freeze-write: changes that callers ask for
	fault    gate // freeze-fault
	internal gate // freeze-internal

	rename sched.Mutex // s_vfs_rename_mutex: a directory may get another parent
	level  sched.Mutex // one freeze, remount or unmount at a time
	// +checklocks:level
	frozen bool

	randMu sched.Mutex
	// +checklocks:randMu
	random io.Reader
}

// Reasons to refuse changes: bits of writer.state.
const (
	refuseReadOnly = 1 << iota // mounted anew to read only
	refuseDamaged              // errors=remount-ro and damage
	refuseShutdown             // Shutdown
	refuseClosed               // Close
)

var (
	classRename = &sched.Class{Name: "rename", Doc: "which directory is whose parent (s_vfs_rename_mutex)"}
	classLevel  = &sched.Class{Name: "mount-level", Doc: "freezing, mounting anew and unmounting exclude each other"}
	classRandom = &sched.Class{Name: "random", Doc: "where random numbers come from"}
)

func newWriter(fs *FS, dev disk.Device, o Options) *writer {
	w := &writer{fs: fs, dev: dev, o: o}
	w.write.init(classFreezeWrite)
	w.fault.init(classFreezeFault)
	w.internal.init(classFreezeInternal)
	w.rename.Init(classRename)
	w.level.Init(classLevel)
	w.randMu.Init(classRandom)
	w.super.init(fs, dev)
	w.shares.init()
	w.lazy.init()
	w.randMu.Lock()
	if w.random = o.Rand; w.random == nil {
		w.random = bufio.NewReaderSize(rand.Reader, randomAhead)
	}
	w.randMu.Unlock()
	return w
}

// enter begins a change that a caller asks for; leave ends it. In between the file system is neither frozen nor
// unmounted. syscall.EROFS says that it is not mounted to write, EIO that it was shut down.
func (fs *FS) enter() (*writer, error) {
	w := fs.rw.Load()
	if w == nil {
		return nil, syscall.EROFS
	}
	w.write.enter()
	if err := w.refuses(); err != nil {
		w.write.leave()
		return nil, err
	}
	return w, nil
}

func (w *writer) leave() { w.write.leave() }

// refuses says why nothing may be changed.
func (w *writer) refuses() error {
	switch s := w.state.Load(); {
	case s == 0:
		return nil
	case s&refuseShutdown != 0:
		return syscall.EIO
	case s&refuseClosed != 0:
		return syscall.EBADF
	}
	return syscall.EROFS
}

// refuse adds a reason to refuse changes.
func (w *writer) refuse(why int64) {
	for {
		s := w.state.Load()
		if s&why != 0 || w.state.CompareAndSwap(s, s|why) {
			return
		}
	}
}

// start begins a handle that may change that many blocks.
func (w *writer) start(credits int) (*journal.Handle, error) {
	if w.quotas != nil {
		credits += quotaCredits
	}
	return w.journal.Start(credits)
}

// do runs f in a handle of its own. What f did before it returned a plain errno stands, so f has undone it; after any other error nothing of
// the transaction may come to be seen, and the journal is aborted, unless f had not begun to change anything.
func (w *writer) do(credits int, f func(h *journal.Handle) error) error {
	h, err := w.start(credits)
	if err != nil {
		return err
	}
	if err := f(h); err != nil {
		if !undone(err) && h.Touched() {
			w.abort(err)
		}
		h.Stop()
		return err
	}
	return h.Stop()
}

// undone reports whether err is one that whoever returns it in a handle has cleaned up after.
func undone(err error) bool {
	_, plain := err.(syscall.Errno)
	return plain
}

// abort makes sure that the running transaction is never committed, nor any other after it.
func (w *writer) abort(err error) {
	w.super.note(func(sb *ondisk.Super) { noteError(sb, err, w.now()) })
	w.refuse(refuseDamaged)
	w.journal.Abort(err)
}

// now is the time that goes into inodes.
func (w *writer) now() time.Time {
	if w.o.Now != nil {
		return w.o.Now()
	}
	return sched.Now()
}

// randomAhead is how many bytes of random numbers are had at once.
const randomAhead = 256

// random32 is a number that nobody should guess.
func (w *writer) random32() (uint32, error) {
	var b [4]byte
	w.randMu.Lock()
	defer w.randMu.Unlock()
	_, err := io.ReadFull(w.random, b[:])
	return binary.LittleEndian.Uint32(b[:]), err
}

// judge applies the policy for errors to what an operation met, and returns it.
func (fs *FS) judge(err error) error {
	if err == nil {
		return nil
	}
	if w := fs.rw.Load(); w != nil {
		var c *CorruptError
		if errors.As(err, &c) {
			w.damaged(err)
		}
	}
	return err
}

// damaged is told of damage that was met.
func (w *writer) damaged(err error) {
	policy := w.policy()
	switch {
	case w.state.Load()&refuseDamaged != 0: // it is known, if only since the change that met it was given up
	case policy == ErrorsContinue:
		w.super.note(func(sb *ondisk.Super) { noteError(sb, err, w.now()) })
	default:
		w.abort(err)
	}
	if policy == ErrorsPanic {
		panic(err)
	}
}

// policy is what damage leads to. That a super block asks for a panic is no reason for one: it is for who mounts to say.
func (w *writer) policy() ErrorPolicy {
	sb := &w.fs.sb
	switch {
	case w.o.Errors != ErrorsDefault:
		return w.o.Errors
	case sb.Errors == ondisk.ErrorsReadOnly || sb.Errors == ondisk.ErrorsPanic:
		return ErrorsReadOnly
	}
	return ErrorsContinue
}
