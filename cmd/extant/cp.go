package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"extant"
	"extant/extract"
)

// cpFlags are the flags of cp.
type cpFlags struct {
	outFlags
	copyFlags
	out *pflag.FlagSet // those of outFlags
}

// copyFlags are the flags of cp and put that are the same.
type copyFlags struct{ recursive, archive, preserve, noClobber bool }

// register adds the flags; keep is what -p does.
func (f *copyFlags) register(p *pflag.FlagSet, keep string) {
	p.BoolVarP(&f.recursive, "recursive", "r", false, "copy directories with all that is in them")
	p.BoolVarP(&f.recursive, "Recursive", "R", false, "the same")
	p.Lookup("Recursive").Hidden = true
	p.BoolVarP(&f.archive, "archive", "a", false, "the same as -r -p")
	p.BoolVarP(&f.preserve, "preserve", "p", false, keep+" modes, times, owners, xattrs and ACLs")
	p.BoolVarP(&f.noClobber, "no-clobber", "n", false, "leave files that exist alone")
}

// settle says of each flag what all of them come to.
func (f *copyFlags) settle() {
	f.recursive, f.preserve, f.archive = f.recursive || f.archive, f.preserve || f.archive, false
}

func newCp(a *app) *cobra.Command {
	f := &cpFlags{}
	cmd := &cobra.Command{
		Use:     "cp [-r] [-a] [-p] [-n] {IMAGE:/PATH | SOURCE}... DEST",
		Short:   "Copy files out of an image, or into one",
		GroupID: groupFiles,
		Long: `cp copies files out of images, as cp(1) would if they were mounted. Into DEST, if that is a directory; under the name DEST, if it is not and
there is one thing to copy. Directories want -r. A copy gets the permissions of its source as far as the umask allows; -p or -a restores modes,
times, xattrs, ACLs and, for the super user, owners. Without -r a symbolic link is followed, with it it is copied as a link.

A file that exists is replaced, unless -n is given: links that are there are never written through. As with extract, nothing is written outside of
DEST, and set-ID bits, capabilities and devices are left out unless --privileged is given.

Where DEST is an address the files go into that image, from the host or from images, as put does it: put has more to choose from.`,
		Example: `  extant cp disk.img:/etc/passwd .
  extant cp passwd disk.img:/etc
  extant cp -r disk.img:/etc disk.img:/var/log backup
  extant cp -a disk.img:/home home`,
		Args: cobra.MinimumNArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	f.copyFlags.register(p, "restore")
	f.out = pflag.NewFlagSet("", pflag.ContinueOnError)
	f.out.SortFlags = false
	f.outFlags.register(f.out)
	p.AddFlagSet(f.out)
	return a.verbCommand(cmd, func(args []string) error {
		r := &cpRun{outRun: outRun{app: a, flags: &f.outFlags}, f: f, made: map[string]string{}}
		return r.run(args[:len(args)-1], args[len(args)-1])
	})
}

// cpRun is one run of cp.
type cpRun struct {
	outRun
	f       *cpFlags
	copying extract.Options
	dest    string
	into    bool              // dest is a directory that is there
	made    map[string]string // names in it that this run has made, and from what
}

func (r *cpRun) run(operands []string, dest string) (err error) {
	r.f.settle()
	if _, ok := extant.ParseAddress(dest); ok {
		return r.in(operands, dest)
	}
	if r.copying, err = r.f.ask(); err != nil {
		return err
	}
	r.copying.Overwrite = !r.f.noClobber
	if !r.f.preserve {
		r.copying.Omit = extract.MetaTimes | extract.MetaXattrs | extract.MetaModes
		if r.copying.Owners != extract.OwnersAlways {
			r.copying.Owners = extract.OwnersNever
		}
	}
	r.app.options.CacheBytes = outCacheBytes
	fi, err := os.Stat(dest)
	r.dest, r.into = dest, err == nil && fi.IsDir()
	if !r.into && len(operands) > 1 {
		return usagef("%s is no directory that several files could go into", dest)
	}
	return r.each(operands, r.copy)
}

// in copies into an image.
func (r *cpRun) in(operands []string, dest string) (err error) {
	r.f.out.VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "owner" && f.Name != "quiet" && err == nil {
			err = usagef("--%s is for copies out of an image", f.Name)
		}
	})
	if err != nil {
		return err
	}
	return r.app.put(operands, dest, &putFlags{copyFlags: r.f.copyFlags, owner: r.f.owner})
}

// copy copies one operand.
func (r *cpRun) copy(p place) error {
	n, err := p.vol.Inode(p.Path, !r.f.recursive)
	if err != nil {
		return p.wrap(err)
	}
	if n.IsDir() && !r.f.recursive {
		return p.wrap(errors.New("a directory, left out: -r copies directories"))
	}
	dir, name, err := r.split(p, n.IsDir())
	if err != nil {
		return err
	}
	o := r.copying
	r.callbacks(&o, p)
	r.expect(p)
	if r.f.noClobber {
		o.Report = skipExisting(o.Report)
	}
	s, err := extract.ToDir(r.ctx, p.vol, []extract.Source{{Path: p.Path, As: name, Follow: !r.f.recursive}}, dir, o)
	return r.end(p, s, err)
}

// split is the directory of the host that a copy goes into and its name there; "" for one that becomes the directory.
func (r *cpRun) split(p place, isDir bool) (dir, name string, err error) {
	if !r.into {
		if !isDir && os.IsPathSeparator(r.dest[len(r.dest)-1]) {
			return "", "", &addressError{r.dest, fs.ErrNotExist}
		}
		dest := filepath.Clean(r.dest)
		if fi, err := os.Stat(filepath.Dir(dest)); err != nil || !fi.IsDir() {
			return "", "", &addressError{filepath.Dir(dest), fs.ErrNotExist}
		}
		return filepath.Dir(dest), filepath.Base(dest), nil
	}
	name = baseName(p.Path)
	if strings.Trim(p.Path, "/") == "" {
		return r.dest, "", nil
	}
	if from, ok := r.made[name]; ok {
		return "", "", p.wrap(errors.New("not copied over the copy of " + from))
	}
	r.made[name] = p.String()
	return r.dest, name, nil
}

// skipExisting passes on failures but for those of files that exist.
func skipExisting(report func(error)) func(error) {
	return func(err error) {
		if !errors.Is(err, fs.ErrExist) {
			report(err)
		}
	}
}
