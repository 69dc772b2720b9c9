package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"extant"
	"extant/disk"
)

// Exit codes, in ascending order of weight.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitCorrupt     = 3
	exitUnsupported = 4
	exitInterrupted = 130
)

// usageError says that the command line makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// addressError is an error about what an address names.
type addressError struct {
	at  string
	err error
}

func (e *addressError) Error() string { return e.at + ": " + errorText(e.err) }
func (e *addressError) Unwrap() error { return e.err }

// openError is an error of opening an image.
type openError struct {
	image   string
	err     error
	writing bool
}

func (e *openError) Error() string { return errorText(e.err) }
func (e *openError) Unwrap() error { return e.err }

// exitCode is the exit code that err calls for.
func exitCode(err error) int {
	var (
		usage       *usageError
		corrupt     *extant.CorruptError
		unsupported *extant.UnsupportedError
	)
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &corrupt):
		return exitCorrupt
	case errors.As(err, &unsupported):
		return exitUnsupported
	}
	return exitFailed
}

// errorText is err without the name of the operation that the library puts first: the verb says what was wanted.
func errorText(err error) string {
	if e, ok := err.(*fs.PathError); ok {
		return e.Path + ": " + errorText(e.Err)
	}
	return err.Error()
}

// hint is a remedy for err, or nothing.
func hint(err error) string {
	var open *openError
	var alone *noTerminalError
	if errors.As(err, &alone) {
		return "give -n to repair nothing, -p to repair what loses nothing, or -y to repair all"
	}
	if !errors.As(err, &open) {
		return ""
	}
	var (
		busy    *disk.BusyError
		corrupt *extant.CorruptError
	)
	switch {
	case errors.As(err, &busy) && open.writing:
		return ""
	case errors.As(err, &busy):
		return "--shared reads it all the same, and may see it change"
	case strings.Contains(err.Error(), "NoLoad"):
		return hintNoLoad
	case errors.As(err, &corrupt):
		return hintCorrupt(corrupt)
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(open.image, ":"):
		return "the address of a file is IMAGE:/PATH, with a slash after the colon"
	case errors.Is(err, syscall.EISDIR):
		return "name an image file or a block device"
	}
	return ""
}

const hintNoLoad = "--noload reads it without its journal"

// hintCorrupt is a remedy for an image that cannot be opened.
func hintCorrupt(e *extant.CorruptError) string {
	switch {
	case strings.Contains(e.Detail, "truncated"):
		return "--truncated reads what is there"
	case strings.HasPrefix(e.Structure, "journal"):
		return hintNoLoad
	case strings.HasPrefix(e.Structure, "super block"), strings.HasPrefix(e.Structure, "group desc"):
		return "a file system has copies of its super block: try --superblock 32768 (8193 with blocks of 1 KiB)"
	}
	return ""
}
