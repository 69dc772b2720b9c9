package disktest

import (
	"errors"
	"fmt"
	"syscall"

	"extant/disk"
)

// Kind is a kind of operation, or a set of kinds when they are or-ed.
type Kind uint8

// The kinds of operations.
const (
	Read Kind = 1 << iota
	Write
	Flush
	Discard
	// Mark is no operation of the device: see Recorder.Mark.
	Mark
)

var kindNames = []struct {
	kind Kind
	name string
}{{Read, "read"}, {Write, "write"}, {Flush, "flush"}, {Discard, "discard"}, {Mark, "mark"}}

// String names the kinds of the set, as "read|write".
func (k Kind) String() string {
	s := ""
	for _, n := range kindNames {
		if k&n.kind == 0 {
			continue
		}
		if s != "" {
			s += "|"
		}
		s += n.name
	}
	if s == "" {
		return "none"
	}
	return s
}

// Op is one operation on a device.
type Op struct {
	Kind  Kind
	Off   int64  // of a read, write or discard, in bytes
	Len   int64  // likewise
	Data  []byte // what was written, or is to be; not to be changed
	Label string // of a mark
}

// String prints the operation on one line without its data: "write 4096+512".
func (op Op) String() string {
	switch op.Kind {
	case Flush:
		return "flush"
	case Mark:
		return "mark " + op.Label
	}
	return fmt.Sprintf("%v %d+%d", op.Kind, op.Off, op.Len)
}

// Apply does a write, flush or discard to dev. A mark does nothing, nor does a
// discard to a device that cannot discard.
func (op Op) Apply(dev disk.Device) error {
	switch op.Kind {
	case Write:
		_, err := dev.WriteAt(op.Data, op.Off)
		return err
	case Flush:
		return dev.Flush()
	case Discard:
		if err := dev.Discard(op.Off, op.Len); !errors.Is(err, syscall.EOPNOTSUPP) {
			return err
		}
		return nil
	case Mark:
		return nil
	}
	return fmt.Errorf("cannot apply a %v: %w", op.Kind, syscall.EINVAL)
}
