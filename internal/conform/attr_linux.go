package conform

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// attrCalls look at and change attributes.
var attrCalls = map[string]func(*caller, *operands) string{
	"chmod": chmod,
	"lchmod": func(_ *caller, a *operands) string {
		d, p := a.at()
		return ok(unix.Fchmodat(d, p, a.mode(), unix.AT_SYMLINK_NOFOLLOW))
	},
	"chown":   func(_ *caller, a *operands) string { return chown(a, 0) },
	"lchown":  func(_ *caller, a *operands) string { return chown(a, unix.AT_SYMLINK_NOFOLLOW) },
	"utimes":  func(_ *caller, a *operands) string { return utimes(a, 0) },
	"lutimes": func(_ *caller, a *operands) string { return utimes(a, unix.AT_SYMLINK_NOFOLLOW) },
	"stat":    func(_ *caller, a *operands) string { return stat(a, 0) },
	"lstat":   func(_ *caller, a *operands) string { return stat(a, unix.AT_SYMLINK_NOFOLLOW) },
	"statfs":  statfs,
	"access":  access,
}

func chmod(_ *caller, a *operands) string {
	if a.isFile() {
		return ok(unix.Fchmod(a.fd(), a.mode()))
	}
	d, p := a.at()
	return ok(unix.Fchmodat(d, p, a.mode(), 0))
}

// chown PATH|&FILE UID GID
func chown(a *operands, flags int) string {
	if a.isFile() {
		return ok(unix.Fchown(a.fd(), int(a.num()), int(a.num())))
	}
	d, p := a.at()
	return ok(unix.Fchownat(d, p, int(a.num()), int(a.num()), flags))
}

// stamp is a time as a word: now, omit, or seconds and nanoseconds with a point between.
func (a *operands) stamp() unix.Timespec {
	switch w := a.word(); w {
	case "now":
		return unix.Timespec{Nsec: unix.UTIME_NOW}
	case "omit":
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	default:
		sec, nsec, _ := strings.Cut(w, ".")
		s, err := strconv.ParseInt(sec, 10, 64)
		if err != nil {
			panic(err)
		}
		n, _ := strconv.ParseInt(nsec, 10, 64)
		return unix.Timespec{Sec: s, Nsec: n}
	}
}

// utimes PATH|&FILE ATIME MTIME
func utimes(a *operands, flags int) string {
	if a.isFile() {
		fd := a.fd()
		return ok(unix.UtimesNanoAt(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), []unix.Timespec{a.stamp(), a.stamp()}, 0))
	}
	d, p := a.at()
	return ok(unix.UtimesNanoAt(d, p, []unix.Timespec{a.stamp(), a.stamp()}, flags))
}

// stat PATH|&FILE FIELD... What is not the same for every run is "set" or "unset".
func stat(a *operands, flags int) string {
	d, p := 0, ""
	if a.isFile() {
		d, flags = a.fd(), unix.AT_EMPTY_PATH
	} else {
		d, p = a.at()
	}
	var st unix.Statx_t
	err := unix.Statx(d, p, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME|unix.STATX_MNT_ID|unix.STATX_DIOALIGN, &st)
	if err != nil {
		return ok(err)
	}
	var out []string
	for a.more() {
		out = append(out, field(&st, a.word()))
	}
	return strings.Join(out, " ")
}

func field(st *unix.Statx_t, name string) string {
	stamp := func(t unix.StatxTimestamp) string { return fmt.Sprintf("%d.%09d", t.Sec, t.Nsec) }
	switch name {
	case "type":
		return kindName(uint32(st.Mode))
	case "mode":
		return strconv.FormatUint(uint64(st.Mode)&0o7777, 8)
	case "links":
		return fmt.Sprint(st.Nlink)
	case "uid":
		return fmt.Sprint(st.Uid)
	case "gid":
		return fmt.Sprint(st.Gid)
	case "size":
		return fmt.Sprint(st.Size)
	case "blocks":
		return fmt.Sprint(st.Blocks)
	case "blksize":
		return fmt.Sprint(st.Blksize)
	case "rdev":
		return fmt.Sprintf("%d:%d", st.Rdev_major, st.Rdev_minor)
	case "atime":
		return stamp(st.Atime)
	case "mtime":
		return stamp(st.Mtime)
	case "ctime":
		return isSet(st.Ctime.Sec != 0)
	case "btime":
		now := time.Now().Unix()
		return isSet(st.Mask&unix.STATX_BTIME != 0 && st.Btime.Sec > now-600 && st.Btime.Sec <= now+1)
	case "mntid":
		return isSet(st.Mask&unix.STATX_MNT_ID != 0 && st.Mnt_id != 0)
	case "mask":
		return fmt.Sprintf("%#x", st.Mask&(unix.STATX_BASIC_STATS|unix.STATX_BTIME))
	case "attrs":
		return fmt.Sprintf("%#x", st.Attributes&^unix.STATX_ATTR_MOUNT_ROOT)
	case "attrmask":
		return fmt.Sprintf("%#x", st.Attributes_mask)
	case "dio":
		return fmt.Sprintf("%d/%d", st.Dio_mem_align, st.Dio_offset_align)
	}
	panic("no field " + name)
}

