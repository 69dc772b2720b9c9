package extract

import (
	"context"
	"errors"
	"io"

	"extant"
	"extant/ext4"
	"extant/internal/ondisk"
)

// ToTar writes sources as a tar stream in the PAX format: owners as numbers, times to the nanosecond, xattrs, ACLs, links, devices and
// holes. The stream depends on the tree alone, not on how it lies in the image.
//
// An archive gives nobody anything: what a member may do is decided by who unpacks it. So set-ID bits, devices and xattrs in security and
// trusted are all there, whatever Options.Privileged says, as are owners. Of the options it heeds MapUID, MapGID, Omit, FillHoles, Limits and the
// callbacks. A file whose data could not all be read has zeros in their place, and is reported.
func ToTar(ctx context.Context, vol *extant.Volume, sources []Source, w io.Writer, o Options) (Stats, error) {
	own := o
	own.Privileged, own.Owners = true, OwnersAlways
	links := own
	links.Omit |= MetaXattrs
	t := &tarSink{
		ctx: ctx, keep: o.KeepPartial, meta: newMetaReader(&own, true), linkMeta: newMetaReader(&links, true),
		reporter: newReporter(&o),
		out:      newTarWriter(w),
		done:     map[*linkGroup]string{},
	}
	b := &budget{limits: o.Limits.of(vol.Ext4())}
	t.data = newDataReader(vol.Ext4(), b, &own)
	root := newRoot(vol, sources)
	if root.inode != nil {
		t.header(entry{dir: root, path: root.path, inode: root.inode, attr: root.inode.Attr()}, "./", tarDir, "")
	}
	err := newWalk(ctx, vol, namePolicy{}, b, t).run(root, sources)
	if err == nil {
		err = t.stopped()
	}
	if err == nil {
		err = t.out.close()
	}
	return t.reporter.end(err)
}

// tarSink writes what it is handed as members of an archive.
type tarSink struct {
	ctx      context.Context
	keep     bool       // files of which not all can be read
	meta     metaReader // of members
	linkMeta metaReader // of those that are links to other members
	reporter *reporter
	data     *dataReader
	out      *tarWriter

	current batch                 // what there is to say of the member that is being written
	done    map[*linkGroup]string // names in the archive to link to
	err     error                 // why to stop
}

func (t *tarSink) order(a, b ext4.DirEntry) int { return byName(a, b) }
func (t *tarSink) release(*node)                {}

func (t *tarSink) stopped() error {
	if t.err == nil {
		t.err = t.out.err
	}
	return t.err
}

func (t *tarSink) failed(path string, err error) {
	t.current.fail(path, err)
	t.tell()
}

// tell passes on what there is to say of a member.
func (t *tarSink) tell() {
	t.reporter.tell(&t.current)
	t.current = batch{}
}

func (t *tarSink) directory(e entry) (*node, error) {
	n := e.dir.child(e)
	t.header(e, "./"+n.below, tarDir, "")
	t.current.stats.Dirs++
	t.tell()
	return n, nil
}

func (t *tarSink) file(e entry) {
	err := t.member(e)
	var limit *LimitError
	switch {
	case err == nil:
		t.current.stats.Files++
	case t.stopped() != nil:
	case errors.As(err, &limit), t.ctx.Err() != nil && errors.Is(err, t.ctx.Err()):
		t.err = err
	case !errors.Is(err, errLeftOut):
		t.current.fail(e.at(), err)
	}
	t.tell()
}

// member writes one file.
func (t *tarSink) member(e entry) error {
	name := "./" + e.dir.below + e.name
	if e.attr.Type() == ondisk.ModeSocket {
		t.current.stats.Sockets++
		t.current.note(e.at(), "left out: it is a socket")
		return errLeftOut
	}
	if first, ok := t.done[e.group]; ok && e.group != nil {
		return t.header(e, name, tarLink, first)
	}
	err := t.firstMember(e, name)
	if err == nil && e.group != nil {
		t.done[e.group] = name
	}
	return err
}

// firstMember writes a file that is not in the archive yet.
func (t *tarSink) firstMember(e entry, name string) error {
	switch e.attr.Type() {
	case ondisk.ModeRegular:
		return t.regular(e, name)
	case ondisk.ModeSymlink:
		target, err := e.inode.Readlink()
		if err != nil {
			return err
		}
		return t.header(e, name, tarSymlink, target)
	case ondisk.ModeChar:
		return t.header(e, name, tarChar, "")
	case ondisk.ModeBlock:
		return t.header(e, name, tarBlock, "")
	}
	return t.header(e, name, tarFIFO, "")
}

// header writes the header of a member without data.
func (t *tarSink) header(e entry, name string, kind byte, target string) error {
	h, err := t.describe(e, name, kind)
	if err != nil {
		return err
	}
	h.target = target
	t.out.header(h)
	return nil
}

// describe is the header of a member.
func (t *tarSink) describe(e entry, name string, kind byte) (*tarHeader, error) {
	r := t.meta
	if kind == tarLink {
		r = t.linkMeta
	}
	m := r.read(e.inode, &e.attr, &t.current.stats, func(err error) { t.current.fail(e.at(), err) })
	if err := t.data.budget.takeBytes(m.size()); err != nil {
		return nil, err
	}
	return &tarHeader{name: name, kind: kind, meta: m, major: e.attr.Major, minor: e.attr.Minor}, nil
}

// extent is a range of a file that is no hole, in bytes.
type extent struct{ off, end int64 }

// extentsMax bounds the holes of a file that an archive keeps: a map of more would be larger than what it saves.
const extentsMax = 1 << 20

// regular writes a regular file.
func (t *tarSink) regular(e entry, name string) error {
	if _, err := e.inode.ReadAt(t.data.buf[:1], 0); err != nil && err != io.EOF && !t.keep {
		return err // before there is a header that promises data
	}
	list, err := t.extents(e.inode, e.attr.Size)
	if err != nil {
		t.current.fail(e.at(), err)
	}
	h, err := t.describe(e, name, tarRegular)
	if err != nil {
		return err
	}
	h.size, h.stored = e.attr.Size, e.attr.Size
	if e.attr.Size > 0 && (len(list) != 1 || list[0] != extent{0, e.attr.Size}) {
		h.setSparse(list)
	}
	t.out.header(h)
	for _, x := range list {
		if cerr := t.copy(e.inode, x); err == nil {
			err = cerr
		}
		if t.ctx.Err() != nil || t.stopped() != nil {
			break
		}
	}
	t.out.pad()
	return err
}

// extents lists the ranges of a file that are no holes, adjacent ones joined.
func (t *tarSink) extents(n *ext4.Inode, size int64) ([]extent, error) {
	var list []extent
	err := t.data.extents(n, size, func(off, end int64) error {
		if last := len(list) - 1; last >= 0 && (list[last].end == off || len(list) >= extentsMax) {
			list[last].end = end
		} else {
			list = append(list, extent{off, end})
		}
		return nil
	})
	return list, err
}

// copy writes the data of a range. What cannot be read is written as zeros.
func (t *tarSink) copy(n *ext4.Inode, x extent) error {
	done := x.off
	err := t.data.read(n, x.off, x.end, func(p []byte, off int64) error {
		t.out.write(p)
		t.current.stats.Bytes += int64(len(p))
		done = off + int64(len(p))
		if t.out.err != nil {
			return t.out.err
		}
		return t.ctx.Err()
	})
	var limit *LimitError
	if errors.As(err, &limit) {
		t.err = err
	}
	if err != nil && t.stopped() == nil {
		t.out.zeros(x.end - done)
	}
	return err
}
