package ext4

import (
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"syscall"

	"extant/internal/ondisk"
)

// fastBytesMax bounds the memory that fast commits take, for which each record counts with what is kept of it and of its inode. The kernel's
// own areas hold a few MiB.
const (
	fastBytesMax    = 64 << 20
	fastRecordBytes = 128
)

// fastReader gathers the records of fast commits.
type fastReader struct {
	fs     *FS
	out    *fastCommits
	images map[ondisk.Ino][]byte     // the last of each inode
	ranges map[ondisk.Ino][]run      // in the order of their records; a later one goes over an earlier
	made   map[ondisk.Ino]ondisk.Ino // the parents of inodes made
	bytes  int
}

// readFastCommits reads the fast commits that recovery found. They lie over fs, which does not yet have them.
func (fs *FS) readFastCommits(records iter.Seq2[ondisk.FastCommitRecord, error]) (*fastCommits, error) {
	f := &fastReader{
		fs:     fs,
		out:    &fastCommits{slots: map[ondisk.Ino][]byte{}, runs: map[ondisk.Ino][]run{}, dirs: map[ondisk.Ino]*fastDir{}},
		images: map[ondisk.Ino][]byte{}, ranges: map[ondisk.Ino][]run{}, made: map[ondisk.Ino]ondisk.Ino{},
	}
	for r, err := range records {
		if err == nil {
			err = f.record(r)
		}
		if err != nil {
			return nil, ondisk.Locate(err, ondisk.JournalIno, 0)
		}
	}
	return f.out, f.finish()
}

func (f *fastReader) record(r ondisk.FastCommitRecord) error {
	f.bytes += len(r.Value) + fastRecordBytes
	if r.Tag == ondisk.FCInode {
		f.bytes += f.fs.inodeSize
	}
	if f.bytes > fastBytesMax {
		return &UnsupportedError{Features: []string{"fast_commit"}, Detail: "fast commits that take more than 64 MiB"}
	}
	switch r.Tag {
	case ondisk.FCAddRange:
		return f.addRange(r.Value)
	case ondisk.FCDelRange:
		return f.delRange(r.Value)
	case ondisk.FCInode:
		return f.inode(r.Value)
	}
	return f.name(r.Tag, r.Value)
}

func (f *fastReader) addRange(value []byte) error {
	var rec ondisk.FastCommitAddRange
	var e ondisk.Extent
	if err := rec.Decode(value); err != nil {
		return err
	}
	if err := e.Decode(rec.Extent[:]); err != nil {
		return err
	}
	r := extentAsRun(e)
	if r.count == 0 || r.end() > ondisk.FileBlocksMax {
		return ondisk.Corrupt("fast commit", "range of %d blocks from %d for inode %d", r.count, r.first, rec.Ino)
	}
	if err := f.fs.checkRange("fast commit", r.start, r.count); err != nil {
		return err
	}
	f.ranges[ondisk.Ino(rec.Ino)] = append(f.ranges[ondisk.Ino(rec.Ino)], r)
	return nil
}

func (f *fastReader) delRange(value []byte) error {
	var rec ondisk.FastCommitDelRange
	if err := rec.Decode(value); err != nil {
		return err
	}
	r := run{first: uint64(rec.Block), count: uint64(rec.Len)}
	if r.count > 0 {
		f.ranges[ondisk.Ino(rec.Ino)] = append(f.ranges[ondisk.Ino(rec.Ino)], r)
	}
	return nil
}

func (f *fastReader) inode(value []byte) error {
	var rec ondisk.FastCommitInode
	if err := rec.Decode(value); err != nil {
		return err
	}
	ino := ondisk.Ino(rec.Ino)
	if err := f.fs.checkNamed(ino); err != nil {
		return err
	}
	f.images[ino] = slices.Clone(value[ondisk.FastCommitInodeSize:])
	return nil
}

