package conform

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// calls are what a script can ask for.
var calls map[string]func(*caller, *operands) string

func init() {
	calls = map[string]func(*caller, *operands) string{}
	for _, some := range []map[string]func(*caller, *operands) string{nameCalls, fileCalls, attrCalls, xattrCalls, lockCalls, mapCalls, ioctlCalls, processCalls} {
		for name, do := range some {
			calls[name] = do
		}
	}
}

// nameCalls make, find and take away names.
var nameCalls = map[string]func(*caller, *operands) string{
	"mkdir": func(_ *caller, a *operands) string {
		d, p := a.at()
		return ok(unix.Mkdirat(d, p, octal(a.opt("755"))))
	},
	"rmdir":  func(_ *caller, a *operands) string { d, p := a.at(); return ok(unix.Unlinkat(d, p, unix.AT_REMOVEDIR)) },
	"unlink": func(_ *caller, a *operands) string { d, p := a.at(); return ok(unix.Unlinkat(d, p, 0)) },
	"symlink": func(_ *caller, a *operands) string {
		to := a.path()
		d, p := a.at()
		return ok(unix.Symlinkat(to, d, p))
	},
	"readlink": readlink,
	"link":     link,
	"rename":   rename,
	"mknod":    mknod,
	"have":     have,
	"ls":       list,
	"chdir":    func(_ *caller, a *operands) string { return ok(unix.Chdir(a.path())) },
	"fchdir":   func(_ *caller, a *operands) string { return ok(unix.Fchdir(a.fd())) },
}

func readlink(_ *caller, a *operands) string {
	d, p := a.at()
	buf := make([]byte, 8192)
	if a.more() {
		buf = buf[:a.num()]
	}
	n, err := unix.Readlinkat(d, p, buf)
	return value(shown(buf[:max(n, 0)]), err)
}

var atFlags = map[string]int{"follow": unix.AT_SYMLINK_FOLLOW, "nofollow": unix.AT_SYMLINK_NOFOLLOW, "empty": unix.AT_EMPTY_PATH, "eaccess": unix.AT_EACCESS}

// link FROM TO [FLAGS]. Where FROM is an open file it is the file that gets the name.
func link(c *caller, a *operands) string {
	isFile := a.isFile()
	d, p := a.at()
	to, q := a.at()
	flags := a.flags(atFlags)
	if isFile {
		d, p, flags = unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(d), unix.AT_SYMLINK_FOLLOW
	}
	return ok(unix.Linkat(d, p, to, q, flags))
}

var renameFlags = map[string]int{
	"noreplace": unix.RENAME_NOREPLACE, "exchange": unix.RENAME_EXCHANGE, "whiteout": unix.RENAME_WHITEOUT, "unknown": 1 << 5,
}

func rename(_ *caller, a *operands) string {
	from, p := a.at()
	to, q := a.at()
	return ok(unix.Renameat2(from, p, to, q, uint(a.flags(renameFlags))))
}

var kinds = map[string]uint32{
	"reg": unix.S_IFREG, "fifo": unix.S_IFIFO, "sock": unix.S_IFSOCK, "chr": unix.S_IFCHR, "blk": unix.S_IFBLK, "dir": unix.S_IFDIR, "lnk": unix.S_IFLNK,
	"none": 0,
}

// kindName is the name of the type in a mode.
func kindName(mode uint32) string {
	for name, kind := range kinds {
		if kind == mode&unix.S_IFMT {
			return name
		}
	}
	return "?"
}

// mknod PATH KIND[:MAJOR:MINOR] [MODE]
func mknod(_ *caller, a *operands) string {
	d, p := a.at()
	words := strings.Split(a.word(), ":")
	mode, ok0 := kinds[words[0]]
	if !ok0 {
		panic("no kind " + words[0])
	}
	dev := uint64(0)
	if len(words) == 3 {
		major, _ := strconv.ParseUint(words[1], 10, 32)
		minor, _ := strconv.ParseUint(words[2], 10, 32)
		dev = unix.Mkdev(uint32(major), uint32(minor))
	}
	return ok(unix.Mknodat(d, p, mode|octal(a.opt("644")), int(dev)))
}

// have NAME KIND makes something to begin with. "full" is a directory with a file "x" in it, "none" is nothing, "dangling" a link to nothing, "self" one
// to itself, "todir" and "tofile" links to what is beside them, "linked" a file with another name.
func have(_ *caller, a *operands) string {
	name, kind := a.path(), a.word()
	switch kind {
	case "none":
		return "ok"
	case "file":
		return ok(unix.Mknod(name, unix.S_IFREG|0o644, 0))
	case "dir":
		return ok(unix.Mkdir(name, 0o755))
	case "full":
		if err := unix.Mkdir(name, 0o755); err != nil {
			return ok(err)
		}
		return ok(unix.Mknod(name+"/x", unix.S_IFREG|0o644, 0))
	case "dangling":
		return ok(unix.Symlink("nothing", name))
	case "self":
		return ok(unix.Symlink(name, name))
	case "todir":
		if err := unix.Mkdir(name+".dir", 0o755); err != nil {
			return ok(err)
		}
		return ok(unix.Symlink(name+".dir", name))
	case "tofile":
		if err := unix.Mknod(name+".file", unix.S_IFREG|0o644, 0); err != nil {
			return ok(err)
		}
		return ok(unix.Symlink(name+".file", name))
	case "linked":
		if err := unix.Mknod(name, unix.S_IFREG|0o644, 0); err != nil {
			return ok(err)
		}
		return ok(unix.Link(name, name+".link"))
	case "fifo", "sock":
		return ok(unix.Mknod(name, kinds[kind]|0o644, 0))
	case "chr", "blk":
		return ok(unix.Mknod(name, kinds[kind]|0o644, int(unix.Mkdev(1, 3))))
	}
	panic("no kind " + kind)
}

// list PATH|&DIR gives the names in a directory in order; an open one goes on where it stands.
func list(_ *caller, a *operands) string {
	fd, err := -1, error(nil)
	if a.isFile() {
		fd = a.fd()
	} else {
		d, p := a.at()
		if fd, err = unix.Openat(d, p, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return ok(err)
		}
		defer unix.Close(fd)
	}
	size := 65536
	most := 1 << 30
	if a.more() {
		most = int(a.num())
		size = 512
	}
	var names []string
	buf := make([]byte, size)
	for len(names) < most {
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			return ok(err)
		}
		if n == 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	slices.Sort(names)
	if len(names) > 12 {
		return strconv.Itoa(len(names)) + " names, " + strconv.Itoa(len(slices.Compact(names))) + " different"
	}
	return "[" + strings.Join(names, " ") + "]"
}
