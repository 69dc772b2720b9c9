package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"extant"
)

type touchFlags struct {
	access, modification, noCreate, link bool
	date, reference                      string
}

func newTouch(a *app) *cobra.Command {
	f := &touchFlags{}
	cmd := &cobra.Command{
		Use:     "touch [-a] [-m] [-c] [-d TIME] IMAGE:/PATH...",
		Short:   "Make empty files, and set times",
		GroupID: groupChange,
		Long: `touch sets the times of access and of modification, to now or to what -d or -r say, and makes empty files where there are none. TIME is
2006-01-02, 2006-01-02T15:04:05 with or without a zone behind it, or @ and the seconds since 1970.`,
		Example: `  extant touch disk.img:/.autorelabel
  extant touch -c -d @0 disk.img:/etc/passwd`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.access, "access", "a", false, "set the time of access alone")
	p.BoolVarP(&f.modification, "modification", "m", false, "set the time of modification alone")
	p.BoolVarP(&f.noCreate, "no-create", "c", false, "make no file")
	p.StringVarP(&f.date, "date", "d", "", "the `TIME` to set")
	p.StringVarP(&f.reference, "reference", "r", "", "set the times of `FILE`, of an image or the host")
	p.BoolVarP(&f.link, "no-dereference", "h", false, "set the times of symbolic links themselves")
	return a.verbCommand(cmd, func(args []string) error {
		if f.date != "" && f.reference != "" {
			return usagef("-d and -r are two ways to say the time")
		}
		if slices.ContainsFunc(args, func(arg string) bool { return address(arg).Image == address(f.reference).Image }) {
			if err := a.writing(); err != nil { // the image is opened once; that of any other FILE is only read
				return err
			}
		}
		t, err := f.times(a)
		if err != nil {
			return err
		}
		return a.eachFile(args, func(p place) error { return f.touch(p, t) })
	})
}

// times are the times to set.
func (f *touchFlags) times(a *app) (t extant.Times, err error) {
	switch {
	case f.date != "":
		if t.MTime, err = parseTime(f.date); err != nil {
			err = &usageError{err}
		}
		t.ATime = t.MTime
	case f.reference != "":
		t, err = a.timesOf(f.reference)
	default:
		t.ATimeNow, t.MTimeNow = true, true
	}
	if f.access && !f.modification {
		t.MTime, t.MTimeNow = time.Time{}, false
	}
	if f.modification && !f.access {
		t.ATime, t.ATimeNow = time.Time{}, false
	}
	return t, err
}

// timesOf are the times of a file of an image or the host, which may know no time of access.
func (a *app) timesOf(arg string) (t extant.Times, err error) {
	if _, ok := extant.ParseAddress(arg); !ok {
		info, err := os.Stat(arg)
		if err != nil {
			return t, err
		}
		return extant.Times{ATime: info.ModTime(), MTime: info.ModTime()}, nil
	}
	p, err := a.place(arg)
	if err != nil {
		return t, err
	}
	info, err := p.vol.Stat(p.Path)
	if err != nil {
		return t, p.wrap(err)
	}
	s := info.Sys().(*extant.Stat)
	return extant.Times{ATime: s.ATime, MTime: s.MTime}, nil
}

func (f *touchFlags) touch(p place, t extant.Times) error {
	set := p.vol.SetTimes
	if f.link {
		set = p.vol.LsetTimes
	}
	err := set(p.Path, t)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return p.wrap(err)
	case f.noCreate:
		return nil
	case f.link:
		return p.wrap(err)
	}
	file, err := p.vol.OpenFile(p.Path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		err = errors.Join(file.Close(), set(p.Path, t))
	}
	return p.wrap(err)
}
