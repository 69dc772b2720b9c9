package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"extant/fsck"
)

// An asker puts a question about each finding to whoever sits at the terminal.
type asker struct {
	r     *fsckRun
	ctx   context.Context // ends when the user has had enough
	stop  context.CancelFunc
	lines chan string // closed at the end of input

	all  bool // the rest is yes
	quit bool
}

// newAsker returns nil where there is no terminal.
func (r *fsckRun) newAsker() *asker {
	if !r.inTTY || !r.outTTY {
		return nil
	}
	k := &asker{r: r, lines: make(chan string)}
	k.ctx, k.stop = context.WithCancel(r.app.ctx)
	go k.read()
	return k
}

// read hands over what is typed, a line for each question, until nobody asks any more.
func (k *asker) read() {
	defer close(k.lines)
	in := bufio.NewScanner(k.r.stdin)
	for in.Scan() {
		select {
		case k.lines <- strings.ToLower(strings.TrimSpace(in.Text())):
		case <-k.ctx.Done():
			return
		}
	}
}

// ask shows a finding and asks whether to repair it.
func (k *asker) ask(f fsck.Finding) bool {
	if k.quit {
		return false
	}
	r := k.r
	r.pass.done()
	r.showFinding(item{Finding: f})
	if k.all {
		fmt.Fprintf(r.out, "    %s: yes\n", repairText(&f))
		return true
	}
	for {
		fmt.Fprintf(r.out, "    %s? [Yes/no/all/quit] ", repairText(&f))
		r.out.Flush()
		switch k.answer() {
		case "", "y", "yes":
			return true
		case "n", "no":
			return false
		case "a", "all":
			k.all = true
			return true
		case "q", "quit":
			k.quit = true
			k.stop()
			return false
		}
	}
}

// answer is the next line; to end the input, or to interrupt, is to quit.
func (k *asker) answer() string {
	select {
	case line, ok := <-k.lines:
		if ok {
			return line
		}
		fmt.Fprintln(k.r.out)
	case <-k.ctx.Done():
	}
	return "quit"
}
