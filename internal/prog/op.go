package prog

import (
	"fmt"
	"strings"

	"extant/internal/model"
)

// An Op is one operation. Which fields mean something its verb says.
type Op struct {
	Verb   string
	As     *model.Cred // who does it; nil is user 0
	File   string      // a path, or @ and the name of an open file
	To     string      // another path, or the target of a link
	Name   string      // of an open file (without its @), a mapping or an attribute
	Word   string      // flags, a kind, a list
	Off    int64
	From   int64 // an offset of what is read where Off is of what is written
	Len    int64
	Data   Data
	Mode   uint32
	UID    int64 // -1 leaves it
	GID    int64
	Before model.Time // time of access
	After  model.Time // time of modification
}

// A verb says what an operation is called, what follows, and what it does. In its form every word is a kind of operand; those behind "?" may
// be left out.
type verb struct {
	form string
	do   func(r *Runner, op *Op) Result
}

// verbs is filled by verbs.go; to print a Result needs none of it.
var verbs = map[string]verb{
	"file":         {"file data", doFile},
	"create":       {"file ? mode", doCreate},
	"mkdir":        {"file ? mode", doMkdir},
	"rmdir":        {"file", doRmdir},
	"unlink":       {"file", doUnlink},
	"symlink":      {"to file", doSymlink},
	"link":         {"file to", doLink},
	"rename":       {"file to ? word", doRename},
	"mknod":        {"file word ? mode", doMknod},
	"open":         {"handle file word ? mode", doOpen},
	"close":        {"handle", doClose},
	"read":         {"file off len", doRead},
	"write":        {"file off data", doWrite},
	"append":       {"file data", doAppend},
	"truncate":     {"file len", doTruncate},
	"fallocate":    {"file word off len", doFallocate},
	"seek":         {"file off", doSeek},
	"chmod":        {"file mode", doChmod},
	"chown":        {"file uid gid", doChown},
	"lchown":       {"file uid gid", doChown},
	"utimes":       {"file before after", doUtimes},
	"lutimes":      {"file before after", doUtimes},
	"setxattr":     {"file name data ? word", doSetXattr},
	"lsetxattr":    {"file name data ? word", doSetXattr},
	"getxattr":     {"file name", doXattr},
	"lgetxattr":    {"file name", doXattr},
	"listxattr":    {"file", doListXattr},
	"llistxattr":   {"file", doListXattr},
	"removexattr":  {"file name", doRemoveXattr},
	"lremovexattr": {"file name", doRemoveXattr},
	"setacl":       {"file name word", doSetACL},
	"chattr":       {"file word", doChattr},
	"stat":         {"file", doStat},
	"lstat":        {"file", doStat},
	"readlink":     {"file", doReadlink},
	"readdir":      {"file", doReadDir},
	"sync":         {"? file", doSync},
	"datasync":     {"file", doSync},
	"map":          {"file name", doMap},
	"load":         {"name off len", doLoad},
	"store":        {"name off data", doStore},
	"msync":        {"name", doMsync},
	"unmap":        {"name", doUnmap},
	"copy":         {"file off name from len", doCopy},
	"freeze":       {"", doFreeze},
	"thaw":         {"", doFreeze},
	"remount":      {"", doRemount},
}

// follows reports whether the operation follows a symbolic link at the end of its path.
func (op *Op) follows() bool { return op.Verb[0] != 'l' || op.Verb == "listxattr" }

func (op *Op) cred() model.Cred {
	if op.As == nil {
		return model.Cred{}
	}
	return *op.As
}

// handle is the name of the open file that the operation is about, if it is about one.
func (op *Op) handle() (string, bool) { return strings.CutPrefix(op.File, "@") }

// A Line is operations behind each other. Lines with Thread that follow each other run at the same time.
type Line struct {
	Thread bool
	Ops    []*Op
}

// A Program is lines.
type Program struct{ Lines []Line }

// Ops counts the operations.
func (p *Program) Ops() int {
	n := 0
	for _, l := range p.Lines {
		n += len(l.Ops)
	}
	return n
}

func (p *Program) String() string {
	var b strings.Builder
	for _, l := range p.Lines {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

func (l Line) String() string {
	words := make([]string, len(l.Ops))
	for i, op := range l.Ops {
		words[i] = op.String()
	}
	s := strings.Join(words, "; ")
	if l.Thread {
		s = "thread " + s
	}
	return s
}
