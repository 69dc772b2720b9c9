package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

type rmFlags struct{ recursive, force, dir bool }

func newRm(a *app) *cobra.Command {
	f := &rmFlags{}
	cmd := &cobra.Command{
		Use:     "rm [-r] [-f] [-d] IMAGE:/PATH...",
		Short:   "Remove files and directories",
		GroupID: groupChange,
		Long: `rm removes names of files; a file goes when its last name does. Directories want -r, or -d where they are empty. Symbolic links are removed
themselves. It asks nothing. The root of an image is not removed, but rm -r IMAGE:/ empties it.`,
		Example: `  extant rm disk.img:/etc/machine-id
  extant rm -rf disk.img:/var/cache disk.img:/tmp`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVarP(&f.recursive, "recursive", "r", false, "remove directories with all that is in them")
	p.BoolVarP(&f.recursive, "Recursive", "R", false, "the same")
	p.Lookup("Recursive").Hidden = true
	p.BoolVarP(&f.force, "force", "f", false, "what is not there is no error")
	p.BoolVarP(&f.dir, "dir", "d", false, "remove empty directories")
	return a.verbCommand(cmd, func(args []string) error {
		return a.eachFile(args, func(p place) error {
			err := a.remove(p, f)
			if f.force && errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return err
		})
	})
}

func (a *app) remove(p place, f *rmFlags) error {
	info, err := p.vol.Lstat(p.Path)
	switch {
	case err != nil:
		return p.wrap(err)
	case !info.IsDir():
		return p.wrap(p.vol.Unlink(p.Path))
	case f.recursive:
		return a.removeTree(p)
	case f.dir:
		return p.wrap(p.vol.Rmdir(p.Path))
	}
	return p.wrap(syscall.EISDIR)
}

// removeTree removes a directory and what is in it. What fails is reported, and the rest follows.
func (a *app) removeTree(p place) error {
	list, err := p.vol.ReadDir(p.Path)
	if err != nil {
		a.fail(p.wrap(err))
	}
	for _, e := range list {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		child := p.at(joinPath(p.Path, e.Name()))
		if e.IsDir() {
			err = a.removeTree(child)
		} else {
			err = child.wrap(p.vol.Unlink(child.Path))
		}
		if err != nil {
			a.fail(err)
		}
	}
	if strings.Trim(p.Path, "/.") == "" {
		return nil
	}
	return p.wrap(p.vol.Rmdir(p.Path))
}
