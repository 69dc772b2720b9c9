package main

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/spf13/cobra"
)

type setfattrFlags struct {
	name, value, remove string
	link                bool
}

func newSetfattr(a *app) *cobra.Command {
	f := &setfattrFlags{}
	cmd := &cobra.Command{
		Use:     "setfattr {-n NAME [-v VALUE] | -x NAME} [-h] IMAGE:/PATH...",
		Short:   "Set and remove extended attributes",
		GroupID: groupChange,
		Long: `setfattr sets or removes an extended attribute. NAME has its prefix: user., trusted., security. VALUE is text, or 0x and hexadecimal digits, or 0s and base64. POSIX
access control lists, system.posix_acl_access and system.posix_acl_default, are in the form of the system call.`,
		Example: `  extant setfattr -n user.origin -v build-7 disk.img:/etc/release
  extant setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 disk.img:/bin/ping
  extant setfattr -x user.origin disk.img:/etc/release`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.StringVarP(&f.name, "name", "n", "", "set the attribute `NAME`")
	p.StringVarP(&f.value, "value", "v", "", "to `VALUE`")
	p.StringVarP(&f.remove, "remove", "x", "", "remove the attribute `NAME`")
	p.BoolVarP(&f.link, "no-dereference", "h", false, "those of symbolic links themselves")
	return a.verbCommand(cmd, func(args []string) error {
		if (f.name == "") == (f.remove == "") {
			return usagef("either -n or -x says which attribute")
		}
		value, err := xattrValue(f.value)
		if err != nil {
			return err
		}
		return a.eachFile(args, func(p place) error { return p.wrap(f.set(p, value)) })
	})
}

func (f *setfattrFlags) set(p place, value []byte) error {
	switch {
	case f.remove != "" && f.link:
		return p.vol.Lremovexattr(p.Path, f.remove)
	case f.remove != "":
		return p.vol.Removexattr(p.Path, f.remove)
	case f.link:
		return p.vol.Lsetxattr(p.Path, f.name, value, 0)
	}
	return p.vol.Setxattr(p.Path, f.name, value, 0)
}

// xattrValue reads a value as setfattr(1) does.
func xattrValue(s string) (value []byte, err error) {
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		value, err = hex.DecodeString(s[2:])
	case strings.HasPrefix(s, "0s"), strings.HasPrefix(s, "0S"):
		value, err = base64.StdEncoding.DecodeString(s[2:])
	default:
		return []byte(s), nil
	}
	if err != nil {
		return nil, usagef("%q is no value: %v", s, err)
	}
	return value, nil
}
