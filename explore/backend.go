package explore

// backend runs tasks, one at a time.
type backend interface {
	// inline says whether a task may call the engine's next itself.
	inline() bool
	// begin and finish bracket an execution; close ends the use of the back end.
	begin()
	finish()
	// look is called before something is done that may share memory with the tasks.
	look()
	close()
	// launch is called once for a new task, in the task that starts it.
	launch(t *task)
	// drop is called instead of the first resume of a task that is never to run.
	drop(t *task)
	// resume lets t run until it parks or ends, and says whether it ended.
	resume(t *task) (ended bool)
	// park is called in t; it returns when t is resumed.
	park(t *task)
}

// run runs the body of t to its end, whatever the end is.
//
//go:norace
func (e *engine) run(t *task) {
	returned := false
	defer func() {
		if !returned {
			e.caught(t, recover())
		}
	}()
	t.body()
	returned = true
}

// caught keeps what t panicked with, unless the engine panicked to end the task. If that is nil the task
// called runtime.Goexit.
//
//go:norace
func (e *engine) caught(t *task, x any) {
	if _, ok := x.(abandoned); ok || e.dying {
		return
	}
	if x == nil {
		x = "the task left by runtime.Goexit"
		e.dying = e.back.inline() // those who have resumed the task leave with it
	}
	t.panicked = x
	t.pcs = capture(t.pcs)
}
