package disk

import (
	"fmt"
	"io"

	"extant/sched"
)

// Mem is a Device in memory. Memory is taken, 4 KiB at a time, by what is
// written; the rest is a hole. What is discarded becomes a hole and reads as
// zeros.
type Mem struct {
	size int64 // immutable

	mu sched.RWMutex
	// +checklocks:mu
	pages pageTree
}

var (
	_ Device = (*Mem)(nil)
	_ Sparse = (*Mem)(nil)
)

// pagesClass is the class of the locks around a pageTree. Nothing is waited for
// under one.
var pagesClass = sched.Class{Name: "disk-pages", Doc: "the pages of a memory device or overlay", Wait: sched.Spinning}

// NewMem returns a device of size bytes, all zero. It panics when size is
// negative.
func NewMem(size int64) *Mem {
	if size < 0 {
		panic(fmt.Sprintf("disk.NewMem: negative size %d", size))
	}
	return newMem(size, newPageTree(pageCount(size), nil))
}

// NewMemFrom returns a device of len(base) bytes whose content is base. The bytes
// are not copied and never written: base must not change as long as the device,
// or a snapshot of it, is in use.
func NewMemFrom(base []byte) *Mem {
	size := int64(len(base))
	pages := newPageTree(pageCount(size), nil)
	for i := int64(0); len(base) > 0; i++ {
		if len(base) < pageSize {
			copy(pages.own(i, true)[:], base)
			break
		}
		pages.share(i, (*page)(base))
		base = base[pageSize:]
	}
	return newMem(size, pages)
}

func newMem(size int64, pages pageTree) *Mem {
	m := &Mem{size: size, pages: pages}
	m.mu.Init(&pagesClass)
	return m
}

// Snapshot returns an independent device with the content of this moment. It
// takes constant time and a few words of memory; after it, the first change to
// a page on either side copies that page.
func (m *Mem) Snapshot() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return newMem(m.size, m.pages.fork())
}

// ReadAt implements Device.
func (m *Mem) ReadAt(p []byte, off int64) (int, error) {
	q, end := clip(p, off, m.size)
	m.mu.RLock()
	defer m.mu.RUnlock()
	for n := 0; n < len(q); {
		i, b := pageSpan(off+int64(n), len(q)-n)
		if pg := m.pages.get(i); pg != nil {
			n += copy(q[n:], pg[b.lo:b.hi])
		} else {
			clear(q[n : n+b.len()])
			n += b.len()
		}
	}
	return len(q), end
}

// WriteAt implements Device.
func (m *Mem) WriteAt(p []byte, off int64) (int, error) {
	if err := checkRange("write", off, int64(len(p)), m.size); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := 0; n < len(p); {
		i, b := pageSpan(off+int64(n), len(p)-n)
		pg := m.pages.own(i, b.whole())
		n += copy(pg[b.lo:b.hi], p[n:])
	}
	return len(p), nil
}

// Size implements Device.
func (m *Mem) Size() int64 { return m.size }

// Flush implements Device. It does nothing.
func (m *Mem) Flush() error { return nil }

// Discard implements Device. The range reads as zeros afterwards, and the whole
// pages within it take no memory any more.
func (m *Mem) Discard(off, n int64) error {
	if err := checkRange("discard", off, n, m.size); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	head, first, end, tail := splitRange(off, n, m.size)
	m.zeroLocked(head)
	m.pages.clear(first, end)
	m.zeroLocked(tail)
	return nil
}

// zeroLocked sets a part of a page to zero.
//
// +checklocks:m.mu
func (m *Mem) zeroLocked(r part) {
	if r.len() == 0 || m.pages.get(r.page) == nil {
		return
	}
	pg := m.pages.own(r.page, false)
	clear(pg[r.lo:r.hi])
}

// Close implements Device. It does nothing: the content is there as long as the
// Mem is.
func (m *Mem) Close() error { return nil }

// NextData implements Sparse. Every page ever written is data.
func (m *Mem) NextData(off int64) (start, end int64, err error) {
	if off < 0 {
		return 0, 0, &RangeError{"read", off, 0, m.size}
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	first, ok := m.pages.next(off >> pageBits)
	if !ok || off >= m.size {
		return 0, 0, io.EOF
	}
	last := first
	for pageEnd(last, m.size) < m.size && m.pages.get(last+1) != nil {
		last++
	}
	return max(off, first<<pageBits), pageEnd(last, m.size), nil
}

// Allocated implements Sparse. A page shared with a snapshot or with the base
// counts in each.
func (m *Mem) Allocated() (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.pages.count() << pageBits, nil
}
