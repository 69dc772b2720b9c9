package mkfs

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"extant/internal/ondisk"
)

// TooSmallError says that a content does not fit.
type TooSmallError struct {
	Need, Have             int64  // bytes, of the device
	InodesNeed, InodesHave uint64 // where it is inodes that are missing
}

func (e *TooSmallError) Error() string {
	if e.InodesNeed > e.InodesHave {
		return fmt.Sprintf("not enough room: %d inodes needed, %d there; give more with -N, or fewer bytes to each with -i",
			e.InodesNeed, e.InodesHave)
	}
	return fmt.Sprintf("not enough room: %d bytes needed, %d there", e.Need, e.Have)
}

// Unwrap returns syscall.ENOSPC.
func (e *TooSmallError) Unwrap() error { return syscall.ENOSPC }

// Size is the size in bytes of about the smallest device on which a file system made with the options holds the content and leaves
// FillOptions.Free bytes. Options.Size is not regarded.
func (c *Content) Size(ctx context.Context, o Options) (int64, error) {
	o, err := c.identify(o)
	if err != nil {
		return 0, err
	}
	o.Size = 0
	size := c.bytes() + sizeMin
	for step := int64(sizeStep); ; step = min(2*step, size) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		more, whole, err := c.missing(size, o)
		switch {
		case err != nil:
			return 0, err
		case more == 0:
			return whole, nil
		}
		if more > step {
			step = sizeStep
		}
		size = roundUp(size+max(more, step), sizeStep)
		if size < 0 {
			return 0, syscall.EFBIG
		}
	}
}

const (
	sizeMin  = 64 << 10 // where the search begins, in bytes beside the data
	sizeStep = 4 << 10  // sizes are multiples of it
)

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// bytes is how much data is sure to need blocks, holes left out.
func (c *Content) bytes() (sum int64) {
	for id := range c.all() {
		if n := c.t.nodes.at(id); n.isRegular() && n.size > ondisk.InodeSizeMax {
			sum += c.t.dataBytes(n)
		}
	}
	return sum
}

// missing is how many bytes a device of size bytes is too small by; 0 if it is not, and then whole is how much of it is used.
func (c *Content) missing(size int64, o Options) (more, whole int64, err error) {
	geo, err := c.planDevice(void{size: size + o.Extended.Offset}, o)
	var bad *OptionError
	if errors.As(err, &bad) {
		possible, err := c.possible(size, o, err)
		return possible - size, 0, err
	}
	var full *NoSpaceError
	if err == nil {
		var left uint64
		if left, err = c.rehearse(geo); err == nil {
			bs := int64(geo.BlockSize)
			whole = int64(geo.Blocks)*bs + o.Extended.Offset
			return max(0, c.o.Free-int64(left)*bs), roundUp(whole, sizeStep), nil
		}
	}
	if errors.As(err, &full) && full.What == "blocks" {
		bs := int64(1024)
		if geo != nil {
			bs = int64(geo.BlockSize)
		}
		return int64(full.Need-full.Have)*bs + c.o.Free, 0, nil
	}
	return 0, 0, c.explain(err, size, o)
}

// sizeTried is a size at which all is possible that is possible at any, in bytes.
const sizeTried = 1 << 40

// possible is a size above one that does not go with the options, and so gave an error, at which they are possible: that of a
// journal may need it, for instance. Options that go with no size are that error.
func (c *Content) possible(low int64, o Options, err error) (int64, error) {
	allowed := func(size int64) bool {
		_, err := c.planDevice(void{size: size + o.Extended.Offset}, o)
		var bad *OptionError
		return !errors.As(err, &bad)
	}
	if low >= sizeTried || !allowed(sizeTried) {
		return 0, err
	}
	high := 2 * low
	for !allowed(high) {
		low, high = high, 2*high
	}
	for high-low > sizeStep {
		if middle := low + (high-low)/2; allowed(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return roundUp(high, sizeStep), nil
}

// explain says of a lack of room on have bytes how much there would have to be.
func (c *Content) explain(err error, have int64, o Options) error {
	var full *NoSpaceError
	switch {
	case !errors.As(err, &full):
		return err
	case full.What == "inodes":
		return &TooSmallError{InodesNeed: full.Need, InodesHave: full.Have}
	}
	if o.Size != 0 {
		have = o.Size + o.Extended.Offset
	}
	need, serr := c.Size(context.Background(), o)
	if serr != nil {
		return err
	}
	return &TooSmallError{Need: need, Have: have}
}
