package ext4_test

import (
	"fmt"

	"extant/ext4"
	"extant/internal/ondisk"
)

// A walker asks everything there is to ask of a file system and counts what it gets. It goes on after errors, which a damaged
// image may have anywhere, and fails only where it gets more than the image can hold.
type walker struct {
	fs    *ext4.FS
	limit int // of answers for one question
	bytes int
	seen  map[ondisk.Ino]bool
	buf   []byte
}

func walkEverything(fs *ext4.FS) (err error) {
	sb := fs.Super()
	w := &walker{
		fs: fs, seen: map[ondisk.Ino]bool{}, buf: make([]byte, 16<<10),
		// A block has no more entries of any kind than an eighth of its bytes, and no inode has more blocks than the file system.
		limit: int(min(sb.Blocks(), 1<<20))*fs.BlockSize()/8 + 100,
	}
	fs.StatFS()
	for ino := range ondisk.Ino(13) {
		n, err := fs.SystemInode(ino)
		if err == nil {
			if err := w.inode(n); err != nil {
				return fmt.Errorf("inode %d: %w", ino, err)
			}
		}
	}
	root, err := fs.Root()
	if err != nil {
		return nil
	}
	return w.tree(root)
}

func (w *walker) tree(n *ext4.Inode) error {
	if w.seen[n.Ino()] {
		return nil
	}
	w.seen[n.Ino()] = true
	if err := w.inode(n); err != nil || !n.IsDir() {
		return err
	}
	entries := 0
	var last ext4.Cookie
	for e, err := range n.ReadDir(0) {
		if entries++; entries > w.limit {
			return fmt.Errorf("inode %d: more than %d entries", n.Ino(), w.limit)
		}
		if err != nil {
			continue
		}
		if e.Next <= last {
			return fmt.Errorf("inode %d: cookie %d after %d", n.Ino(), e.Next, last)
		}
		last = e.Next
		child, err := n.Child(e.Name)
		if err != nil || e.Name == "." || e.Name == ".." {
			continue
		}
		if err := w.tree(child); err != nil {
			return err
		}
	}
	n.Lookup("not there")
	return nil
}

func (w *walker) inode(n *ext4.Inode) error {
	a := n.Attr()
	n.Readlink()
	n.CryptContext()
	n.Verity()
	names, _ := n.Xattrs()
	if len(names) > w.limit {
		return fmt.Errorf("%d xattrs", len(names))
	}
	for _, name := range names[:min(len(names), 10)] {
		n.Xattr(name)
	}
	for _, off := range []int64{0, 1000, a.Size / 2, a.Size - 100, a.Size} {
		n.ReadAt(w.buf, off)
		n.SeekData(off)
		n.SeekHole(off)
	}
	answers := 0
	for range n.Mappings(0) {
		if answers++; answers > w.limit {
			return fmt.Errorf("more than %d mappings", w.limit)
		}
	}
	answers = 0
	for range n.MetaBlocks() {
		if answers++; answers > w.limit {
			return fmt.Errorf("more than %d blocks of metadata", w.limit)
		}
	}
	return nil
}
