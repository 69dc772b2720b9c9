package main

import (
	"github.com/spf13/cobra"
)

const rootLong = `extant shows, makes, changes and checks ext2, ext3 and ext4 file systems in image files, partitions and block devices. It needs
no privileges beyond those to open the image, and never writes to an image that it only shows: a journal that needs recovery is
read through. What it changes it changes through the journal, and each command leaves a clean image.

What a verb is to look at is an address:

  disk.img:/etc/passwd     a file in an image
  disk.img#2:/etc          a directory in the second partition of an image
  disk.img                 an image; its root directory, where a directory is wanted

Exit codes:

  0    all was done
  1    something that was asked for could not be had: no such file, an error of the device, an image in use
  2    the command was misused
  3    an image is corrupt
  4    an image needs what extant cannot do
  130  interrupted

With several errors the highest code counts. Errors do not end a verb: what can be done is done. fsck has e2fsck's codes instead.`

// newRoot puts the command together.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "extant",
		Short:         "Show, make, change, check and mount ext4 file systems without the kernel's driver",
		Long:          wrapText(rootLong, helpWidth),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.out)
	root.SetErr(a.stderr)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&a.options.NoLoad, "noload", false, "leave a journal that needs recovery alone")
	flags.BoolVar(&a.options.Shared, "shared", false, "read an image even while somebody writes to it")
	flags.BoolVar(&a.options.Truncated, "truncated", false, "accept an image that is shorter than its file system")
	flags.Uint64Var(&a.options.SuperBlock, "superblock", 0, "use the copy of the super block in block `N`")
	flags.Bool("help", false, "say how to use it") // without -h, which means human-readable to many verbs

	root.AddGroup(
		&cobra.Group{ID: groupFiles, Title: "Files in an image:"},
		&cobra.Group{ID: groupChange, Title: "Changing files in an image:"},
		&cobra.Group{ID: groupImage, Title: "The image itself:"},
		&cobra.Group{ID: groupConcurrency, Title: "Concurrency:"},
	)
	for _, cmd := range []func(*app) *cobra.Command{
		newLs, newCat, newStat, newTree, newDu, newFind, newGetfattr, newCp, newExtract,
		newPut, newMkdir, newRm, newMv, newLn, newChmod, newChown, newTouch, newTruncate, newSetfattr, newVerity, newEdit, newSync,
		newMount, newUmount, newMkfs, newFsck, newUndo, newInfo, newDump, newPartitions, newLab, newExplore, newVersion,
	} {
		root.AddCommand(cmd(a))
	}
	return root
}

// Groups of verbs in the help of the root.
const (
	groupFiles       = "files"
	groupChange      = "change"
	groupImage       = "image"
	groupConcurrency = "concurrency"
)
