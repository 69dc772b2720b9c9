package extant

import (
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
)

// A Mapping is a file that is mapped into memory, in software: loads and stores go to the same memory that reads and writes use, so everybody
// sees the same bytes at once. Past the end of the file there is nothing: io.EOF.
type Mapping = ext4.MemoryMap

// MapFlags say what a mapping is for.
type MapFlags = ext4.MapFlags

// Flags of Map.
const (
	MapWrite   = ext4.MapWrite   // it may be stored to
	MapPrivate = ext4.MapPrivate // what is stored is nobody else's, and gone when the mapping is closed
)

// Map maps length bytes of the file from off on, which is a multiple of the block size. The file may be shorter, and may be closed while the mapping
// is in use.
func (f *File) Map(off, length int64, flags MapFlags) (*Mapping, error) {
	if err := f.check("map"); err != nil {
		return nil, err
	}
	m, err := f.mmap(off, length, flags)
	return m, pathError("map", f.name, err)
}

func (f *File) mmap(off, length int64, flags MapFlags) (*Mapping, error) {
	a := f.inode.Attr()
	switch {
	case a.Type() != ondisk.ModeRegular:
		return nil, syscall.ENODEV
	case !f.readable || flags&(MapWrite|MapPrivate) == MapWrite && !f.writable:
		return nil, syscall.EACCES
	}
	return f.inode.Map(off, length, flags)
}
