package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/pflag"

	"extant/disk"
	"extant/mkfs"
)

// fillFlags are the flags of mkfs that say what goes into the file system.
type fillFlags struct {
	source, free, owner string
	mapUID, mapGID      []string
	noXattrs            bool
	jobs                int
}

func (f *fillFlags) register(p *pflag.FlagSet) {
	p.StringVarP(&f.source, "source", "d", "", "fill it from `SOURCE`: a directory, a tar archive, or - for an archive on standard input")
	p.StringVar(&f.free, "free", "", "with SIZE auto, leave `SIZE` of room")
	p.StringVar(&f.owner, "owner", "", "give every file to `UID:GID`")
	p.StringArrayVar(&f.mapUID, "map-uid", nil, "map owners: `FROM:TO[:COUNT]`")
	p.StringArrayVar(&f.mapGID, "map-gid", nil, "map owning groups: `FROM:TO[:COUNT]`")
	p.BoolVar(&f.noXattrs, "no-xattrs", false, "leave extended attributes and ACLs behind")
	p.IntVar(&f.jobs, "jobs", 0, "copy with `N` tasks at a time (one per processor)")
}

// ask returns what the flags ask for.
func (f *fillFlags) ask() (o mkfs.FillOptions, err error) {
	o.Workers, o.NoXattrs = f.jobs, f.noXattrs
	if f.free != "" {
		if o.Free, err = mkfs.ParseSize(f.free, 1); err != nil {
			return o, usagef("--free: %q is no size", f.free)
		}
	}
	if f.owner != "" {
		user, group, ok := strings.Cut(f.owner, ":")
		uid, err1 := strconv.ParseUint(user, 10, 32)
		gid, err2 := strconv.ParseUint(group, 10, 32)
		if !ok || err1 != nil || err2 != nil {
			return o, usagef("--owner: %q: give numbers, as in 0:0", f.owner)
		}
		o.MapUID = func(uint32) uint32 { return uint32(uid) }
		o.MapGID = func(uint32) uint32 { return uint32(gid) }
		if f.mapUID != nil || f.mapGID != nil {
			return o, usagef("--owner leaves nothing to map")
		}
		return o, nil
	}
	if o.MapUID, err = idMap("--map-uid", f.mapUID); err == nil {
		o.MapGID, err = idMap("--map-gid", f.mapGID)
	}
	return o, err
}

// idRange maps count ids from one number on to those from another.
type idRange struct{ from, to, count uint64 }

// idMap reads ranges; an id in none of them stays. nil is no map.
func idMap(flag string, texts []string) (func(uint32) uint32, error) {
	var ranges []idRange
	for _, text := range texts {
		r := idRange{count: 1}
		parts := strings.Split(text, ":")
		ok := len(parts) == 2 || len(parts) == 3
		for i, to := range []*uint64{&r.from, &r.to, &r.count}[:min(len(parts), 3)] {
			n, err := strconv.ParseUint(parts[i], 10, 32)
			*to, ok = n, ok && err == nil
		}
		if !ok || r.from+r.count > 1<<32 || r.to+r.count > 1<<32 {
			return nil, usagef("%s: %q: give FROM:TO or FROM:TO:COUNT", flag, text)
		}
		ranges = append(ranges, r)
	}
	if ranges == nil {
		return nil, nil
	}
	return func(id uint32) uint32 {
		for _, r := range ranges {
			if n := uint64(id); n >= r.from && n-r.from < r.count {
				return uint32(n - r.from + r.to)
			}
		}
		return id
	}, nil
}

// openSource opens what -d names. The function returned gives it up, after the content is closed.
func (m *mkfsRun) openSource() (mkfs.Source, func() error, error) {
	name := m.content.source
	if name == "-" {
		return tarSource(m.stdin, func() error { return nil })
	}
	fi, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if fi.IsDir() {
		return mkfs.Dir(name), func() error { return nil }, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return tarSource(file, file.Close)
}

// zstdMagic begins what is compressed with zstd.
const zstdMagic = "\x28\xB5\x2F\xFD"

// packed is how to know what is packed in ways that are not read here, and the program that unpacks it.
var packed = []struct {
	at            int
	magic, unpack string
}{
	{0, "\xFD7zXZ\x00", "xz -dc"}, {4, "1AY&SY", "bzip2 -dc"}, {0, "\x04\x22\x4D\x18", "lz4 -dc"}, {0, "LZIP\x01", "lzip -dc"}, {0, "\x1F\x9D", "uncompress -c"},
}

const magicMax = 10 // bytes that tell how an archive is packed

// tarSource is an archive, unpacked where it is compressed with zstd; gzip is the library's. done closes r.
func tarSource(r io.Reader, done func() error) (mkfs.Source, func() error, error) {
	head, r, err := peek(r, magicMax)
	for _, p := range packed {
		if err == nil && len(head) > p.at && strings.HasPrefix(string(head[p.at:]), p.magic) {
			err = fmt.Errorf("the archive is compressed in a way that is not read here: give -d - and its content as %s writes it", p.unpack)
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	if !strings.HasPrefix(string(head), zstdMagic) {
		return mkfs.Tar(r), done, nil
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(zstdWindowMax))
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return mkfs.Tar(zstdReader{z}), func() error { z.Close(); return done() }, nil
}

// zstdWindowMax bounds the memory that an archive can ask for, in bytes. It is what zstd(1) allows unless told otherwise.
const zstdWindowMax = 128 << 20

// zstdReader says of the errors of an archive what they are about.
type zstdReader struct{ z *zstd.Decoder }

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("damaged zstd archive: %w", err)
	}
	return n, err
}

// peek returns the first n bytes of r, or as many as there are, and a reader of all of it: r itself where it can go back.
func peek(r io.Reader, n int) ([]byte, io.Reader, error) {
	head := make([]byte, n)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, r, err
	}
	head = head[:n]
	if s, ok := r.(io.Seeker); ok {
		if _, err := s.Seek(int64(-n), io.SeekCurrent); err == nil {
			return head, r, nil
		}
	}
	return head, io.MultiReader(bytes.NewReader(head), r), nil
}

