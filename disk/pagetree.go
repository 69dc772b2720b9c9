package disk

import "math/bits"

const (
	pageBits = 12
	pageSize = 1 << pageBits // bytes of a page
	fanBits  = 6
	fan      = 1 << fanBits // children of a node
)

// page is the unit of sharing between a device and its snapshots.
type page [pageSize]byte

// zeroPage is shared by everyone and owned by no one.
var zeroPage page

// owner is an identity: a node may be changed in place by the tree that holds
// the owner which the node names. It has a size so that no two are one.
type owner struct{ _ byte }

// node is a node of a pageTree: inner nodes have kids, leaves have pages.
type node struct {
	owner *owner
	kids  *[fan]*node
	pages *[fan]*page
	// owned has a bit for each page of a leaf that belongs to the leaf's owner,
	// and so may be changed in place. Without the bit the page is shared.
	owned uint64
}

// pageTree is a sparse array of pages by page number, forked in constant time.
//
// Nodes and pages are shared between a tree and its forks and never change
// while they are shared: a tree changes in place only the nodes that name its
// own owner and copies the others, from the root down to the page. To fork is
// to copy the root pointer and to give both sides a new owner, which makes every
// node either of them can reach somebody else's.
//
// Nothing here locks; the device that holds the tree does.
type pageTree struct {
	levels int // of inner nodes above the leaf
	blank  subtrees
	owner  *owner
	root   *node
}

// newPageTree returns an empty tree for pages 0 to n-1. To blank a page is to
// put blank, shared, in its place, or to make it absent when blank is nil.
func newPageTree(n int64, blank *page) pageTree {
	t := pageTree{owner: new(owner)}
	for n > fan {
		n = (n-1)>>fanBits + 1
		t.levels++
	}
	if blank != nil {
		t.blank = uniform(blank, t.levels)
	}
	return t
}

// fork returns a second tree with the same content.
func (t *pageTree) fork() pageTree {
	f := *t
	t.owner, f.owner = new(owner), new(owner)
	return f
}

// slot is the index of page i in a node that has level levels of nodes below it.
func slot(i int64, level int) int {
	return int(i>>(fanBits*level)) & (fan - 1)
}

// get returns page i, to be read only, or nil when it is absent.
func (t *pageTree) get(i int64) *page {
	n := t.root
	for level := t.levels; n != nil; level-- {
		if level == 0 {
			return n.pages[slot(i, 0)]
		}
		n = n.kids[slot(i, level)]
	}
	return nil
}

// own returns page i ready to be changed. When it was absent it is made, full
// of zeros. When whole is true the caller will set every byte, and old content
// need not be there.
func (t *pageTree) own(i int64, whole bool) *page {
	n := t.leaf(i)
	s := slot(i, 0)
	old := n.pages[s]
	if n.owned>>s&1 != 0 {
		return old
	}
	p := new(page)
	if old != nil && !whole {
		*p = *old
	}
	n.pages[s] = p
	n.owned |= 1 << s
	return p
}

// share puts p, which must not change any more, in place as page i.
func (t *pageTree) share(i int64, p *page) {
	t.put(i, p).owned &^= 1 << slot(i, 0)
}

// adopt puts p in place as page i, the tree's own from now on.
func (t *pageTree) adopt(i int64, p *page) {
	t.put(i, p).owned |= 1 << slot(i, 0)
}

func (t *pageTree) put(i int64, p *page) *node {
	n := t.leaf(i)
	n.pages[slot(i, 0)] = p
	return n
}

// leaf returns the leaf of page i, and makes the way to it the tree's own.
func (t *pageTree) leaf(i int64) *node {
	at := &t.root
	for level := t.levels; ; level-- {
		n := t.mine(*at, level)
		*at = n
		if level == 0 {
			return n
		}
		at = &n.kids[slot(i, level)]
	}
}

// mine returns n, or a copy of it, or a new node, that the tree may change.
func (t *pageTree) mine(n *node, level int) *node {
	switch {
	case n != nil && n.owner == t.owner:
		return n
	case level == 0:
		c := &struct {
			node
			pages [fan]*page
		}{}
		if n != nil {
			c.pages = *n.pages
		}
		c.node = node{owner: t.owner, pages: &c.pages}
		return &c.node
	default:
		c := &struct {
			node
			kids [fan]*node
		}{}
		if n != nil {
			c.kids = *n.kids
		}
		c.node = node{owner: t.owner, kids: &c.kids}
		return &c.node
	}
}

// subtrees are nodes of every level in which each page is the same. They are
// shared by whoever is filled with them. The zero value stands for absence.
type subtrees struct {
	page  *page
	nodes []*node // by level
}

// uniform returns subtrees full of p, of as many levels above the leaf.
func uniform(p *page, levels int) subtrees {
	leaf := &node{pages: new([fan]*page)}
	for s := range leaf.pages {
		leaf.pages[s] = p
	}
	u := subtrees{p, []*node{leaf}}
	for level := range levels {
		n := &node{kids: new([fan]*node)}
		for s := range n.kids {
			n.kids[s] = u.nodes[level]
		}
		u.nodes = append(u.nodes, n)
	}
	return u
}

func (u subtrees) at(level int) *node {
	if u.nodes == nil {
		return nil
	}
	return u.nodes[level]
}

// clear blanks pages first to end-1, in time that grows with the levels, not with
// the pages.
func (t *pageTree) clear(first, end int64) {
	if first < end {
		t.root = t.clearBelow(t.root, t.levels, 0, first, end)
	}
}

// clearBelow is clear within n, whose first page is base. It returns what n
// becomes.
func (t *pageTree) clearBelow(n *node, level int, base, first, end int64) *node {
	span := int64(1) << (fanBits * (level + 1)) // pages below n
	switch {
	case end <= base || first >= base+span || n == t.blank.at(level):
		return n
	case first <= base && base+span <= end:
		return t.blank.at(level)
	}
	n = t.mine(n, level)
	lo, hi := max(first-base, 0), min(end-base, span)
	if level == 0 {
		for s := lo; s < hi; s++ {
			n.pages[s] = t.blank.page
			n.owned &^= 1 << s
		}
		return n
	}
	step := span >> fanBits
	for s := lo / step; s <= (hi-1)/step; s++ {
		n.kids[s] = t.clearBelow(n.kids[s], level-1, base+s*step, first, end)
	}
	return n
}

// count returns how many pages there are, blank ones apart.
func (t *pageTree) count() int64 {
	return t.root.count(t.levels, t.blank)
}

func (n *node) count(level int, blank subtrees) (count int64) {
	if n == blank.at(level) || n == nil {
		return 0
	}
	if level == 0 {
		for _, p := range n.pages {
			if p != nil && p != blank.page {
				count++
			}
		}
		return count
	}
	for _, k := range n.kids {
		count += k.count(level-1, blank)
	}
	return count
}

// next returns the first page present at or after i.
func (t *pageTree) next(i int64) (int64, bool) {
	if bits.Len64(uint64(i)) > fanBits*(t.levels+1) {
		return 0, false
	}
	return t.root.nextBelow(t.levels, 0, i)
}

// nextBelow is next within n, whose first page is base.
func (n *node) nextBelow(level int, base, i int64) (int64, bool) {
	if n == nil {
		return 0, false
	}
	step := int64(1) << (fanBits * level)
	for s := max(i-base, 0) / step; s < fan; s++ {
		at := base + s*step
		if level == 0 {
			if n.pages[s] != nil {
				return at, true
			}
		} else if found, ok := n.kids[s].nextBelow(level-1, at, i); ok {
			return found, true
		}
	}
	return 0, false
}
