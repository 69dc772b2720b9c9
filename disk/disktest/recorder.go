package disktest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"extant/disk"
	"extant/sched"
)

// Recorder is a Device that hands everything on to another and keeps a trace of
// what changed it: writes with their data, flushes, discards. Operations that
// failed are not in the trace, but the part of a write that was done is.
//
// Operations that change the device are done one after the other. So when the
// trace has a write before a flush, the write had returned when the flush began.
type Recorder struct {
	dev disk.Device // immutable

	mu sched.Mutex
	// +checklocks:mu
	trace Trace
}

var _ disk.Device = (*Recorder)(nil)

var recorderClass = sched.Class{Name: "disk-recorder", Doc: "the order of a trace: held while the device works"}

// Trace is a list of operations in the order in which they took effect: writes,
// flushes, discards and marks.
type Trace []Op

// NewRecorder returns a device that records what happens to dev.
func NewRecorder(dev disk.Device) *Recorder {
	r := &Recorder{dev: dev}
	r.mu.Init(&recorderClass)
	return r
}

// Trace returns what was recorded so far. It is not changed by what follows.
func (r *Recorder) Trace() Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.trace)
}

// Mark puts a remark into the trace, to tell what had happened above the device
// at that moment, for example that an fsync had returned.
func (r *Recorder) Mark(label string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace = append(r.trace, Op{Kind: Mark, Label: label})
}

// ReadAt implements disk.Device. It is not recorded.
func (r *Recorder) ReadAt(p []byte, off int64) (int, error) { return r.dev.ReadAt(p, off) }

// WriteAt implements disk.Device.
func (r *Recorder) WriteAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.dev.WriteAt(p, off)
	if n > 0 {
		r.trace = append(r.trace, Op{Kind: Write, Off: off, Len: int64(n), Data: bytes.Clone(p[:n])})
	}
	return n, err
}

// Size implements disk.Device.
func (r *Recorder) Size() int64 { return r.dev.Size() }

// Flush implements disk.Device.
func (r *Recorder) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.dev.Flush()
	if err == nil {
		r.trace = append(r.trace, Op{Kind: Flush})
	}
	return err
}

// Discard implements disk.Device.
func (r *Recorder) Discard(off, n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.dev.Discard(off, n)
	if err == nil {
		r.trace = append(r.trace, Op{Kind: Discard, Off: off, Len: n})
	}
	return err
}

// Close implements disk.Device.
func (r *Recorder) Close() error { return r.dev.Close() }

// Replay does the operations of t to dev, in order. On a device with the content
// that the recorded one had at first, replaying t[:n] gives the content it had
// after n operations. To a device that cannot discard, discards are not done.
func (t Trace) Replay(dev disk.Device) error {
	for i, op := range t {
		if err := op.Apply(dev); err != nil {
			return fmt.Errorf("operation %d, %v: %w", i, op, err)
		}
	}
	return nil
}

// String prints one operation a line.
func (t Trace) String() string {
	var b strings.Builder
	for _, op := range t {
		fmt.Fprintln(&b, op)
	}
	return b.String()
}
