package main

import (
	"io/fs"

	"github.com/spf13/cobra"
)

func newMkdir(a *app) *cobra.Command {
	var parents bool
	var mode string
	cmd := &cobra.Command{
		Use:     "mkdir [-p] [-m MODE] IMAGE:/PATH...",
		Short:   "Make directories",
		GroupID: groupChange,
		Long: `mkdir makes directories. They belong to user and group 0, or to the group of a directory that hands its own down, and have mode 0755
unless -m says otherwise.`,
		Example: `  extant mkdir disk.img:/srv
  extant mkdir -p -m 700 disk.img:/root/.ssh`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&parents, "parents", "p", false, "make those above it, too; one that is there is no error")
	cmd.Flags().StringVarP(&mode, "mode", "m", "", "the permissions: `MODE` in octal or as chmod has it")
	return a.verbCommand(cmd, func(args []string) error {
		perm := fs.FileMode(0o755)
		change, err := parseModeChange(mode)
		if err != nil {
			return err
		}
		return a.eachFile(args, func(p place) error {
			make := p.vol.Mkdir
			if parents {
				make = p.vol.MkdirAll
			}
			err := make(p.Path, perm)
			if err == nil && mode != "" {
				err = p.vol.Chmod(p.Path, change.apply(perm|fs.ModeDir))
			}
			return p.wrap(err)
		})
	})
}