func isSet(v bool) string {
	if v {
		return "set"
	}
	return "unset"
}

// statfs PATH|&FILE FIELD...
func statfs(_ *caller, a *operands) string {
	var st unix.Statfs_t
	var err error
	if a.isFile() {
		err = unix.Fstatfs(a.fd(), &st)
	} else {
		err = unix.Statfs(a.path(), &st)
	}
	if err != nil {
		return ok(err)
	}
	var out []string
	for a.more() {
		switch name := a.word(); name {
		case "bsize":
			out = append(out, fmt.Sprint(st.Bsize))
		case "frsize":
			out = append(out, fmt.Sprint(st.Frsize))
		case "namelen":
			out = append(out, fmt.Sprint(st.Namelen))
		case "type":
			out = append(out, fmt.Sprintf("%#x", st.Type))
		case "fsid":
			out = append(out, isSet(st.Fsid.Val[0] != 0 || st.Fsid.Val[1] != 0))
		case "blocks":
			out = append(out, fmt.Sprint(st.Blocks))
		case "files":
			out = append(out, fmt.Sprint(st.Files))
		case "reserved":
			out = append(out, fmt.Sprint(st.Bfree-st.Bavail))
		default:
			panic("no field " + name)
		}
	}
	return strings.Join(out, " ")
}

// access PATH MODE [FLAGS], where the mode is of r, w and x, or f.
func access(_ *caller, a *operands) string {
	d, p := a.at()
	mode := uint32(0)
	for _, r := range a.word() {
		mode |= map[rune]uint32{'r': unix.R_OK, 'w': unix.W_OK, 'x': unix.X_OK}[r]
	}
	return ok(unix.Faccessat2(d, p, mode, a.flags(atFlags)))
}

// movesGap is longer than the clock of files takes to move on.
const movesGap = 9 * time.Millisecond

// moves makes a call and says which times it has moved. The times of access are set back before, so that relatime lets them move.
func (c *caller) moves(paths []string, call string) string {
	before := make([]unix.Statx_t, len(paths))
	look := func(path string, st *unix.Statx_t) error {
		at, flags := unix.AT_FDCWD, unix.AT_SYMLINK_NOFOLLOW
		if name, isFile := strings.CutPrefix(path, "&"); isFile {
			at, path, flags = c.file(name), "", unix.AT_EMPTY_PATH
		}
		return unix.Statx(at, path, flags, unix.STATX_BASIC_STATS, st)
	}
	for i, p := range paths {
		if p[0] != '&' {
			old := []unix.Timespec{{Sec: 1e9}, {Sec: 1e9}}
			if err := unix.UtimesNanoAt(unix.AT_FDCWD, p, old, unix.AT_SYMLINK_NOFOLLOW); err != nil && !os.IsNotExist(err) {
				return "BAD " + err.Error()
			}
		}
		_ = look(p, &before[i])
	}
	time.Sleep(movesGap)
	result := c.do(call)
	for i, p := range paths {
		var after unix.Statx_t
		if err := look(p, &after); err != nil {
			result += " " + p + ":gone"
			continue
		}
		result += " " + p + ":" + moved(before[i].Atime, after.Atime, "a") + moved(before[i].Mtime, after.Mtime, "m") + moved(before[i].Ctime, after.Ctime, "c")
	}
	return result
}

func moved(before, after unix.StatxTimestamp, name string) string {
	if before == after {
		return "-"
	}
	return name
}
