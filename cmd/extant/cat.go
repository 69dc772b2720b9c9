package main

import (
	"errors"
	"io"
	"syscall"

	"github.com/spf13/cobra"
)

func newCat(a *app) *cobra.Command {
	return a.verbCommand(&cobra.Command{
		Use:     "cat IMAGE:/PATH...",
		Short:   "Write files to standard output",
		GroupID: groupFiles,
		Long: `cat writes the content of files to standard output, one after the other, byte for byte. Symbolic links are followed
within the image. Holes are written as zeros.`,
		Example: `  extant cat disk.img:/etc/fstab
  extant cat disk.img#1:/boot/vmlinuz > vmlinuz`,
		Args: cobra.MinimumNArgs(1),
	}, func(args []string) error {
		buf := make([]byte, 1<<20)
		return a.each(args, func(p place) error { return a.cat(p, buf) })
	})
}

// cat writes one file to standard output, by way of buf.
func (a *app) cat(p place, buf []byte) error {
	f, err := p.vol.Open(p.Path)
	if errors.Is(err, syscall.ENXIO) {
		err = notAFile(false)
	}
	if err != nil {
		return p.wrap(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return p.wrap(err)
	} else if !info.Mode().IsRegular() {
		return p.wrap(notAFile(info.IsDir()))
	}
	if err := a.out.Flush(); err != nil {
		return err
	}
	for {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(buf)
		if _, err := a.stdout.Write(buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return p.wrap(err)
		}
	}
}

func notAFile(isDir bool) error {
	if isDir {
		return syscall.EISDIR
	}
	return errors.New("not a regular file")
}
