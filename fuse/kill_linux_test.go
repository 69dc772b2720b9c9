package fuse_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"extant/internal/ext4test"
)

// TestKill kills the daemon in the middle of a load of small files that are each synced, with their directory, or renamed over others. What was
// promised by then is there after the next mount, and the image is sound. EXTANT_KILLS says how often, if not 3 times.
func TestKill(t *testing.T) {
	kills := 3
	if n, err := strconv.Atoi(os.Getenv("EXTANT_KILLS")); err == nil {
		kills = n
	}
	d := mount(t, format(t, 256<<20, "-b 4096 -I 256"), "")
	for round := range kills {
		promised := d.load(round, time.Duration(50+round*37%200)*time.Millisecond, t)
		if len(promised) == 0 {
			t.Logf("round %d: killed before anything was promised", round)
		}
		d.start(t, "")
		for name, want := range promised {
			b, err := os.ReadFile(d.path(name))
			if err != nil || string(b) != want {
				t.Fatalf("round %d: %s was synced with %.20q; now it is %.20q, %v", round, name, want, b, err)
			}
		}
		d.unmount(t)
		ext4test.Check(t, d.image)
		d.start(t, "")
	}
}

// load has two tasks write and sync files until the daemon is killed, and returns what each file was last promised to hold.
func (d *daemon) load(round int, after time.Duration, t *testing.T) map[string]string {
	var (
		mu       sync.Mutex
		promised = map[string]string{}
		tasks    sync.WaitGroup
		stopped  atomic.Bool
	)
	for task := range 2 {
		tasks.Go(func() {
			for i := 0; !stopped.Load(); i++ {
				name := fmt.Sprintf("r%d-t%d-%d", round, task, i%20)
				content := fmt.Sprintf("%d %d %d %0*d", round, task, i, 1+i*613%9000, i)
				mu.Lock()
				delete(promised, name) // until it is promised anew it may be either
				mu.Unlock()
				if d.replace(name, content, i%2 == 0) != nil {
					continue
				}
				mu.Lock()
				promised[name] = content
				mu.Unlock()
			}
		})
	}
	time.Sleep(after)
	d.kill(t)
	stopped.Store(true)
	tasks.Wait()
	d.gone(t)
	return promised
}

// replace gives a file new content durably: in place, or by another that is renamed.
func (d *daemon) replace(name, content string, renames bool) error {
	to := d.path(name)
	if renames {
		to += ".new"
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if renames {
		if err := os.Rename(to, d.path(name)); err != nil {
			return err
		}
	}
	dir, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
