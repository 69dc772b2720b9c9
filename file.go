package extant

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"syscall"

	"extant/ext4"
	"extant/internal/ondisk"
	"extant/sched"
)

// File is an open file or directory of a Volume.
type File struct {
	name  string
	inode *ext4.Inode
	names *nameCache // to remember what is listed; may be nil
	cred  *Credential

	// How it was opened; immutable.
	held     bool
	readable bool
	writable bool
	appends  bool
	sync     bool

	mu sched.Mutex
	// +checklocks:mu
	pos int64 // of Read and Seek, bytes
	// +checklocks:mu
	cookie ext4.Cookie // of ReadDir
	// +checklocks:mu
	closed bool
}

var positionClass = &sched.Class{Name: "file-position", Doc: "where an open file stands: held while Read, Write and ReadDir work"}

// Open opens a file or directory for reading, following symbolic links.
func (v *Volume) Open(name string) (*File, error) { return v.OpenFile(name, os.O_RDONLY, 0) }

func newFile(name string, n *ext4.Inode, names *nameCache) *File {
	f := &File{name: name, inode: n, names: names, readable: true}
	f.mu.Init(positionClass)
	return f
}

// ReadFile reads a whole file. A file that is larger than the device could hold and over 1 GiB, which only holes can make, is
// syscall.EFBIG: open it and read what is wanted.
func (v *Volume) ReadFile(name string) ([]byte, error) {
	f, err := v.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := v.readAll(f.inode)
	return b, cmp.Or(pathError("read", name, err), f.Close())
}

// readAll grows its buffer with what is really there, whatever size the inode claims.
func (v *Volume) readAll(n *ext4.Inode) ([]byte, error) {
	const step, sparseMax = 1 << 20, 1 << 30
	size := n.Attr().Size
	super := v.fs.Super()
	if size > sparseMax && uint64(size) > super.Blocks()*uint64(v.fs.BlockSize()) {
		return nil, syscall.EFBIG
	}
	b := make([]byte, 0, min(size, step)+1)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		m, err := n.ReadAt(b[len(b):cap(b)], int64(len(b)))
		b = b[:len(b)+m]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// Name is the path that the file was opened by.
func (f *File) Name() string { return f.name }

// Inode is the inode behind the file, for tools that look below paths.
func (f *File) Inode() *ext4.Inode { return f.inode }

// Close ends the use of the file. Later calls fail with fs.ErrClosed.
// The last to close a file that has lost its last name frees it.
func (f *File) Close() error {
	f.mu.Lock()
	closed := f.closed
	f.closed = true
	f.mu.Unlock()
	switch {
	case closed:
		return pathError("close", f.name, fs.ErrClosed)
	case !f.held:
		return nil
	}
	return pathError("close", f.name, f.inode.Release())
}

// Stat describes the file.
func (f *File) Stat() (fs.FileInfo, error) {
	if err := f.check("stat"); err != nil {
		return nil, err
	}
	return newInfo(base(f.name), f.inode), nil
}

// Read reads from the file's position on, and moves it.
func (f *File) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, pathError("read", f.name, fs.ErrClosed)
	}
	if err := f.mayRead(); err != nil {
		return 0, pathError("read", f.name, err)
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.inode.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, f.readError(err)
}

// ReadAt reads at an offset in bytes, as io.ReaderAt says. Holes read as zeros.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read"); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("read", f.name, syscall.EINVAL)
	}
	if err := f.mayRead(); err != nil {
		return 0, pathError("read", f.name, err)
	}
	n, err := f.inode.ReadAt(p, off)
	return n, f.readError(err)
}

func (f *File) mayRead() error {
	if !f.readable {
		return syscall.EBADF
	}
	return nil
}

// readError leaves io.EOF alone, which callers compare with ==.
func (f *File) readError(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return pathError("read", f.name, err)
}

// Seek moves the position of Read. In a directory only the start can be sought: it makes ReadDir begin anew.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, pathError("seek", f.name, fs.ErrClosed)
	}
	attr := f.inode.Attr()
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += attr.Size
	case io.SeekStart:
	default:
		offset = -1
	}
	if offset < 0 || attr.Type() == ondisk.ModeDir && offset != 0 {
		return 0, pathError("seek", f.name, syscall.EINVAL)
	}
	f.pos, f.cookie = offset, 0
	return offset, nil
}

// ReadDir reads the next n entries of a directory, or with n <= 0 all that are left, in the order of the directory (see ext4.Inode.ReadDir), without
// "." and "..". At the end with n > 0 the error is io.EOF. With n <= 0, damage in one place does not keep it from what lies behind: it
// returns all that can be read, and the first error.
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, pathError("readdir", f.name, fs.ErrClosed)
	}
	read := f.readDirSome
	if n <= 0 {
		read = f.readDirRest
	}
	list, next, err := read(f.cookie, n)
	f.cookie = next
	return list, err
}

// readDirSome reads n entries from a place on, and says where they end.
func (f *File) readDirSome(from ext4.Cookie, n int) (out []fs.DirEntry, next ext4.Cookie, err error) {
	next = from
	for e, err := range f.inode.ReadDir(from) {
		if err != nil {
			return out, next, pathError("readdir", f.name, err)
		}
		next = e.Next
		if e.Name != "." && e.Name != ".." {
			out = append(out, &dirEntry{dir: f.name, dirInode: f.inode, e: e})
		}
		if len(out) == n {
			return out, next, nil
		}
	}
	if len(out) == 0 {
		err = io.EOF
	}
	return out, next, err
}

// dirErrorsMax is how many errors in a directory end its reading.
const dirErrorsMax = 1000

// readDirRest reads what is left of a directory from a place on. A directory in which more names are than the whole device has room for
// shows some of its blocks again and again; it ends there.
func (f *File) readDirRest(from ext4.Cookie, _ int) (out []fs.DirEntry, next ext4.Cookie, first error) {
	super := f.inode.FS().Super()
	most := super.Blocks() * uint64(super.BlockSize()) / ondisk.DirentSizeMin
	errs := 0
	next = from
	for e, err := range f.inode.ReadDir(from) {
		if err == nil && uint64(len(out)) >= most {
			err, errs = ondisk.Corrupt("directory", "more than %d names", most).At(f.inode.Ino(), 0), dirErrorsMax
		}
		if err != nil {
			first = cmp.Or(first, pathError("readdir", f.name, err))
			if errs++; errs >= dirErrorsMax {
				break
			}
			continue
		}
		next = e.Next
		if e.Name != "." && e.Name != ".." {
			out = append(out, &dirEntry{dir: f.name, dirInode: f.inode, e: e})
		}
	}
	if from == 0 && first == nil {
		f.names.add(f.inode, out)
	}
	return out, next, first
}

// SeekData is the first offset at or after off where the file has data, and SeekHole the first where it has none; the
// end counts as a hole. The error is syscall.ENXIO past the last.
func (f *File) SeekData(off int64) (int64, error) {
	if err := f.check("seek"); err != nil {
		return 0, err
	}
	n, err := f.inode.SeekData(off)
	return n, pathError("seek", f.name, err)
}

// SeekHole is described with SeekData.
func (f *File) SeekHole(off int64) (int64, error) {
	if err := f.check("seek"); err != nil {
		return 0, err
	}
	n, err := f.inode.SeekHole(off)
	return n, pathError("seek", f.name, err)
}

// check fails on a closed file.
func (f *File) check(op string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return pathError(op, f.name, fs.ErrClosed)
	}
	return nil
}
