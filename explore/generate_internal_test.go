package explore

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"extant/sched"
)

// world is what generated programs work on, and what their tasks saw.
type world struct {
	mu    [2]sched.Mutex
	rw    [1]sched.RWMutex
	cond  sched.Cond
	page  sched.HandoffMutex
	done  sched.Completion
	event sched.Event
	group sched.WaitGroup
	flags sched.Flags
	n     sched.Int64
	seen  [4][]byte // by task
}

func (w *world) saw(task int, b bool) {
	w.seen[task] = append(w.seen[task], map[bool]byte{false: '0', true: '1'}[b])
}

func (w *world) number(task int, n int64) { w.seen[task] = fmt.Appendf(w.seen[task], "<%d>", n) }

func (w *world) outcome() string {
	var b strings.Builder
	for _, s := range w.seen {
		b.Write(s)
		b.WriteByte('|')
	}
	fmt.Fprintf(&b, "%x %d", w.flags.Load(allBits), w.n.Load())
	return b.String()
}

// instruction is one line of a generated program; body is what it encloses.
type instruction struct {
	op   string
	i    int
	body []instruction
}

func (in instruction) String() string {
	s := fmt.Sprintf("%s%d", in.op, in.i)
	if in.body != nil {
		s += fmt.Sprint(in.body)
	}
	return s
}

type program struct {
	tasks [][]instruction
}

// vocabulary is what the tasks of a program may do. Each word costs one or two steps.
var vocabulary = []string{
	"lock", "lock", "try", "rlock", "wlock", "tryr", "tryw", "test", "set", "clear", "tas", "cas", "ifset", "add", "load",
	"complete", "wait", "trywait", "fire", "reset", "isset", "await", "pagelock", "pagetry", "pagehandoff", "pageunlock", "pageidle", "locked",
	"condwait", "signal", "broadcast", "group", "groupwait", "choose", "fault", "yield",
}

func generate(r *rand.Rand) program {
	var p program
	tasks, budget := 2+r.IntN(2), 5
	if tasks == 3 {
		budget = 3
	}
	words := make([]string, 3) // few words, so that tasks meet
	for i := range words {
		words[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	words = append(words, "set", "ifset")
	words = append(words, companions[words[r.IntN(3)]]...)
	for range tasks {
		n := budget
		p.tasks = append(p.tasks, sequence(r, words, &n, 0))
	}
	return p
}

// companions are words that make little sense without each other.
var companions = map[string][]string{
	"wait": {"complete"}, "trywait": {"complete", "wait"}, "await": {"fire", "reset"}, "isset": {"fire", "reset"}, "condwait": {"signal", "broadcast", "lock"},
	"signal": {"condwait"}, "broadcast": {"condwait"}, "groupwait": {"group"}, "pageidle": {"pagelock", "pagehandoff"},
	"pageunlock": {"pagehandoff"}, "locked": {"pagelock"}, "rlock": {"wlock"}, "tryr": {"wlock"}, "tryw": {"rlock"},
	"try": {"lock"}, "pagetry": {"pagelock"}, "load": {"add"}, "lock": {"lock"}, "wlock": {"rlock", "tryr"},
}

func sequence(r *rand.Rand, words []string, budget *int, depth int) []instruction {
	var seq []instruction
	for *budget > 0 && (len(seq) == 0 || depth == 0 || r.IntN(2) == 0) {
		in := instruction{op: words[r.IntN(len(words))], i: r.IntN(2)}
		*budget--
		switch in.op {
		case "lock", "wlock", "rlock", "try", "tryr", "tryw", "pagelock", "pagetry", "condwait", "group":
			*budget--
			in.body = []instruction{}
			if depth < 2 && r.IntN(3) > 0 {
				in.body = sequence(r, words, budget, depth+1)
			}
		case "ifset":
			if depth < 2 {
				in.body = sequence(r, words, budget, depth+1)
			}
		}
		seq = append(seq, in)
	}
	return seq
}

// run runs the program, in its main task.
func (p program) run(w *world) {
	*w = world{}
	w.cond.L = &w.mu[0]
	var tasks []*sched.Task
	for i, seq := range p.tasks {
		tasks = append(tasks, sched.Go(fmt.Sprint("t", i), func() { w.all(i, seq) }))
	}
	for _, t := range tasks {
		t.Wait()
	}
}

func (w *world) all(task int, seq []instruction) {
	for _, in := range seq {
		w.one(task, in)
	}
}

func (w *world) one(task int, in instruction) {
	bit := uint64(1) << in.i
	switch in.op {
	case "lock":
		w.mu[in.i].Lock()
		w.all(task, in.body)
		w.mu[in.i].Unlock()
	case "try":
		w.tried(task, in, w.mu[in.i].TryLock(), w.mu[in.i].Unlock)
	case "rlock":
		w.rw[0].RLock()
		w.all(task, in.body)
		w.rw[0].RUnlock()
	case "wlock":
		w.rw[0].Lock()
		w.all(task, in.body)
		w.rw[0].Unlock()
	case "tryr":
		w.tried(task, in, w.rw[0].TryRLock(), w.rw[0].RUnlock)
	case "tryw":
		w.tried(task, in, w.rw[0].TryLock(), w.rw[0].Unlock)
	case "pagelock":
		w.page.Lock()
		w.all(task, in.body)
		w.page.Unlock()
	case "pagetry":
		w.tried(task, in, w.page.TryLock(), w.page.Unlock)
	case "pagehandoff":
		w.page.Lock()
		w.page.HandOff()
	case "pageunlock":
		w.page.Unlock()
	case "pageidle":
		w.page.WaitUnlocked()
	case "locked":
		w.saw(task, w.page.Locked())
	default:
		w.word(task, in, bit)
	}
}

func (w *world) tried(task int, in instruction, ok bool, unlock func()) {
	w.saw(task, ok)
	if ok {
		w.all(task, in.body)
		unlock()
	}
}

func (w *world) word(task int, in instruction, bit uint64) {
	switch in.op {
	case "test":
		w.saw(task, w.flags.Test(bit))
	case "set":
		w.flags.Set(bit)
	case "clear":
		w.flags.Clear(bit)
	case "tas":
		w.saw(task, w.flags.TestAndSet(bit) != 0)
	case "cas":
		w.saw(task, w.flags.CompareAndSwap(3, uint64(in.i), 2))
	case "ifset":
		ok := w.flags.Test(bit)
		w.saw(task, ok)
		if ok {
			w.all(task, in.body)
		}
	case "add":
		w.number(task, w.n.Add(1))
	case "load":
		w.number(task, w.n.Load())
	case "choose":
		w.number(task, int64(sched.Choose(2)))
	case "fault":
		w.saw(task, sched.Fault("here"))
	case "yield":
		sched.Yield("here")
	default:
		w.waiting(task, in)
	}
}

func (w *world) waiting(task int, in instruction) {
	switch in.op {
	case "complete":
		w.done.Complete()
	case "wait":
		w.done.Wait()
	case "trywait":
		w.saw(task, w.done.TryWait())
	case "fire":
		w.event.Fire()
	case "reset":
		w.event.Reset()
	case "isset":
		w.saw(task, w.event.IsSet())
	case "await":
		w.event.Wait()
	case "condwait":
		w.mu[0].Lock()
		w.cond.Wait()
		w.mu[0].Unlock()
	case "signal":
		w.cond.Signal()
	case "broadcast":
		w.cond.Broadcast()
	case "group":
		w.group.Add(1)
		w.all(task, in.body)
		w.group.Done()
	case "groupwait":
		w.group.Wait()
	default:
		panic("unknown instruction " + in.op)
	}
}
