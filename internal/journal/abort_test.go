package journal_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"extant/disk"
	"extant/disk/disktest"
	"extant/internal/journal"
	"extant/internal/ondisk"
)

// faultRun churns on a device that fails as inj says, until something fails or all is done. It returns the device below, whether anything failed, and
// how many operations were acknowledged as durable.
func faultRun(t *testing.T, inj disktest.Injector, f ondisk.JournalIncompat) (c *blockChurn, dev *disk.Mem, failed bool, durable int) {
	t.Helper()
	dev, config := blank(f)
	faulty := disktest.NewFaulty(dev, inj)
	aborts := 0
	r := startJournal(t, faulty, config, true, func(w *journal.WriteConfig) { w.Aborted = func(error) { aborts++ } })
	c = newChurn(r, 5)
	err := error(nil)
	for i := 1; i <= 60 && err == nil; i++ {
		var tid journal.TID
		if tid, err = c.step(); err != nil {
			break
		}
		switch n := c.rnd.IntN(10); {
		case n < 4:
			err = r.Commit(tid)
		case n == 4:
			err = r.Flush()
		default:
			continue
		}
		if err == nil {
			durable = i
		}
	}
	if err == nil {
		return c, dev, len(faulty.Faults()) > 0, durable
	}
	if !errors.Is(err, syscall.EIO) {
		t.Fatalf("%v: the error is %v", faulty, err)
	}
	if r.Err() != nil {
		allRefuse(t, r)
		if aborts != 1 {
			t.Fatalf("%v: told of the abort %d times", faulty, aborts)
		}
	}
	return c, dev, true, durable
}

// allRefuse checks that an aborted journal does nothing any more.
func allRefuse(t *testing.T, r *rig) {
	t.Helper()
	var abort *journal.AbortError
	_, err := r.Start(1)
	for what, err := range map[string]error{"Err": r.Err(), "Start": err, "Commit": r.Commit(0), "Force": r.Force(), "Flush": r.Flush(), "Sync": r.Sync(0)} {
		if !errors.As(err, &abort) || !errors.Is(err, syscall.EIO) {
			t.Errorf("%s of an aborted journal: %v", what, err)
		}
	}
}

// TestEveryFault makes each write and flush fail in turn, once and for good, whole and in part.
func TestEveryFault(t *testing.T) {
	kinds := disktest.Write | disktest.Flush
	forms := []ondisk.JournalIncompat{csum3, 0}
	if testing.Short() {
		forms = forms[:1]
	}
	for _, f := range forms {
		for name, inj := range map[string]func(n int) disktest.Injector{
			"once":   func(n int) disktest.Injector { return disktest.On(kinds, disktest.Nth(n, disktest.Fail(syscall.EIO))) },
			"always": func(n int) disktest.Injector { return disktest.On(kinds, disktest.From(n, disktest.Fail(syscall.EIO))) },
			"torn": func(n int) disktest.Injector {
				return disktest.On(kinds, disktest.Nth(n, disktest.Tear(512, syscall.EIO)))
			},
		} {
			n := 1
			for ; ; n++ {
				c, dev, failed, durable := faultRun(t, inj(n), f)
				if err := c.judge(dev, durable); err != nil {
					t.Fatalf("%v, %s %d: %v", f, name, n, err)
				}
				if !failed {
					break
				}
				if errno := open(t, dev, c.r.config).Super().Errno; c.r.Err() != nil && name == "once" && int32(errno) != -5 {
					t.Fatalf("%v, %s %d: the journal's super block has error %d", f, name, n, int32(errno))
				}
			}
			if n < 100 {
				t.Errorf("%v, %s: only %d operations", f, name, n)
			}
		}
	}
}

