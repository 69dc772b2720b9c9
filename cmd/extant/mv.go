package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"extant"
)

type mvFlags struct{ noClobber, noTarget, exchange bool }

func newMv(a *app) *cobra.Command {
	f := &mvFlags{}
	cmd := &cobra.Command{
		Use:     "mv [-n] [-T] IMAGE:/PATH... IMAGE:/DEST",
		Short:   "Rename files and directories within an image",
		GroupID: groupChange,
		Long: `mv gives files and directories other names: in DEST, if that is a directory, or the name DEST. A file of that name is replaced, in one
step that a crash cannot halve. Between images there is no renaming: copy with cp -a, and remove.`,
		Example: `  extant mv disk.img:/etc/hosts disk.img:/etc/hosts.old
  extant mv disk.img:/a disk.img:/b disk.img:/dir
  extant mv --exchange disk.img:/current disk.img:/next`,
		Args: cobra.MinimumNArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.noClobber, "no-clobber", "n", false, "leave files that exist alone")
	p.BoolVarP(&f.noTarget, "no-target-directory", "T", false, "DEST is the new name, even if it is a directory")
	p.BoolVar(&f.exchange, "exchange", false, "two files change places")
	return a.verbCommand(cmd, func(args []string) error {
		dest := args[len(args)-1]
		sources := args[:len(args)-1]
		if err := only(dest); err != nil {
			return err
		}
		if (f.noTarget || f.exchange) && len(sources) > 1 {
			return usagef("-T and --exchange take two files")
		}
		to := address(dest)
		for _, arg := range sources {
			if from := address(arg); from.Image != to.Image {
				return usagef("%s and %s are not in one image: cp -a, and rm", arg, dest)
			}
		}
		return a.eachFile(sources, func(p place) error { return f.move(p, place{to, p.vol}, len(sources) > 1) })
	})
}

// move renames one. several says that the target has to be a directory.
func (f *mvFlags) move(from, to place, several bool) error {
	info, err := to.vol.Stat(to.Path)
	isDir := err == nil && info.IsDir()
	if several && !isDir {
		return usagef("%s is no directory that several files could go into", to)
	}
	if isDir && !f.noTarget && !f.exchange {
		to = to.at(joinPath(to.Path, lastName(from.Path)))
	}
	flags := extant.RenameFlags(0)
	switch {
	case f.exchange:
		flags = extant.RenameExchange
	case f.noClobber:
		flags = extant.RenameNoReplace
	}
	err = from.vol.RenameWith(from.Path, to.Path, flags)
	if f.noClobber && errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return &addressError{from.String() + " to " + to.Path, errors.Unwrap(err)}
	}
	return nil
}
