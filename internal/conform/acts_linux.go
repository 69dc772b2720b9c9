package conform

import (
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// processCalls are about the process, and what lies beside files.
var processCalls = map[string]func(*caller, *operands) string{
	"umask":  func(_ *caller, a *operands) string { unix.Umask(int(a.mode())); return "ok" },
	"limit":  limit,
	"bind":   bind,
	"mount":  mount,
	"exec":   execute,
	"watch":  watch,
	"events": events,
	"many":   many,
}

// limit BYTES is the largest file that the process may make.
func limit(_ *caller, a *operands) string {
	l := unix.Rlimit{Cur: uint64(a.num()), Max: unix.RLIM_INFINITY}
	return ok(unix.Setrlimit(unix.RLIMIT_FSIZE, &l))
}

// bind PATH makes a socket and gives it a name.
func bind(c *caller, a *operands) string {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return ok(err)
	}
	path := a.path()
	c.files["socket:"+path] = fd
	return ok(unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
}

// mount PATH has another file system begin at a directory.
func mount(c *caller, a *operands) string {
	path := c.dir + "/" + a.path()
	err := unix.Mount("tmpfs", path, "tmpfs", 0, "size=64k")
	if err == nil {
		c.mounts = append(c.mounts, path)
	}
	return ok(err)
}

// exec PATH runs a program.
func execute(c *caller, a *operands) string {
	out, err := exec.Command(c.dir + "/" + a.path()).CombinedOutput()
	return value("says "+strings.TrimSpace(string(out)), err)
}

// watch NAME PATH looks at what happens to a file.
func watch(c *caller, a *operands) string {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return ok(err)
	}
	c.files[a.word()] = fd
	_, err = unix.InotifyAddWatch(fd, a.path(), unix.IN_ALL_EVENTS)
	return ok(err)
}

var eventNames = []struct {
	bit  uint32
	name string
}{
	{unix.IN_ACCESS, "access"}, {unix.IN_MODIFY, "modify"}, {unix.IN_ATTRIB, "attrib"}, {unix.IN_CLOSE_WRITE, "closew"}, {unix.IN_CLOSE_NOWRITE, "close"},
	{unix.IN_OPEN, "open"}, {unix.IN_MOVED_FROM, "from"}, {unix.IN_MOVED_TO, "to"}, {unix.IN_CREATE, "create"}, {unix.IN_DELETE, "delete"},
	{unix.IN_DELETE_SELF, "self"}, {unix.IN_MOVE_SELF, "moveself"}, {unix.IN_IGNORED, "ignored"},
}

// events NAME gives what has happened.
func events(c *caller, a *operands) string {
	buf := make([]byte, 65536)
	n, err := unix.Read(c.file(a.word()), buf)
	if err != nil {
		return ok(err)
	}
	var out []string
	for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
		mask := le(b[4:])
		size := unix.SizeofInotifyEvent + int(le(b[12:]))
		name := strings.TrimRight(string(b[unix.SizeofInotifyEvent:size]), "\x00")
		for _, e := range eventNames {
			if mask&e.bit != 0 {
				out = append(out, strings.TrimSuffix(e.name+":"+name, ":"))
			}
		}
		b = b[size:]
	}
	return strings.Join(out, " ")
}

func le(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24 }

// many CALL DIR COUNT makes (file, dir, link) or takes away (unlink, rmdir) many names.
func many(_ *caller, a *operands) string {
	call, dir, count := a.word(), a.path(), a.num()
	for i := range count {
		name := dir + "/" + strings.Repeat("n", 20) + numeral(i)
		var err error
		switch call {
		case "file":
			err = unix.Mknod(name, unix.S_IFREG|0o644, 0)
		case "dir":
			err = unix.Mkdir(name, 0o755)
		case "link":
			err = unix.Link(a.c.dir+"/f", name)
		case "unlink":
			err = unix.Unlink(name)
		case "rmdir":
			err = unix.Rmdir(name)
		default:
			panic("no call " + call)
		}
		if err != nil {
			return ok(err) + " at " + numeral(i)
		}
	}
	return "ok"
}

func numeral(i int64) string {
	digits := []byte{}
	for range 6 {
		digits = append(digits, byte('0'+i%10))
		i /= 10
	}
	slices.Reverse(digits)
	return string(digits)
}
