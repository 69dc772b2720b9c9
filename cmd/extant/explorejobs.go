package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"extant/internal/prog/race"
)

// A process explores one thing at a time. So the ways to run a program are spread over processes, children of this one.

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

// exploreReply is what came of a way.
type exploreReply struct {
	object exploreJSON
	err    error
}

// all tries all ways, several at once, and shows what came of them in order.
func (r *exploreRun) all(ways []way, s race.Search) error {
	program, err := os.Executable()
	if err != nil || r.jobs < 2 || len(ways) < 2 {
		return r.inTurn(ways, s)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	replies := make([]chan exploreReply, len(ways))
	for i := range ways {
		replies[i] = make(chan exploreReply, 1)
	}
	free := make(chan struct{}, r.jobs)
	go func() {
		for i := range ways {
			free <- struct{}{}
			go func() {
				replies[i] <- r.child(ctx, program, ways[i])
				<-free
			}()
		}
	}()
	for i, w := range ways {
		reply := <-replies[i]
		if reply.err != nil {
			return reply.err
		}
		if err := r.show(w, reply.object); err != nil {
			return err
		}
	}
	return nil
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

// child asks another process.
func (r *exploreRun) child(ctx context.Context, program string, w way) (reply exploreReply) {
	args := append([]string{"explore", "--child"}, strings.Fields(w.setup.Flags())...)
	args = append(args, "--bound", strconv.Itoa(r.bound), "--schedules", strconv.Itoa(r.schedules), "--time", r.time.String(),
		"--seed", strconv.FormatUint(r.seed, 10), "--strategy", r.strategy, "--", w.file)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		reply.err = ctx.Err()
	case err != nil && errs.Len() > 0:
		reply.err = errors.New(strings.TrimSpace(errs.String()))
	case err != nil:
		reply.err = err
	default:
		reply.err = json.Unmarshal(out.Bytes(), &reply.object)
	}
	return reply
}
