package mkfs

import (
	"math"

	"extant/internal/ondisk"
)

// A plan is where everything in a tree goes in an image. It is made by one task; after that nothing in it changes, and any number of tasks
// may write what it says.
//
// Blocks are taken in this order: directories, xattr blocks, files by inode number with their maps, values of large
// xattrs. The free space is taken from its start to its end, so a place and a length are enough to know all blocks of a file.
type plan struct {
	c     *Content
	t     *tree
	im    *image
	rooms xattrRooms
	warn  *warnings

	first ondisk.Ino                // of c.order
	gaps  []run                     // what was free before
	maps  [][ondisk.IBlockSize]byte // i_block of files that have blocks for their maps
	acls  []aclBlock
	open  map[xattrSet]uint32 // for each set, the block that has room for one more inode
	homes map[xattrSet]xattrHome
	large largeValues

	needed uint64 // blocks asked for
	full   bool   // there were not as many
}

// aclBlock is a block of xattrs.
type aclBlock struct {
	at   ondisk.Block
	set  xattrSet
	refs uint32 // inodes that share it
}

func newPlan(c *Content, im *image) *plan {
	p := &plan{c: c, t: c.t, im: im, rooms: im.xattrRooms(), warn: newWarnings(), first: im.inoNext,
		open: map[xattrSet]uint32{}, homes: map[xattrSet]xattrHome{}}
	p.gaps = im.space.gaps()
	return p
}

// gaps lists what is free, in ascending order.
func (s *space) gaps() (list []run) {
	for b := s.first; b < s.end; {
		g, ok := s.gap(b)
		if !ok {
			break
		}
		list = append(list, g)
		b = g.end()
	}
	return list
}

// lay gives every node its place. What is too large or too much is an error that names it.
func (p *plan) lay() error {
	if err := p.prepare(); err != nil {
		return err
	}
	for _, step := range []func(nodeID) error{p.layDir, p.layXattrs, p.layData} {
		for id := range p.c.all() {
			if err := step(id); err != nil {
				return err
			}
		}
	}
	if err := p.layLarge(); err != nil {
		return err
	}
	if p.full {
		return &NoSpaceError{What: "blocks", Need: p.im.geo.Blocks - p.im.space.free + p.needed, Have: p.im.geo.Blocks}
	}
	return p.account()
}

// prepare numbers the inodes and arranges directories.
func (p *plan) prepare() error {
	for _, id := range p.c.order {
		n := p.t.nodes.at(id)
		ino, err := p.im.newIno(n.isDir())
		if err != nil {
			return &NoSpaceError{What: "inodes", Need: uint64(len(p.c.order)) + uint64(p.first) - 1, Have: uint64(p.im.super.InodesCount)}
		}
		n.ino = ino
	}
	for _, n := range p.t.nodes.all {
		n.acl, n.mapped, n.at, n.blocks, n.inline = 0, 0, 0, 0, false
	}
	if err := p.t.check(p.im); err != nil {
		return err
	}
	p.ownRoot()
	f := p.im.dirFormat()
	if p.c.dirs == f {
		return nil
	}
	p.c.dirs = f
	return p.t.arrange(f)
}

// ownRoot gives the root, and lost+found where it is ours, what the options say and the source does not.
func (p *plan) ownRoot() {
	o := &p.im.geo.opts.Extended
	for _, id := range []nodeID{rootNode, p.c.lost} {
		if n := p.t.nodes.at(id); n.timeless {
			n.uid, n.gid = o.RootUID, o.RootGID
		}
	}
	if o.RootMode != nil {
		p.t.nodes.at(rootNode).mode = ondisk.ModeDir | *o.RootMode&0o7777
	}
}

// take takes blocks for a node. Where there are not enough, it only counts from then on.
func (p *plan) take(n *node, blocks uint64) (runs []run, err error) {
	if blocks == 0 {
		return nil, nil
	}
	whole := divUp(blocks, p.im.geo.Ratio) * p.im.geo.Ratio
	n.blocks += whole
	if p.full = p.full || whole > p.im.space.free; p.full {
		p.needed += whole
		return nil, nil
	}
	if runs, err = p.im.space.alloc(whole); err != nil {
		return nil, err
	}
	n.at = runs[0].start
	return runs, nil
}

// mayInline reports whether the content of a node may lie in its inode. The kernel mounts no root without blocks.
func (p *plan) mayInline(id nodeID) bool { return id != p.c.lost && id != rootNode }

// home is where the xattrs of a node go.
func (p *plan) home(id nodeID) xattrHome {
	n := p.t.nodes.at(id)
	if n.xattrs == 0 && !p.rooms.inline {
		return xattrHome{}
	}
	if h, ok := p.rooms.home(p.t, n, p.mayInline(id)); ok {
		return h
	}
	h, ok := p.homes[n.xattrs]
	if !ok {
		h = p.rooms.divide(p.t.xattrs.list(n.xattrs), p.takeLarge)
		p.homes[n.xattrs] = h
	}
	return h
}

