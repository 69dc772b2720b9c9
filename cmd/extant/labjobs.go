package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"extant/lab"
)

// A process explores one thing at a time. So the cases are spread over processes: children of this one, each of
// which is asked one case and writes a labAnswer.

// labAnswer is what a child says.
type labAnswer struct {
	Lines  string  // of the table, beneath the design's heading
	Object labJSON // of the array
	Differ string  // how the answer differs from the one expected, if it does
}

// answer is all that a child does.
func (r *labRun) answer(c *lab.Case) error {
	v := c.Run()
	a := labAnswer{Lines: v.Lines()}
	err := v.Check()
	if err != nil {
		a.Differ = err.Error()
	}
	a.Object = labObject(v, err == nil)
	return json.NewEncoder(r.out).Encode(a)
}

// labReply is what came back from a child.
type labReply struct {
	answer labAnswer
	err    error
}

// spread has children try the cases, several at once, and shows the answers in order.
func (r *labRun) spread(program string, cases []*lab.Case) error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	replies := make([]chan labReply, len(cases))
	for i := range cases {
		replies[i] = make(chan labReply, 1)
	}
	free := make(chan struct{}, r.jobs)
	go func() {
		for i := range cases {
			free <- struct{}{}
			go func() {
				replies[i] <- r.child(ctx, program, i)
				<-free
			}()
		}
	}()
	for i, c := range cases {
		if err := r.showReply(c, <-replies[i]); err != nil {
			return err
		}
	}
	return nil
}

// child asks case i of another process.
func (r *labRun) child(ctx context.Context, program string, i int) (reply labReply) {
	args := []string{"lab", "--case", strconv.Itoa(i)}
	if r.broken {
		args = append(args, "--broken")
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		reply.err = fmt.Errorf("case %d: %w %s", i, err, bytes.TrimSpace(errs.Bytes()))
		return reply
	}
	reply.err = json.Unmarshal(out.Bytes(), &reply.answer)
	return reply
}

func (r *labRun) showReply(c *lab.Case, reply labReply) error {
	if reply.err != nil {
		return reply.err
	}
	if reply.answer.Differ != "" {
		r.fail(fmt.Errorf("%s", reply.answer.Differ))
	}
	if r.json {
		return r.list.put(reply.answer.Object)
	}
	return r.show(r.table.Heading(c) + reply.answer.Lines)
}

// show writes a part of the table at once.
func (r *labRun) show(text string) error {
	if _, err := fmt.Fprint(r.out, text); err != nil {
		return err
	}
	return r.out.Flush()
}

// program returns the path of this program, for children, or "" if they are not wanted: answers to one design are drawn, too,
// which is not theirs to do.
func (r *labRun) program() string {
	if r.design != "" || r.jobs < 2 {
		return ""
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}
