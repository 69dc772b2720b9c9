package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"extant/explore"
	"extant/internal/prog/race"
)

const exploreLong = `explore runs a program of file operations, some of them in threads, on a new file system in memory, under every order in which the threads'
steps can happen, or as many as there is time for. What it says of each way to run a program is whether it holds, how many schedules
were tried by which strategy, and whether that was all of them.

A schedule fails if its results are those of no order of whole operations, a store is lost, something stale is read, a task waits forever or
panics, the order of locks could deadlock, what was synced is not there after a power cut or an unmount, or fsck finds anything.
The first that fails is made as simple as it can be, and drawn with a column for each thread, and with the line that runs it again.

A program is lines of operations: file, write, map, store, sync, truncate and so on. Lines that begin with "thread" and follow one another
run at the same time. Comments at its top may say which modes, and how full a file system, it is for.

Strategies, which without --strategy are tried one after the other, each with its share of the time:
  dpor          every schedule whose order matters
  preemptions   every schedule with at most --bound switches away from a thread that could go on
  delays        every schedule with at most --bound departures from taking turns
  pos           chance, priorities to operations
  pct           chance, priorities to threads, --bound changes
  random        chance`

// exploreFlags are the flags of explore.
type exploreFlags struct {
	modes             []string
	room              int
	cut               bool
	strategy          string
	bound, schedules  int
	time              time.Duration
	seed              uint64
	jobs              int
	replay            string
	html, svg         string
	steps, json, only bool
}

