package mkfs

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

	"extant/internal/ondisk"
	"extant/mkfs/internal/tarscan"
)

// found is what an entry says of a file; otherwise why it cannot be one.
func (p *tarPlacer) found(e *tarscan.Entry) (f found, why string) {
	f = found{
		mode:  uint16(e.Mode & 0o7777),
		size:  e.Size,
		where: p.base + uint64(e.Offset),
		mtime: stampOf(e.ModTime),
		atime: stampOf(e.AccessTime),
		major: uint32(e.Major),
		minor: uint32(e.Minor),
	}
	if f.atime == (stamp{}) {
		f.atime = f.mtime
	}
	f.uid, f.gid = p.owner(e, e.UID), p.owner(e, e.GID)
	switch e.Kind {
	case tarscan.Directory:
		f.mode |= ondisk.ModeDir
	case tarscan.Symlink:
		f.mode |= ondisk.ModeSymlink
		f.target = e.Link
		if len(e.Link) == 0 || len(e.Link) > pathMax || bytes.IndexByte(e.Link, 0) >= 0 {
			return f, "a symbolic link to what is not a path"
		}
	case tarscan.Char:
		f.mode |= ondisk.ModeChar
	case tarscan.Block:
		f.mode |= ondisk.ModeBlock
	case tarscan.FIFO:
		f.mode |= ondisk.ModeFIFO
	default:
		f.mode |= ondisk.ModeRegular
		if e.Kind != tarscan.Regular {
			p.b.warn.note(shorten(string(e.Name)), "of unknown type %q, taken for a regular file", e.Kind)
		}
	}
	if e.Sparse {
		f.sparse, f.segments = true, p.segments(e)
	}
	if e.Major < 0 || e.Minor < 0 || e.Major > ondisk.DeviceMajorMax || e.Minor > ondisk.DeviceMinorMax {
		return f, "a device of numbers that ext4 cannot hold"
	}
	p.takeRecords(e, &f)
	return f, ""
}

func stampOf(t tarscan.Time) stamp { return stamp{t.Sec, t.Nsec} }

const nobody = 65534

func (p *tarPlacer) owner(e *tarscan.Entry, id int64) uint32 {
	if id < 0 || id > 1<<32-2 {
		p.b.warn.fail(shorten(string(e.Name)), "owner %d is no number of an owner: it becomes %d", id, nobody)
		return nobody
	}
	return uint32(id)
}

// segments says where the data of a sparse file is in the archive.
func (p *tarPlacer) segments(e *tarscan.Entry) []segment {
	list := make([]segment, 0, len(e.Segments))
	at := p.base + uint64(e.Offset)
	for _, s := range e.Segments {
		list = append(list, segment{s.Off, s.N, at})
		at += uint64(s.N)
	}
	return list
}

// takeRecords finds the xattrs among the PAX records. ACLs in words count where there is none in the system's form.
func (p *tarPlacer) takeRecords(e *tarscan.Entry, f *found) {
	if len(e.Records) == 0 {
		return
	}
	p.taker.reset()
	for _, take := range []func(string, []byte) error{p.takeRecord, p.takeWords} {
		for _, r := range e.Records {
			if err := take(string(r.Key), r.Value); err != nil {
				p.b.warn.fail(shorten(string(e.Name)), "%s is left out: %v", shorten(string(r.Key)), err)
			}
		}
	}
	f.xattrs = p.taker.list
}

func (p *tarPlacer) takeRecord(key string, v []byte) error {
	if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
		return p.taker.take(name, v)
	}
	if name, ok := strings.CutPrefix(key, "LIBARCHIVE.xattr."); ok {
		return p.takeLibarchive(name, v)
	}
	if key == "RHT.security.selinux" {
		return p.taker.take("security.selinux", append(bytes.Clone(v), 0))
	}
	return nil
}

func (p *tarPlacer) takeWords(key string, v []byte) error {
	switch key {
	case "SCHILY.acl.access":
		return p.takeTextACL(ondisk.XattrACLAccess, v)
	case "SCHILY.acl.default":
		return p.takeTextACL(ondisk.XattrACLDefault, v)
	}
	return nil
}

// takeLibarchive takes an xattr with an escaped name and a value in base 64.
func (p *tarPlacer) takeLibarchive(escaped string, v []byte) error {
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return err
	}
	value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(v), "=\n"))
	if err != nil {
		return err
	}
	return p.taker.take(name, value)
}

func (p *tarPlacer) takeTextACL(index uint8, v []byte) error {
	if len(bytes.TrimSpace(v)) == 0 || p.taker.has(index) {
		return nil
	}
	acl, err := p.b.o.parseTextACL(v)
	if err == nil {
		p.taker.takeACL(index, acl)
	}
	return err
}
