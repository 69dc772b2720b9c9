package extract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"extant/internal/ondisk"
)

// Types of members (typeflag).
const (
	tarRegular = '0'
	tarLink    = '1'
	tarSymlink = '2'
	tarChar    = '3'
	tarBlock   = '4'
	tarDir     = '5'
	tarFIFO    = '6'
	tarPAX     = 'x' // records for the member that follows
)

const tarBlockSize = 512

// A tarHeader describes a member.
type tarHeader struct {
	name   string
	kind   byte
	target string // of a link, or the first name of a file with several
	meta   meta

	size         int64 // of the file, bytes
	stored       int64 // in the archive, bytes
	sparse       []byte
	isSparse     bool
	major, minor uint32
}

// setSparse makes the member one with holes, in the form 1.0 of GNU tar: its data starts with a list of the ranges that are there. It
// ends with the end of the file, also where a hole is before it.
func (h *tarHeader) setSparse(list []extent) {
	if n := len(list); n == 0 || list[n-1].end < h.size {
		list = append(slices.Clip(list), extent{h.size, h.size})
	}
	b := strconv.AppendInt(nil, int64(len(list)), 10)
	h.stored = 0
	for _, x := range list {
		b = strconv.AppendInt(append(b, '\n'), x.off, 10)
		b = strconv.AppendInt(append(b, '\n'), x.end-x.off, 10)
		h.stored += x.end - x.off
	}
	b = append(b, '\n')
	h.sparse = append(b, make([]byte, -len(b)&(tarBlockSize-1))...)
	h.stored += int64(len(h.sparse))
	h.isSparse = true
}

// The largest numbers that fit the fields of a header, which are octal.
const (
	octal7Max  = 1<<21 - 1
	octal11Max = 1<<33 - 1
)

// encode is the header with its records before it.
func (h *tarHeader) encode() []byte {
	u := &ustar{kind: h.kind, mode: h.meta.mode, target: h.target, major: h.major, minor: h.minor}
	p := &paxRecords{}
	if !utf8.ValidString(h.name) || !utf8.ValidString(h.target) {
		p.add("hdrcharset", "BINARY")
	}
	if h.isSparse {
		p.add("GNU.sparse.major", "1")
		p.add("GNU.sparse.minor", "0")
		p.add("GNU.sparse.name", h.name)
		p.add("GNU.sparse.realsize", strconv.FormatInt(h.size, 10))
		u.name = fieldName(inFolder(h.name, "GNUSparseFile.0")) // no "path", which some would take in place of the record above
	} else {
		u.name = p.text("path", h.name, ustarNameMax)
	}
	u.target = p.text("linkpath", u.target, ustarNameMax)
	u.size = p.number("size", h.stored, octal11Max)
	u.uid = p.number("uid", int64(h.meta.uid), octal7Max)
	u.gid = p.number("gid", int64(h.meta.gid), octal7Max)
	if h.meta.times {
		u.mtime = p.time("mtime", h.meta.mtime)
	}
	for _, x := range h.meta.xattrs {
		p.xattr(x)
	}
	return u.append(p.header(h.name))
}

// inFolder is a path with a folder put before its last name.
func inFolder(path, folder string) string {
	trimmed := strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(trimmed, '/') + 1
	return path[:i] + folder + "/" + trimmed[i:]
}

// paxRecords are the records of an extended header: what the header itself has no room for.
type paxRecords struct{ b []byte }

// add adds a record: its length, which counts itself, a key and a value.
func (p *paxRecords) add(key, value string) {
	rest := len(key) + len(value) + 3 // a space, an equals sign, a newline
	n := rest + len(strconv.Itoa(rest))
	n = rest + len(strconv.Itoa(n))
	p.b = fmt.Appendf(p.b, "%d %s=%s\n", n, key, value)
}

// text returns a string for a field of size bytes, after adding a record where that cannot hold it as it is.
func (p *paxRecords) text(key, s string, size int) string {
	plain := len(s) <= size
	for i := range len(s) {
		plain = plain && s[i] < utf8.RuneSelf
	}
	if plain {
		return s
	}
	p.add(key, s)
	return s[:min(len(s), size)]
}

// number returns a number for a field, after adding a record where it is larger than the field's largest.
func (p *paxRecords) number(key string, n, largest int64) int64 {
	if n <= largest {
		return n
	}
	p.add(key, strconv.FormatInt(n, 10))
	return 0
}

