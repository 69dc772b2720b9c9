package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newEdit(a *app) *cobra.Command {
	return a.verbCommand(&cobra.Command{
		Use:     "edit IMAGE:/PATH",
		Short:   "Edit a file of an image",
		GroupID: groupChange,
		Long: `edit copies a file out of an image, lets $VISUAL, $EDITOR or else vi change the copy, and writes it back if it has changed. The file keeps its owner, mode and other names; one that is
not there is made. The image is locked meanwhile, and unchanged if the editor fails.`,
		Example: `  extant edit disk.img:/etc/fstab
  EDITOR='sed -i s/old/new/' extant edit disk.img:/etc/hostname`,
		Args: cobra.ExactArgs(1),
	}, func(args []string) error {
		return a.eachFile(args, a.edit)
	})
}

func (a *app) edit(p place) (err error) {
	before, err := p.vol.ReadFile(p.Path)
	there := !errors.Is(err, fs.ErrNotExist)
	if err != nil && there {
		return p.wrap(err)
	}
	dir, err := os.MkdirTemp("", "extant-edit")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, filepath.Base(lastName(p.Path)))
	if err := os.WriteFile(name, before, 0o600); err != nil {
		return err
	}
	if err := a.runEditor(name); err != nil {
		return err
	}
	after, err := os.ReadFile(name)
	switch {
	case err != nil:
		return err
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case bytes.Equal(before, after) && (there || len(after) == 0):
		a.note("%s: not changed", p)
		return nil
	}
	return p.wrap(p.vol.WriteFile(p.Path, after, 0o644))
}

// runEditor runs the user's editor, which may be a command with arguments.
func (a *app) runEditor(name string) error {
	words := strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi"))
	cmd := exec.CommandContext(a.ctx, words[0], append(words[1:], name)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	return nil
}
