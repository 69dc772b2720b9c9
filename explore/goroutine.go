package explore

// goroutines is the back end under which the race detector works: each task is a goroutine. Control passes
// through channels with the detector's eyes shut, so that what it takes for order is only what the
// program's own operations make: raceBefore and raceAfter tell it, as those of package sync would.
//
// All decisions are made in the goroutine that called Run. It learns what the tasks did but tells them
// nothing the detector could see: their functions that touch the engine's memory are not instrumented, and
// while they run it shares nothing with them, not even what package fmt keeps for reuse.
type goroutines struct {
	e     *engine
	back  chan *thread
	told  uint64 // stands for what tasks did before they gave control back
	blind bool   // the deciding goroutine's eyes are shut, from a resume to the next look
}

// thread is a task's goroutine.
type thread struct {
	wake    chan struct{}
	ended   bool
	dropped bool
}

func newGoroutines(e *engine) *goroutines { return &goroutines{e: e, back: make(chan *thread)} }

func (*goroutines) inline() bool { return false }

// begin makes what earlier executions did happen before this one.
func (b *goroutines) begin() { raceAcquire(&b.told) }

func (b *goroutines) finish() { b.look() }

// look opens the deciding goroutine's eyes, until the next resume.
func (b *goroutines) look() {
	if b.blind {
		raceEnable()
		b.blind = false
	}
}

func (b *goroutines) close() {}

//go:norace
func (b *goroutines) launch(t *task) {
	t.thread = &thread{wake: make(chan struct{})}
	go b.serve(t, t.thread)
}

//go:norace
func (b *goroutines) serve(t *task, th *thread) {
	raceDisable()
	<-th.wake
	raceEnable()
	defer b.done(th)
	if !th.dropped {
		b.e.run(t)
	}
}

// done gives control back for good, even if the goroutine ends by runtime.Goexit.
//
//go:norace
func (b *goroutines) done(th *thread) {
	raceReleaseMerge(&b.told)
	th.ended = true
	raceDisable()
	b.back <- th
	raceEnable()
}

func (b *goroutines) drop(t *task) {
	if t.thread != nil {
		t.thread.dropped = true
		b.resume(t)
	}
}

//go:norace
func (b *goroutines) resume(t *task) (ended bool) {
	if !b.blind {
		raceDisable()
		b.blind = true
	}
	t.thread.wake <- struct{}{}
	th := <-b.back
	raceEnable()
	raceAcquire(&b.told)
	raceDisable()
	return th.ended
}

//go:norace
func (b *goroutines) park(t *task) {
	th := t.thread
	raceReleaseMerge(&b.told)
	raceDisable()
	b.back <- th
	<-th.wake
	raceEnable()
}
