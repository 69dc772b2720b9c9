package race

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"time"

	"extant/disk"
	"extant/explore"
	"extant/fsck"
	"extant/internal/prog"
	"extant/sched"
)

// log notes when operations are called and return, and says so in diagrams.
type log struct {
	now   int
	times map[prog.At][2]int
}

func (l *log) watch(at prog.At, op *prog.Op, r *prog.Result) {
	l.now++
	t := l.times[at]
	if r == nil {
		t[0] = l.now
		sched.Note(op.String())
	} else {
		t[1] = l.now
		sched.Note("    = " + r.String())
	}
	l.times[at] = t
}

// Run is one execution, to be called under an explorer.
func (b *Bench) Run() {
	clock := b.clock
	var m *machine
	explore.Aside(func() {
		var err error
		m, err = b.open(b.base.Snapshot(), &clock, true)
		must(err, "mount")
	})
	p := b.c.Program
	l := &log{times: map[prog.At][2]int{}}
	r := prog.NewRunner(m)
	r.Clock = &clock
	r.Watch = func(at prog.At, op *prog.Op, res *prog.Result) {
		l.watch(prog.At{Line: at.Line + b.first, Op: at.Op}, op, res)
	}
	out := append(b.did[:b.first:b.first], r.Run(&prog.Program{Lines: p.Lines[b.first:]})...)
	must(r.CloseFiles(), "close")
	left, err := prog.Snapshot(m)
	must(err, "the tree cannot be read")
	must(m.Sync(), "sync")
	crashed := m.dev.Snapshot()
	must(m.Close(), "unmount")
	explore.Aside(func() {
		must(b.judge(&end{prog.Trial{Outcome: out, Left: left, Before: l.before}, m.dev, crashed}), "")
	})
}

func (l *log) before(a, b prog.At) bool { return l.times[a][1] < l.times[b][0] }

// An end is what an execution came to: what its operations returned, the tree that they left, and the device after the unmount and, if the power had failed
// then, after the sync before it.
type end struct {
	prog.Trial
	unmounted, crashed *disk.Mem
}

// judge judges an end, once for all executions that come to the same.
func (b *Bench) judge(e *end) error {
	key, err := b.sum(e)
	if err != nil {
		return err
	}
	err, ok := b.judged[key]
	if !ok {
		err = b.judgeNew(e)
		b.judged[key] = err
	}
	return err
}

func (b *Bench) judgeNew(e *end) error {
	if err := prog.Serial(b.c.Program, e.Trial, b.model, prog.Rules{Full: b.setup.Room >= 0, MTimes: b.setup.Room >= 0}); err != nil {
		return err
	}
	if err := b.holds(e.unmounted, e.Left); err != nil {
		return fmt.Errorf("after an unmount: %w", err)
	}
	if err := b.holds(e.crashed, e.Left); err != nil {
		return fmt.Errorf("after a sync and a power cut: %w", err)
	}
	if err := check(e.unmounted); err != nil {
		return fmt.Errorf("after an unmount: %w", err)
	}
	return nil
}

// sum tells an end from others.
func (b *Bench) sum(e *end) (uint64, error) {
	var h maphash.Hash
	h.SetSeed(b.seed)
	for i, line := range e.Outcome {
		for k, res := range line {
			if strings.HasPrefix(res.Err, "refused") {
				return 0, fmt.Errorf("line %d: %s: %v", i+1, b.c.Program.Lines[i].Ops[k], res)
			}
			fmt.Fprintln(&h, res)
		}
	}
	for _, x := range e.Left {
		fmt.Fprintln(&h, x)
	}
	b.order(&h, e.Before)
	for _, dev := range []*disk.Mem{e.unmounted, e.crashed} {
		if err := b.content(&h, dev); err != nil {
			return 0, err
		}
	}
	return h.Sum64(), nil
}

// content writes what a device holds.
func (b *Bench) content(w *maphash.Hash, dev *disk.Mem) error {
	for off := int64(0); ; {
		start, end, err := dev.NextData(off)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		maphash.WriteComparable(w, start)
		p := b.room[:min(end-start, int64(len(b.room)))]
		if _, err := dev.ReadAt(p, start); err != nil {
			return err
		}
		w.Write(p)
		off = start + int64(len(p))
	}
}

// order writes down which operations of different threads were before others.
func (b *Bench) order(w io.Writer, before func(x, y prog.At) bool) {
	lines := b.c.Program.Lines
	for i := range lines {
		for k := range lines {
			if i == k || !lines[i].Thread || !lines[k].Thread {
				continue
			}
			for x := range lines[i].Ops {
				for y := range lines[k].Ops {
					if before(prog.At{Line: i, Op: x}, prog.At{Line: k, Op: y}) {
						fmt.Fprint(w, i, x, k, y, " ")
					}
				}
			}
		}
	}
}

func (b *Bench) model() (prog.System, *prog.Clock) {
	clock := &prog.Clock{}
	c := b.setup.Mode.model()
	c.Now = clock.Now
	return prog.Model(c), clock
}

// holds compares what a device holds with a tree.
func (b *Bench) holds(dev *disk.Mem, left prog.Tree) error {
	m, err := b.open(dev, &prog.Clock{}, false)
	if err != nil {
		return err
	}
	got, err := prog.Snapshot(m)
	if err == nil {
		err = prog.Rules{CTimes: true, ATimes: true}.Compare(got, left)
	}
	return errors.Join(err, m.Close())
}

// check is what package fsck finds wrong.
func check(dev *disk.Mem) error {
	r, err := fsck.Check(context.Background(), dev, fsck.Options{Workers: 1, FindingsMax: 10, Now: prog.Base.Add(time.Hour)})
	switch {
	case err != nil:
		return fmt.Errorf("fsck: %w", err)
	case r.Replay:
		return errors.New("fsck: the journal wants to be replayed")
	case r.Clean():
		return nil
	}
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n  %v", f)
	}
	return fmt.Errorf("fsck finds:%s", &b)
}

func must(err error, what string) {
	if what != "" {
		what += ": "
	}
	explore.Assert(err == nil, "%s%v", what, err)
}
