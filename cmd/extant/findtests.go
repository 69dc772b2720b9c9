package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"extant"
	"extant/internal/ondisk"
)

// A findPrimary is a word of find's expressions.
type findPrimary struct {
	name   string
	arg    string // what its argument is called; "" for none
	help   string
	action bool
	make   func(r *findRun, arg string) (findTest, error)
}

// findWords are the tests, options and actions, in the order of the help.
var findWords = []findPrimary{
	{"name", "PATTERN", "the name matches", false, findName(false, false)},
	{"iname", "PATTERN", "the name matches, in capitals or not", false, findName(false, true)},
	{"path", "PATTERN", "the path in the image matches", false, findName(true, false)},
	{"ipath", "PATTERN", "the path matches, in capitals or not", false, findName(true, true)},
	{"lname", "PATTERN", "it is a symbolic link, and its target matches", false, findTarget},
	{"type", "LETTERS", "one of f, d, l, b, c, p, s; several with commas", false, findType},
	{"size", "N[cwbkMGT]", "so many units, rounded up: bytes, 2, 512 (the default), KiB, ...", false, findSize},
	{"empty", "", "a file without bytes, a directory without names", false, findEmpty},
	{"perm", "MODE", "the mode is MODE in octal; with - all of its bits are set, with / any", false, findPerm},
	{"uid", "N", "the owner", false, findNumber(func(e *entry) uint64 { return uint64(e.stat.UID) })},
	{"gid", "N", "the group", false, findNumber(func(e *entry) uint64 { return uint64(e.stat.GID) })},
	{"links", "N", "the number of hard links", false, findNumber(func(e *entry) uint64 { return uint64(e.stat.Links) })},
	{"inum", "N", "the inode number", false, findNumber(func(e *entry) uint64 { return uint64(e.stat.Ino) })},
	{"mtime", "N", "changed N days ago", false, findAge(24 * time.Hour)},
	{"mmin", "N", "changed N minutes ago", false, findAge(time.Minute)},
	{"newer", "FILE", "changed later than FILE, of an image or the host", false, findNewer},
	{"newermt", "TIME", "changed later than TIME: 2006-01-02[T15:04:05[Z]]", false, findNewerTime},
	{"flags", "LETTERS", "has all these flags, in lsattr's letters", false, findFlags},
	{"xattr", "PATTERN", "has an extended attribute whose name matches", false, findXattr},
	{"maxdepth", "N", "go N levels down, 0 for none", false, findDepth(func(r *findRun) *int { return &r.maxDepth })},
	{"mindepth", "N", "pass over what is less than N levels down", false, findDepth(func(r *findRun) *int { return &r.minDepth })},
	{"true", "", "every file passes", false, findAlways(func(*findFile) bool { return true })},
	{"false", "", "none does", false, findAlways(func(*findFile) bool { return false })},
	{"print", "", "print the address, and a newline", true, findAlways(func(f *findFile) bool { f.show(); return true })},
	{"print0", "", "print the address as it is, and a NUL", true, findAlways(func(f *findFile) bool { f.print(0); return true })},
	{"prune", "", "do not go down into it", true, findAlways(func(f *findFile) bool { f.prune = true; return true })},
	{"quit", "", "end the search", true, findAlways(func(f *findFile) bool { f.quit = true; return true })},
}

func findAlways(test findTest) func(*findRun, string) (findTest, error) {
	return func(*findRun, string) (findTest, error) { return test, nil }
}

// onEntry is a test of what the inode says; a file whose inode cannot be read does not pass.
func onEntry(test func(*entry) bool) findTest {
	return func(f *findFile) bool {
		e := f.entry()
		return e != nil && test(e)
	}
}

func findName(path, fold bool) func(*findRun, string) (findTest, error) {
	return func(_ *findRun, pattern string) (findTest, error) {
		if fold {
			pattern = strings.ToLower(pattern)
		}
		return func(f *findFile) bool {
			s := baseName(f.at.Path)
			if path {
				s = f.at.Path
			}
			if fold {
				s = strings.ToLower(s)
			}
			return globMatch(pattern, s)
		}, nil
	}
}

func findTarget(_ *findRun, pattern string) (findTest, error) {
	return onEntry(func(e *entry) bool { return e.isLink() && globMatch(pattern, e.target) }), nil
}

