package main

import (
	"github.com/spf13/cobra"
)

func newSync(a *app) *cobra.Command {
	return a.verbCommand(&cobra.Command{
		Use:     "sync IMAGE...",
		Short:   "Replay journals and leave images clean",
		GroupID: groupChange,
		Long: `sync opens images for writing and closes them: the journal is replayed if it wants to be, files that were deleted while open are done away with, and
the image is left as a clean unmount leaves it. An image that is clean stays as it is, but for the time and the count of mounts.`,
		Example: `  extant sync disk.img`,
		Args:    cobra.MinimumNArgs(1),
	}, func(args []string) error {
		if err := a.writing(); err != nil {
			return err
		}
		return a.each(args, func(p place) error { return p.wrap(p.vol.Sync()) })
	})
}