func (f *fastReader) name(tag ondisk.FastCommitTag, value []byte) error {
	var rec ondisk.FastCommitDentry
	if err := rec.Decode(value); err != nil {
		return err
	}
	ino, parent := ondisk.Ino(rec.Ino), ondisk.Ino(rec.ParentIno)
	if err := errors.Join(f.fs.checkNamed(ino), f.fs.checkNamed(parent)); err != nil {
		return err
	}
	switch tag {
	case ondisk.FCCreat:
		f.made[ino] = parent
	case ondisk.FCUnlink:
		ino = 0
	}
	d, name := f.out.dirAt(parent), string(value[ondisk.FastCommitDentrySize:])
	if _, known := d.names[name]; !known {
		d.order = append(d.order, name)
	}
	d.names[name] = ino
	return nil
}

// dirAt is the record of a directory, made if need be.
func (f *fastCommits) dirAt(ino ondisk.Ino) *fastDir {
	d := f.dirs[ino]
	if d == nil {
		d = &fastDir{names: map[string]ondisk.Ino{}}
		f.dirs[ino] = d
	}
	return d
}

// finish puts together what needs all records.
func (f *fastReader) finish() error {
	for ino, image := range f.images {
		slot, err := f.slot(ino, image)
		if err != nil {
			return ondisk.Locate(err, ino, 0)
		}
		f.out.slots[ino] = slot
	}
	for ino, ranges := range f.ranges {
		// The blocks that a directory gained hold nothing yet: the names that went there are records of their own.
		if mode, err := f.mode(ino); err != nil || mode&ondisk.ModeFmt != ondisk.ModeDir {
			f.out.runs[ino] = flatten(ranges)
		}
	}
	for ino, parent := range f.made {
		if mode, err := f.mode(ino); err == nil && mode&ondisk.ModeFmt == ondisk.ModeDir {
			f.out.dirAt(ino).up = parent
		}
	}
	return nil
}

// mode is i_mode as the fast commits leave it.
func (f *fastReader) mode(ino ondisk.Ino) (uint16, error) {
	slot, err := f.out.slots[ino], error(nil)
	if slot == nil {
		slot, err = f.base(ino)
	}
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint16(slot), nil
}

// base is a copy of the slot of an inode without the fast commits; zeros where it was never used.
func (f *fastReader) base(ino ondisk.Ino) ([]byte, error) {
	slot, _, err := f.fs.readSlot(ino)
	if errors.Is(err, syscall.ESTALE) {
		return make([]byte, f.fs.inodeSize), nil
	}
	return slices.Clone(slot), err
}

// slot lays the image of an inode over its slot. The image is as long as the fields and stops before xattrs; the root of the extent
// tree stays, as ranges are records of their own, and so does the size of an older directory.
func (f *fastReader) slot(ino ondisk.Ino, image []byte) ([]byte, error) {
	slot, err := f.base(ino)
	if err != nil {
		return nil, err
	}
	var old, now ondisk.Inode
	if err := errors.Join(old.Decode(slot), now.Decode(image)); err != nil {
		return nil, err
	}
	same := old.LinksCount != 0 && old.Generation == now.Generation
	if !same {
		clear(slot)
	}
	copy(slot, image)
	if err := now.Decode(slot); err != nil {
		return nil, err
	}
	if now.Has(ondisk.InodeExtents) {
		now.IBlock = old.IBlock
		if !same || !old.Has(ondisk.InodeExtents) {
			ondisk.ExtentNode(now.IBlock[:]).Init(0)
		}
	}
	if _, made := f.made[ino]; same && !made && now.Type() == ondisk.ModeDir {
		now.SizeLo, now.SizeHi = old.SizeLo, old.SizeHi
	}
	now.Encode(slot)
	if f.fs.csum {
		sum := ondisk.InodeCsum(f.fs.seed, ino, slot)
		now.ChecksumLo, now.ChecksumHi = uint16(sum), uint16(sum>>16)
		now.Encode(slot)
	}
	return slot, nil
}
