package fsck

import (
	"fmt"
	"io"
	"sort"

	"extant/internal/ondisk"
)

// A sysFile is a file of the file system's own that is read while checking: the journal, orphans, quotas. Its map is judged
// elsewhere; here the first fault ends it.
type sysFile struct {
	im    *image
	ino   ondisk.Ino
	inode ondisk.Inode
	runs  []mapRun

	blocks uint64 // in runs
	left   uint64 // nodes that its map may still have
	err    error
}

// openFile reads the inode and the map of a regular file.
func (im *image) openFile(ino ondisk.Ino) (*sysFile, error) {
	f := &sysFile{im: im, ino: ino, left: uint64(im.end)}
	if err := im.readInode(ino, make([]byte, im.slot), &f.inode); err != nil {
		return nil, err
	}
	return f, f.open()
}

// open reads the map of the inode.
func (f *sysFile) open() error {
	n := &f.inode
	if n.Type() != ondisk.ModeRegular || n.LinksCount == 0 || n.Has(ondisk.InodeInlineData) {
		return ondisk.Corrupt("inode", "mode %#o, %d links and flags %#x are not those of a file of the file system", n.Mode, n.LinksCount, n.Flags).At(f.ino, 0)
	}
	var bufs [nodeLevels][]byte
	m := mapper{im: f.im, ino: f.ino, seed: f.im.inodeSeed(f.ino, n), v: f, bufs: &bufs}
	m.walk(n)
	if f.err == nil && f.blocks > uint64(f.im.end) {
		f.err = ondisk.Corrupt("block map", "%d blocks, more than there are", f.blocks).At(f.ino, 0)
	}
	return f.err
}

func (f *sysFile) node(ondisk.Block) bool {
	if f.left == 0 && f.err == nil {
		f.err = ondisk.Corrupt("block map", "more nodes than blocks").At(f.ino, 0)
	}
	if f.err != nil {
		return false
	}
	f.left--
	return true
}

// runsMax is the most pieces that a file of the file system's own may be in.
const runsMax = 1 << 20

func (f *sysFile) data(r mapRun) {
	switch {
	case f.err != nil:
	case len(f.runs) == runsMax:
		f.err = ondisk.Corrupt("block map", "more than %d pieces", runsMax).At(f.ino, 0)
	default:
		f.runs = append(f.runs, r)
		f.blocks += r.count
	}
}

func (f *sysFile) mapFault(c Code, at Place, format string, args ...any) *Finding {
	if f.err == nil {
		f.err = ondisk.Corrupt("block map", "%s", fmt.Sprintf(format, args...)).At(f.ino, at.Block)
	}
	return &Finding{}
}

// block is where a block of the file lies; false for a hole.
func (f *sysFile) block(fb uint64) (ondisk.Block, bool) {
	i := sort.Search(len(f.runs), func(i int) bool { return f.runs[i].end() > fb })
	if i == len(f.runs) || f.runs[i].file > fb {
		return 0, false
	}
	return f.runs[i].start + ondisk.Block(fb-f.runs[i].file), !f.runs[i].unwritten
}

// ReadAt reads from the file as io.ReaderAt says; holes are zeros.
func (f *sysFile) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := uint64(off) + uint64(done)
		if at >= f.inode.Size() {
			return done, io.EOF
		}
		fb, within := at/uint64(f.im.bs), int(at%uint64(f.im.bs))
		n := min(len(p)-done, f.im.bs-within)
		part := p[done : done+n]
		if b, ok := f.block(fb); !ok {
			clear(part)
		} else if err := readAt(f.im.dev, part, int64(b)*int64(f.im.bs)+int64(within)); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}
