package disktest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"syscall"

	"extant/disk"
	"extant/sched"
)

// T is the part of *testing.T and *testing.B that TestDevice needs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// TestDevice checks that devices keep the contract of disk.Device, and those of
// disk.Sparse if they have it. newDevice returns a device of size bytes whose
// content is zeros; TestDevice closes it. Sizes are up to 1 MiB and not always a
// multiple of anything.
func TestDevice(t T, newDevice func(size int64) disk.Device) {
	t.Helper()
	for _, size := range []int64{0, 1, 511, 4096, 4097, 1<<20 - 3, 1 << 20} {
		for _, check := range []func(*conform) error{
			(*conform).size, (*conform).readEnds, (*conform).refusals,
			(*conform).random, (*conform).sparse, (*conform).concurrent,
		} {
			c := &conform{dev: newDevice(size), size0: size, model: make([]byte, size), seed: uint64(size)}
			if err := check(c); err != nil {
				t.Errorf("device of %d bytes: %v", size, err)
			}
			if err := c.dev.Close(); err != nil {
				t.Errorf("device of %d bytes: close: %v", size, err)
			}
		}
	}
}

// conform is one device and what its content must be.
type conform struct {
	dev   disk.Device
	size0 int64
	model []byte
	seed  uint64
}

func (c *conform) size() error {
	if got := c.dev.Size(); got != c.size0 {
		return fmt.Errorf("size %d", got)
	}
	return c.same()
}

// same compares the whole content with the model.
func (c *conform) same() error {
	return c.sameIn(0, c.size0)
}

func (c *conform) sameIn(off, n int64) error {
	got := bytes.Repeat([]byte{0xa5}, int(n))
	if m, err := c.dev.ReadAt(got, off); m != len(got) || err != nil {
		return fmt.Errorf("read of %d bytes at %d: %d, %v", n, off, m, err)
	}
	if i := firstDifference(got, c.model[off:off+n]); i >= 0 {
		return fmt.Errorf("byte %d is %#02x, want %#02x", off+int64(i), got[i], c.model[off+int64(i)])
	}
	return nil
}

func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// readEnds reads over and past the end.
func (c *conform) readEnds() error {
	if err := c.fill(); err != nil {
		return err
	}
	for _, r := range []struct{ off, n, want int64 }{
		{c.size0, 10, 0},
		{c.size0 + 10, 10, 0},
		{math.MaxInt64, 10, 0},
		{max(0, c.size0-7), 20, min(7, c.size0)},
		{0, c.size0 + 1, c.size0},
	} {
		p := bytes.Repeat([]byte{0xa5}, int(r.n))
		n, err := c.dev.ReadAt(p, r.off)
		if int64(n) != r.want || err != io.EOF {
			return fmt.Errorf("read of %d bytes at %d: %d, %v, want %d, EOF", r.n, r.off, n, err, r.want)
		}
		if n > 0 && !bytes.Equal(p[:n], c.model[r.off:r.off+int64(n)]) {
			return fmt.Errorf("read of %d bytes at %d: wrong content", r.n, r.off)
		}
	}
	if n, err := c.dev.ReadAt(nil, 0); n != 0 || err != nil {
		return fmt.Errorf("read of nothing: %d, %v", n, err)
	}
	return nil
}

// fill writes something everywhere.
func (c *conform) fill() error {
	for i := range c.model {
		c.model[i] = byte(i%251) + 1
	}
	if n, err := c.dev.WriteAt(c.model, 0); n != len(c.model) || err != nil {
		return fmt.Errorf("write of everything: %d, %v", n, err)
	}
	return c.same()
}

// refusals does what must fail and change nothing.
func (c *conform) refusals() error {
	if err := c.fill(); err != nil {
		return err
	}
	for _, r := range []struct {
		off, n int64
		errno  syscall.Errno
	}{
		{c.size0, 1, syscall.EIO},
		{max(0, c.size0-3), 4, syscall.EIO},
		{0, c.size0 + 1, syscall.EIO},
		{math.MaxInt64, 2, syscall.EIO},
		{-1, 1, syscall.EINVAL},
		{math.MinInt64, 1, syscall.EINVAL},
	} {
		n, err := c.dev.WriteAt(make([]byte, r.n), r.off)
		if n != 0 || !errors.Is(err, r.errno) {
			return fmt.Errorf("write of %d bytes at %d: %d, %v, want %v", r.n, r.off, n, err, r.errno)
		}
		if err := c.dev.Discard(r.off, r.n); !refused(err, r.errno) {
			return fmt.Errorf("discard of %d bytes at %d: %v, want %v", r.n, r.off, err, r.errno)
		}
	}
	if err := c.dev.Discard(0, -1); !refused(err, syscall.EINVAL) {
		return fmt.Errorf("discard of -1 bytes: %v, want EINVAL", err)
	}
	if n, err := c.dev.ReadAt(make([]byte, 1), -1); n != 0 || !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("read at -1: %d, %v, want EINVAL", n, err)
	}
	if got := c.dev.Size(); got != c.size0 {
		return fmt.Errorf("size has become %d", got)
	}
	return c.same()
}