func newExplore(a *app) *cobra.Command {
	f := &exploreFlags{}
	cmd := &cobra.Command{
		Use:     "explore [flags] FILE.prog...",
		Short:   "Run a program with threads under every schedule",
		GroupID: groupConcurrency,
		Long:    exploreLong,
		Example: `  extant explore race.prog
  extant explore --mode ordered --strategy pos --time 1m race.prog
  extant explore --mode ordered --replay 'main:815 write1:40 store2:12' race.prog`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.StringSliceVar(&f.modes, "mode", nil, "run it in `MODE`: ordered, journal, writeback, nodelalloc, nojournal, bigalloc or quota (default those of the program)")
	p.IntVar(&f.room, "room", -1, "leave `N` blocks free (default what the program says)")
	p.BoolVar(&f.cut, "cut", false, "put a power cut in place of each remount")
	p.StringVar(&f.strategy, "strategy", "", "look for schedules by `NAME`")
	p.IntVar(&f.bound, "bound", 2, "let preemptions, delays and pct go to `N`")
	p.IntVar(&f.schedules, "schedules", 0, "try at most `N` by each strategy (default no limit; 10000 by chance)")
	p.DurationVar(&f.time, "time", 10*time.Second, "try for so `LONG`, each mode; 0 is without limit")
	p.Uint64Var(&f.seed, "seed", 1, "begin chance with `N`")
	p.IntVarP(&f.jobs, "jobs", "j", 0, "try `N` ways at once; 0 is one for each processor")
	p.StringVar(&f.replay, "replay", "", "run this `SCHEDULE` alone, and draw it")
	p.StringVar(&f.html, "html", "", "draw the first failure, or the replay, as a page, in `FILE`")
	p.StringVar(&f.svg, "svg", "", "draw it as a picture, in `FILE`")
	p.BoolVar(&f.steps, "steps", false, "draw each operation on a lock as well")
	p.BoolVar(&f.json, "json", false, "write a JSON array")
	p.BoolVar(&f.only, "child", false, "answer another process")
	if err := p.MarkHidden("child"); err != nil {
		panic(err)
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"prog"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return a.verbCommand(cmd, func(args []string) error {
		if f.jobs <= 0 {
			f.jobs = runtime.GOMAXPROCS(0)
		}
		return (&exploreRun{app: a, exploreFlags: f, list: &jsonList{w: a.out}}).run(args)
	})
}

// exploreRun is one run of explore.
type exploreRun struct {
	*app
	*exploreFlags
	list  *jsonList
	last  string // the program that the last line was of
	drawn bool   // into files
}

// way is one way to run one program.
type way struct {
	file  string
	c     *race.Case
	setup race.Setup
}

func (r *exploreRun) run(files []string) error {
	strategies, err := r.strategies()
	if err != nil {
		return err
	}
	var ways []way
	for _, file := range files {
		c, err := race.Load(file)
		if err != nil {
			return err
		}
		if err := r.narrow(c); err != nil {
			return err
		}
		for _, s := range c.Setups() {
			if !r.cut || s.Cut {
				ways = append(ways, way{file, c, s})
			}
		}
	}
	search := race.Search{Strategies: strategies, Time: r.time, Executions: r.schedules, Seed: r.seed}
	switch {
	case r.only && len(ways) == 1:
		return r.answer(ways[0], search)
	case r.replay != "" && (len(files) != 1 || len(ways) != 1):
		return usagef("--replay is for one FILE and one --mode, and --room and --cut where the program has them")
	}
	if err := r.all(ways, search); err != nil {
		return err
	}
	if r.json {
		return r.list.end()
	}
	return nil
}

// narrow applies the flags to what a program says of how to run it.
func (r *exploreRun) narrow(c *race.Case) error {
	if len(r.modes) > 0 {
		c.Modes = nil
	}
	for _, name := range r.modes {
		m, err := race.ModeOf(name)
		if err != nil {
			return &usageError{err}
		}
		c.Modes = append(c.Modes, m)
	}
	if r.room >= 0 {
		c.Rooms = []int{r.room}
	}
	if r.cut {
		c.Cut = true
	} else if r.replay != "" || r.only {
		c.Cut = false
	}
	return nil
}

func (r *exploreRun) strategies() ([]explore.Strategy, error) {
	switch r.strategy {
	case "":
		return []explore.Strategy{explore.DPOR(), explore.Preemptions(r.bound), explore.POS(r.seed)}, nil
	case "dpor":
		return []explore.Strategy{explore.DPOR()}, nil
	case "preemptions":
		return []explore.Strategy{explore.Preemptions(r.bound)}, nil
	case "delays":
		return []explore.Strategy{explore.Delays(r.bound)}, nil
	case "pos":
		return []explore.Strategy{explore.POS(r.seed)}, nil
	case "pct":
		return []explore.Strategy{explore.PCT(r.bound, r.seed)}, nil
	case "random":
		return []explore.Strategy{explore.Random(r.seed)}, nil
	}
	return nil, usagef("no strategy %q", r.strategy)
}

// explore runs one way in this process.
func (r *exploreRun) explore(w way, s race.Search) (*race.Verdict, error) {
	b, err := race.Prepare(w.c, w.setup)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", w.file, w.setup, err)
	}
	if r.replay == "" {
		return b.Explore(s), nil
	}
	schedule, err := explore.ParseSchedule(r.replay)
	if err != nil {
		return nil, usagef("--replay: %v", err)
	}
	return b.Replay(schedule)
}

// show prints what came of a way.
func (r *exploreRun) show(w way, o exploreJSON) error {
	if !o.Holds {
		r.code = max(r.code, exitFailed)
	}
	if r.json {
		if err := r.list.put(o); err != nil {
			return err
		}
	} else {
		if w.file != r.last {
			r.last = w.file
			fmt.Fprintf(r.out, "%s: %s\n", w.file, w.c.About)
		}
		fmt.Fprintf(r.out, "  %-16s %s\n", w.setup, o.text())
		for _, report := range o.Lockdep {
			fmt.Fprintf(r.out, "\n%s\n", strings.Trim(report, "\n"))
		}
	}
	if o.Failure == nil && r.replay == "" {
		return r.out.Flush()
	}
	if err := r.draw(w, o); err != nil {
		return err
	}
	return r.out.Flush()
}

// draw shows how the failure came about, or the schedule that was asked for.
func (r *exploreRun) draw(w way, o exploreJSON) error {
	text := r.replay
	if o.Failure != nil {
		text = o.Failure.Schedule
	}
	schedule, err := explore.ParseSchedule(text)
	if err != nil {
		return err
	}
	b, err := race.Prepare(w.c, w.setup)
	if err != nil {
		return err
	}
	d, err := b.Diagram(schedule, !r.steps)
	if err != nil {
		return err
	}
	if !r.json {
		if o.Failure != nil {
			fmt.Fprintf(r.out, "\n%s\n", o.Failure.text())
		}
		fmt.Fprintf(r.out, "\n%s\nagain: extant explore %s --replay '%s' %s\n\n", d, w.setup.Flags(), schedule, w.file)
	}
	if r.drawn {
		return nil
	}
	r.drawn = true
	if r.html != "" {
		if err := os.WriteFile(r.html, []byte(d.HTML(w.c.Name+", "+w.setup.String())), 0o666); err != nil {
			return err
		}
	}
	if r.svg != "" {
		return os.WriteFile(r.svg, []byte(d.SVG()), 0o666)
	}
	return nil
}
