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

// flusher writes data back that has waited for long, and whatever has waited longest while more than a half of what may be dirty is, where the
// mount has tasks in the background.
type flusher struct {
	w     *writer      // immutable
	timer *sched.Timer // immutable once started
	idle  sched.Event  // no round is under way

	asked sched.Int64 // 1 from when a round was asked for until one has ended

	mu sched.Mutex
	// +checklocks:mu
	stopped bool
	// +checklocks:mu
	running bool
}

var classFlusher = &sched.Class{Name: "flusher", Doc: "whether there are rounds of the task that writes old data back"}

func (f *flusher) init(w *writer) {
	f.w = w
	f.mu.Init(classFlusher)
	f.idle.Fire()
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
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	f.timer.Stop()
	f.idle.Wait()
}

// ask has a round begin now. It does not wait, for a writer that holds an inode asks: where a round begins or ends at that moment, the next
// who dirties a folio asks again. The analyzer of locks does not know TryLock.
//
// +checklocksignore
func (f *flusher) ask() {
	if f.timer == nil || !f.asked.CompareAndSwap(0, 1) {
		return
	}
	if !f.mu.TryLock() {
		f.asked.Store(0)
		return
	}
	defer f.mu.Unlock()
	if !f.stopped {
		f.timer.Start(0)
	}
}

// tick is a round. What cannot be written waits on: it is for who syncs or unmounts to be told.
func (f *flusher) tick() {
	if !f.begin() {
		return
	}
	defer f.end()
	queue, pool := &f.w.fs.files.queue, f.w.fs.files.pool
	for range queue.nextRound(f.asked.Load() == 0) {
		n, rounds := queue.first()
		if n == nil || rounds < flushRounds && pool.Dirty() < pool.DirtyMax()/4 || f.w.refuses() != nil {
			return
		}
		f.w.fs.judge(f.w.fs.flush(n))
	}
}

// begin begins a round, unless there are to be no more, or one is under way.
func (f *flusher) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped || f.running {
		return false
	}
	f.running = true
	f.idle.Reset()
	return true
}

// end ends a round, and has the next one begin in time.
func (f *flusher) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = false
	f.asked.Store(0)
	if !f.stopped {
		f.timer.Start(flushEvery)
	}
	f.idle.Fire()
}

// nextRound begins a round, which counts if its time had come, and returns how many inodes wait.
func (q *dirtyQueue) nextRound(counts bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if counts {
		q.round++
	}
	return q.length
}
