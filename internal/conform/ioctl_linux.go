package conform

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctlCalls are requests that only some file systems know.
var ioctlCalls = map[string]func(*caller, *operands) string{
	"flags":   getAttrFlags,
	"chattr":  changeAttrFlags,
	"fsx":     getFsx,
	"setfsx":  setFsx,
	"version": func(_ *caller, a *operands) string { return ioctl32(a, 0x80087601, 0) },
	"setversion": func(_ *caller, a *operands) string {
		fd := a.fd()
		return ok(ioctl(fd, 0x40087602, le32(uint32(a.num()))))
	},
	"fiemap": fiemap,
	"trim":   trim,
	"freeze": func(_ *caller, a *operands) string { return ok(ioctl(a.fd(), 0xC0045877, nil)) },
	"thaw":   func(_ *caller, a *operands) string { return ok(ioctl(a.fd(), 0xC0045878, nil)) },
	"label":  label,
	"setlabel": func(_ *caller, a *operands) string {
		fd := a.fd()
		b := make([]byte, 256)
		copy(b, a.word())
		return ok(ioctl(fd, 0x41009432, b))
	},
	"ioctl": func(_ *caller, a *operands) string {
		fd := a.fd()
		return ok(ioctl(fd, uint(a.num()), make([]byte, 256)))
	},
	"verity":     enableVerity,
	"measure":    measureVerity,
	"readverity": readVerity,
}

func le32(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

func ioctl(fd int, request uint, arg []byte) error {
	var p unsafe.Pointer
	if len(arg) > 0 {
		p = unsafe.Pointer(&arg[0])
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(p))
	if errno != 0 {
		return errno
	}
	return nil
}

// ioctl32 shows what a request answers: 0, or "set", since it is another each time.
func ioctl32(a *operands, request uint, want uint32) string {
	b := make([]byte, 8)
	if err := ioctl(a.fd(), request, b); err != nil {
		return ok(err)
	}
	return isSet(binary.NativeEndian.Uint32(b) != want)
}

var flagLetters = []struct {
	letter rune
	bit    uint32
}{
	{'s', 1}, {'u', 2}, {'c', 4}, {'S', 8}, {'i', 0x10}, {'a', 0x20}, {'d', 0x40}, {'A', 0x80}, {'E', 0x800}, {'I', 0x1000}, {'j', 0x4000},
	{'t', 0x8000}, {'D', 0x10000}, {'T', 0x20000}, {'h', 0x40000}, {'e', 0x80000}, {'V', 0x100000}, {'x', 0x2000000}, {'N', 0x10000000},
	{'P', 0x20000000}, {'F', 0x40000000},
}

// opened opens the next word, a path or an open file, to be asked.
func (a *operands) opened() (fd int, done func(), err error) {
	if a.isFile() {
		return a.fd(), func() {}, nil
	}
	fd, err = unix.Open(a.path(), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	return fd, func() { unix.Close(fd) }, err
}

func getAttrFlags(_ *caller, a *operands) string {
	fd, done, err := a.opened()
	if err != nil {
		return ok(err)
	}
	defer done()
	flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	return value(letters(flags), err)
}

func letters(flags uint32) string {
	var out strings.Builder
	for _, f := range flagLetters {
		if flags&f.bit != 0 {
			out.WriteRune(f.letter)
		}
	}
	if out.Len() == 0 {
		return "-"
	}
	return out.String()
}

// chattr PATH|&FILE +FLAGS|-FLAGS
func changeAttrFlags(_ *caller, a *operands) string {
	fd, done, err := a.opened()
	if err != nil {
		return ok(err)
	}
	defer done()
	flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		return ok(err)
	}
	w := a.word()
	for _, letter := range w[1:] {
		bit := flagOf(letter)
		flags &^= bit
		if w[0] == '+' {
			flags |= bit
		}
	}
	return ok(ioctl(fd, unix.FS_IOC_SETFLAGS, le32(flags)))
}

func flagOf(letter rune) uint32 {
	for _, f := range flagLetters {
		if f.letter == letter {
			return f.bit
		}
	}
	panic("no flag " + string(letter))
}

func getFsx(_ *caller, a *operands) string {
	fd, done, err := a.opened()
	if err != nil {
		return ok(err)
	}
	defer done()
	b := make([]byte, 28)
	if err := ioctl(fd, 0x801C581F, b); err != nil {
		return ok(err)
	}
	return fmt.Sprintf("flags=%#x project=%d", binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[12:]))
}

