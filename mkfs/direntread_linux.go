package mkfs

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// dirName is a name in a directory and the kind that the system gives with it (DT_...).
type dirName struct {
	name []byte
	kind byte
}

// direntReader reads the names in directories, many at a time.
type direntReader struct {
	buf   []byte
	names []dirName
}

const (
	direntBuffer = 64 << 10
	direntKindAt = 18 // d_type in struct linux_dirent64
	direntNameAt = 19
)

// read returns the next names of the directory open at fd; none is the end. They are valid until the next call.
func (r *direntReader) read(fd int) ([]dirName, error) {
	if r.buf == nil {
		r.buf = make([]byte, direntBuffer)
	}
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.ReadDirent(fd, r.buf) })
		if err != nil || n <= 0 {
			return nil, err
		}
		if r.parse(r.buf[:n]); len(r.names) > 0 {
			return r.names, nil
		}
	}
}

func (r *direntReader) parse(b []byte) {
	r.names = r.names[:0]
	for len(b) > direntNameAt {
		size := int(binary.NativeEndian.Uint16(b[16:]))
		name, _, _ := bytes.Cut(b[direntNameAt:size], []byte{0})
		if s := string(name); s != "." && s != ".." {
			r.names = append(r.names, dirName{name, b[direntKindAt]})
		}
		b = b[size:]
	}
}
