package mkfs

import (
	"context"
	"fmt"
	"strings"

	"extant/sched"
)

// dirTask is a directory to read.
type dirTask struct {
	id    nodeID
	path  string // from the root of the source; "" is the root
	depth int
}

func (t dirTask) join(name []byte) string { return joinPath(t.path, string(name)) }

func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// depthMax bounds how deep directories may lie: no path that a kernel takes is deeper.
const depthMax = 2048

func errTooDeep(path string) error {
	const shown = 100
	return fmt.Errorf("%.*s...: directories deeper than %d levels", shown, path, depthMax)
}

// cutSlash splits off the first name of a path.
func cutSlash(path string) (name, rest string, more bool) { return strings.Cut(path, "/") }

// A dirQueue hands directories to the tasks that read them, the last found first, which keeps it short.
type dirQueue struct {
	mu   sched.Mutex // class: mkfs-queue
	cond sched.Cond
	// +checklocks:mu
	waiting []dirTask
	// +checklocks:mu
	busy int // tasks taken and not done
	// +checklocks:mu
	err error // the first; it ends the work
}

var queueClass = sched.Class{Name: "mkfs-queue", Doc: "directories still to be read"}

func newDirQueue(first dirTask) *dirQueue {
	q := &dirQueue{waiting: []dirTask{first}}
	q.mu.Init(&queueClass)
	q.cond.Init(&q.mu, &queueClass)
	return q
}

func (q *dirQueue) push(list []dirTask) {
	if len(list) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, list...)
	q.cond.Broadcast()
}

// take waits for a directory to read; false says that all are done, or that one went wrong.
func (q *dirQueue) take() (dirTask, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && q.busy > 0 && q.err == nil {
		q.cond.Wait()
	}
	last := len(q.waiting) - 1
	if last < 0 || q.err != nil {
		return dirTask{}, false
	}
	t := q.waiting[last]
	q.waiting = q.waiting[:last]
	q.busy++
	return t, true
}

func (q *dirQueue) done(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
	if q.err == nil {
		q.err = err
	}
	q.cond.Broadcast()
}

// serve reads directories with walk until there are no more.
func (q *dirQueue) serve(ctx context.Context, walk func(context.Context, dirTask) error) {
	for {
		t, ok := q.take()
		if !ok {
			return
		}
		q.done(walk(ctx, t))
	}
}

func (q *dirQueue) result() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