// time returns the seconds for a field, after adding a record where they do not say it all.
func (p *paxRecords) time(key string, t time.Time) int64 {
	sec, nano := t.Unix(), t.Nanosecond()
	if nano == 0 && sec >= 0 && sec <= octal11Max {
		return sec
	}
	p.add(key, paxTime(sec, nano))
	return min(max(sec, 0), octal11Max)
}

// paxTime is a time in decimal. A fraction after a negative number counts away from zero.
func paxTime(sec int64, nano int) string {
	sign := ""
	if sec < 0 {
		sign, sec = "-", -sec
		if nano > 0 {
			sec, nano = sec-1, 1e9-nano
		}
	}
	if nano == 0 {
		return sign + strconv.FormatInt(sec, 10)
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%09d", sign, sec, nano), "0")
}

// paxXattrEscape is how GNU tar writes an equals sign in the name of an xattr, where it would end the key, and what looks like an
// escape. A percent sign by itself stays, for readers that know no escapes.
var paxXattrEscape = strings.NewReplacer("=", "%3D", "%3D", "%253D", "%25", "%2525")

// xattr adds an xattr. ACLs go as text, the form that archivers agree on.
func (p *paxRecords) xattr(x xattr) {
	switch x.name {
	case aclAccess:
		p.add("SCHILY.acl.access", aclText(x.value))
	case aclDefault:
		p.add("SCHILY.acl.default", aclText(x.value))
	default:
		p.add("SCHILY.xattr."+paxXattrEscape.Replace(x.name), string(x.value))
	}
}

// aclText is an ACL, which has been checked, as text with IDs in place of names.
func aclText(value []byte) string {
	acl, err := ondisk.DecodeXattrACL(value)
	if err != nil {
		return ""
	}
	var lines []string
	for _, e := range acl {
		who, id := "", ""
		switch e.Tag {
		case ondisk.ACLUserObj, ondisk.ACLUser:
			who = "user"
		case ondisk.ACLGroupObj, ondisk.ACLGroup:
			who = "group"
		case ondisk.ACLMask:
			who = "mask"
		default:
			who = "other"
		}
		if e.Tag == ondisk.ACLUser || e.Tag == ondisk.ACLGroup {
			id = strconv.FormatUint(uint64(e.ID), 10)
		}
		perm := []byte("rwx")
		for i := range perm {
			if e.Perm&(4>>i) == 0 {
				perm[i] = '-'
			}
		}
		lines = append(lines, who+":"+id+":"+string(perm))
	}
	return strings.Join(lines, ",")
}

// header is the extended header for the member called name; nothing where there are no records.
func (p *paxRecords) header(name string) []byte {
	if len(p.b) == 0 {
		return nil
	}
	u := ustar{kind: tarPAX, mode: 0o644, name: fieldName(inFolder(name, "PaxHeaders.0")), size: int64(len(p.b))}
	b := append(u.append(nil), p.b...)
	return append(b, make([]byte, -len(b)&(tarBlockSize-1))...)
}

// fieldName is a name for a field that is shown by nobody who reads the records: whatever of it fits.
func fieldName(s string) string {
	s = s[:min(len(s), ustarNameMax)]
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '_'
		}
		return r
	}, s)
}

// ustarNameMax is the longest name that a header has room for, without its prefix field.
const ustarNameMax = 100

// ustar is the header that POSIX.1-1988 defined.
type ustar struct {
	kind         byte
	mode         uint32
	uid, gid     int64
	size, mtime  int64
	name, target string
	major, minor uint32
}

// append appends the header in its 512 bytes.
func (u *ustar) append(b []byte) []byte {
	at := len(b)
	b = append(b, make([]byte, tarBlockSize)...)
	h := b[at:]
	copy(h[0:100], u.name)
	octal(h[100:108], int64(u.mode))
	octal(h[108:116], u.uid)
	octal(h[116:124], u.gid)
	octal(h[124:136], u.size)
	octal(h[136:148], u.mtime)
	copy(h[148:156], "        ") // the checksum is computed with blanks in its place
	h[156] = u.kind
	copy(h[157:257], u.target)
	copy(h[257:265], "ustar\x0000")
	octal(h[329:337], int64(u.major))
	octal(h[337:345], int64(u.minor))
	sum := int64(0)
	for _, c := range h {
		sum += int64(c)
	}
	octal(h[148:155], sum)
	return b
}

// octal writes a number with leading zeros and a zero byte at the end.
func octal(field []byte, n int64) {
	for i := len(field) - 2; i >= 0; i-- {
		field[i] = '0' + byte(n&7)
		n >>= 3
	}
	field[len(field)-1] = 0
}
