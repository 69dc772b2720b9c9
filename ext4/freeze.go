package ext4

import (
	"errors"
	"syscall"

	"extant/internal/ondisk"
)

// Sync writes everything that is only in memory and waits until it is durable.
func (fs *FS) Sync() error {
	w := fs.rw.Load()
	if w == nil {
		return nil
	}
	if err := w.refuses(); err != nil {
		if err == syscall.EROFS {
			return w.journal.Err()
		}
		return err
	}
	if err := fs.flushData(); err != nil {
		return fs.judge(err)
	}
	if !w.internal.tryEnter() { // frozen: what was to be written was, before the gate was shut
		return nil
	}
	defer w.internal.leave()
	return fs.judge(w.settleMeta())
}

// Freeze waits for changes under way, lets no others begin, and brings the device into the state of a clean unmount, so that it may be
// copied. Thaw ends it. Freezing twice is syscall.EBUSY, as is freezing while it is being unmounted.
func (fs *FS) Freeze() error {
	w := fs.rw.Load()
	if w == nil {
		return syscall.EROFS
	}
	w.level.Lock()
	defer w.level.Unlock()
	switch {
	case w.frozen || w.state.Load()&refuseClosed != 0:
		return syscall.EBUSY
	case w.refuses() != nil:
		return w.refuses()
	}
	w.write.shut()
	w.fault.shut()
	if err := w.settle(); err != nil {
		w.fault.open()
		w.write.open()
		return fs.judge(err)
	}
	w.internal.shut()
	if err := w.markFrozen(); err != nil {
		w.openAll()
		return fs.judge(err)
	}
	w.frozen = true
	return nil
}

// markFrozen checkpoints everything and clears needs_recovery, on the device alone.
func (w *writer) markFrozen() error {
	if err := w.journal.Flush(); err != nil {
		return err
	}
	sb := w.super.get()
	w.setUnused(&sb, w.orphans.left())
	sb.SetWritten(w.now())
	return writeSuper(w.dev, &sb)
}

func (w *writer) openAll() {
	w.internal.open()
	w.fault.open()
	w.write.open()
}

// Thaw ends a Freeze; syscall.EINVAL where there is none.
func (fs *FS) Thaw() error {
	w := fs.rw.Load()
	if w == nil {
		return syscall.EINVAL
	}
	w.level.Lock()
	defer w.level.Unlock()
	if !w.frozen {
		return syscall.EINVAL
	}
	return fs.judge(w.thawLocked())
}

// thawLocked lets changes begin again, once the super block says that there may be some.
//
// +checklocks:w.level
func (w *writer) thawLocked() error {
	var err error
	if w.state.Load()&(refuseShutdown|refuseDamaged|refuseReadOnly) == 0 {
		sb := w.super.get()
		if err = writeSuper(w.dev, &sb); err != nil {
			w.abort(err)
		}
	}
	w.frozen = false
	w.openAll()
	return err
}

// ShutdownMode says what Shutdown does with what is only in memory (EXT4_GOING_FLAGS_...).
type ShutdownMode uint8

// The modes of Shutdown.
const (
	ShutdownDefault    ShutdownMode = iota // everything is written first, as by Freeze
	ShutdownLogFlush                       // the running transaction is committed, data is lost
	ShutdownNoLogFlush                     // nothing is written
)

// errShutdown is why the journal of a file system that was shut down refuses changes.
var errShutdown = errors.New("the file system was shut down")

// Shutdown makes every later change fail with syscall.EIO, and leaves the device for a mount to recover. It may be called
// twice.
func (fs *FS) Shutdown(mode ShutdownMode) error {
	w := fs.rw.Load()
	if w == nil {
		return syscall.EROFS
	}
	var err error
	switch mode {
	case ShutdownDefault:
		if err = fs.Freeze(); err != nil {
			return err
		}
		w.refuse(refuseShutdown)
		w.journal.Shutdown(errShutdown)
		err = fs.Thaw()
	case ShutdownLogFlush:
		w.refuse(refuseShutdown)
		err = w.journal.Force()
		w.journal.Shutdown(errShutdown)
	case ShutdownNoLogFlush:
		w.refuse(refuseShutdown)
		w.journal.Shutdown(errShutdown)
	default:
		err = syscall.EINVAL
	}
	return err
}

// Remount changes whether a file system that was mounted to write may be written. Read only, the device is in the state of a clean
// unmount. To write again after damage or a shutdown is syscall.EROFS or EIO: it is to be unmounted and checked.
//
// A file system that was mounted to read cannot come to be written, which is an *UnsupportedError. Such a mount writes nothing to the device, not even
// what its journal holds, and looks at it through that journal instead; its inodes were made without what writing needs. All of it would have
// to change under those who read, who take no lock for it: Close it and mount it to write, which costs the same. Mount what is to change later with
// Options.ReadWrite and Remount it read only at once.
func (fs *FS) Remount(readOnly bool) error {
	w := fs.rw.Load()
	if w == nil {
		if readOnly {
			return nil
		}
		return &UnsupportedError{Detail: "it was mounted to read, perhaps through its journal: unmount it, and mount it to write"}
	}
	w.level.Lock()
	defer w.level.Unlock()
	s := w.state.Load()
	switch {
	case s&(refuseShutdown|refuseClosed) != 0:
		return syscall.EIO
	case w.frozen:
		return syscall.EBUSY
	case readOnly == (s&refuseReadOnly != 0):
		return nil
	case s&refuseDamaged != 0:
		return syscall.EROFS
	}
	w.write.shut()
	w.fault.shut()
	defer w.write.open()
	defer w.fault.open()
	if readOnly {
		return fs.judge(w.toReadOnly())
	}
	return fs.judge(w.toReadWrite())
}

// toReadOnly brings the device into the state of a clean unmount.
func (w *writer) toReadOnly() error {
	if err := w.settle(); err != nil {
		return err
	}
	if err := w.markClean(); err != nil {
		return err
	}
	w.refuse(refuseReadOnly)
	return nil
}

// toReadWrite says in the super block that the file system is in use again.
func (w *writer) toReadWrite() error {
	log := w.fs.sb.HasCompat(ondisk.CompatHasJournal)
	if err := w.super.write(w.now(), func(sb *ondisk.Super) { setInUse(sb, log) }); err != nil {
		return err
	}
	w.state.Add(-refuseReadOnly)
	return nil
}

// Close unmounts: everything is written, files without a name are freed whoever holds them, and the device has a clean file system. After damage or a
// Shutdown it is left for the next mount to recover. The device stays open. Nothing may be used of the file system any more.
func (fs *FS) Close() error {
	w := fs.rw.Load()
	if w == nil {
		return nil
	}
	return w.close()
}
