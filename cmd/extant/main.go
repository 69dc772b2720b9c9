// Command extant shows, makes, changes, checks and mounts ext2, ext3 and ext4 file systems in images, partitions and block devices, without
// the kernel's driver and without privileges.
//
// One file holds one verb, and each is thin: what a verb knows beyond its flags and its output lies in the packages below.
// A verb is a function newVERB(*app) *cobra.Command, listed in root.go. It writes to app.out, reports what fails through
// app.fail and goes on, and looks at its context between steps. Nothing of it lives on after run, so tests call run.
//
// # Words
//
// An operand is what the user names: IMAGE or IMAGE:/PATH. A place is an operand whose image has been opened.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	args, isHelper := os.Args[1:], false
	if os.Getenv(readyVar) == "" {
		args, isHelper = helperArgs(os.Args[0], args)
	}
	if isHelper && args == nil {
		os.Exit(0)
	}
	code := run(interruptible(), args, os.Stdin, os.Stdout, os.Stderr)
	if isHelper && code != 0 && code != exitUsage {
		code = exitMount
	}
	os.Exit(code)
}

// exitMount is what mount(8) takes for a mount that failed.
const exitMount = 32

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(ctx, stdin, stdout, stderr).run(args)
}

// interruptible returns a context that the first interrupt ends. The second then kills the program, as the system has it.
func interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
