package main

import (
	"errors"

	"github.com/spf13/cobra"

	"extant"
)

type lnFlags struct{ symbolic, force, noTarget bool }

func newLn(a *app) *cobra.Command {
	f := &lnFlags{}
	cmd := &cobra.Command{
		Use:     "ln [-s] [-f] [-T] TARGET IMAGE:/NAME",
		Short:   "Make hard and symbolic links",
		GroupID: groupChange,
		Long: `ln gives a file of an image one more name, or with -s makes a symbolic link that leads to TARGET. TARGET of a hard link is IMAGE:/PATH in the same
image, of a symbolic link just text. Where NAME is a directory the link goes into it.`,
		Example: `  extant ln disk.img:/bin/busybox disk.img:/bin/sh
  extant ln -s ../usr/lib disk.img:/lib`,
		Args: cobra.ExactArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.symbolic, "symbolic", "s", false, "make a symbolic link")
	p.BoolVarP(&f.force, "force", "f", false, "replace a file that has the name")
	p.BoolVarP(&f.noTarget, "no-target-directory", "T", false, "NAME is the name, even if it is a directory")
	return a.verbCommand(cmd, func(args []string) error {
		target := args[0]
		if !f.symbolic {
			from, ok := extant.ParseAddress(target)
			if !ok || from.Image != address(args[1]).Image {
				return usagef("%s is not in the same image: that takes a symbolic link (-s)", target)
			}
			target = from.Path
		}
		return a.eachFile(args[1:], func(p place) error { return f.link(target, p) })
	})
}

func (f *lnFlags) link(target string, p place) error {
	if !f.noTarget {
		p = into(p, lastName(target))
	}
	link := p.vol.Link
	if f.symbolic {
		link = p.vol.Symlink
	}
	made := func(name string) error { return link(target, name) }
	var err error
	if f.force {
		err = anew(p, made)
	} else {
		err = made(p.Path)
	}
	if err != nil {
		return &addressError{p.String(), errors.Unwrap(err)}
	}
	return nil
}
