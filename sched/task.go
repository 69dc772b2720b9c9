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

// spawn starts a task. A hook that is set after that is not told of its end: who waited for the task in another way, as by a WaitGroup, may have set
// it before the task was over.
func spawn(t *Task, f func()) *Task {
	h := hook.Load()
	if h == nil {
		go func() {
			defer t.done.pass()
			f()
		}()
		return t
	}
	h.Go(t, func() {
		defer t.done.CompleteAll()
		f()
	})
	return t
}

// Name returns the name the task was started with.
func (t *Task) Name() string { return t.name }

// IsDaemon says whether the task was started by [Daemon].
func (t *Task) IsDaemon() bool { return t.daemon }

// Object returns what hooks know the task's end by.
func (t *Task) Object() *Object { return &t.done.obj }

// Wait waits until the task has returned.
func (t *Task) Wait() { t.done.Wait() }
