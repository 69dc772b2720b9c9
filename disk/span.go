package disk

// span is the bytes lo to hi-1 of a page.
type span struct{ lo, hi int }

func (s span) len() int    { return s.hi - s.lo }
func (s span) whole() bool { return s.len() == pageSize }

// part is a span of a page with a number.
type part struct {
	page int64
	span
}

// pageCount is the number of pages that hold size bytes.
func pageCount(size int64) int64 {
	if size == 0 {
		return 0
	}
	return (size-1)>>pageBits + 1
}

// pageSpan returns the page of byte off, and how much of it n bytes from off on
// cover.
func pageSpan(off int64, n int) (int64, span) {
	lo := int(off & (pageSize - 1))
	return off >> pageBits, span{lo, min(pageSize, lo+n)}
}

// pageEnd is the offset at which page i ends on a device of size bytes.
func pageEnd(i, size int64) int64 {
	if i >= (size-1)>>pageBits {
		return size
	}
	return (i + 1) << pageBits
}

// splitRange divides n bytes at off into part of a first page, whole pages first
// to end-1, and part of a last page. A device's last page is whole where the
// device, of size bytes, ends.
func splitRange(off, n, size int64) (head part, first, end int64, tail part) {
	stop := off + n
	first, end = pageCount(off), stop>>pageBits
	if stop == size {
		end = pageCount(size)
	}
	if lo := int(off & (pageSize - 1)); lo != 0 {
		head = part{off >> pageBits, span{lo, int(min(pageSize, int64(lo)+n))}}
	}
	if hi := int(stop & (pageSize - 1)); hi != 0 && end<<pageBits <= stop && stop>>pageBits >= first {
		tail = part{end, span{0, hi}}
	}
	return head, first, end, tail
}
