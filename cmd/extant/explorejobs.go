package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"extant/internal/prog/race"
)

// exploreJSON is the shape of an element of explore --json, and what a child says.
type exploreJSON struct {
	Program   string       `json:"program"`
	About     string       `json:"about,omitempty"`
	Mode      string       `json:"mode"`
	Room      *int         `json:"room,omitempty"`
	Cut       bool         `json:"cut"`
	Holds     bool         `json:"holds"`
	Exhausted bool         `json:"exhausted"`
	Schedules int          `json:"schedules"`
	Steps     int          `json:"steps"`
	Seconds   float64      `json:"seconds"`
	Tried     []string     `json:"tried"`
	Failure   *exploreFail `json:"failure,omitempty"`
	Lockdep   []string     `json:"lockdep"`
}

// exploreFail is how a schedule fails.
type exploreFail struct {
	Verdict  string `json:"verdict"`
	Message  string `json:"message"`
	Task     string `json:"task,omitempty"`
	Schedule string `json:"schedule"`
}

func (f *exploreFail) text() string {
	if f.Task == "" {
		return f.Verdict + ": " + f.Message
	}
	return f.Verdict + " in " + f.Task + ": " + f.Message
}

func exploreObject(w way, v *race.Verdict) exploreJSON {
	o := exploreJSON{
		Program: w.file, About: w.c.About, Mode: w.setup.Mode.Name, Cut: w.setup.Cut, Holds: v.Holds(), Exhausted: v.Exhausted,
		Schedules: v.Schedules, Steps: v.Steps, Seconds: v.Elapsed.Seconds(), Tried: v.Tried, Lockdep: append([]string{}, v.Reports...),
	}
	if w.setup.Room >= 0 {
		o.Room = &w.setup.Room
	}
	if f := v.Failure; f != nil {
		o.Failure = &exploreFail{f.Verdict.String(), f.Message, f.Task, f.Schedule.String()}
		if f.Message == "" {
			o.Failure.Message = f.Error()
		}
	}
	return o
}

// text is the object as a line.
func (o exploreJSON) text() string {
	word, how := "holds", "exhausted"
	if !o.Holds {
		word = "FAILS"
	}
	if !o.Exhausted {
		how = "bounded"
	}
	return fmt.Sprintf("%s  %-9s  %7d schedules in %.1fs: %s", word, how, o.Schedules, o.Seconds, strings.Join(o.Tried, "; "))
}

// answer is all that a child does.
func (r *exploreRun) answer(w way, s race.Search) error {
	v, err := r.explore(w, s)
	if err != nil {
		return err
	}
	return json.NewEncoder(r.out).Encode(exploreObject(w, v))
}

// all tries all ways, several at once, and shows what came of them in order.
func (r *exploreRun) all(ways []way, s race.Search) error {
	program, err := os.Executable()
	if err != nil || r.jobs < 2 || len(ways) < 2 {
		return r.inTurn(ways, s)
	}
	args := func(i int) []string { return r.childArgs(ways[i]) }
	return spread(r.ctx, program, r.jobs, len(ways), args, func(i int, answer exploreJSON) error { return r.show(ways[i], answer) })
}

func (r *exploreRun) inTurn(ways []way, s race.Search) error {
	for _, w := range ways {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		v, err := r.explore(w, s)
		if err != nil {
			return err
		}
		if err := r.show(w, exploreObject(w, v)); err != nil {
			return err
		}
	}
	return nil
}

// childArgs are the arguments of another process that explores one way.
func (r *exploreRun) childArgs(w way) []string {
	args := append([]string{"explore", "--child"}, strings.Fields(w.setup.Flags())...)
	return append(args, "--bound", strconv.Itoa(r.bound), "--schedules", strconv.Itoa(r.schedules), "--time", r.time.String(),
		"--seed", strconv.FormatUint(r.seed, 10), "--strategy", r.strategy, "--", w.file)
}
