package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"extant/extract"
)

// extractFlags are the flags of extract.
type extractFlags struct {
	outFlags
	overwrite             bool
	sameOwner, noOwner    bool
	numeric               bool
	noXattrs, noTimes     bool
	tar, gzip, zstd, perm bool
}

const extractLong = `extract takes what is at PATH, or all that is in the image, out into the directory DEST, which is made if need be: files with
their holes, hard and symbolic links, fifos, times to the nanosecond, modes, xattrs, ACLs and, for the super user, owners. A directory's
contents go into DEST itself. What fails is reported, and the rest follows.

Where DEST is - or ends in .tar, .tar.gz, .tgz, .tar.zst or .tzst, or with --tar, it writes a tar archive (PAX) instead, - to standard
output.

Nothing in an image can make it write outside DEST or through a link that is there. Names that this system could not have, or
would take for others, are refused. A file that exists is left alone and reported, unless --overwrite is given.

Unless --privileged is given it leaves out what gives power to whoever made the image: set-ID bits, the sticky bit of files, file
capabilities and all else in the security and trusted xattrs, and device nodes. An archive has all of them: who unpacks it decides. Sockets
are always left out, and so is lost+found while nothing is in it.

An image that wants more than the limits stops it: see --max-bytes, --max-files and --max-depth.`

func newExtract(a *app) *cobra.Command {
	f := &extractFlags{}
	cmd := &cobra.Command{
		Use:     "extract IMAGE[:/PATH] DEST",
		Short:   "Take files out to a directory or a tar archive",
		GroupID: groupFiles,
		Long:    extractLong,
		Example: `  extant extract disk.img rootfs
  extant extract --owner 0:0 disk.img#2:/etc etc
  extant extract disk.img - | tar t
  extant extract disk.img backup.tar.zst`,
		Args: cobra.ExactArgs(2),
	}
	p := cmd.Flags()
	p.SortFlags = false
	p.BoolVar(&f.overwrite, "overwrite", false, "replace files that exist")
	p.BoolVar(&f.sameOwner, "same-owner", false, "restore owners, also when not the super user")
	p.BoolVar(&f.noOwner, "no-same-owner", false, "leave files to whoever extracts them")
	p.BoolVar(&f.numeric, "numeric-owner", false, "as with tar; owners here are always numbers")
	p.BoolVarP(&f.perm, "preserve-permissions", "p", false, "the same as --privileged")
	p.BoolVar(&f.noXattrs, "no-xattrs", false, "leave extended attributes and ACLs behind")
	p.BoolVarP(&f.noTimes, "touch", "m", false, "leave times behind")
	p.BoolVar(&f.tar, "tar", false, "write a tar archive whatever DEST is called")
	p.BoolVarP(&f.gzip, "gzip", "z", false, "compress the archive with gzip")
	p.BoolVar(&f.zstd, "zstd", false, "compress the archive with zstd")
	f.register(p)
	return a.verbCommand(cmd, func(args []string) error {
		r := &outRun{app: a, flags: &f.outFlags}
		return r.extract(f, args[0], args[1])
	})
}

func (f *extractFlags) ask() (extract.Options, error) {
	o, err := f.outFlags.ask()
	if err != nil {
		return o, err
	}
	if f.noXattrs {
		o.Omit |= extract.MetaXattrs
	}
	if f.noTimes {
		o.Omit |= extract.MetaTimes
	}
	switch {
	case f.sameOwner && f.noOwner:
		return o, usagef("--same-owner or --no-same-owner, not both")
	case f.gzip && f.zstd:
		return o, usagef("--gzip or --zstd, not both")
	case f.sameOwner:
		o.Owners = extract.OwnersAlways
	case f.noOwner:
		o.Owners = extract.OwnersNever
	}
	o.Overwrite, o.Privileged = f.overwrite, o.Privileged || f.perm
	return o, nil
}

// compression of an archive
type compression int

const (
	notPacked compression = iota
	gzipPacked
	zstdPacked
)

var archiveSuffixes = []struct {
	suffix string
	pack   compression
}{
	{".tar", notPacked}, {".tar.gz", gzipPacked}, {".tgz", gzipPacked}, {".tar.zst", zstdPacked}, {".tzst", zstdPacked},
}

// archive says whether DEST is to be an archive, and how it is compressed.
func (f *extractFlags) archive(dest string) (pack compression, is bool) {
	is = f.tar || f.gzip || f.zstd || dest == "-"
	if fi, err := os.Stat(dest); err != nil || !fi.IsDir() {
		for _, s := range archiveSuffixes {
			if strings.HasSuffix(dest, s.suffix) {
				is, pack = true, s.pack
			}
		}
	}
	switch {
	case f.gzip:
		pack = gzipPacked
	case f.zstd:
		pack = zstdPacked
	}
	return pack, is
}

// extract takes one place out.
func (r *outRun) extract(f *extractFlags, source, dest string) error {
	o, err := f.ask()
	if err != nil {
		return err
	}
	r.options.CacheBytes = outCacheBytes
	p, err := r.place(source)
	if err != nil {
		return err
	}
	r.callbacks(&o, p)
	r.expect(p)
	sources := []extract.Source{{Path: p.Path, Follow: strings.HasSuffix(p.Path, "/")}}
	pack, isArchive := f.archive(dest)
	if isArchive {
		s, err := r.writeArchive(p, sources, dest, pack, o)
		s.SetID, s.Xattrs, s.Devices = 0, 0, 0
		return r.end(p, s, err)
	}
	s, err := extract.ToDir(r.ctx, p.vol, sources, dest, o)
	return r.end(p, s, err)
}

// writeArchive writes an archive to a file or standard output. A file that is not finished is removed.
func (r *outRun) writeArchive(p place, sources []extract.Source, dest string, pack compression, o extract.Options) (extract.Stats, error) {
	if dest == "-" {
		if r.outTTY {
			return extract.Stats{}, usagef("an archive is nothing for a terminal: name a file, or use a pipe")
		}
		return r.packTo(r.stdout, p, sources, pack, o)
	}
	if o.Overwrite {
		if err := os.Remove(dest); err != nil && !errors.Is(err, os.ErrNotExist) {
			return extract.Stats{}, err
		}
	}
	file, err := os.OpenFile(filepath.Clean(dest), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return extract.Stats{}, err
	}
	s, err := r.packTo(file, p, sources, pack, o)
	var partial *extract.PartialError
	if cerr := file.Close(); err == nil || errors.As(err, &partial) && cerr != nil {
		err = cerr
	}
	if err != nil && !errors.As(err, &partial) {
		os.Remove(dest)
	}
	return s, err
}

// packTo writes an archive, compressed, to w.
func (r *outRun) packTo(w io.Writer, p place, sources []extract.Source, pack compression, o extract.Options) (s extract.Stats, err error) {
	var packer io.WriteCloser
	switch pack {
	case notPacked:
		return extract.ToTar(r.ctx, p.vol, sources, w, o)
	case gzipPacked:
		packer = gzip.NewWriter(w)
	case zstdPacked:
		if packer, err = zstd.NewWriter(w); err != nil {
			return s, err
		}
	}
	s, err = extract.ToTar(r.ctx, p.vol, sources, packer, o)
	if cerr := packer.Close(); cerr != nil && err == nil {
		err = cerr
	}
	return s, err
}
