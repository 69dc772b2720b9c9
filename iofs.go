package extant

import "io/fs"

// FS is the volume as an fs.FS. It also has ReadFile, ReadDir, Stat, Lstat and ReadLink, and its files are io.ReaderAt
// and io.Seeker. Symbolic links are followed within the volume. Names that are not UTF-8 are listed, but io/fs has no way
// to open them.
func (v *Volume) FS() fs.FS { return volumeFS{v} }

var _ interface {
	fs.ReadFileFS
	fs.ReadDirFS
	fs.StatFS
	fs.ReadLinkFS
} = volumeFS{}

type volumeFS struct{ v *Volume }

// valid holds a path to the rules of io/fs.
func valid(op, name string) error {
	if !fs.ValidPath(name) {
		return pathError(op, name, fs.ErrInvalid)
	}
	return nil
}

func (f volumeFS) Open(name string) (fs.File, error) {
	if err := valid("open", name); err != nil {
		return nil, err
	}
	file, err := f.v.Open(name)
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f volumeFS) ReadFile(name string) ([]byte, error) {
	if err := valid("open", name); err != nil {
		return nil, err
	}
	return f.v.ReadFile(name)
}

func (f volumeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := valid("open", name); err != nil {
		return nil, err
	}
	return f.v.ReadDir(name)
}

func (f volumeFS) Stat(name string) (fs.FileInfo, error) {
	if err := valid("stat", name); err != nil {
		return nil, err
	}
	return f.v.Stat(name)
}

func (f volumeFS) Lstat(name string) (fs.FileInfo, error) {
	if err := valid("lstat", name); err != nil {
		return nil, err
	}
	return f.v.Lstat(name)
}

func (f volumeFS) ReadLink(name string) (string, error) {
	if err := valid("readlink", name); err != nil {
		return "", err
	}
	return f.v.Readlink(name)
}
