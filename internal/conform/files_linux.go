package conform

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fileCalls open, read and write.
var fileCalls = map[string]func(*caller, *operands) string{
	"open":      open,
	"close":     closeFile,
	"read":      read,
	"pread":     pread,
	"write":     write,
	"pwrite":    pwrite,
	"file":      writeFile,
	"cat":       cat,
	"truncate":  truncate,
	"seek":      seek,
	"fallocate": fallocate,
	"copy":      copyRange,
	"sendfile":  sendfile,
	"fsync":     func(_ *caller, a *operands) string { return ok(unix.Fsync(a.fd())) },
	"fdatasync": func(_ *caller, a *operands) string { return ok(unix.Fdatasync(a.fd())) },
	"syncfs":    func(_ *caller, a *operands) string { return ok(unix.Syncfs(a.fd())) },
	"syncrange": func(_ *caller, a *operands) string { return ok(unix.SyncFileRange(a.fd(), a.num(), a.num(), 7)) },
	"sync":      func(*caller, *operands) string { unix.Sync(); return "ok" },
	"advise": func(_ *caller, a *operands) string {
		return ok(unix.Fadvise(a.fd(), a.num(), a.num(), unix.FADV_DONTNEED))
	},
	"getfl": getFlags,
	"setfl": func(_ *caller, a *operands) string {
		_, err := unix.FcntlInt(uintptr(a.fd()), unix.F_SETFL, a.flags(openFlags))
		return ok(err)
	},
}

var openFlags = map[string]int{
	"r": unix.O_RDONLY, "w": unix.O_WRONLY, "rw": unix.O_RDWR, "creat": unix.O_CREAT, "excl": unix.O_EXCL, "trunc": unix.O_TRUNC, "append": unix.O_APPEND,
	"dir": unix.O_DIRECTORY, "nofollow": unix.O_NOFOLLOW, "path": unix.O_PATH, "tmpfile": unix.O_TMPFILE, "nonblock": unix.O_NONBLOCK,
	"sync": unix.O_SYNC, "dsync": unix.O_DSYNC, "direct": unix.O_DIRECT, "noatime": unix.O_NOATIME, "noctty": unix.O_NOCTTY, "async": unix.O_ASYNC,
	"three": 3,
}

// open NAME PATH FLAGS [MODE]
func open(c *caller, a *operands) string {
	name := a.word()
	d, p := a.at()
	flags := a.flags(openFlags)
	fd, err := unix.Openat(d, p, flags|unix.O_CLOEXEC, octal(a.opt("644")))
	if err != nil {
		return ok(err)
	}
	if old, known := c.files[name]; known {
		unix.Close(old)
	}
	c.files[name] = fd
	return "ok"
}

func closeFile(c *caller, a *operands) string {
	name := strings.TrimPrefix(a.word(), "&")
	err := unix.Close(c.file(name))
	delete(c.files, name)
	return ok(err)
}

func getFlags(_ *caller, a *operands) string {
	v, err := unix.FcntlInt(uintptr(a.fd()), unix.F_GETFL, 0)
	return value(strconv.FormatInt(int64(v&^unix.O_LARGEFILE), 8), err)
}

// shown is bytes as a result: runs of the same byte are counted.
func shown(b []byte) string {
	if len(b) == 0 {
		return "''"
	}
	var out strings.Builder
	for len(b) > 0 {
		n := len(b) - len(bytes.TrimLeft(b, string(rune(b[0]))))
		if b[0] >= 0x80 {
			n = 1
		}
		text := string(rune(b[0]))
		if b[0] <= ' ' || b[0] >= 0x7F {
			text = fmt.Sprintf("\\%02x", b[0])
		}
		if n > 4 {
			fmt.Fprintf(&out, "{%d*%s}", n, text)
		} else {
			out.WriteString(strings.Repeat(text, n))
		}
		b = b[n:]
	}
	return out.String()
}

// aligned is memory that O_DIRECT takes.
func aligned(n int) []byte {
	const page = 4096
	b := make([]byte, n+page)
	off := int(-uintptr(unsafe.Pointer(&b[0])) & (page - 1))
	return b[off : off+n]
}

func read(_ *caller, a *operands) string {
	fd, buf := a.fd(), aligned(int(a.num()))
	n, err := unix.Read(fd, buf)
	return value(shown(buf[:max(n, 0)]), err)
}

// pread &FILE OFFSET LENGTH
func pread(_ *caller, a *operands) string {
	fd, off := a.fd(), a.num()
	buf := aligned(int(a.num()))
	n, err := unix.Pread(fd, buf, off)
	return value(shown(buf[:max(n, 0)]), err)
}

// data is the next word as bytes in memory that O_DIRECT takes.
func (a *operands) data() []byte {
	w := a.word()
	b := aligned(len(w))
	copy(b, w)
	return b
}

func write(_ *caller, a *operands) string {
	fd := a.fd()
	n, err := unix.Write(fd, a.data())
	return value(n, err)
}

// pwrite &FILE OFFSET DATA
func pwrite(_ *caller, a *operands) string {
	fd, off := a.fd(), a.num()
	n, err := unix.Pwrite(fd, a.data(), off)
	return value(n, err)
}

// file PATH [DATA] [MODE] makes a file with content.
func writeFile(_ *caller, a *operands) string {
	path := a.path()
	data := a.opt("")
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, octal(a.opt("644")))
	if err != nil {
		return ok(err)
	}
	defer unix.Close(fd)
	if data != "" {
		_, err = unix.Write(fd, []byte(data))
	}
	return ok(err)
}

// cat PATH gives the content of a file.
func cat(_ *caller, a *operands) string {
	fd, err := unix.Open(a.path(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ok(err)
	}
	defer unix.Close(fd)
	buf := make([]byte, 1<<20)
	n, err := unix.Read(fd, buf)
	return value(shown(buf[:max(n, 0)]), err)
}

func truncate(_ *caller, a *operands) string {
	if a.isFile() {
		return ok(unix.Ftruncate(a.fd(), a.num()))
	}
	return ok(unix.Truncate(a.path(), a.num()))
}

var whences = map[string]int{"set": 0, "cur": 1, "end": 2, "data": unix.SEEK_DATA, "hole": unix.SEEK_HOLE, "bad": 9}

// seek &FILE OFFSET WHENCE
func seek(_ *caller, a *operands) string {
	fd, off := a.fd(), a.num()
	n, err := unix.Seek(fd, off, a.flags(whences))
	return value(n, err)
}

var fallocateModes = map[string]int{"alloc": 0, "keep": 1, "punch": 2, "collapse": 8, "zero": 0x10, "insert": 0x20, "unshare": 0x40, "unknown": 0x1000}

// fallocate &FILE MODE OFFSET LENGTH
func fallocate(_ *caller, a *operands) string {
	fd := a.fd()
	mode := a.flags(fallocateModes)
	return ok(unix.Fallocate(fd, uint32(mode), a.num(), a.num()))
}

// copy &FROM OFFSET &TO OFFSET LENGTH [FLAGS]
func copyRange(_ *caller, a *operands) string {
	from, at := a.fd(), a.num()
	to, toAt := a.fd(), a.num()
	n, err := unix.CopyFileRange(from, &at, to, &toAt, int(a.num()), int(octal(a.opt("0"))))
	return value(n, err)
}

// sendfile &FROM OFFSET &TO LENGTH
func sendfile(_ *caller, a *operands) string {
	from, at := a.fd(), a.num()
	to := a.fd()
	n, err := unix.Sendfile(to, from, &at, int(a.num()))
	return value(n, err)
}
