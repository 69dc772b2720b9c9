package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"extant/mkfs"
)

type truncateFlags struct {
	size     string
	noCreate bool
	sign     byte // '+' or '-' where the size is a change of it
	n        int64
}

func newTruncate(a *app) *cobra.Command {
	f := &truncateFlags{}
	cmd := &cobra.Command{
		Use:     "truncate -s SIZE [-c] IMAGE:/PATH...",
		Short:   "Change the size of files",
		GroupID: groupChange,
		Long: `truncate sets the size of files in bytes, or with K, M, G, T behind it in KiB and so on; with + or - before it, the size is changed by so much. What a file loses is
gone, what it gains is a hole. A file that is not there is made.`,
		Example: `  extant truncate -s 0 disk.img:/var/log/messages
  extant truncate -s +1G disk.img:/swapfile`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&f.size, "size", "s", "", "the `SIZE`, or with + or - by how much it changes")
	cmd.Flags().BoolVarP(&f.noCreate, "no-create", "c", false, "make no file")
	return a.verbCommand(cmd, func(args []string) error {
		if err := f.parse(); err != nil {
			return err
		}
		return a.eachFile(args, func(p place) error { return p.wrap(f.truncate(p)) })
	})
}

func (f *truncateFlags) parse() (err error) {
	if f.size == "" {
		return usagef("-s says the size")
	}
	text := f.size
	if text[0] == '+' || text[0] == '-' {
		f.sign, text = text[0], text[1:]
	}
	if f.n, err = mkfs.ParseSize(text, 1); err != nil {
		return usagef("%q is no size", f.size)
	}
	return nil
}

func (f *truncateFlags) truncate(p place) (err error) {
	flag := os.O_WRONLY | os.O_CREATE
	if f.noCreate {
		flag = os.O_WRONLY
	}
	file, err := p.vol.OpenFile(p.Path, flag, 0o644)
	if err != nil {
		if f.noCreate && errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := f.n
	switch f.sign {
	case '+':
		size = info.Size() + f.n
	case '-':
		size = max(0, info.Size()-f.n)
	}
	return file.Truncate(size)
}
