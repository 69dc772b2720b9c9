package disktest

import (
	"bytes"
	"io"

	"extant/disk"
	"extant/sched"
)

// Fault is what shall go wrong with an operation. The zero Fault is: nothing.
type Fault struct {
	Err  error // what the operation returns; nil: the operation is done as ever
	Done int64 // bytes, from the front, that are read or written all the same
}

// Faulty is a Device that hands everything on to another, except what its
// Injector makes fail. A read that is cut short has its first bytes read and the
// others unchanged, a write that is torn has its first bytes written.
type Faulty struct {
	dev disk.Device // immutable
	inj Injector    // immutable

	mu sched.Mutex
	// +checklocks:mu
	ops int
	// +checklocks:mu
	faults []Op
}

var _ disk.Device = (*Faulty)(nil)

var faultyClass = sched.Class{Name: "disk-faulty", Doc: "the state of an injector"}

// NewFaulty returns a device that fails as inj says.
func NewFaulty(dev disk.Device, inj Injector) *Faulty {
	f := &Faulty{dev: dev, inj: inj}
	f.mu.Init(&faultyClass)
	return f
}

// Ops is the number of operations so far. A test that fails the n-th of them for
// n = 1, 2, ... has done all there are when n exceeds it.
func (f *Faulty) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Faults returns the operations that were made to fail.
func (f *Faulty) Faults() []Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Op(nil), f.faults...)
}

// String prints the injector.
func (f *Faulty) String() string { return f.inj.String() }

// inject asks the injector, one operation at a time.
func (f *Faulty) inject(op Op) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	fault := f.inj.Inject(op)
	if fault.Err != nil {
		op.Data = bytes.Clone(op.Data)
		f.faults = append(f.faults, op)
	}
	return fault
}

// ReadAt implements disk.Device.
func (f *Faulty) ReadAt(p []byte, off int64) (int, error) {
	fault := f.inject(Op{Kind: Read, Off: off, Len: int64(len(p))})
	return partly(fault, p, off, f.dev.ReadAt)
}

// WriteAt implements disk.Device.
func (f *Faulty) WriteAt(p []byte, off int64) (int, error) {
	fault := f.inject(Op{Kind: Write, Off: off, Len: int64(len(p)), Data: p})
	return partly(fault, p, off, f.dev.WriteAt)
}

// partly does a read or write as far as the fault lets it.
func partly(fault Fault, p []byte, off int64, do func([]byte, int64) (int, error)) (int, error) {
	if fault.Err == nil {
		return do(p, off)
	}
	n := max(0, min(fault.Done, int64(len(p))))
	if n == 0 {
		return 0, fault.Err
	}
	done, err := do(p[:n], off)
	if err == nil || err == io.EOF {
		err = fault.Err
	}
	return done, err
}

// Size implements disk.Device.
func (f *Faulty) Size() int64 { return f.dev.Size() }

// Flush implements disk.Device.
func (f *Faulty) Flush() error {
	if fault := f.inject(Op{Kind: Flush}); fault.Err != nil {
		return fault.Err
	}
	return f.dev.Flush()
}

// Discard implements disk.Device.
func (f *Faulty) Discard(off, n int64) error {
	fault := f.inject(Op{Kind: Discard, Off: off, Len: n})
	if fault.Err == nil {
		return f.dev.Discard(off, n)
	}
	if done := min(fault.Done, n); done > 0 {
		if err := f.dev.Discard(off, done); err != nil {
			return err
		}
	}
	return fault.Err
}

// Close implements disk.Device.
func (f *Faulty) Close() error { return f.dev.Close() }
