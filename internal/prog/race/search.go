package race

import (
	"fmt"
	"strings"
	"time"

	"extant/explore"
	"extant/lockdep"
	"extant/sched"
)

// stepsMax is how long an execution may get.
const stepsMax = 200_000

// A Search says how to look for a schedule that fails.
type Search struct {
	// Strategies are tried one after the other until one exhausts or fails, each with its share of Time. None means DPOR, up to two preemptions and POS.
	Strategies []explore.Strategy

	Time       time.Duration // 0 is no end
	Executions int           // of each strategy; 0 is no end, or 10,000 where a strategy has none itself
	Seed       uint64
	Order      *lockdep.Order // that locks must have; nil is any without a circle
}

// A Verdict is what came of a search.
type Verdict struct {
	Case  *Case
	Setup Setup

	Schedules int
	Steps     int // the longest schedule, in operations
	Exhausted bool
	Tried     []string // by which strategies, how many schedules, within which bounds
	Elapsed   time.Duration

	Failure *explore.Failure // with the simplest schedule; nil if there is none
	Reports []string         // of lockdep
}

// Holds reports whether nothing failed.
func (v *Verdict) Holds() bool { return v.Failure == nil && len(v.Reports) == 0 }

// String says it in a line.
func (v *Verdict) String() string {
	word := "holds"
	if !v.Holds() {
		word = "FAILS"
	}
	how := "exhausted"
	if !v.Exhausted {
		how = "bounded"
	}
	return fmt.Sprintf("%-5s  %-9s  %7d schedules of up to %d steps in %.1fs: %s", word, how, v.Schedules, v.Steps, v.Elapsed.Seconds(), strings.Join(v.Tried, "; "))
}

// Explore searches.
func (b *Bench) Explore(s Search) *Verdict {
	v := &Verdict{Case: b.c, Setup: b.setup}
	list := s.Strategies
	if len(list) == 0 {
		list = []explore.Strategy{explore.DPOR(), explore.Preemptions(2), explore.POS(s.Seed)}
	}
	end := s.Time
	for i, strategy := range list {
		cfg := b.config(s)
		cfg.Strategy, cfg.Executions = strategy, s.Executions
		if s.Time > 0 {
			cfg.Time = max(end/time.Duration(len(list)-i), time.Millisecond)
		}
		r := explore.Run(cfg, b.Run)
		end -= r.Elapsed
		v.add(strategy, r)
		if r.Failure != nil {
			v.Failure = explore.Minimize(b.config(s), r.Failure, b.Run)
		}
		if r.Failure != nil || v.Exhausted {
			break
		}
	}
	v.Reports = b.reports
	return v
}

func (v *Verdict) add(s explore.Strategy, r *explore.Result) {
	v.Schedules += r.Executions
	v.Steps = max(v.Steps, r.Longest)
	v.Elapsed += r.Elapsed
	tried := fmt.Sprintf("%s %d", s, r.Executions)
	if r.Exhausted {
		tried += " all"
		v.Exhausted = len(r.Bounds) == 0
	}
	if len(r.Bounds) > 0 {
		tried += " (" + strings.Join(r.Bounds, ", ") + ")"
	}
	v.Tried = append(v.Tried, tried)
}

// Replay runs one schedule.
func (b *Bench) Replay(s explore.Schedule) (*Verdict, error) {
	r, err := explore.Replay(b.config(Search{}), s, b.Run)
	if err != nil {
		return nil, err
	}
	v := &Verdict{Case: b.c, Setup: b.setup, Failure: r.Failure, Reports: b.reports}
	v.Schedules, v.Steps, v.Elapsed, v.Tried = r.Executions, r.Longest, r.Elapsed, []string{"replay"}
	return v, nil
}

// config is how executions are run, with a validator of locks above.
func (b *Bench) config(s Search) explore.Config {
	return explore.Config{StepsMax: stepsMax, Watch: func(under sched.Hook) sched.Hook {
		return lockdep.New(lockdep.Config{Under: under, Order: s.Order, Report: b.report})
	}}
}

// report keeps what the validator finds; deadlocks are the explorer's.
func (b *Bench) report(r *lockdep.Report) {
	key := fmt.Sprint(r.Kind, r.Want.Class, r.With.Class)
	for _, d := range r.Chain {
		key += fmt.Sprint(" ", d.From.Class, d.To.Class)
	}
	if r.Kind != lockdep.Deadlock && !b.seen[key] {
		b.seen[key] = true
		b.reports = append(b.reports, r.String())
	}
}
