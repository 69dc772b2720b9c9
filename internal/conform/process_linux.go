package conform

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Main makes calls for a Runner and ends the program, if it was started for that.
func Main() {
	who := os.Getenv(processVar)
	if who == "" {
		return
	}
	runtime.LockOSThread()
	if err := serve(who); err != nil {
		fmt.Fprintln(os.Stderr, who+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A caller is one process's state: what it has open, mapped and mounted.
type caller struct {
	dir    string
	files  map[string]int
	maps   map[string][]byte
	mounts []string
}

func serve(who string) error {
	if err := become(who); err != nil {
		return err
	}
	c := &caller{}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if _, err := fmt.Println(strconv.Quote(c.do(lines.Text()))); err != nil {
			return err
		}
	}
	return c.reset("/")
}

// capabilities that a process may be without, by their numbers.
var capabilities = map[string]uint{
	"chown": 0, "dac": 1, "read": 2, "fowner": 3, "fsetid": 4, "immutable": 9, "admin": 21, "resource": 24, "mknod": 27, "setfcap": 31,
}

// become makes the process UID:GID[,GROUP...][-CAP...][/NAME].
func become(who string) error {
	who, _, _ = strings.Cut(who, "/")
	who, drop, _ := strings.Cut(who, "-")
	user, group, _ := strings.Cut(who, ":")
	uid, err := strconv.Atoi(user)
	if err != nil {
		return err
	}
	var ids []int
	for word := range strings.SplitSeq(group, ",") {
		id, err := strconv.Atoi(word)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := errors.Join(syscall.Setgroups(ids[1:]), syscall.Setresgid(ids[0], ids[0], ids[0]), syscall.Setresuid(uid, uid, uid)); err != nil {
		return err
	}
	if drop == "" {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	for name := range strings.SplitSeq(drop, "-") {
		bit, ok := capabilities[name]
		if !ok {
			return fmt.Errorf("no capability %s", name)
		}
		data[0].Effective &^= 1 << bit
		data[0].Permitted &^= 1 << bit
	}
	return unix.Capset(&header, &data[0])
}

// do makes one call.
func (c *caller) do(line string) (result string) {
	defer func() {
		if v := recover(); v != nil {
			result = fmt.Sprintf("BAD %v in %q", v, line)
		}
	}()
	if dir, ok := strings.CutPrefix(line, "reset "); ok {
		if err := c.reset(dir); err != nil {
			return err.Error()
		}
		return "ok"
	}
	if rest, ok := strings.CutPrefix(line, "moves "); ok {
		paths, call, _ := strings.Cut(rest, " : ")
		return c.moves(strings.Fields(paths), call)
	}
	words := strings.Fields(line)
	do := calls[words[0]]
	if do == nil {
		return "BAD call " + words[0]
	}
	a := &operands{c: c, words: words[1:]}
	result = do(c, a)
	if len(a.words) > 0 && result[0] != 'E' {
		return fmt.Sprintf("BAD operands %q", a.words)
	}
	return result
}

// reset makes the process as it was, in another directory.
func (c *caller) reset(dir string) error {
	for _, m := range c.maps {
		_ = unix.Munmap(m)
	}
	for _, fd := range c.files {
		_ = unix.Close(fd)
	}
	for _, path := range slices.Backward(c.mounts) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return err
		}
	}
	*c = caller{dir: dir, files: map[string]int{}, maps: map[string][]byte{}}
	unix.Umask(0o022)
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	return errors.Join(unix.Chdir(dir), unix.Setrlimit(unix.RLIMIT_FSIZE, &unlimited))
}

// ok is the result of a call that gives nothing else.
func ok(err error) string { return value("ok", err) }

// value is the result of a call that gives v.
func value(v any, err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return fmt.Sprint(v)
	case errors.As(err, &errno):
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	}
	return "BAD " + err.Error()
}

// operands are the words behind a call that have not been looked at.
type operands struct {
	c     *caller
	words []string
}

// more reports whether there is another word.
func (a *operands) more() bool { return len(a.words) > 0 }

// word is the next word, with what it stands for.
func (a *operands) word() string {
	if len(a.words) == 0 {
		panic("an operand is missing")
	}
	w := a.words[0]
	a.words = a.words[1:]
	return a.c.expand(w)
}

// expand replaces {N}, {/N} and $D.
func (c *caller) expand(w string) string {
	if w == "''" {
		return ""
	}
	w = strings.ReplaceAll(w, "$D", c.dir)
	for {
		before, rest, ok := strings.Cut(w, "{")
		if !ok {
			return w
		}
		inside, after, _ := strings.Cut(rest, "}")
		text := "x"
		if dots, isDots := strings.CutPrefix(inside, "/"); isDots {
			inside, text = dots, "./"
		}
		n, err := strconv.Atoi(inside)
		if err != nil {
			panic(err)
		}
		w = before + strings.Repeat(text, n/len(text)) + after
	}
}

// opt is the next word, or what it is by default.
func (a *operands) opt(otherwise string) string {
	if !a.more() {
		return otherwise
	}
	return a.word()
}

// num is the next word as a number.
func (a *operands) num() int64 {
	w := a.word()
	n, err := strconv.ParseInt(w, 0, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// mode is the next word as an octal number.
func (a *operands) mode() uint32 { return octal(a.word()) }

func octal(w string) uint32 {
	n, err := strconv.ParseUint(w, 8, 32)
	if err != nil {
		panic(err)
	}
	return uint32(n)
}

// flags is the next word as flags joined with "+"; there may be none.
func (a *operands) flags(known map[string]int) (flags int) {
	w := a.opt("")
	if w == "" || w == "0" {
		return 0
	}
	for name := range strings.SplitSeq(w, "+") {
		bit, ok := known[name]
		if !ok {
			panic("no flag " + name)
		}
		flags |= bit
	}
	return flags
}

// at is the next word as a path: &NAME/PATH is below an open directory, &NAME an open file itself.
func (a *operands) at() (dirfd int, path string) {
	w := a.word()
	rest, isFile := strings.CutPrefix(w, "&")
	if !isFile {
		return unix.AT_FDCWD, w
	}
	name, path, _ := strings.Cut(rest, "/")
	return a.c.file(name), path
}

// path is the next word as a path by itself.
func (a *operands) path() string { return a.word() }

// fd is the next word as an open file, &NAME.
func (a *operands) fd() int { return a.c.file(strings.TrimPrefix(a.word(), "&")) }

// file is an open file by its name. -1 is none.
func (c *caller) file(name string) int {
	fd, ok := c.files[name]
	if !ok && name != "-1" {
		panic("no file " + name)
	}
	if !ok {
		return -1
	}
	return fd
}

// isFile reports whether the next word is an open file.
func (a *operands) isFile() bool {
	return a.more() && strings.HasPrefix(a.words[0], "&") && !strings.Contains(a.words[0], "/")
}
