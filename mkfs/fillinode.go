package mkfs

import (
	"encoding/binary"
	"time"

	"extant/internal/ondisk"
)

// modified is when a node was last modified; now where the source knew nothing of it.
func (n *node) modified(now time.Time) time.Time {
	if n.timeless {
		return now
	}
	return time.Unix(n.mtime, int64(n.mtimeNsec))
}

func (n *node) accessed(now time.Time) time.Time {
	if n.timeless {
		return now
	}
	return time.Unix(n.atime, int64(n.atimeNsec))
}

// inode fills the slot of a node, whose content inside the slot the worker has at hand.
func (w *fillWorker) inode(id nodeID, slot []byte) {
	p, n := w.p, w.p.t.nodes.at(id)
	i := &w.scratch
	*i = ondisk.Inode{Mode: n.mode, LinksCount: links(n), ExtraIsize: p.im.super.WantExtraIsize}
	i.SetOwner(n.uid, n.gid)
	p.setTimes(i, n)
	i.SetSize(uint64(n.size))
	p.setBlocks(i, n)
	if n.acl != 0 {
		i.SetFileACL(p.acls[n.acl-1].at)
	}
	h := p.home(id)
	body := h.body
	switch {
	case h.inline:
		body = w.inlineContent(id, i, h)
	case n.mapped != 0:
		i.IBlock = p.maps[n.mapped-1]
		if p.im.geo.has(extents) {
			i.Flags |= ondisk.InodeExtents
		}
	case n.isSymlink() && n.size < ondisk.IBlockSize:
		copy(i.IBlock[:], p.t.target(n))
	case n.isRegular(), n.isDir(), n.isSymlink():
		w.mapRoot(i, n)
	case n.kind() == ondisk.ModeChar, n.kind() == ondisk.ModeBlock:
		i.SetDevice(ondisk.Device{Major: n.lo, Minor: n.hi})
	}
	if n.isDir() && !h.inline && p.c.dirs.indexed(p.t.children(n)) {
		i.Flags |= ondisk.InodeIndex
	}
	clear(slot)
	i.Encode(slot)
	if len(body) > 0 {
		ondisk.PutBodyXattrs(slot[i.XattrStart(len(slot)):], body)
	}
	p.im.seal(n.ino, slot)
}

// links is i_links_count; 1 stands for more than a directory can count.
func links(n *node) uint16 {
	if n.links > linksMax {
		return 1
	}
	return uint16(n.links)
}

// sectorsMax is where i_blocks in sectors ends, and counting in blocks begins.
const sectorsMax = 1<<48 - 1

// setBlocks sets i_blocks.
func (p *plan) setBlocks(i *ondisk.Inode, n *node) {
	sectors := n.blocks * uint64(p.im.geo.BlockSize/512)
	if sectors > sectorsMax {
		i.Flags |= ondisk.InodeHugeFile
		i.SetBlocks(n.blocks)
		return
	}
	i.SetBlocks(sectors)
}

// mapRoot fills i_block of a node that needs no blocks for its map.
func (w *fillWorker) mapRoot(i *ondisk.Inode, n *node) {
	p, list := w.p, w.pieces[:0]
	if n.at != 0 {
		list = p.pieces(n, list)
		w.pieces = list
	}
	if !p.im.geo.has(extents) {
		for _, x := range list {
			for k := range x.run.n {
				binary.LittleEndian.PutUint32(i.IBlock[4*(uint64(x.at)+k):], uint32(uint64(x.run.start)+k))
			}
		}
		return
	}
	i.Flags |= ondisk.InodeExtents
	root := ondisk.ExtentNode(i.IBlock[:])
	root.Init(0)
	for _, e := range extentList(list) {
		root.Append(e)
	}
}

// inlineContent fills i_block with the first part of a file or directory, and returns the xattrs of the slot, the rest of the content among
// them.
func (w *fillWorker) inlineContent(id nodeID, i *ondisk.Inode, h xattrHome) []ondisk.Xattr {
	n := w.p.t.nodes.at(id)
	i.Flags |= ondisk.InodeInlineData
	second := w.second[:h.second]
	clear(second)
	if n.isDir() {
		x, _ := inlineShape(w.p.t.children(n), h.second)
		w.dirs.buildInline(n, x, i.IBlock[:], second)
		i.SetSize(uint64(ondisk.IBlockSize + h.second))
	} else {
		copy(second, w.content[copy(i.IBlock[:], w.content[:n.size]):n.size])
	}
	w.body = append(w.body[:0], ondisk.Xattr{Index: ondisk.XattrSystem, Name: inlineDataName, Value: second})
	w.body = append(w.body, h.body...)
	return w.body
}

var inlineDataName = []byte(ondisk.XattrInlineDataName)