// layDir takes the blocks of a directory.
func (p *plan) layDir(id nodeID) error {
	n := p.t.nodes.at(id)
	if !n.isDir() {
		return nil
	}
	if n.inline = p.home(id).inline; n.inline {
		return nil
	}
	blocks, err := p.c.dirs.blocks(p.t.children(n))
	if err != nil {
		return &fileError{p.t.path(id), err.Error()}
	}
	if id == p.c.lost {
		blocks = max(blocks, p.im.geo.lostFoundBlocks())
	}
	n.size = int64(blocks) * int64(p.im.geo.BlockSize)
	return p.mapBlocks(id, blocks)
}

// layXattrs gives a node its share of an xattr block, where it needs one.
func (p *plan) layXattrs(id nodeID) error {
	n := p.t.nodes.at(id)
	if n.xattrs == 0 {
		return nil
	}
	p.im.super.FeatureCompat |= uint32(ondisk.CompatExtAttr) // as the kernel does at the first xattr
	h := p.home(id)
	for _, x := range h.dropped {
		name, _ := ondisk.JoinXattrName(x.Index, x.Name)
		p.warn.fail(p.t.path(id), "extended attribute %s of %d bytes is left out: no room for it; add -O ea_inode", name, len(x.Value))
	}
	if len(h.block) == 0 {
		return nil
	}
	i, ok := p.open[n.xattrs]
	if !ok || p.acls[i].refs == ondisk.XattrRefcountMax {
		var holder node
		if _, err := p.take(&holder, 1); err != nil {
			return err
		}
		i = uint32(len(p.acls))
		p.acls = append(p.acls, aclBlock{at: holder.at, set: n.xattrs})
		p.open[n.xattrs] = i
		p.large.refer(h.block)
	}
	p.acls[i].refs++
	n.acl = i + 1
	n.blocks += p.im.geo.Ratio + p.largeBlocks(h.block)
	return nil
}

// layData takes the blocks of a file or a long symlink.
func (p *plan) layData(id nodeID) error {
	n := p.t.nodes.at(id)
	switch {
	case n.isSymlink() && n.size >= ondisk.IBlockSize:
		return p.mapBlocks(id, 1)
	case !n.isRegular() || n.size == 0:
		return nil
	}
	if n.inline = p.rooms.inline && p.home(id).inline; n.inline {
		return nil
	}
	if n.size > largeFileMax && !p.im.geo.has(largeFile) {
		p.im.super.FeatureROCompat |= uint32(largeFile.ROCompat)
	}
	blocks := divUp(uint64(n.size), uint64(p.im.geo.BlockSize))
	if n.sparse {
		blocks = 0
		for r := range p.ranges(n) {
			blocks += divUp(r.n, p.im.geo.Ratio) * p.im.geo.Ratio
		}
	}
	return p.mapBlocks(id, blocks)
}

// largeFileMax is the largest file that needs no feature to say so, in bytes.
const largeFileMax = 1<<31 - 1

// mapBlocks takes the blocks of a node, and those of its map where the inode does not hold that.
func (p *plan) mapBlocks(id nodeID, blocks uint64) error {
	n := p.t.nodes.at(id)
	others := n.blocks // that its xattrs take
	if sectors := (others + blocks) * uint64(p.im.geo.BlockSize/512); sectors > math.MaxUint32 && !p.im.geo.has(hugeFile) {
		return &fileError{p.t.path(id), "more than 2 TiB, which needs the feature huge_file"}
	}
	runs, err := p.take(n, blocks)
	if err != nil || p.full || p.simple(n, runs, blocks) {
		return err
	}
	list := p.pieces(n, nil)
	if p.im.geo.has(extents) && len(extentList(list)) <= rootExtents {
		return nil
	}
	inode := ondisk.Inode{}
	if err := p.im.mapFile(&inode, n.ino, list); err != nil {
		if p.im.space.free == 0 {
			p.full, p.needed = true, p.needed+p.im.geo.Ratio
			return nil
		}
		return &fileError{p.t.path(id), err.Error()}
	}
	p.maps = append(p.maps, inode.IBlock)
	n.mapped = uint32(len(p.maps))
	n.blocks = others + inode.Blocks()*512/uint64(p.im.geo.BlockSize)
	return nil
}

// rootExtents is how many extents an inode holds.
const rootExtents = (ondisk.IBlockSize - ondisk.ExtentHeaderSize) / ondisk.ExtentEntrySize

// simple reports, without listing its pieces, whether the inode holds the map of a node.
func (p *plan) simple(n *node, runs []run, blocks uint64) bool {
	if n.isRegular() && n.sparse {
		return len(runs) == 0
	}
	if p.im.geo.has(extents) {
		return len(runs) <= 1 && blocks <= rootExtents*ondisk.ExtentLenMax
	}
	return blocks <= directBlocks
}

// account counts every inode for its owners.
func (p *plan) account() error {
	if p.im.geo.Quota == 0 {
		return nil
	}
	for id := range p.c.all() {
		n := p.t.nodes.at(id)
		var i ondisk.Inode
		i.SetOwner(n.uid, n.gid)
		i.SetBlocks(n.blocks * uint64(p.im.geo.BlockSize/512))
		p.im.account(&i)
		if n.acl != 0 {
			p.accountLarge(&i, p.home(id).block)
		}
	}
	return nil
}
