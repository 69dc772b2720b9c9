package disk

import "extant/sched"

// Overlay is a Device that reads from a base and writes to memory: a dry run, a
// look at what a journal would make of a disk. The base is never written, nor
// flushed, nor closed. What is discarded reads as zeros.
//
// The base must not change as long as the overlay is in use. Memory is taken,
// 4 KiB at a time, by what is written.
type Overlay struct {
	base Device // immutable

	mu sched.RWMutex
	// pages that differ from the base
	// +checklocks:mu
	pages pageTree
}

var _ Device = (*Overlay)(nil)

// NewOverlay returns a device whose content is that of base.
func NewOverlay(base Device) *Overlay {
	return newOverlay(base, newPageTree(pageCount(base.Size()), &zeroPage))
}

func newOverlay(base Device, pages pageTree) *Overlay {
	o := &Overlay{base: base, pages: pages}
	o.mu.Init(&pagesClass)
	return o
}

// Snapshot returns an independent overlay of the same base with the content of
// this moment, in constant time.
func (o *Overlay) Snapshot() *Overlay {
	o.mu.Lock()
	defer o.mu.Unlock()
	return newOverlay(o.base, o.pages.fork())
}

// Changed is the number of bytes of memory that what was written takes.
func (o *Overlay) Changed() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.pages.count() << pageBits
}

// ReadAt implements Device.
func (o *Overlay) ReadAt(p []byte, off int64) (int, error) {
	q, end := clip(p, off, o.Size())
	for n := 0; n < len(q); {
		done, err := o.readSome(q[n:], off+int64(n))
		n += done
		if err != nil {
			return n, err
		}
	}
	return len(q), end
}

// readSome reads, of q, what lies in one page of memory, or up to the next such
// page from the base in one operation.
func (o *Overlay) readSome(q []byte, off int64) (int, error) {
	n, found := o.readPage(q, off)
	if found {
		return n, nil
	}
	return readFull(o.base, q[:n], off)
}

// readPage reads, of q, what lies in the page of off. When that page is not in
// memory it returns how many bytes to read from the base instead.
func (o *Overlay) readPage(q []byte, off int64) (n int, found bool) {
	i, b := pageSpan(off, len(q))
	o.mu.RLock()
	defer o.mu.RUnlock()
	if pg := o.pages.get(i); pg != nil {
		return copy(q, pg[b.lo:b.hi]), true
	}
	if next, ok := o.pages.next(i); ok {
		return int(min(int64(len(q)), next<<pageBits-off)), false
	}
	return len(q), false
}

// WriteAt implements Device. A page that is written in part for the first time
// is read from the base.
func (o *Overlay) WriteAt(p []byte, off int64) (int, error) {
	if err := checkRange("write", off, int64(len(p)), o.Size()); err != nil {
		return 0, err
	}
	for n := 0; n < len(p); {
		i, b := pageSpan(off+int64(n), len(p)-n)
		err := o.change(part{i, b}, func(dst []byte) { n += copy(dst, p[n:]) })
		if err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// change calls edit with the bytes of r, in memory, and the lock held. What the
// page holds around them comes from the base, which is read without the lock.
func (o *Overlay) change(r part, edit func([]byte)) error {
	if o.changeKnown(r, nil, edit) {
		return nil
	}
	fill := new(page)
	off := r.page << pageBits
	if _, err := readFull(o.base, fill[:pageEnd(r.page, o.Size())-off], off); err != nil {
		return err
	}
	o.changeKnown(r, fill, edit)
	return nil
}

// changeKnown is change for a page that is in memory by now, that r covers, or
// whose content is fill. Otherwise it does nothing and returns false.
func (o *Overlay) changeKnown(r part, fill *page, edit func([]byte)) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !r.whole() && o.pages.get(r.page) == nil {
		if fill == nil {
			return false
		}
		o.pages.adopt(r.page, fill)
	}
	edit(o.pages.own(r.page, r.whole())[r.lo:r.hi])
	return true
}

// Size implements Device.
func (o *Overlay) Size() int64 { return o.base.Size() }

// Flush implements Device. It does nothing.
func (o *Overlay) Flush() error { return nil }

// Close implements Device. It does nothing: the base stays open.
func (o *Overlay) Close() error { return nil }

// Discard implements Device. The range reads as zeros afterwards.
func (o *Overlay) Discard(off, n int64) error {
	if err := checkRange("discard", off, n, o.Size()); err != nil {
		return err
	}
	head, first, end, tail := splitRange(off, n, o.Size())
	for _, r := range []part{head, tail} {
		if r.len() == 0 {
			continue
		}
		if err := o.change(r, func(b []byte) { clear(b) }); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pages.clear(first, end)
	return nil
}
