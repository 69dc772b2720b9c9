package main

import (
	"github.com/spf13/cobra"

	"extant/fuse"
)

func newUmount(a *app) *cobra.Command {
	return a.verbCommand(&cobra.Command{
		Use:     "umount DIR...",
		Short:   "End the mount of an image",
		GroupID: groupImage,
		Long: `umount ends what mount began, and returns when the image is complete and closed: umount(8) and fusermount3 -u return before that. It fails while files in the
directory are in use.`,
		Example: `  extant umount /mnt/disk`,
		Args:    cobra.MinimumNArgs(1),
	}, func(args []string) error {
		for _, dir := range args {
			if err := fuse.Unmount(a.ctx, dir); err != nil {
				a.fail(&addressError{dir, err})
			}
		}
		return nil
	})
}
