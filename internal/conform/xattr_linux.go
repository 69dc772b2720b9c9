package conform

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// xattrCalls look at and change extended attributes and ACLs. Those that begin with l are about a link itself.
var xattrCalls = map[string]func(*caller, *operands) string{
	"setx":   func(_ *caller, a *operands) string { return setXattr(a, unix.Setxattr) },
	"lsetx":  func(_ *caller, a *operands) string { return setXattr(a, unix.Lsetxattr) },
	"getx":   func(_ *caller, a *operands) string { return getXattr(a, unix.Getxattr) },
	"lgetx":  func(_ *caller, a *operands) string { return getXattr(a, unix.Lgetxattr) },
	"listx":  func(_ *caller, a *operands) string { return listXattr(a, unix.Listxattr) },
	"llistx": func(_ *caller, a *operands) string { return listXattr(a, unix.Llistxattr) },
	"rmx":    func(_ *caller, a *operands) string { return removeXattr(a, unix.Removexattr) },
	"lrmx":   func(_ *caller, a *operands) string { return removeXattr(a, unix.Lremovexattr) },
	"setacl": setACL,
	"acl":    getACL,
	"rmacl":  func(_ *caller, a *operands) string { p := a.path(); return ok(unix.Removexattr(p, aclNames[a.word()])) },
	"setcap": func(_ *caller, a *operands) string {
		return ok(unix.Setxattr(a.path(), "security.capability", capability, 0))
	},
}

// capability is a set of file capabilities with one in it.
var capability = []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// procPath is a path of an open file, or the next word.
func (a *operands) procPath() string {
	if a.isFile() {
		return "/proc/self/fd/" + strconv.Itoa(a.fd())
	}
	return a.path()
}

var setFlags = map[string]int{"create": unix.XATTR_CREATE, "replace": unix.XATTR_REPLACE, "unknown": 4}

// setx PATH NAME VALUE [FLAGS]
func setXattr(a *operands, set func(string, string, []byte, int) error) string {
	p, name := a.procPath(), a.word()
	data := []byte(a.word())
	return ok(set(p, name, data, a.flags(setFlags)))
}

// getx PATH NAME [SIZE]
func getXattr(a *operands, get func(string, string, []byte) (int, error)) string {
	p, name := a.procPath(), a.word()
	buf := make([]byte, 65536)
	if a.more() {
		buf = buf[:a.num()]
	}
	n, err := get(p, name, buf)
	if err == nil && len(buf) == 0 {
		return strconv.Itoa(n)
	}
	return value(shown(buf[:max(n, 0)]), err)
}

// listx PATH [SIZE]
func listXattr(a *operands, list func(string, []byte) (int, error)) string {
	p := a.procPath()
	buf := make([]byte, 65536)
	if a.more() {
		buf = buf[:a.num()]
	}
	n, err := list(p, buf)
	if err != nil {
		return ok(err)
	}
	if len(buf) == 0 {
		return strconv.Itoa(n)
	}
	names := strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
	slices.Sort(names)
	return "[" + strings.Join(names, " ") + "]"
}

func removeXattr(a *operands, remove func(string, string) error) string {
	return ok(remove(a.procPath(), a.word()))
}

var aclNames = map[string]string{"access": "system.posix_acl_access", "default": "system.posix_acl_default"}

var aclTags = []struct {
	tag  uint16
	name string
}{{0x01, "u:"}, {0x02, "u"}, {0x04, "g:"}, {0x08, "g"}, {0x10, "m:"}, {0x20, "o:"}}

// setacl PATH access|default u::7,u:5:4,g::5,g:8:1,m::7,o::0
func setACL(_ *caller, a *operands) string {
	p, name := a.procPath(), aclNames[a.word()]
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for entry := range strings.SplitSeq(a.word(), ",") {
		words := strings.Split(entry, ":")
		if len(words) != 3 {
			panic("no entry " + entry)
		}
		id, want := uint64(1<<32-1), words[0]+":"
		if words[1] != "" {
			id, _ = strconv.ParseUint(words[1], 10, 32)
			want = words[0]
		}
		tag := uint16(0)
		for _, t := range aclTags {
			if t.name == want {
				tag = t.tag
			}
		}
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, uint16(octal(words[2])))
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return ok(unix.Setxattr(p, name, b, 0))
}

func getACL(_ *caller, a *operands) string {
	p, name := a.procPath(), aclNames[a.word()]
	buf := make([]byte, 65536)
	n, err := unix.Getxattr(p, name, buf)
	if err != nil {
		return ok(err)
	}
	var out []string
	for b := buf[4:n]; len(b) >= 8; b = b[8:] {
		tag, perm, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])
		for _, t := range aclTags {
			switch {
			case t.tag != tag:
			case strings.HasSuffix(t.name, ":"):
				out = append(out, fmt.Sprintf("%s:%o", t.name, perm))
			default:
				out = append(out, fmt.Sprintf("%s:%d:%o", t.name, id, perm))
			}
		}
	}
	return strings.Join(out, ",")
}
