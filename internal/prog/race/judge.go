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

// Run is one execution, to be called under an explorer. Nobody is there to meet before the first thread, so all that comes up to it is done aside.
func (b *Bench) Run() {
	clock, lines, threads := b.clock, b.c.Program.Lines, max(b.c.threads(), b.first)
	l := &log{times: map[prog.At][2]int{}}
	var (
		m   *machine
		r   *prog.Runner
		out prog.Outcome
	)
	run := func(first, end int) {
		r.Watch = func(at prog.At, op *prog.Op, res *prog.Result) {
			l.watch(prog.At{Line: at.Line + first, Op: at.Op}, op, res)
		}
		out = append(out, r.Run(&prog.Program{Lines: lines[first:end]})...)
	}
	explore.Aside(func() {
		var err error
		m, err = b.open(b.base.Snapshot(), &clock, true)
		must(err, "mount")
		r = prog.NewRunner(m)
		r.Clock = &clock
		out = append(out, b.did[:b.first]...)
		run(b.first, threads)
	})
	run(threads, len(lines))
	must(r.CloseFiles(), "close")
	var left prog.Tree
	explore.Aside(func() {
		var err error
		left, err = prog.Snapshot(m)
		must(err, "the tree cannot be read")
		must(b.serial(prog.Trial{Outcome: out, Left: left, Before: l.before}), "")
	})
	must(m.Sync(), "sync")
	crashed := m.dev.Snapshot()
	must(m.Close(), "unmount")
	explore.Aside(func() {
		must(b.kept(m.dev, left, check), "after an unmount")
		must(b.kept(crashed, left, nil), "after a sync and a power cut")
	})
}

func (l *log) before(a, b prog.At) bool { return l.times[a][1] < l.times[b][0] }

// serial asks the model.
func (b *Bench) serial(t prog.Trial) error {
	h := b.sum(t.Left)
	for i, line := range t.Outcome {
		for k, res := range line {
			if strings.HasPrefix(res.Err, "refused") {
				return fmt.Errorf("line %d: %s: %v", i+1, b.c.Program.Lines[i].Ops[k], res)
			}
			fmt.Fprintln(h, res)
		}
	}
	b.order(h, t.Before)
	return b.once(h, func() error {
		return prog.Serial(b.c.Program, t, b.model, prog.Rules{Full: b.setup.Room >= 0, MTimes: b.setup.Room >= 0})
	})
}

// kept compares what a device holds with a tree, and then has it checked.
func (b *Bench) kept(dev *disk.Mem, left prog.Tree, check func(*disk.Mem) error) error {
	h := b.sum(left)
	maphash.WriteComparable(h, check != nil)
	if err := b.content(h, dev); err != nil {
		return err
	}
	return b.once(h, func() error {
		if err := b.holds(dev, left); err != nil || check == nil {
			return err
		}
		return check(dev)
	})
}

// sum begins the sum of something that is judged; the tree is a part of it.
func (b *Bench) sum(left prog.Tree) *maphash.Hash {
	h := &maphash.Hash{}
	h.SetSeed(b.seed)
	for _, e := range left {
		fmt.Fprintln(h, e)
	}
	return h
}

// once judges, unless what has the sum was judged already, in an execution that came to the same.
func (b *Bench) once(sum *maphash.Hash, judge func() error) error {
	key := sum.Sum64()
	err, ok := b.judged[key]
	if !ok {
		err = judge()
		b.judged[key] = err
	}
	return err
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
