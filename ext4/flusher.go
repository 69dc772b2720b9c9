package ext4

import (
	"time"

	"extant/sched"
)

// The flusher writes back what has waited for flushRounds of its rounds, one each flushEvery.
const (
	flushEvery  = 5 * time.Second
	flushRounds = 6
)

// flusher writes data back that has waited for long, where the mount has tasks in the background.
type flusher struct {
	w     *writer      // immutable
	timer *sched.Timer // immutable once started

	mu sched.Mutex // held during a round
	// +checklocks:mu
	stopped bool
}

var classFlusher = &sched.Class{Name: "flusher", Doc: "a round of the task that writes old data back"}

func (f *flusher) init(w *writer) {
	f.w = w
	f.mu.Init(classFlusher)
}

func (f *flusher) start() {
	if f.w.o.Background {
		f.timer = sched.NewTimer("flusher", f.tick)
		f.timer.Start(flushEvery)
	}
}

// stop waits for the end of a round, and there is none after it.
func (f *flusher) stop() {
	if f.timer == nil {
		return
	}
	f.timer.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
}

// tick is a round. What cannot be written waits on: it is for who syncs or unmounts to be told.
func (f *flusher) tick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return
	}
	fs := f.w.fs
	due := fs.files.queue.nextRound()
	for range due {
		n, rounds := fs.files.queue.first()
		if n == nil || rounds < flushRounds || f.w.refuses() != nil {
			break
		}
		_ = fs.flush(n)
	}
	f.timer.Start(flushEvery)
}

// nextRound begins a round and returns how many inodes wait.
func (q *dirtyQueue) nextRound() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.round++
	return len(q.list)
}
