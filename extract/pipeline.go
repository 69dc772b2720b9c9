package extract

import "extant/sched"

// A batch is some files of one directory, to be made by one worker one after another, and what there is to say about them.
// One without files carries what the walk has to say.
type batch struct {
	seq   uint64
	dir   *node
	files []entry
	bytes int64 // about

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
const windowBatches = 128

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
	next, told uint64 // the numbers of the next batch and of the next to tell of
	// +checklocks:mu
	done map[uint64]*batch // waiting for their turn to be told of
	// +checklocks:mu
	telling, closed bool
	// +checklocks:mu
	err error // why to stop
}

func newPipeline(tell func(*batch)) *pipeline {
	p := &pipeline{tell: tell, done: map[uint64]*batch{}}
	p.mu.Init(pipelineClass)
	p.work.Init(&p.mu, nil)
	p.room.Init(&p.mu, nil)
	return p
}

// put gives a batch its number and queues it, waiting until the window has room for it.
func (p *pipeline) put(b *batch) {
	p.mu.Lock()
	for p.next-p.told >= windowBatches {
		p.room.Wait()
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

// take returns the next batch, waiting for it; nil after the last.
func (p *pipeline) take() *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.closed {
		p.work.Wait()
	}
	if len(p.queue) == 0 {
		return nil
	}
	b := p.queue[0]
	p.queue = p.queue[1:]
	return b
}

// finish says that a batch is made. Whoever finishes the one that is next to be told of tells of all that waited for it.
func (p *pipeline) finish(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[b.seq] = b
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
