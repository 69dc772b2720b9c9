package ext4

import (
	"io"
	"syscall"

	"extant/internal/ondisk"
)

// ReadAt reads a regular file as io.ReaderAt says. Holes and unwritten extents read as zeros. Data goes from the device into p
// directly, what lies side by side there in one read.
//
// The data of an encrypted file is refused with an *UnsupportedError. That of a file with fs-verity is verified against
// its Merkle tree; the signature of the file's digest is not looked at.
func (n *Inode) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case n.IsDir():
		return 0, syscall.EISDIR
	case n.core().disk.Type() != ondisk.ModeRegular || off < 0:
		return 0, syscall.EINVAL
	case n.encrypted():
		return 0, &UnsupportedError{Features: []string{"encrypt"}, Detail: "the file's data needs a key"}
	case len(p) == 0:
		return 0, nil
	case off >= n.length():
		return 0, io.EOF
	}
	read := n.readData
	if n.hasVerity() {
		read = n.readVerified
	}
	return readSize(p, off, n.length(), read)
}

// readSize reads as io.ReaderAt says from content that has size bytes.
func readSize(p []byte, off, size int64, read func([]byte, int64) (int, error)) (int, error) {
	if left := size - off; int64(len(p)) > left {
		got, err := read(p[:left], off)
		if err == nil {
			err = io.EOF
		}
		return got, err
	}
	return read(p, off)
}

// readData fills p with the content at off, as far as it goes without an error.
func (n *Inode) readData(p []byte, off int64) (int, error) {
	if n.inline() {
		return n.readInline(p, off)
	}
	return n.readBlocks(p, off)
}

// readBlocks fills p with what the inode's blocks hold at off. Neither i_size nor a key matters.
func (n *Inode) readBlocks(p []byte, off int64) (int, error) {
	done := 0
	bs := int64(n.fs.blockSize)
	first, end := uint64(off/bs), uint64((off+int64(len(p))-1)/bs)+1
	for r, err := range n.runs(first, end) {
		if err != nil {
			return done, err
		}
		pos := off + int64(done)
		part := p[done:min(uint64(len(p)), r.end()*uint64(bs)-uint64(off))]
		if err := n.readRun(part, r, pos-int64(r.first)*bs); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// readRun fills p with the bytes at off of a run.
func (n *Inode) readRun(p []byte, r run, off int64) error {
	if r.state != written {
		clear(p)
		return nil
	}
	if err := n.fs.checkRange("mapping", r.start, r.count); err != nil {
		return ondisk.Locate(err, n.ino, r.start)
	}
	return n.fs.readDevice(p, int64(r.start)<<n.fs.blockBits+off)
}
