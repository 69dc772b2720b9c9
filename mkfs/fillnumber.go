package mkfs

import (
	"fmt"
	"slices"

	"extant/internal/ondisk"
)

// number puts the nodes that names lead to in the order of their inodes: those of one directory together, sorted by name,
// before those of the directories in it. It is the same however the source was read. The root and lost+found, which have
// numbers of their own, are left out. Inode numbers are as if only lost+found came before.
func (t *tree) number() []nodeID {
	order := make([]nodeID, 0, t.nodes.len())
	for _, n := range t.nodes.all {
		n.links = 0
	}
	root := t.nodes.at(rootNode)
	root.links, root.ino = 2, ondisk.RootIno
	stack := []nodeID{rootNode}
	var subs []nodeID
	for len(stack) > 0 {
		dir := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		subs = subs[:0]
		for i := range t.children(t.nodes.at(dir)) {
			e := &t.entries[int(t.nodes.at(dir).lo)+i]
			n := t.nodes.at(e.node)
			if n.links++; n.links > 1 {
				continue
			}
			n.parent, n.name, n.nameLen = dir, e.name, e.nameLen
			if n.ino = lostFoundIno; !t.isLostFound(e.node) {
				order = append(order, e.node)
				n.ino = lostFoundIno + ondisk.Ino(len(order))
			}
			if n.isDir() {
				n.links = 2
				t.nodes.at(dir).links++
				subs = append(subs, e.node)
			}
		}
		slices.Reverse(subs)
		stack = append(stack, subs...)
	}
	return order
}

const lostFoundName = "lost+found"

// isLostFound reports whether a numbered node is the lost+found of the file system.
func (t *tree) isLostFound(id nodeID) bool {
	n := t.nodes.at(id)
	return id != rootNode && n.parent == rootNode && string(t.nodeName(n)) == lostFoundName && n.isDir()
}

// lostFound is the lost+found in the root.
func (t *tree) lostFound() (nodeID, error) {
	for _, e := range t.children(t.nodes.at(rootNode)) {
		if string(t.entryName(&e)) == lostFoundName && t.nodes.at(e.node).isDir() {
			return e.node, nil
		}
	}
	return 0, &fileError{lostFoundName, "must be a directory, as a checker keeps there what it finds: remove it from the source"}
}

// check refuses what no inode can hold, naming the file.
func (t *tree) check(im *image) error {
	bs := int64(im.geo.BlockSize)
	for id, n := range t.nodes.all {
		if n.links == 0 {
			continue
		}
		var why string
		switch {
		case n.isDir() && n.links > linksMax && !im.geo.has(dirNlink):
			why = fmt.Sprintf("%d directories in it, and without the feature dir_nlink at most %d can be", n.links-2, linksMax-2)
		case !n.isDir() && n.links > linksMax:
			why = fmt.Sprintf("%d names, and ext4 lets a file have %d", n.links, linksMax)
		case n.isSymlink() && n.size >= bs:
			why = fmt.Sprintf("a symbolic link of %d bytes, and blocks of %d bytes hold less", n.size, bs)
		case n.isRegular() && divUp(uint64(n.size), uint64(bs)) > ondisk.FileBlocksMax:
			why = tooManyBlocks(n.size, bs)
		default:
			continue
		}
		return &fileError{t.path(id), why}
	}
	return nil
}

// tooManyBlocks says that a file of size bytes has more blocks than can be counted, and which blocks would do.
func tooManyBlocks(size, blockSize int64) string {
	why := fmt.Sprintf("%d bytes are more than a file of %d-byte blocks can have", size, blockSize)
	for bs := 2 * blockSize; bs <= blockSizeMax; bs *= 2 {
		if divUp(uint64(size), uint64(bs)) <= ondisk.FileBlocksMax {
			return why + fmt.Sprintf(": give larger ones with -b %d", bs)
		}
	}
	return why
}

// linksMax is how many links an inode can count.
const linksMax = 65000

// fileError is a file of the source that cannot be in the image.
type fileError struct {
	path, why string
}

func (e *fileError) Error() string { return Warning{Path: e.path, Detail: e.why}.String() }
