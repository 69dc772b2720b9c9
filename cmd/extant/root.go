package main

import (
	"slices"

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

// newRoot puts the command together for a command line. If that begins with a verb, no other is built: their flags and their help would take
// longer than many a verb.
func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "extant",
		Short:         "Show, make, change, check and mount ext4 file systems without the kernel's driver",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.out)
	root.SetErr(a.stderr)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Long = wrapText(cmd.Long, helpWidth)
		show(cmd, args)
	})

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
	only := -1
	if len(args) > 0 {
		only = slices.IndexFunc(verbs, func(v verb) bool { return v.name == args[0] })
	}
	if only >= 0 {
		root.CompletionOptions.DisableDefaultCmd = true
		root.AddCommand(verbs[only].build(a))
		return root
	}
	for _, v := range verbs {
		root.AddCommand(v.build(a))
	}
	return root
}

// A verb is a command of the command.
type verb struct {
	name  string
	build func(*app) *cobra.Command
}

// verbs is all there are.
var verbs = []verb{
	{"ls", newLs},
	{"cat", newCat},
	{"stat", newStat},
	{"tree", newTree},
	{"du", newDu},
	{"find", newFind},
	{"getfattr", newGetfattr},
	{"cp", newCp},
	{"extract", newExtract},
	{"put", newPut},
	{"mkdir", newMkdir},
	{"rm", newRm},
	{"mv", newMv},
	{"ln", newLn},
	{"chmod", newChmod},
	{"chown", newChown},
	{"touch", newTouch},
	{"truncate", newTruncate},
	{"setfattr", newSetfattr},
	{"verity", newVerity},
	{"edit", newEdit},
	{"sync", newSync},
	{"mount", newMount},
	{"umount", newUmount},
	{"mkfs", newMkfs},
	{"fsck", newFsck},
	{"undo", newUndo},
	{"info", newInfo},
	{"dump", newDump},
	{"partitions", newPartitions},
	{"lab", newLab},
	{"explore", newExplore},
	{"version", newVersion},
}

// Groups of verbs in the help of the root.
const (
	groupFiles       = "files"
	groupChange      = "change"
	groupImage       = "image"
	groupConcurrency = "concurrency"
)
