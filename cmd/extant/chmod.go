package main

import (
	"io/fs"

	"github.com/spf13/cobra"
)

func newChmod(a *app) *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "chmod [-R] MODE IMAGE:/PATH...",
		Short:   "Change permissions",
		GroupID: groupChange,
		Long: `chmod changes permissions, set-ID and sticky bits. MODE is an octal number, or clauses like u+x, go-w and a=rX with commas between them.
Symbolic links are followed where they are named; with -R, those that are met are left alone. A directory keeps its set-ID bits unless they are named.`,
		Example: `  extant chmod 4755 disk.img:/usr/bin/sudo
  extant chmod -R go-w disk.img:/etc`,
		Args: cobra.MinimumNArgs(2),
	}
	cmd.Flags().BoolVarP(&recursive, "recursive", "R", false, "change what is below directories as well")
	return a.verbCommand(cmd, func(args []string) error {
		change, err := parseModeChange(args[0])
		if err != nil {
			return err
		}
		return a.eachFile(args[1:], func(p place) error {
			if !recursive {
				return p.wrap(change.to(p))
			}
			return a.tree(p, func(at place, info fs.FileInfo) error {
				if info.Mode()&fs.ModeSymlink != 0 && at != p {
					return nil
				}
				return change.to(at)
			})
		})
	})
}

// to changes the mode of what a place leads to.
func (c *modeChange) to(p place) error {
	info, err := p.vol.Stat(p.Path)
	if err != nil {
		return err
	}
	return p.vol.Chmod(p.Path, c.apply(info.Mode()))
}
