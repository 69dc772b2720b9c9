package lockdep_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"extant/lockdep"
	"extant/sched"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// mm is locks with the names of the kernel's, and functions that take them.
type mm struct {
	freeze  sched.Pseudo
	inode   sched.RWMutex
	mmap    sched.RWMutex
	reclaim sched.Context
}

func newMM() *mm {
	m := &mm{reclaim: sched.Context{Class: class("reclaim")}}
	m.freeze.Init(class("sb_writers"))
	m.inode.Init(class("&inode->i_rwsem"))
	m.mmap.Init(class("&mm->mmap_lock"))
	return m
}

func (m *mm) faultIn() {
	m.mmap.RLock()
	m.mmap.RUnlock()
}

func (m *mm) bufferedWrite() {
	m.freeze.Acquire(sched.Shared)
	m.inode.Lock()
	m.reclaim.May()
	m.faultIn()
	m.inode.Unlock()
	m.freeze.Release()
}

func (m *mm) mapFile() {
	m.mmap.Lock()
	m.convertInline()
	m.mmap.Unlock()
}

func (m *mm) convertInline() {
	m.inode.Lock()
	m.inode.Unlock()
}

func (m *mm) shrink() {
	m.reclaim.Enter()
	m.convertInline()
	m.reclaim.Exit()
}

// TestReportForm compares reports with golden files, in which addresses, numbers of goroutines, lines and the
// Go version are blanked out.
func TestReportForm(t *testing.T) {
	for name, run := range map[string]func(m *mm){
		"circular": func(m *mm) {
			sched.Go("mmap", m.mapFile).Wait()
			sched.Go("write", m.bufferedWrite).Wait()
		},
		"inconsistent": func(m *mm) {
			sched.Go("write", m.bufferedWrite).Wait()
			sched.Go("kswapd", m.shrink).Wait()
		},
		"recursive": func(m *mm) {
			other := newMM()
			m.inode.Lock()
			other.convertInline()
			m.inode.Unlock()
		},
		"deadlock": func(m *mm) {
			defer func() { recover() }()
			m.inode.Lock()
			defer m.inode.Unlock()
			m.convertInline()
		},
		"assert": func(m *mm) { m.inode.AssertHeld() },
	} {
		t.Run(name, func(t *testing.T) {
			var last *lockdep.Report
			lockdep.Watch(t, lockdep.Config{Report: func(r *lockdep.Report) {
				last = r
				if r.Kind == lockdep.Deadlock {
					panic(abandon{})
				}
			}})
			run(newMM())
			if last == nil {
				t.Fatal("no report")
			}
			golden(t, name, blank(last.String()))
		})
	}
}

// blank removes what differs from run to run.
func blank(text string) string {
	for _, r := range []struct{ pattern, with string }{
		{`(?m)^go.* \w+/\w+$`, "go"},
		{`\.go:\d+`, ".go"},
		{`(mmap|write|kswapd|goroutine)/\d+`, "$1/1"},
		{`(?m)^( #\d: )?[0-9a-f]{6,} \(`, "${1}ffff ("},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return text + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
}
