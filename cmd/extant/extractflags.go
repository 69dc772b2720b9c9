package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"extant/extract"
	"extant/mkfs"
)

// outFlags are the flags that extract and cp have in common.
type outFlags struct {
	owner                        string
	mapUID, mapGID               []string
	privileged, partial, noHoles bool
	maxBytes, maxFiles, maxDepth string
	jobs                         int
	quiet                        bool
}

func (f *outFlags) register(p *pflag.FlagSet) {
	p.StringVar(&f.owner, "owner", "", "give every file to `UID:GID`")
	p.StringArrayVar(&f.mapUID, "map-uid", nil, "map owners: `FROM:TO[:COUNT]`")
	p.StringArrayVar(&f.mapGID, "map-gid", nil, "map owning groups: `FROM:TO[:COUNT]`")
	p.BoolVar(&f.privileged, "privileged", false, "keep set-ID bits, capabilities, xattrs in security and trusted, and device nodes")
	p.BoolVar(&f.partial, "keep-partial", false, "keep files of which not all could be read")
	p.BoolVar(&f.noHoles, "no-sparse", false, "write holes as zeros")
	p.StringVar(&f.maxBytes, "max-bytes", "", "stop after `SIZE` of data, or none (four times the file system)")
	p.StringVar(&f.maxFiles, "max-files", "", "stop after `N` names, or none (64 for each inode)")
	p.StringVar(&f.maxDepth, "max-depth", "", "leave out directories more than `N` deep, or none (1000)")
	p.IntVar(&f.jobs, "jobs", 0, "write `N` files at a time (one per processor)")
	p.BoolVarP(&f.quiet, "quiet", "q", false, "show neither progress nor notes")
}

// ask returns what the flags ask for.
func (f *outFlags) ask() (o extract.Options, err error) {
	o.Privileged, o.KeepPartial, o.FillHoles, o.Workers = f.privileged, f.partial, f.noHoles, f.jobs
	if o.Limits.Bytes, err = limitFlag("--max-bytes", f.maxBytes, sizeNumber); err != nil {
		return o, err
	}
	if o.Limits.Files, err = limitFlag("--max-files", f.maxFiles, plainNumber); err != nil {
		return o, err
	}
	depth, err := limitFlag("--max-depth", f.maxDepth, plainNumber)
	if err != nil {
		return o, err
	}
	o.Limits.Depth = int(min(depth, math.MaxInt32))
	return o, f.askOwners(&o)
}

func (f *outFlags) askOwners(o *extract.Options) (err error) {
	if f.owner == "" {
		if o.MapUID, err = idMap("--map-uid", f.mapUID); err == nil {
			o.MapGID, err = idMap("--map-gid", f.mapGID)
		}
	} else {
		o.MapUID, o.MapGID, err = oneOwner(f.owner)
		if err == nil && (f.mapUID != nil || f.mapGID != nil) {
			err = usagef("--owner leaves nothing to map")
		}
	}
	if o.MapUID != nil || o.MapGID != nil {
		o.Owners = extract.OwnersAlways
	}
	return err
}

// oneOwner maps every owner to UID:GID.
func oneOwner(text string) (uid, gid func(uint32) uint32, err error) {
	user, group, ok := strings.Cut(text, ":")
	u, err1 := strconv.ParseUint(user, 10, 32)
	g, err2 := strconv.ParseUint(group, 10, 32)
	if !ok || err1 != nil || err2 != nil {
		return nil, nil, usagef("--owner: %q: give numbers, as in 0:0", text)
	}
	return func(uint32) uint32 { return uint32(u) }, func(uint32) uint32 { return uint32(g) }, nil
}

// limitFlag reads a limit: nothing for the default, which is 0, and "none".
func limitFlag(flag, text string, parse func(string) (int64, error)) (int64, error) {
	switch text {
	case "":
		return 0, nil
	case "none":
		return -1, nil
	}
	n, err := parse(text)
	if err != nil || n <= 0 {
		return 0, usagef("%s: %q is no limit", flag, text)
	}
	return n, nil
}

func plainNumber(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func sizeNumber(s string) (int64, error) {
	n, err := mkfs.ParseSize(s, 1)
	return int64(n), err
}

// outCacheBytes is the memory for metadata: each block of it is wanted for a short while only.
const outCacheBytes = 4 << 20

// outRun is one run of a verb that takes files out.
type outRun struct {
	*app
	flags *outFlags
	line  *progressLine
	total int64 // bytes that are likely to come out; 0 where that is not known
}

// callbacks makes o tell of what happens with the files of p's image.
func (r *outRun) callbacks(o *extract.Options, p place) {
	o.Report = func(err error) {
		r.line.done()
		r.fail(p.wrap(err))
	}
	if r.flags.quiet {
		return
	}
	o.Note = func(path, what string) {
		r.line.done()
		r.note("%s: %s", p.at(path), what)
	}
	r.line = r.newProgress()
	o.Progress = func(s extract.Stats) { r.line.show(s.Bytes, r.total) }
}

// expect sets how much is likely to come out: what is in use, where that is all of it.
func (r *outRun) expect(p place) {
	r.total = 0
	if st, err := p.vol.Ext4().StatFS(); err == nil && strings.Trim(p.Path, "/") == "" && r.errTTY {
		r.total = int64(st.Blocks-st.BlocksFree) * int64(st.BlockSize)
	}
}

// end says what was left out, and returns the error that the run ends with. Failures have been told.
func (r *outRun) end(p place, s extract.Stats, err error) error {
	r.line.done()
	if left := leftOut(s); left != "" && !r.flags.quiet {
		r.note("%s: left out %s; --privileged takes them along", p, left)
	}
	var partial *extract.PartialError
	if errors.As(err, &partial) {
		return nil
	}
	var limit *extract.LimitError
	if errors.As(err, &limit) {
		err = fmt.Errorf("%w (--max-%s sets it)", err, limit.What)
	}
	return err
}

func leftOut(s extract.Stats) string {
	var parts []string
	for _, c := range []struct {
		n         int64
		one, more string
	}{
		{s.SetID, "the set-ID or sticky bits of a file", "the set-ID and sticky bits of %d files"},
		{s.Xattrs, "a privileged xattr", "%d privileged xattrs"},
		{s.Devices, "a device node", "%d device nodes"},
	} {
		switch {
		case c.n == 1:
			parts = append(parts, c.one)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf(c.more, c.n))
		}
	}
	return strings.Join(parts, ", ")
}