func findType(_ *findRun, arg string) (findTest, error) {
	var types []uint16
	for letter := range strings.SplitSeq(arg, ",") {
		found := false
		for mode, k := range fileKinds {
			if letter == string(k.letter) && letter != "-" || letter == "f" && k.letter == '-' {
				types, found = append(types, mode), true
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is no type", letter)
		}
	}
	return onEntry(func(e *entry) bool { return slices.Contains(types, e.stat.Type()) }), nil
}

var sizeUnits = map[byte]int64{'c': 1, 'w': 2, 'b': 512, 'k': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}

func findSize(_ *findRun, arg string) (findTest, error) {
	unit := int64(512)
	if arg != "" {
		if u, ok := sizeUnits[arg[len(arg)-1]]; ok {
			unit, arg = u, arg[:len(arg)-1]
		}
	}
	is, err := comparison(arg)
	if err != nil {
		return nil, err
	}
	return onEntry(func(e *entry) bool {
		n := e.stat.Size / unit
		if e.stat.Size%unit != 0 {
			n++
		}
		return is(n)
	}), nil
}

// comparison reads N, +N or -N.
func comparison(arg string) (func(int64) bool, error) {
	n, err := strconv.ParseUint(strings.TrimLeft(arg, "+-"), 10, 63)
	if err != nil || len(strings.TrimLeft(arg, "+-")) < len(arg)-1 {
		return nil, fmt.Errorf("%q is no number", arg)
	}
	want := int64(n)
	switch arg[0] {
	case '+':
		return func(n int64) bool { return n > want }, nil
	case '-':
		return func(n int64) bool { return n < want }, nil
	}
	return func(n int64) bool { return n == want }, nil
}

func findNumber(of func(*entry) uint64) func(*findRun, string) (findTest, error) {
	return func(_ *findRun, arg string) (findTest, error) {
		is, err := comparison(arg)
		if err != nil {
			return nil, err
		}
		return onEntry(func(e *entry) bool { return is(int64(of(e))) }), nil
	}
}

func findEmpty(*findRun, string) (findTest, error) {
	return func(f *findFile) bool {
		e := f.entry()
		switch {
		case e == nil:
			return false
		case !e.isDir():
			return e.stat.Type() == ondisk.ModeRegular && e.stat.Size == 0
		}
		empty, err := isEmptyDir(f.at)
		if err != nil {
			f.fail(err)
		}
		return empty
	}, nil
}

func isEmptyDir(p place) (bool, error) {
	dir, err := p.vol.Open(p.Path)
	if err != nil {
		return false, p.wrap(err)
	}
	defer dir.Close()
	_, err = dir.ReadDir(1)
	if err == io.EOF {
		return true, nil
	}
	return false, p.wrap(err)
}

// timeOfFile is when a file was changed: one of an image, or of the host.
func (r *findRun) timeOfFile(arg string) (time.Time, error) {
	if _, ok := extant.ParseAddress(arg); !ok {
		info, err := os.Stat(arg)
		if err != nil {
			return time.Time{}, err
		}
		return info.ModTime(), nil
	}
	p, err := r.place(arg)
	if err != nil {
		return time.Time{}, err
	}
	e, err := entryOf(p, arg, true)
	if err != nil {
		return time.Time{}, err
	}
	return e.stat.MTime, nil
}

func findPerm(_ *findRun, arg string) (findTest, error) {
	bits, err := strconv.ParseUint(strings.TrimLeft(arg, "-/"), 8, 12)
	if err != nil {
		return nil, fmt.Errorf("%q is no mode in octal", arg)
	}
	want := uint16(bits)
	return onEntry(func(e *entry) bool {
		mode := e.stat.Mode & 0o7777
		switch arg[0] {
		case '-':
			return mode&want == want
		case '/':
			return mode&want != 0 || want == 0
		}
		return mode == want
	}), nil
}

func findAge(unit time.Duration) func(*findRun, string) (findTest, error) {
	return func(r *findRun, arg string) (findTest, error) {
		is, err := comparison(arg)
		if err != nil {
			return nil, err
		}
		return onEntry(func(e *entry) bool { return is(int64(r.now.Sub(e.stat.MTime) / unit)) }), nil
	}
}

func findNewer(r *findRun, arg string) (findTest, error) {
	t, err := r.timeOfFile(arg)
	if err != nil {
		return nil, err
	}
	return onEntry(func(e *entry) bool { return e.stat.MTime.After(t) }), nil
}

func findNewerTime(_ *findRun, arg string) (findTest, error) {
	t, err := parseTime(arg)
	if err != nil {
		return nil, err
	}
	return onEntry(func(e *entry) bool { return e.stat.MTime.After(t) }), nil
}

// parseTime reads a time: @SECONDS, or a date with or without time of day and zone.
func parseTime(s string) (time.Time, error) {
	if sec, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(sec, 10, 64)
		return time.Unix(n, 0), err
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", s)
}

func findFlags(_ *findRun, arg string) (findTest, error) {
	var want uint32
	for _, letter := range []byte(arg) {
		i := slices.IndexFunc(inodeFlags, func(f inodeFlag) bool { return f.letter == letter })
		if i < 0 {
			return nil, fmt.Errorf("%q is no flag", letter)
		}
		want |= inodeFlags[i].bit
	}
	return onEntry(func(e *entry) bool { return e.stat.Flags&want == want }), nil
}

func findXattr(_ *findRun, pattern string) (findTest, error) {
	return func(f *findFile) bool {
		e := f.entry()
		if e == nil {
			return false
		}
		names, err := e.inode.Xattrs()
		if err != nil {
			f.fail(f.at.wrap(err))
		}
		return slices.ContainsFunc(names, func(n string) bool { return globMatch(pattern, n) })
	}, nil
}

func findDepth(of func(*findRun) *int) func(*findRun, string) (findTest, error) {
	return func(r *findRun, arg string) (findTest, error) {
		n, err := strconv.ParseUint(arg, 10, 31)
		if err != nil {
			return nil, errors.New("is no number of levels")
		}
		*of(r) = int(n)
		return func(*findFile) bool { return true }, nil
	}
}