// setfsx PATH|&FILE FLAGS PROJECT
func setFsx(_ *caller, a *operands) string {
	fd, done, err := a.opened()
	if err != nil {
		return ok(err)
	}
	defer done()
	b := make([]byte, 28)
	binary.NativeEndian.PutUint32(b, uint32(a.num()))
	binary.NativeEndian.PutUint32(b[12:], uint32(a.num()))
	return ok(ioctl(fd, 0x401C5820, b))
}

// fiemap &FILE gives the extents, as logical offset, length and the flags that every run has.
func fiemap(_ *caller, a *operands) string {
	const header, extent, most = 32, 56, 32
	fd := a.fd()
	b := make([]byte, header+most*extent)
	binary.NativeEndian.PutUint64(b[8:], 1<<63-1)
	binary.NativeEndian.PutUint32(b[16:], 1) // FIEMAP_FLAG_SYNC
	binary.NativeEndian.PutUint32(b[24:], most)
	if err := ioctl(fd, 0xC020660B, b); err != nil {
		return ok(err)
	}
	out := ""
	for i := range int(binary.NativeEndian.Uint32(b[20:])) {
		e := b[header+i*extent:]
		out += fmt.Sprintf(" %d+%d:%#x", binary.NativeEndian.Uint64(e), binary.NativeEndian.Uint64(e[16:]), binary.NativeEndian.Uint32(e[40:]))
	}
	return "extents" + out
}

// trim &FILE START LENGTH LEAST
func trim(_ *caller, a *operands) string {
	fd := a.fd()
	b := make([]byte, 24)
	for i := range 3 {
		binary.NativeEndian.PutUint64(b[i*8:], uint64(a.num()))
	}
	if err := ioctl(fd, 0xC0185879, b); err != nil {
		return ok(err)
	}
	return isSet(binary.NativeEndian.Uint64(b[8:]) > 0)
}

func label(_ *caller, a *operands) string {
	b := make([]byte, 256)
	err := ioctl(a.fd(), 0x81009431, b)
	return value("'"+string(bytes.TrimRight(b, "\x00"))+"'", err)
}

// verity &FILE [ALGORITHM] [BLOCK SIZE] [SALT]
func enableVerity(_ *caller, a *operands) string {
	fd := a.fd()
	b := make([]byte, 128)
	algorithm, _ := strconv.Atoi(a.opt("1"))
	size, _ := strconv.Atoi(a.opt("4096"))
	salt := []byte(a.opt(""))
	binary.NativeEndian.PutUint32(b, 1)
	binary.NativeEndian.PutUint32(b[4:], uint32(algorithm))
	binary.NativeEndian.PutUint32(b[8:], uint32(size))
	if len(salt) > 0 {
		binary.NativeEndian.PutUint32(b[12:], uint32(len(salt)))
		binary.NativeEndian.PutUint64(b[16:], uint64(uintptr(unsafe.Pointer(&salt[0]))))
	}
	err := ioctl(fd, unix.FS_IOC_ENABLE_VERITY, b)
	runtime.KeepAlive(salt)
	return ok(err)
}

// measure &FILE [ROOM]
func measureVerity(_ *caller, a *operands) string {
	fd := a.fd()
	room, _ := strconv.Atoi(a.opt("64"))
	b := make([]byte, 4+64)
	binary.NativeEndian.PutUint16(b[2:], uint16(room))
	if err := ioctl(fd, unix.FS_IOC_MEASURE_VERITY, b); err != nil {
		return ok(err)
	}
	n := binary.NativeEndian.Uint16(b[2:])
	return fmt.Sprintf("%d:%x", binary.NativeEndian.Uint16(b), b[4:4+n])
}

// readverity &FILE TYPE OFFSET LENGTH, where type 1 is the tree, 2 the descriptor and 3 the signature.
func readVerity(_ *caller, a *operands) string {
	fd := a.fd()
	b := make([]byte, 40)
	buf := make([]byte, 65536)
	for i := range 3 {
		binary.NativeEndian.PutUint64(b[i*8:], uint64(a.num()))
	}
	binary.NativeEndian.PutUint64(b[24:], uint64(uintptr(unsafe.Pointer(&buf[0]))))
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), 0xC0286687, uintptr(unsafe.Pointer(&b[0])))
	if errno != 0 {
		return ok(errno)
	}
	return fmt.Sprintf("%d:%x", n, buf[:min(n, 48)])
}
