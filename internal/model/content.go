package model

import (
	"maps"
	"slices"
)

const pageSize = 4096

// content is the bytes of a file. What has no page is zero, and so is what lies past size in a page.
type content struct {
	size  int64
	pages map[int64]*[pageSize]byte
}

// each calls fn for the pages of a range: the page's number, and what part of it the range covers.
func each(off, n int64, fn func(page int64, from, to int)) {
	for n > 0 {
		page, from := off/pageSize, off%pageSize
		k := min(n, pageSize-from)
		fn(page, int(from), int(from+k))
		off, n = off+k, n-k
	}
}

func (c *content) read(p []byte, off int64) int {
	n := min(int64(len(p)), max(0, c.size-off))
	out := p[:0]
	each(off, n, func(page int64, from, to int) {
		if b := c.pages[page]; b != nil {
			out = append(out, b[from:to]...)
		} else {
			out = append(out, make([]byte, to-from)...)
		}
	})
	return int(n)
}

func (c *content) write(p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	c.size = max(c.size, off+int64(len(p)))
	each(off, int64(len(p)), func(page int64, from, to int) {
		p = p[copy(c.page(page)[from:to], p):]
	})
}

func (c *content) page(i int64) *[pageSize]byte {
	if c.pages == nil {
		c.pages = map[int64]*[pageSize]byte{}
	}
	if c.pages[i] == nil {
		c.pages[i] = new([pageSize]byte)
	}
	return c.pages[i]
}

// zero makes a range zero without making the file longer.
func (c *content) zero(off, n int64) {
	for i, b := range c.pages {
		from, to := max(off, i*pageSize), min(off+n, (i+1)*pageSize)
		if from < to {
			clear(b[from-i*pageSize : to-i*pageSize])
		}
	}
}

func (c *content) resize(size int64) {
	if size < c.size {
		c.zero(size, c.size-size)
		maps.DeleteFunc(c.pages, func(i int64, _ *[pageSize]byte) bool { return i*pageSize >= size })
	}
	c.size = size
}

// shift moves all that begins at off by d bytes, which may be negative.
func (c *content) shift(off, d int64) {
	moved := content{}
	for _, i := range slices.Sorted(maps.Keys(c.pages)) {
		b, start := c.pages[i], i*pageSize
		keep := min(max(0, off-start), pageSize)
		if keep > 0 {
			moved.write(b[:keep], start)
		}
		if at := start + keep + d; keep < pageSize && at >= 0 {
			moved.write(b[keep:], at)
		}
	}
	moved.size = c.size
	moved.resize(c.size + d)
	*c = moved
}
