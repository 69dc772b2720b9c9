package main

import (
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func newChown(a *app) *cobra.Command {
	var recursive, link bool
	cmd := &cobra.Command{
		Use:     "chown [-R] [-h] OWNER[:GROUP] IMAGE:/PATH...",
		Short:   "Change owners",
		GroupID: groupChange,
		Long: `chown changes owner and group, which are numbers: OWNER, OWNER:GROUP or :GROUP. Files lose their set-ID bits. Symbolic links are followed where
they are named, unless -h is given; with -R, those that are met are changed themselves.`,
		Example: `  extant chown 1000:1000 disk.img:/home/user
  extant chown -R :100 disk.img:/srv/shared`,
		Args: cobra.MinimumNArgs(2),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&recursive, "recursive", "R", false, "change what is below directories as well")
	cmd.Flags().BoolVarP(&link, "no-dereference", "h", false, "change symbolic links themselves")
	return a.verbCommand(cmd, func(args []string) error {
		uid, gid, err := parseOwner(args[0])
		if err != nil {
			return err
		}
		return a.eachFile(args[1:], func(p place) error {
			change := func(at place, _ fs.FileInfo) error {
				if link || at != p {
					return at.vol.Lchown(at.Path, uid, gid)
				}
				return at.vol.Chown(at.Path, uid, gid)
			}
			if recursive {
				return a.tree(p, change)
			}
			return p.wrap(change(p, nil))
		})
	})
}

// parseOwner reads OWNER[:GROUP]; -1 stands for what is left out.
func parseOwner(s string) (uid, gid int, err error) {
	user, group, _ := strings.Cut(s, ":")
	ids := [2]int{-1, -1}
	for i, word := range [2]string{user, group} {
		if word == "" {
			continue
		}
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil || n == 1<<32-1 {
			return 0, 0, usagef("%q is no owner: numbers, OWNER:GROUP", s)
		}
		ids[i] = int(n)
	}
	if ids == [2]int{-1, -1} {
		return 0, 0, usagef("%q names nobody", s)
	}
	return ids[0], ids[1], nil
}
