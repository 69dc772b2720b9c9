package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"extant"
)

// app is one run of the program: where it reads and writes, what is open, and what has gone wrong so far.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout *stickyWriter
	out    *bufio.Writer // to stdout
	stderr io.Writer

	inTTY, outTTY, errTTY bool
	width                 int // columns of the terminal that stdout is; 0 for none

	options extant.Options // the global flags
	volumes map[string]*extant.Volume
	order   []*extant.Volume // as opened

	args   []string // the command line
	serves bool     // the verb ends with a signal, as it should

	verb string // "extant ls", once it runs
	bits bool   // its exit codes are sums of bits
	code int    // exit code so far
}

const outBuffer = 16 << 10

func newApp(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) *app {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &app{
		ctx: ctx, stdin: stdin, stderr: stderr,
		stdout:  &stickyWriter{w: stdout, broken: cancel},
		volumes: map[string]*extant.Volume{},
	}
	a.out = bufio.NewWriterSize(a.stdout, outBuffer)
	a.inTTY, _ = terminal(stdin)
	a.outTTY, a.width = terminal(stdout)
	a.errTTY, _ = terminal(stderr)
	return a
}

// terminal reports whether a reader or writer is a terminal, and how wide.
func terminal(rw any) (bool, int) {
	f, ok := rw.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return true, width
}

// run runs the verb that args name and returns the exit code.
func (a *app) run(args []string) int {
	a.args = args
	root := newRoot(a, args)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(a.ctx)
	if err != nil {
		if a.verb == "" {
			a.begin(cmd)
			err = &usageError{err}
		}
		a.fail(err)
	}
	a.close()
	return a.code
}

// begin notes which verb runs.
func (a *app) begin(cmd *cobra.Command) {
	a.verb = cmd.CommandPath()
	a.bits = cmd.Annotations[exitBits] != ""
}

// close writes what is left to write, and closes what is open.
func (a *app) close() {
	for _, v := range a.order {
		if err := v.Close(); err != nil {
			a.fail(err)
		}
	}
	a.out.Flush()
	if err := a.stdout.err; err != nil {
		a.report(&addressError{"standard output", err})
	}
	if a.ctx.Err() != nil && !a.serves && context.Cause(a.ctx) != errOutput {
		a.code = exitInterrupted
		if a.bits {
			a.code = fsckInterrupted
		}
	}
}

// fail reports an error and goes on; the exit code is that of the worst. What was written before is shown before.
func (a *app) fail(err error) {
	if errors.Is(err, context.Canceled) || a.stdout.err != nil && errors.Is(err, a.stdout.err) {
		return // close tells of both, once
	}
	a.out.Flush()
	a.report(err)
}

// report writes an error to standard error, with a remedy if there is one.
func (a *app) report(err error) {
	if a.bits {
		a.code |= fsckCode(err)
	} else {
		a.code = max(a.code, exitCode(err))
	}
	fmt.Fprintf(a.stderr, "%s: %s\n", a.verb, escape(errorText(err)))
	if h := hint(err); h != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", h)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(a.stderr, "hint: %s --help says how to use it\n", a.verb)
	}
}

// note remarks on standard error on something that is no error.
func (a *app) note(format string, args ...any) {
	a.out.Flush()
	fmt.Fprintf(a.stderr, "%s: %s\n", a.verb, escape(fmt.Sprintf(format, args...)))
}

// volume opens an image, or returns it if it is open already.
func (a *app) volume(image string) (*extant.Volume, error) {
	if v, ok := a.volumes[image]; ok {
		return v, nil
	}
	v, err := extant.OpenWith(image, a.options)
	if err != nil {
		return nil, &openError{image, err, a.options.ReadWrite}
	}
	a.volumes[image] = v
	a.order = append(a.order, v)
	return v, nil
}

// each runs do for each operand. One that fails is reported, and the rest follow.
func (a *app) each(operands []string, do func(place) error) error {
	for _, arg := range operands {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		p, err := a.place(arg)
		if err == nil {
			err = do(p)
		}
		if err != nil {
			a.fail(err)
		}
	}
	return nil
}

// verbCommand is cmd with what all verbs have in common.
func (a *app) verbCommand(cmd *cobra.Command, do func(args []string) error) *cobra.Command {
	cmd.DisableFlagsInUseLine = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.begin(cmd)
		return do(args)
	}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = a.completeAddress
	}
	return cmd
}

// stickyWriter remembers the first error of w, and says that it broke, once.
type stickyWriter struct {
	w      io.Writer
	broken context.CancelCauseFunc
	err    error
}

var errOutput = errors.New("standard output is gone")

func (s *stickyWriter) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
		s.broken(errOutput)
	}
	return n, err
}
