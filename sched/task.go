package sched

// Task is a function that runs beside its starter.
type Task struct {
	name   string
	daemon bool
	done   Completion
}

// Go runs f in a new task. The name appears in reports and need not be unique.
func Go(name string, f func()) *Task { return spawn(&Task{name: name}, f) }

// Daemon is [Go] for a task that serves others for as long as the program lives: nobody waits for its
// end, and a program that has nothing left to do but to feed its daemons has finished.
func Daemon(name string, f func()) *Task { return spawn(&Task{name: name, daemon: true}, f) }

// spawn starts a task. The hook that was told of its beginning is told of its end, and no other: who waited for the task
// in another way, as by a WaitGroup, may have detached that hook and attached another before the task was over.
func spawn(t *Task, f func()) *Task {
	h := hook.Load()
	body := func() {
		defer t.end(h)
		f()
	}
	if h == nil {
		go body()
		return t
	}
	h.Go(t, body)
	return t
}

// end lets those pass who wait for t, of whose beginning h was told.
func (t *Task) end(h *attached) {
	if h != nil && hook.Load() == h {
		h.Point(Op{Kind: OpFire, Obj: &t.done.obj, Mask: ^uint64(0)})
	}
	t.done.pass()
}

// Name returns the name the task was started with.
func (t *Task) Name() string { return t.name }

// IsDaemon says whether the task was started by [Daemon].
func (t *Task) IsDaemon() bool { return t.daemon }

// Object returns what hooks know the task's end by.
func (t *Task) Object() *Object { return &t.done.obj }

// Wait waits until the task has returned.
func (t *Task) Wait() { t.done.Wait() }
