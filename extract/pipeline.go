package extract

import (
	"slices"

	"extant/sched"
)

// A batch is some files of one directory, to be made by one worker one after another, and what there is to say about them.
// One without files carries what the walk has to say.
type batch struct {
	seq   uint64
	dir   *node
	files []entry
	bytes int64 // about
	waits bool  // some of the files are other names of files, which may be in batches before it

	stats  Stats
	events []event
}

// An event is a failure, or a note on what was left out.
type event struct {
	path string
	err  error
	note string
}

func (b *batch) fail(path string, err error) {
	b.events = append(b.events, event{path: path, err: err})
}
func (b *batch) note(path string, why string) {
	b.events = append(b.events, event{path: path, note: why})
}

// windowBatches is how many batches may be under way: the memory that they take is bounded by it.
const windowBatches = 32

var pipelineClass = &sched.Class{Name: "extract-pipeline", Doc: "the batches under way and the order of their reports", Wait: sched.Spinning}

// A pipeline hands batches from the walk to the workers, and what they report on in the order of the walk.
type pipeline struct {
	tell func(*batch) // immutable: called for one batch at a time, by the order of the walk

	mu sched.Mutex
	// +checklocks:mu
	work, room sched.Cond // there is a batch, or no more will come; the window has moved
	// +checklocks:mu
	queue []*batch
	// +checklocks:mu
	busy map[*node]int // how many work in a directory
	// +checklocks:mu
	spare [][]entry // of batches that are done
	// +checklocks:mu
	next, told uint64 // the numbers of the next batch and of the next to tell of
	// +checklocks:mu
	done map[uint64]*batch // waiting for their turn to be told of
	// +checklocks:mu
	telling, closed bool
	// +checklocks:mu
	err error // why to stop
}

func newPipeline(tell func(*batch)) *pipeline {
	p := &pipeline{tell: tell, done: map[uint64]*batch{}, busy: map[*node]int{}}
	p.mu.Init(pipelineClass)
	p.work.Init(&p.mu, nil)
	p.room.Init(&p.mu, nil)
	return p
}

// put gives a batch its number and queues it. As long as the window has no room for it the caller works as well: help makes a batch.
func (p *pipeline) put(b *batch, help func(*batch)) {
	p.mu.Lock()
	for p.next-p.told >= windowBatches {
		other := p.chooseLocked(nil)
		if other == nil {
			p.room.Wait()
			continue
		}
		p.mu.Unlock()
		help(other)
		p.mu.Lock()
	}
	b.seq = p.next
	p.next++
	if len(b.files) > 0 {
		p.queue = append(p.queue, b)
		p.work.Signal()
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.finish(b)
}

// take returns a batch, waiting for one; nil after the last. The caller has worked in the directory last, or in none if that is nil.
func (p *pipeline) take(last *node) *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.closed {
		p.work.Wait()
	}
	return p.chooseLocked(last)
}

// chooseLocked takes a batch out of the queue, if there is one: of the directory last if it can be, else of one that nobody works in, for
// the host makes one file in a directory at a time. One that waits for others comes when all before it are taken: whoever is in the
// first of those that are not done then waits for nobody. With several sources the batches of one directory may lie apart in the queue, and
// what the second waits for between them.
//
// +checklocks:p.mu
func (p *pipeline) chooseLocked(last *node) *batch {
	if len(p.queue) == 0 {
		return nil
	}
	chosen := -1
	for i, b := range p.queue {
		if i > 0 && b.waits {
			continue
		}
		if last != nil && b.dir == last {
			chosen = i
			break
		}
		if chosen < 0 && p.busy[b.dir] == 0 {
			if chosen = i; last == nil {
				break
			}
		}
	}
	b := p.queue[max(chosen, 0)]
	p.queue = slices.Delete(p.queue, max(chosen, 0), max(chosen, 0)+1)
	p.busy[b.dir]++
	return b
}

// finish says that a batch is made. Whoever finishes the one that is next to be told of tells of all that waited for it.
func (p *pipeline) finish(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[b.seq] = b
	if p.busy[b.dir]--; p.busy[b.dir] <= 0 { // of what carries no files, nil's
		delete(p.busy, b.dir)
	}
	if p.telling {
		return
	}
	p.telling = true
	for p.done[p.told] != nil {
		b := p.done[p.told]
		delete(p.done, p.told)
		p.told++
		p.mu.Unlock()
		p.tell(b)
		p.mu.Lock()
		p.room.Signal()
	}
	p.telling = false
}

// reuse keeps the memory of a batch's files for another.
func (p *pipeline) reuse(files []entry) {
	clear(files)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spare) < windowBatches {
		p.spare = append(p.spare, files[:0])
	}
}

// fresh is memory for the files of a batch.
func (p *pipeline) fresh() []entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.spare); n > 0 {
		files := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return files
	}
	return make([]entry, 0, batchFiles)
}

// close says that no batch will follow.
func (p *pipeline) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.work.Broadcast()
}

// stop makes everyone stop, for the first reason given.
func (p *pipeline) stop(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
}

// stopped is the reason to stop, if there is one.
func (p *pipeline) stopped() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
