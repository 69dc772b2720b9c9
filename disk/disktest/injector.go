package disktest

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Injector decides which operations fail. Injectors are put together from the
// ones here or written anew, and print themselves as the expression that makes
// them:
//
//	On(Write, Nth(3, Fail(syscall.EIO)))    (on write (nth 3 (fail EIO)))    the third write fails
//	Nth(3, On(Write, Fail(syscall.EIO)))    (nth 3 (on write (fail EIO)))    the third operation, if it is a write
//	From(9, Fail(syscall.EIO))              (from 9 (fail EIO))              the device dies at the ninth
//	Within(0, 1024, Tear(512, syscall.EIO)) (within 0+1024 (tear 512 EIO))   writes to the first KiB are torn
//
// An injector may have state, as Nth has: it is for one device and one run.
// Faulty calls it for one operation at a time.
type Injector interface {
	Inject(op Op) Fault
	fmt.Stringer
}

// injector is an Injector of a function.
type injector struct {
	inject func(Op) Fault
	text   string
}

func (i injector) Inject(op Op) Fault { return i.inject(op) }
func (i injector) String() string     { return i.text }

// Fail makes an operation fail with err, and nothing of it be done.
func Fail(err error) Injector { return always(Fault{Err: err}, "(fail %s)", errorName(err)) }

// Tear makes an operation fail with err after done bytes.
func Tear(done int64, err error) Injector {
	return always(Fault{Err: err, Done: done}, "(tear %d %s)", done, errorName(err))
}

func always(f Fault, format string, args ...any) Injector {
	return injector{func(Op) Fault { return f }, fmt.Sprintf(format, args...)}
}

// On applies in to operations of the kinds k.
func On(k Kind, in Injector) Injector {
	return when(func(op Op) bool { return op.Kind&k != 0 }, in, "(on %v %v)", k, in)
}

// Within applies in to reads, writes and discards that touch one of the n bytes
// at off.
func Within(off, n int64, in Injector) Injector {
	touches := func(op Op) bool { return op.Off < off+n && off < op.Off+op.Len }
	return when(touches, in, "(within %d+%d %v)", off, n, in)
}

// Nth applies in to the n-th operation that reaches it, counting from 1.
func Nth(n int, in Injector) Injector {
	seen := 0
	return when(func(Op) bool { seen++; return seen == n }, in, "(nth %d %v)", n, in)
}

// From applies in to the n-th operation that reaches it, counting from 1, and to
// all later ones.
func From(n int, in Injector) Injector {
	seen := 0
	return when(func(Op) bool { seen++; return seen >= n }, in, "(from %d %v)", n, in)
}

func when(cond func(Op) bool, in Injector, format string, args ...any) Injector {
	return injector{func(op Op) Fault {
		if !cond(op) {
			return Fault{}
		}
		return in.Inject(op)
	}, fmt.Sprintf(format, args...)}
}

// Any applies the injectors in turn until one makes the operation fail. Those
// after it do not see the operation.
func Any(in ...Injector) Injector {
	var b strings.Builder
	b.WriteString("(any")
	for _, i := range in {
		fmt.Fprintf(&b, " %v", i)
	}
	b.WriteString(")")
	return injector{func(op Op) (f Fault) {
		for _, i := range in {
			if f = i.Inject(op); f.Err != nil {
				break
			}
		}
		return f
	}, b.String()}
}

// errorName prints the errors that tests inject by their usual names.
func errorName(err error) string {
	for _, e := range []struct {
		errno syscall.Errno
		name  string
	}{{syscall.EIO, "EIO"}, {syscall.ENOSPC, "ENOSPC"}, {syscall.EROFS, "EROFS"}, {syscall.EOPNOTSUPP, "EOPNOTSUPP"}} {
		if errors.Is(err, e.errno) {
			return e.name
		}
	}
	return fmt.Sprintf("%q", err)
}
