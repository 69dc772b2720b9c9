package race

import (
	"context"
	"errors"
	"fmt"
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
	m, err := b.open(b.base.Snapshot(), &clock, true)
	must(err, "mount")
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
	must(b.serial(prog.Trial{Outcome: out, Left: left, Before: l.before}), "")
	b.durable(m, left)
}

func (l *log) before(a, b prog.At) bool { return l.times[a][1] < l.times[b][0] }

// serial asks the model, once for each outcome.
func (b *Bench) serial(t prog.Trial) error {
	var key strings.Builder
	for i, line := range t.Outcome {
		for k, res := range line {
			if strings.HasPrefix(res.Err, "refused") {
				return fmt.Errorf("line %d: %s: %v", i+1, b.c.Program.Lines[i].Ops[k], res)
			}
			fmt.Fprintln(&key, res)
		}
	}
	for _, e := range t.Left {
		fmt.Fprintln(&key, e)
	}
	b.order(&key, t.Before)
	err, ok := b.judged[key.String()]
	if ok {
		return err
	}
	err = prog.Serial(b.c.Program, t, b.model, prog.Rules{Full: b.setup.Room >= 0, MTimes: b.setup.Room >= 0})
	b.judged[key.String()] = err
	return err
}

// order writes down which operations of different threads were before others.
func (b *Bench) order(key *strings.Builder, before func(x, y prog.At) bool) {
	lines := b.c.Program.Lines
	for i := range lines {
		for k := range lines {
			if i == k || !lines[i].Thread || !lines[k].Thread {
				continue
			}
			for x := range lines[i].Ops {
				for y := range lines[k].Ops {
					if before(prog.At{Line: i, Op: x}, prog.At{Line: k, Op: y}) {
						fmt.Fprint(key, i, x, k, y, " ")
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

// durable syncs and unmounts, and wants to find everything after a power cut in between, and after the unmount.
func (b *Bench) durable(m *machine, left prog.Tree) {
	must(m.Sync(), "sync")
	crashed := m.dev.Snapshot()
	must(m.Close(), "unmount")
	must(b.same(m.dev, left), "after an unmount")
	must(b.same(crashed, left), "after a sync and a power cut")
	must(check(m.dev), "after an unmount")
}

// same compares what a device holds with a tree.
func (b *Bench) same(dev *disk.Mem, left prog.Tree) error {
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
