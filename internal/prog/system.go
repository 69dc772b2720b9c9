package prog

import "extant/internal/model"

// A System is what programs run on. Its methods are those of model.FS, its errors wrap a syscall.Errno.
type System interface {
	Open(c model.Cred, path string, flags, mode uint32) (File, error)
	Mkdir(c model.Cred, path string, mode uint32) error
	Mknod(c model.Cred, path string, mode, major, minor uint32) error
	Symlink(c model.Cred, target, path string) error
	Link(c model.Cred, old, path string) error
	Unlink(c model.Cred, path string) error
	Rmdir(c model.Cred, path string) error
	Rename(c model.Cred, old, path string, flags uint32) error
	Stat(c model.Cred, path string, follow bool) (model.Stat, error)
	Readlink(c model.Cred, path string) (string, error)
	ReadDir(c model.Cred, path string) ([]model.Name, error)
	Chmod(c model.Cred, path string, mode uint32) error
	Chown(c model.Cred, path string, uid, gid int64, follow bool) error
	Utimes(c model.Cred, path string, atime, mtime model.Time, follow bool) error
	Truncate(c model.Cred, path string, size int64) error
	SetFlags(c model.Cred, path string, set, clear uint32) error
	SetXattr(c model.Cred, path, name string, value []byte, flags uint32, follow bool) error
	Xattr(c model.Cred, path, name string, follow bool) ([]byte, error)
	ListXattr(c model.Cred, path string, follow bool) ([]string, error)
	RemoveXattr(c model.Cred, path, name string, follow bool) error
	Sync() error
	Remount() error // unmounts and mounts again; no file is open
}

// A File is an open file of a System.
type File interface {
	ReadAt(p []byte, off int64) (int, error) // short at the end of the file, without an error
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Fallocate(mode uint32, off, n int64) error
	SeekData(off int64) (int64, error)
	SeekHole(off int64) (int64, error)
	Stat() (model.Stat, error)
	Sync(data bool) error
	Map() (Mapping, error)
	Close() error
}

// A Mapping is a mapping of a File that is shared with others. What lies past the end of the file is left out of loads and stores.
type Mapping interface {
	Load(p []byte, off int64) (int, error)
	Store(p []byte, off int64) (int, error)
	Sync() error
	Close() error
}

// Model makes a System of the specification.
func Model(c model.Config) System { return modelSystem{model.New(c)} }

type modelSystem struct{ *model.FS }

func (s modelSystem) Open(c model.Cred, path string, flags, mode uint32) (File, error) {
	f, err := s.FS.Open(c, path, flags, mode)
	if err != nil {
		return nil, err
	}
	return modelFile{f}, nil
}

func (s modelSystem) Freeze() error { return nil }
func (s modelSystem) Thaw() error   { return nil }

func (s modelSystem) Remount() error { return nil }

type modelFile struct{ *model.File }

func (f modelFile) Map() (Mapping, error) {
	m, err := f.File.Map()
	if err != nil {
		return nil, err
	}
	return m, nil
}
