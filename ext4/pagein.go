package ext4

import (
	"errors"

	"extant/internal/ondisk"
	"extant/internal/page"
)

// Readahead brings in this many bytes more than are asked for where a file seems to be read on from where somebody has read, and more
// where that has gone on for a while.
const (
	aheadFirst = 128 << 10
	aheadMore  = 512 << 10
)

// errInInode says that there is no folio to look for: the inode has the data.
var errInInode = errors.New("ext4: the data is in the inode")

// uptodate returns folio i with the file's content, locked. want is how many folios from there on will be looked for.
func (n *Inode) uptodate(i, want uint64) (*page.Folio, error) {
	if f := n.pages.Find(i); f != nil {
		if f.Has(page.Uptodate) {
			return f, nil
		}
		f.Unlock()
	}
	n.invalidate.RLock()
	defer n.invalidate.RUnlock()
	f := n.pages.Lock(i)
	switch {
	case f.Has(page.Uptodate):
		return f, nil
	case i == 0 && n.where().mayBeInline():
		f.Unlock()
		return nil, errInInode
	}
	list := n.pages.Extend([]*page.Folio{f}, i+1, n.ahead(i, want)-1)
	done, err := n.readFolios(list)
	for k, f := range list[1:] {
		if k+1 < done {
			f.Unlock()
		} else {
			f.Drop()
		}
	}
	if done > 0 {
		return f, nil
	}
	f.Unlock()
	return nil, err
}

// ahead is how many folios from i on to read where want are wanted.
func (n *Inode) ahead(i, want uint64) int {
	bits := n.fs.blockBits
	first, more := uint64(aheadFirst>>bits), uint64(aheadMore>>bits)
	switch {
	case i == 0 || !n.pages.Cached(i-1):
	case i >= first && n.pages.Cached(i-first):
		want = max(want, more)
	default:
		want = max(want, first)
	}
	blocks := n.blocksOfSize() // once: others may change it
	left := blocks - min(i, blocks)
	return int(max(1, min(want, more, left, uint64(n.fs.files.pool.DirtyMax()/4))))
}

// readFolios fills folios that follow one another, all locked, and says how many it has got: less than all with the error that
// stopped it.
func (n *Inode) readFolios(list []*page.Folio) (int, error) {
	if n.hasVerity() {
		return n.verifyFolios(list)
	}
	for done := 0; done < len(list); {
		i := list[done].Index()
		r, err := n.mapped(i)
		if err != nil {
			return done, err
		}
		r = r.clip(i, i+uint64(len(list)-done))
		part := list[done : done+int(r.count)]
		if err := n.readPart(part, r); err != nil {
			return done, err
		}
		for _, f := range part {
			if n.zeroPastEnd(f) {
				f.Set(page.Trimmed)
			}
			f.Set(page.Uptodate)
			if r.state != hole {
				f.Set(page.Backed)
			}
		}
		done += len(part)
	}
	return len(list), nil
}

// verifyFolios is readFolios for a file with fs-verity.
func (n *Inode) verifyFolios(list []*page.Folio) (int, error) {
	r, err := n.verifier()
	if err != nil {
		return 0, err
	}
	for i, f := range list {
		if _, err := r.read(f.Data(), int64(f.Index())<<n.fs.blockBits); err != nil {
			return i, err
		}
		f.Set(page.Uptodate)
	}
	return len(list), nil
}

// readPart fills the folios of one run.
func (n *Inode) readPart(list []*page.Folio, r run) error {
	if r.state != written {
		for _, f := range list {
			clear(f.Data())
		}
		return nil
	}
	if err := n.fs.checkRange("mapping", r.start, r.count); err != nil {
		return ondisk.Locate(err, n.ino, r.start)
	}
	b := r.start
	for len(list) > 0 {
		mem, k := page.Span(list)
		if err := n.readNewest(mem, b); err != nil {
			return err
		}
		list, b = list[k:], b+ondisk.Block(k)
	}
	return nil
}

// readNewest fills p with the data of blocks from b on, which may be in the journal still. It asks the journal first: what is not there by then
// is on the device, and what the device is read for may come home meanwhile.
func (n *Inode) readNewest(p []byte, b ondisk.Block) error {
	var pending [][]byte
	if n.journalsData() {
		w := n.fs.rw.Load()
		for i := range len(p) >> n.fs.blockBits {
			data, _ := w.journal.Pending(b + ondisk.Block(i))
			pending = append(pending, data)
		}
	}
	if err := n.fs.readDevice(p, int64(b)<<n.fs.blockBits); err != nil {
		return err
	}
	for i, data := range pending {
		copy(p[i<<n.fs.blockBits:], data)
	}
	return nil
}

// zeroPastEnd clears what a folio has past the end of the file: nobody has written it there. It reports whether there was anything.
func (n *Inode) zeroPastEnd(f *page.Folio) bool {
	from := n.size.Load() - int64(f.Index())<<n.fs.blockBits
	if from >= int64(n.fs.blockSize) {
		return false
	}
	rest := f.Data()[max(from, 0):]
	for i, b := range rest {
		if b != 0 {
			clear(rest[i:])
			return true
		}
	}
	return false
}