// makeFilled makes a file system with what -d names.
func (m *mkfsRun) makeFilled(t mkfsTarget, o mkfs.Options, epoch *time.Time) error {
	c, done, err := m.scan(t.image, o, epoch)
	if err != nil {
		return err
	}
	err = m.makeWith(t, o, c)
	return errors.Join(asUsage(err), done())
}

// scan reads the source for what it holds. The function returned closes both.
func (m *mkfsRun) scan(image string, o mkfs.Options, epoch *time.Time) (*mkfs.Content, func() error, error) {
	fill, err := m.content.ask()
	if err != nil {
		return nil, nil, err
	}
	fill.Epoch = epoch
	fill.NoXattrs = fill.NoXattrs || o.Extended.NoCopyXattrs
	m.line = m.newProgress()
	fill.Progress = func(p mkfs.FillProgress) { m.line.show(p.Bytes, p.BytesTotal) }
	if fi, err := os.Stat(image); err == nil {
		fill.Skip = append(fill.Skip, fi)
	}
	src, closeSource, err := m.openSource()
	if err != nil {
		return nil, nil, err
	}
	c, err := mkfs.Scan(m.ctx, src, fill)
	if err != nil {
		return nil, nil, errors.Join(err, closeSource())
	}
	return c, func() error { return errors.Join(c.Close(), closeSource()) }, nil
}

// makeWith makes a file system with the content.
func (m *mkfsRun) makeWith(t mkfsTarget, o mkfs.Options, c *mkfs.Content) (err error) {
	if m.content.free != "" && t.room != 0 {
		return usagef("--free: the size of %s is given", t.image)
	}
	m.auto = t.room == 0
	if m.auto {
		size, err := c.Size(m.ctx, o)
		if err != nil {
			return err
		}
		t.room = size - o.Extended.Offset
	}
	if m.dryRun {
		g, report, err := c.Plan(t.room+o.Extended.Offset, o)
		m.line.done()
		m.warn(report)
		if err != nil {
			return err
		}
		return m.report(t.image, g, &report)
	}
	var made *mkfs.Geometry
	var report mkfs.Report
	err = t.make(o, func(dev disk.Device) (err error) {
		made, report, err = m.fill(dev, o, c)
		return err
	})
	m.line.done()
	m.warn(report)
	if err != nil {
		return err
	}
	return m.report(t.image, made, &report)
}

// fill makes a file system with the content on a device, and returns its plan as well.
func (m *mkfsRun) fill(dev disk.Device, o mkfs.Options, c *mkfs.Content) (*mkfs.Geometry, mkfs.Report, error) {
	report, err := c.Build(m.ctx, dev, o)
	if err != nil {
		return nil, report, err
	}
	sb := superAt(dev, o.Extended.Offset)
	if sb == nil {
		return nil, report, errors.New("the file system cannot be read back")
	}
	o.Inodes = uint64(sb.InodesCount)
	g, err := mkfs.PlanDevice(dev, o)
	if err == nil {
		g.Super = *sb
	}
	return g, report, err
}

// warn tells what the report on filling has to say.
func (m *mkfsRun) warn(r mkfs.Report) {
	for _, w := range r.Warnings {
		switch {
		case w.Failed:
			m.fail(errors.New(w.String()))
		case !m.quiet:
			m.note("%s", w)
		}
	}
	if r.Omitted > 0 {
		m.note("and %d more like these", r.Omitted)
	}
	if r.Failed {
		m.code = max(m.code, exitFailed)
	}
}

// tellContent says what went into the file system, and how much room that leaves.
func (m *mkfsRun) tellContent(g *mkfs.Geometry, r *mkfs.Report) {
	fmt.Fprintf(m.out, "%d files, %d directories, %d symbolic links, %s of data\n", r.Files, r.Dirs, r.Symlinks, byteCount(uint64(r.Data)))
	free := g.Super.BlocksFree()
	fmt.Fprintf(m.out, "%d%% full, %s free", 100*(g.Blocks-free)/g.Blocks, byteCount(free*uint64(g.BlockSize)))
	if m.auto && m.content.free == "" {
		fmt.Fprint(m.out, "; --free SIZE leaves room")
	}
	fmt.Fprintln(m.out)
}

// byteCount is a number of bytes as humanSize has it, and says so of small ones.
func byteCount(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	return humanSize(n)
}

// addReport adds what went into the file system.
func addReport(f *facts, r *mkfs.Report) {
	f.add("Files", "files", r.Files)
	f.add("Directories", "directories", r.Dirs)
	f.add("Symbolic links", "symlinks", r.Symlinks)
	f.add("Special files", "specials", r.Specials)
	f.add("Further hard links", "hard_links", r.Links)
	f.add("Bytes", "file_bytes", r.Bytes)
	f.add("Bytes without holes", "data_bytes", r.Data)
	f.add("Complete", "complete", !r.Failed)
}
