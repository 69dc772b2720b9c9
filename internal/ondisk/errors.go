package ondisk

import (
	"errors"
	"fmt"
	"strings"
)

// CorruptError says that an image holds what no file system could: which structure, where, and
// what is wrong with it, in enough detail to judge again by hand.
type CorruptError struct {
	Structure string // "extent node", "directory block", ...
	Block     Block  // where it lies on the device; 0 if unknown or the super block
	Ino       Ino    // whose it is; 0 for nobody's
	Detail    string // what is wrong, with the numbers
}

func (e *CorruptError) Error() string {
	var b strings.Builder
	b.WriteString("corrupt " + e.Structure)
	if e.Ino != 0 {
		fmt.Fprintf(&b, " of inode %d", e.Ino)
	}
	if e.Block != 0 {
		fmt.Fprintf(&b, " in block %d", e.Block)
	}
	return b.String() + ": " + e.Detail
}

// Corrupt returns a CorruptError without a place; whoever knows the block and the inode adds them.
func Corrupt(structure, format string, args ...any) *CorruptError {
	return &CorruptError{Structure: structure, Detail: fmt.Sprintf(format, args...)}
}

// At fills in the place where it is still unknown, and returns e. An error that knows its place, or is told nothing new, is not
// written to: several goroutines may have it.
func (e *CorruptError) At(ino Ino, b Block) *CorruptError {
	if e.Ino == 0 && ino != 0 {
		e.Ino = ino
	}
	if e.Block == 0 && b != 0 {
		e.Block = b
	}
	return e
}

// Locate fills in the place in err where it is a *CorruptError that does not know it yet, and returns err.
func Locate(err error, ino Ino, b Block) error {
	if err == nil {
		return nil // before anything is allocated
	}
	var c *CorruptError
	if errors.As(err, &c) {
		c.At(ino, b)
	}
	return err
}

// UnsupportedError says that an image is sound as far as it goes but needs what this program does not do.
type UnsupportedError struct {
	Features []string // names of the features in the way
	Detail   string   // what was asked, and the remedy if there is one
}

func (e *UnsupportedError) Error() string {
	if len(e.Features) == 0 {
		return "unsupported: " + e.Detail
	}
	s := "unsupported feature " + strings.Join(e.Features, ", ")
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}
