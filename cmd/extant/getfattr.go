package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

type getfattrFlags struct {
	name             string
	dump, link, json bool
}

func newGetfattr(a *app) *cobra.Command {
	f := &getfattrFlags{}
	cmd := &cobra.Command{
		Use:     "getfattr [-n NAME] [-d] [-h] IMAGE:/PATH...",
		Short:   "Show extended attributes",
		GroupID: groupFiles,
		Long: `getfattr lists the names of extended attributes, all of them; with -d their values as well, and with -n the value of one. Values are shown as text in
quotes, in hexadecimal where they are no text, and access control lists in getfacl's short form.`,
		Example: `  extant getfattr -d disk.img:/etc/release
  extant getfattr -n user.origin --json disk.img:/etc/release | jq -r '.[0].xattrs[0].value'`,
		Args: cobra.MinimumNArgs(1),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.StringVarP(&f.name, "name", "n", "", "show the attribute `NAME`")
	p.BoolVarP(&f.dump, "dump", "d", false, "show values")
	p.BoolVarP(&f.link, "no-dereference", "h", false, "those of symbolic links themselves")
	p.BoolVar(&f.json, "json", false, "write a JSON array")
	return a.verbCommand(cmd, func(args []string) error {
		list := &jsonList{w: a.out}
		err := a.each(args, func(p place) error { return f.show(a, p, list) })
		if f.json {
			return errors.Join(err, list.end())
		}
		return err
	})
}

// attributes are those of the file at a place that were asked for.
func (f *getfattrFlags) attributes(p place) ([]xattr, error) {
	names, get := p.vol.Listxattr, p.vol.Getxattr
	if f.link {
		names, get = p.vol.Llistxattr, p.vol.Lgetxattr
	}
	if f.name != "" {
		value, err := get(p.Path, f.name)
		return []xattr{{f.name, value, nil}}, err
	}
	list, err := names(p.Path)
	out := make([]xattr, len(list))
	for i, name := range list {
		out[i].name = name
		out[i].value, out[i].err = get(p.Path, name)
	}
	return out, err
}

func (f *getfattrFlags) show(a *app, p place, list *jsonList) error {
	attrs, err := f.attributes(p)
	switch {
	case err != nil:
		return p.wrap(err)
	case f.json:
		return list.put(newXattrsJSON(p, attrs))
	case len(attrs) == 0:
		return nil
	}
	fmt.Fprintf(a.out, "# file: %s\n", escape(p.Path))
	for _, x := range attrs {
		if f.dump || f.name != "" {
			fmt.Fprintln(a.out, escape(x.String()))
		} else {
			fmt.Fprintln(a.out, escape(x.name))
		}
	}
	_, err = fmt.Fprintln(a.out)
	return err
}

// xattrsJSON is a file in the array of getfattr --json.
type xattrsJSON struct {
	Image     string      `json:"image"`
	Path      string      `json:"path"`
	PathBytes []byte      `json:"path_bytes,omitempty"`
	Xattrs    []xattrJSON `json:"xattrs"`
}

func newXattrsJSON(p place, attrs []xattr) xattrsJSON {
	return xattrsJSON{Image: p.Image, Path: p.Path, PathBytes: rawBytes(p.Path), Xattrs: xattrListJSON(attrs)}
}
