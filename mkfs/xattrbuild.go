package mkfs

import (
	"cmp"
	"slices"

	"extant/internal/ondisk"
)

// An xattrHome is where the xattrs of an inode go: into its slot, or into a block.
type xattrHome struct {
	body, block []ondisk.Xattr
	dropped     []ondisk.Xattr // found no room
	inline      bool           // the content of the file lies in the inode as well
	second      int            // bytes of content in the inode beyond i_block
}

// xattrRooms is how much room there is for xattrs.
type xattrRooms struct {
	body      int // bytes of a slot; 0: it has none
	blockSize int
	inline    bool // content may lie in inodes
}

func (im *image) xattrRooms() xattrRooms {
	r := xattrRooms{blockSize: im.geo.BlockSize, inline: im.geo.has(inlineData)}
	if size := im.slotSize(); size > ondisk.InodeSizeMin {
		r.body = size - ondisk.InodeSizeMin - int(im.super.WantExtraIsize)
	}
	return r
}

func (r *xattrRooms) fitsBody(list []ondisk.Xattr) bool {
	return len(list) == 0 || ondisk.XattrBodyHeaderSize+ondisk.XattrsSize(list) <= r.body
}

func (r *xattrRooms) fitsBlock(list []ondisk.Xattr) bool {
	return ondisk.XattrHeaderSize+ondisk.XattrsSize(list) <= r.blockSize
}

// inlineMost is how many bytes of content fit in a slot beyond i_block, beside a list of xattrs; below zero: not even none.
func (r *xattrRooms) inlineMost(list []ondisk.Xattr) int {
	const entry = ondisk.XattrEntrySize + len(ondisk.XattrInlineDataName)
	return (r.body - ondisk.XattrBodyHeaderSize - ondisk.XattrsSize(list) - entry) &^ 3
}

// home decides where the xattrs of a node go, and whether its content goes with them: first all in the inode, then the
// content alone, as blocks of xattrs are shared. Sets that fit neither in an inode nor in a block are left to the caller: ok is false.
func (r *xattrRooms) home(t *tree, n *node, mayInline bool) (h xattrHome, ok bool) {
	list := t.xattrs.list(n.xattrs)
	if r.inline && mayInline {
		if second, fits := t.inlineSecond(n, r.inlineMost(list)); fits {
			return xattrHome{body: list, inline: true, second: second}, true
		}
		if second, fits := t.inlineSecond(n, r.inlineMost(nil)); fits && r.fitsBlock(list) {
			return xattrHome{block: list, inline: true, second: second}, true
		}
	}
	switch {
	case r.fitsBody(list):
		return xattrHome{body: list}, true
	case r.fitsBlock(list):
		return xattrHome{block: list}, true
	}
	return xattrHome{}, false
}

// inlineSecond is how many bytes of a file or directory lie beyond i_block where most have room.
func (t *tree) inlineSecond(n *node, most int) (int, bool) {
	switch {
	case most < 0:
		return 0, false
	case n.isDir():
		x, ok := inlineShape(t.children(n), most)
		return x.size, ok
	case n.isRegular() && n.size > 0:
		return int(max(0, n.size-ondisk.IBlockSize)), n.size <= int64(ondisk.IBlockSize+most)
	}
	return 0, false
}

// divide spreads a set that is too large for either place over both: small ones into the slot. What is still too much goes, the
// largest first, where large says, which replaces an xattr or reports false, and it is dropped.
func (r *xattrRooms) divide(list []ondisk.Xattr, large func(*ondisk.Xattr) bool) xattrHome {
	var h xattrHome
	bySize := slices.Clone(list)
	slices.SortStableFunc(bySize, func(a, b ondisk.Xattr) int { return cmp.Compare(len(a.Value), len(b.Value)) })
	for _, x := range bySize {
		if with := append(slices.Clip(h.body), x); r.fitsBody(with) {
			h.body = with
		} else {
			h.block = append(h.block, x)
		}
	}
	for i := len(h.block) - 1; i >= 0 && !r.fitsBlock(h.block); i-- {
		if !large(&h.block[i]) {
			h.dropped = append(h.dropped, h.block[i])
			h.block = slices.Delete(h.block, i, i+1)
		}
	}
	for i := len(h.block) - 1; i >= 0 && !r.fitsBlock(h.block); i-- {
		h.dropped = append(h.dropped, h.block[i])
		h.block = slices.Delete(h.block, i, i+1)
	}
	return h
}