// refused says whether a discard failed as it must, or is not there at all.
func refused(err error, errno syscall.Errno) bool {
	return errors.Is(err, errno) || errors.Is(err, syscall.EOPNOTSUPP)
}

// random does many operations and compares with the model after each.
func (c *conform) random() error {
	for i := range 300 {
		off := c.below(c.size0 + 1)
		n := c.below(min(c.size0-off, 1<<(4+c.below(16))) + 1)
		var err error
		switch c.below(8) {
		case 0:
			err = c.discard(off, n)
		case 1:
			err = c.dev.Flush()
		case 2, 3:
			err = c.sameIn(off, n)
		default:
			err = c.write(off, n)
		}
		if err == nil && i%16 == 0 {
			err = c.same()
		}
		if err != nil {
			return fmt.Errorf("step %d, at %d+%d: %w", i, off, n, err)
		}
	}
	return c.same()
}

func (c *conform) write(off, n int64) error {
	p := c.model[off : off+n]
	c.scramble(p)
	if got, err := c.dev.WriteAt(p, off); int64(got) != n || err != nil {
		return fmt.Errorf("write: %d, %v", got, err)
	}
	return c.sameIn(off, n)
}

// discard takes what is read back into the model: it may be anything, but must
// stay, and all around it must be as before.
func (c *conform) discard(off, n int64) error {
	err := c.dev.Discard(off, n)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return c.same()
	}
	if err != nil {
		return fmt.Errorf("discard: %w", err)
	}
	if got, err := c.dev.ReadAt(c.model[off:off+n], off); int64(got) != n || err != nil && err != io.EOF {
		return fmt.Errorf("read of what was discarded: %d, %v", got, err)
	}
	return c.same()
}

// sparse checks that holes read as zeros and that data is found.
func (c *conform) sparse() error {
	s, ok := c.dev.(disk.Sparse)
	if !ok {
		return nil
	}
	for range 5 {
		off := c.below(c.size0 + 1)
		if err := c.write(off, min(5000, c.size0-off)); err != nil {
			return err
		}
	}
	if got, err := s.Allocated(); got < 0 || err != nil {
		return fmt.Errorf("allocated: %d, %v", got, err)
	}
	seen := make([]byte, c.size0)
	for off := int64(0); ; {
		start, end, err := s.NextData(off)
		if err == io.EOF {
			break
		}
		if err != nil || start < off || end <= start || end > c.size0 {
			return fmt.Errorf("next data from %d: %d to %d, %v", off, start, end, err)
		}
		copy(seen[start:end], c.model[start:end])
		off = end
	}
	if i := firstDifference(seen, c.model); i >= 0 {
		return fmt.Errorf("byte %d is %#02x, but in a hole", i, c.model[i])
	}
	if _, _, err := s.NextData(-1); !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("next data from -1: %v, want EINVAL", err)
	}
	return nil
}

// concurrent writes and reads from several tasks, each in a range of its own.
func (c *conform) concurrent() error {
	const tasks = 4
	errs := make([]error, tasks)
	var wg sched.WaitGroup
	for i := range int64(tasks) {
		lo, hi := c.size0*i/tasks, c.size0*(i+1)/tasks
		part, err := disk.Window(c.dev, lo, hi-lo)
		if err != nil {
			return err
		}
		mine := &conform{dev: part, size0: hi - lo, model: c.model[lo:hi], seed: uint64(i + 1)}
		wg.Go("conform", func() { errs[i] = mine.random() })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("concurrently: %w", err)
	}
	return c.same()
}

// next is a random number (splitmix64), the same in each run.
func (c *conform) next() uint64 {
	c.seed += 0x9e3779b97f4a7c15
	z := c.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// scramble fills p with random bytes.
func (c *conform) scramble(p []byte) {
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, c.next())
	}
	for i := range p {
		p[i] = byte(c.next())
	}
}

// below is a random number from 0 to n-1.
func (c *conform) below(n int64) int64 { return int64(c.next() % uint64(n)) }
