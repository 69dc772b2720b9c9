package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
)

// A process explores one thing at a time. So lab and explore spread what they try over processes, children of this one, each of which is asked one
// thing and answers with a JSON object.

// spread has n children answer, jobs at once, and shows the answers in order. args is the command line of the i-th child.
func spread[T any](ctx context.Context, program string, jobs, n int, args func(i int) []string, show func(i int, answer T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type reply struct {
		answer T
		err    error
	}
	replies := make([]chan reply, n)
	for i := range replies {
		replies[i] = make(chan reply, 1)
	}
	free := make(chan struct{}, jobs)
	go func() {
		for i := range replies {
			free <- struct{}{}
			go func() {
				var r reply
				r.err = askChild(ctx, program, args(i), &r.answer)
				replies[i] <- r
				<-free
			}()
		}
	}()
	for i := range replies {
		r := <-replies[i]
		if r.err != nil {
			return r.err
		}
		if err := show(i, r.answer); err != nil {
			return err
		}
	}
	return nil
}

// askChild runs the program and reads its answer.
func askChild(ctx context.Context, program string, args []string, answer any) error {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	said := bytes.TrimSpace(errs.Bytes())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && len(said) > 0:
		return errors.New(string(said))
	case err != nil:
		return fmt.Errorf("another process of this program: %w", err)
	}
	return json.Unmarshal(out.Bytes(), answer)
}
