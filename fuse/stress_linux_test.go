package fuse_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStress has four tasks do whatever comes to mind in the same few directories, under a validator of lock order in the daemon: no report, a sound image, and
// nothing that grows. EXTANT_STRESS says for how long, as "30m", if not 2 seconds.
func TestStress(t *testing.T) {
	length := 2 * time.Second
	if d, err := time.ParseDuration(os.Getenv("EXTANT_STRESS")); err == nil {
		length = d
	}
	for _, options := range []string{"lockdep", "lockdep writethrough data=journal"} {
		d := mount(t, format(t, 256<<20, "-b 4096 -I 256 -O inline_data"), options)
		var tasks sync.WaitGroup
		end := time.Now().Add(length / 2)
		time.AfterFunc(length/10, func() { t.Logf("%s: at first %s", options, d.memory()) })
		for task := range 4 {
			tasks.Go(func() {
				r := rand.New(rand.NewPCG(uint64(task), 1))
				for time.Now().Before(end) {
					d.act(r)
				}
			})
		}
		tasks.Wait()
		t.Logf("%s: at last %s", options, d.memory())
		d.unmount(t)
	}
}

// memory is what the daemon takes.
func (d *daemon) memory() string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	var out []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "Threads") {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(out, ", ")
}

// act does one thing, which may fail: another task may have been there before.
func (d *daemon) act(r *rand.Rand) {
	name := func() string { return d.path(strconv.Itoa(r.IntN(3)) + "/" + strconv.Itoa(r.IntN(40))) }
	switch r.IntN(12) {
	case 0:
		_ = os.Mkdir(d.path(strconv.Itoa(r.IntN(3))), 0o755)
	case 1:
		_ = os.Rename(name(), name())
	case 2:
		_ = os.Remove(name())
	case 3:
		_ = os.Link(name(), name())
	case 4:
		_ = os.Truncate(name(), r.Int64N(1<<18))
	case 5:
		_ = unix.Setxattr(name(), "user.a", bytes.Repeat([]byte("x"), r.IntN(300)), 0)
	case 6:
		_, _ = os.ReadDir(d.path(strconv.Itoa(r.IntN(3))))
	case 7:
		_, _ = os.ReadFile(name())
	case 8:
		_ = os.RemoveAll(d.path(strconv.Itoa(r.IntN(3)) + "/" + strconv.Itoa(40+r.IntN(3))))
	case 9:
		_ = os.MkdirAll(d.path(strconv.Itoa(r.IntN(3))+"/"+strconv.Itoa(40+r.IntN(3))+"/deep"), 0o755)
	default:
		f, err := os.OpenFile(name(), os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return
		}
		defer f.Close()
		_, _ = f.WriteAt(bytes.Repeat([]byte("y"), r.IntN(1<<15)), r.Int64N(1<<18))
		switch r.IntN(4) {
		case 0:
			_ = f.Sync()
		case 1:
			_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, r.Int64N(1<<17), 1+r.Int64N(1<<16))
		case 2:
			_ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		}
	}
}
