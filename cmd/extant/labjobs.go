package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"extant/lab"
)

// labAnswer is what a child says of one case.
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

// spread has children try the cases, several at once, and shows the answers in order.
func (r *labRun) spread(program string, cases []*lab.Case) error {
	args := func(i int) []string {
		words := []string{"lab", "--case", strconv.Itoa(i)}
		if r.broken {
			words = append(words, "--broken")
		}
		return words
	}
	return spread(r.ctx, program, r.jobs, len(cases), args, func(i int, answer labAnswer) error { return r.showAnswer(cases[i], answer) })
}

func (r *labRun) showAnswer(c *lab.Case, answer labAnswer) error {
	if answer.Differ != "" {
		r.fail(errors.New(answer.Differ))
	}
	if r.json {
		return r.list.put(answer.Object)
	}
	return r.show(r.table.Heading(c) + answer.Lines)
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