// TestAbortWithHandlesOpen aborts under an open handle, a commit that waits for it, a handle that waits to be started, and a callback.
func TestAbortWithHandlesOpen(t *testing.T) {
	dev, config := blank(csum3)
	r := startJournal(t, dev, config, true)
	h, err := r.Start(5)
	must(t, err)
	r.fill(t, h, 1, 10)
	buf, err := r.cache.Read(11)
	must(t, err)
	var told []error
	h.AfterCommit(func(err error) { told = append(told, err) })
	tid, waits := h.TID(), make(chan error)
	go func() { waits <- r.Commit(tid) }()
	for h.Extend(1) == nil { // until the commit has closed the transaction
		time.Sleep(time.Millisecond)
	}
	go func() { _, err := r.Start(1); waits <- err }()
	time.Sleep(time.Millisecond)
	r.Abort(syscall.EIO)
	r.Abort(syscall.ENOSPC)
	if len(told) != 1 || !errors.Is(told[0], syscall.EIO) {
		t.Errorf("who waits for the transaction was told %v", told)
	}
	h.AfterCommit(func(err error) { told = append(told, err) })
	_, access := h.Access(buf)
	_, create := h.Create(buf)
	for what, err := range map[string]error{"Access": access, "Create": create, "Forget": h.Forget(10), "Log": h.Log(12, make([]byte, craftSize)),
		"Extend": h.Extend(1), "Stop": h.Stop(), "callback": told[1]} {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("%s with an aborted journal: %v", what, err)
		}
	}
	for range 2 {
		if err := <-waits; !errors.Is(err, syscall.EIO) {
			t.Errorf("who waited got %v", err)
		}
	}
	allRefuse(t, r)
	l := open(t, dev, config)
	if !l.Empty() || int32(l.Super().Errno) != -int32(syscall.EIO) {
		t.Errorf("log starts at %d, errno %d", l.Super().Start, int32(l.Super().Errno))
	}
	again := startJournal(t, dev, config, true)
	must(t, again.ClearError())
	if n := open(t, dev, config).Super().Errno; n != 0 {
		t.Errorf("errno %d after it was cleared", n)
	}
}

func TestShutdownWritesNothing(t *testing.T) {
	base, config := blank(csum3)
	rec := disktest.NewRecorder(base)
	r := startJournal(t, rec, config, true)
	r.set(t, 1, 10)
	r.Shutdown(syscall.EIO)
	allRefuse(t, r)
	if n := len(rec.Trace()); n != 0 {
		t.Errorf("%d operations on the device", n)
	}
}

// gated is a device on which writes to one block wait.
type gated struct {
	disk.Device
	at      int64
	reached chan struct{} // closed when one waits
	open    chan struct{}
	once    sync.Once
}

func (d *gated) WriteAt(p []byte, off int64) (int, error) {
	if off == d.at {
		d.once.Do(func() { close(d.reached) })
		<-d.open
	}
	return d.Device.WriteAt(p, off)
}

// TestFreedBlocksWaitForTheirWayHome frees a block that a checkpoint is writing home: it may not be used for something else before that is over, as the
// write would come after what the new owner writes.
func TestFreedBlocksWaitForTheirWayHome(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprint("committed again ", again), func(t *testing.T) {
			base, config := blank(csum3)
			dev := &gated{Device: base, at: 20 * craftSize, reached: make(chan struct{}), open: make(chan struct{})}
			r := startJournal(t, dev, config, true)
			must(t, r.Commit(r.set(t, 1, 20)))
			done := make(chan error)
			go func() { done <- r.Flush() }()
			<-dev.reached
			if again {
				must(t, r.Commit(r.set(t, 2, 20)))
			}
			h, err := r.Start(2)
			must(t, err)
			must(t, h.Forget(20))
			var usable atomic.Bool
			h.AfterCommit(func(error) { usable.Store(true) })
			tid := h.TID()
			must(t, h.Stop())
			go func() { done <- r.Commit(tid) }()
			time.Sleep(20 * time.Millisecond)
			if usable.Load() {
				t.Error("the block may be used while it is on its way home")
			}
			close(dev.open)
			for range 2 {
				must(t, <-done)
			}
			if !usable.Load() {
				t.Error("the block may not be used")
			}
		})
	}
}
