package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"extant"
	"extant/disk"
	"extant/disk/undo"
)

type undoFlags struct{ dryRun, force, json bool }

func newUndo(a *app) *cobra.Command {
	f := &undoFlags{}
	cmd := &cobra.Command{
		Use:     "undo [flags] FILE IMAGE",
		Short:   "Take back what fsck --undo did",
		GroupID: groupImage,
		Long: `undo writes back what FILE has saved: after that IMAGE is, byte for byte, what it was before fsck --undo FILE, which may have been interrupted. A
file that does not belong to the image is refused, and so is an image that was changed since, by a mount for example: to undo only a part of
what happened would damage it.

FILE stays, and undo may be interrupted and begun again. Several repairs are undone in the reverse order.`,
		Example: `  extant fsck -y --undo disk.undo disk.img
  extant undo disk.undo disk.img
  extant undo -n disk.undo disk.img#2`,
		Args: cobra.ExactArgs(2),
	}
	p := cmd.Flags()
	p.BoolVarP(&f.dryRun, "dry-run", "n", false, "write nothing, say whether it could be done")
	p.BoolVarP(&f.force, "force", "f", false, "undo even what was changed since")
	p.BoolVar(&f.json, "json", false, "write a JSON object")
	cmd.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	return a.verbCommand(cmd, func(args []string) error {
		r, err := a.undo(args[0], address(args[1]).Image, f)
		if err != nil {
			return err
		}
		if f.json {
			return a.putJSON(r)
		}
		if f.dryRun {
			return r.write(a.out)
		}
		_, err = fmt.Fprintf(a.out, "%s: %s\n", escapeName(args[1]), r[len(r)-1].text)
		return err
	})
}

// undo writes back what the file at path has saved of an image, and says what that was.
func (a *app) undo(path, image string, f *undoFlags) (r facts, err error) {
	u, err := undo.Read(path)
	if err != nil {
		return nil, err
	}
	defer u.Close()
	flags := disk.ReadWrite
	if f.dryRun {
		flags = disk.ReadOnly
	}
	dev, err := extant.OpenImage(image, flags)
	if err != nil {
		return nil, &openError{image: image, err: err}
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	if err := belongs(u, dev, path); err != nil && !f.force {
		return nil, &addressError{image, err}
	}
	if err := a.ctx.Err(); err != nil {
		return nil, err
	}
	if !f.dryRun {
		if err := u.Restore(dev); err != nil {
			return nil, &addressError{image, err}
		}
	}
	r.add("Image", "image", image)
	r.add("File system", "uuid", u.About())
	r.addAs("Repair finished", "finished", u.Finished(), "%s", orWord(u.Finished(), "yes", "no"))
	r.addAs("Saved", "bytes", u.Saved(), "%d bytes are as they were", u.Saved())
	return r, nil
}

// belongs refuses an image that is not the one that the file is about, or no longer. Its UUID only serves to say so better: a repair may have changed it.
func belongs(u *undo.File, dev disk.Device, path string) error {
	err := u.Check(dev)
	var foreign *undo.ForeignError
	if now := superUUID(dev); errors.As(err, &foreign) && now != "" && u.About() != "" && now != u.About() {
		return &undo.ForeignError{Path: path, Detail: fmt.Sprintf("it holds file system %s, not %s", now, u.About())}
	}
	return err
}
