package disk

import "sync"

// Overlay is a Device that reads from a base and writes to memory: a dry run, a
// look at what a journal would make of a disk. The base is never written, nor
// flushed, nor closed. What is discarded reads as zeros.
//
// The base must not change as long as the overlay is in use. Memory is taken,
// 4 KiB at a time, by what is written.
type Overlay struct {
	base  Device   // immutable
	zeros subtrees // immutable; what is discarded

	mu sync.RWMutex
	// pages that differ from the base
	// +checklocks:mu
	pages pageTree
}

var _ Device = (*Overlay)(nil)

// NewOverlay returns a device whose content is that of base.
func NewOverlay(base Device) *Overlay {
	pages := newPageTree(pageCount(base.Size()))
	return &Overlay{base: base, zeros: pages.uniform(&zeroPage), pages: pages}
}

// Snapshot returns an independent overlay of the same base with the content of
// this moment, in constant time.
func (o *Overlay) Snapshot() *Overlay {
	o.mu.Lock()
	defer o.mu.Unlock()
	return &Overlay{base: o.base, zeros: o.zeros, pages: o.pages.fork()}
}

// Changed is the number of bytes of memory that what was written takes.
func (o *Overlay) Changed() int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.pages.count(o.zeros) << pageBits
}

// ReadAt implements Device.
func (o *Overlay) ReadAt(p []byte, off int64) (int, error) {
	q, end := clip(p, off, o.Size())
	o.mu.RLock()
	defer o.mu.RUnlock()
	for n := 0; n < len(q); {
		done, err := o.readSomeLocked(q[n:], off+int64(n))
		n += done
		if err != nil {
			return n, err
		}
	}
	return len(q), end
}

// readSomeLocked reads, of q, what lies in one page of memory, or up to the next
// such page from the base in one operation.
//
// +checklocksread:o.mu
func (o *Overlay) readSomeLocked(q []byte, off int64) (int, error) {
	i, b := pageSpan(off, len(q))
	if pg := o.pages.get(i); pg != nil {
		return copy(q, pg[b.lo:b.hi]), nil
	}
	n := len(q)
	if next, ok := o.pages.next(i); ok {
		n = int(min(int64(n), next<<pageBits-off))
	}
	return readFull(o.base, q[:n], off)
}

// WriteAt implements Device. A page that is written in part for the first time
// is read from the base.
func (o *Overlay) WriteAt(p []byte, off int64) (int, error) {
	if err := checkRange("write", off, int64(len(p)), o.Size()); err != nil {
		return 0, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for n := 0; n < len(p); {
		i, b := pageSpan(off+int64(n), len(p)-n)
		pg, err := o.ownLocked(part{i, b})
		if err != nil {
			return n, err
		}
		n += copy(pg[b.lo:b.hi], p[n:])
	}
	return len(p), nil
}

// ownLocked returns the page of r ready to be changed within r, filled from the
// base outside r when it is new.
//
// +checklocks:o.mu
func (o *Overlay) ownLocked(r part) (*page, error) {
	if r.whole() || o.pages.get(r.page) != nil {
		return o.pages.own(r.page, r.whole()), nil
	}
	fill := new(page)
	off := r.page << pageBits
	if _, err := readFull(o.base, fill[:pageEnd(r.page, o.Size())-off], off); err != nil {
		return nil, err
	}
	o.pages.adopt(r.page, fill)
	return fill, nil
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
	o.mu.Lock()
	defer o.mu.Unlock()
	head, first, end, tail := splitRange(off, n, o.Size())
	for _, r := range []part{head, tail} {
		if r.len() == 0 {
			continue
		}
		pg, err := o.ownLocked(r)
		if err != nil {
			return err
		}
		clear(pg[r.lo:r.hi])
	}
	o.pages.fill(first, end, o.zeros)
	return nil
}
