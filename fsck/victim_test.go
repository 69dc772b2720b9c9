package fsck_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

// victim is an image in memory that is damaged by naming fields. Checksums are made right again after each edit, unless v.torn.
type victim struct {
	t    testing.TB
	b    []byte
	sb   ondisk.Super
	fs   *ext4.FS // of the sound image
	twin bool     // paths are below /twin
	torn bool
}

func newVictim(t testing.TB, image []byte) *victim {
	t.Helper()
	fs, err := ext4.Mount(disk.NewMemFrom(image), ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fs.Close() })
	return &victim{t: t, b: bytes.Clone(image), sb: fs.Super(), fs: fs}
}

// super edits the super block.
func (v *victim) super(edit func(s *ondisk.Super)) {
	var s ondisk.Super
	b := v.b[ondisk.SuperOffset:]
	v.must(s.Decode(b))
	edit(&s)
	if !v.torn {
		s.SetCsum()
	}
	s.Encode(b)
}

func (v *victim) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// at is the bytes of a block.
func (v *victim) at(b ondisk.Block) []byte {
	bs := v.sb.BlockSize()
	return v.b[int(b)*bs:][:bs]
}

// desc edits the descriptor of a group.
func (v *victim) desc(g ondisk.Group, edit func(d *ondisk.GroupDesc)) {
	at, off := v.sb.DescriptorBlock(g)
	b := v.at(at)[off:][:v.sb.DescriptorSize()]
	var d ondisk.GroupDesc
	v.must(d.Decode(b))
	edit(&d)
	d.Encode(b)
	switch {
	case v.torn:
	case v.sb.HasROCompat(ondisk.ROCompatMetadataCsum):
		d.Checksum = ondisk.GroupDescCsum(v.sb.CsumSeed(), g, b)
		d.Encode(b)
	case v.sb.HasROCompat(ondisk.ROCompatUninitBG):
		d.Checksum = ondisk.GroupDescCRC16(v.sb.UUID, g, b)
		d.Encode(b)
	}
}

func (v *victim) group(g ondisk.Group) ondisk.GroupDesc {
	at, off := v.sb.DescriptorBlock(g)
	var d ondisk.GroupDesc
	v.must(d.Decode(v.at(at)[off:][:v.sb.DescriptorSize()]))
	return d
}

// ino is the inode number of a path from the root, or from its twin, but for the root itself, which is "".
func (v *victim) ino(path string) ondisk.Ino {
	v.t.Helper()
	n, err := v.fs.Root()
	v.must(err)
	if v.twin && path != "" && path != "lost+found" {
		path = "twin/" + path
	}
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name != "" {
			n, err = n.Child(name)
			v.must(err)
		}
	}
	return n.Ino()
}

func (v *victim) slot(ino ondisk.Ino) []byte {
	g, i := v.sb.InodeGroup(ino)
	d := v.group(g)
	size := v.sb.InodeBytes()
	return v.b[int(d.InodeTable())*v.sb.BlockSize()+int(i)*size:][:size]
}

// inode edits an inode.
func (v *victim) inode(ino ondisk.Ino, edit func(n *ondisk.Inode)) {
	v.slotOf(ino, func(n *ondisk.Inode, slot []byte) {
		edit(n)
		n.Encode(slot)
	})
}

// slotOf edits the bytes of an inode's slot.
func (v *victim) slotOf(ino ondisk.Ino, edit func(n *ondisk.Inode, slot []byte)) {
	slot := v.slot(ino)
	var n ondisk.Inode
	v.must(n.Decode(slot))
	edit(&n, slot)
	if !v.torn && v.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		ondisk.SetInodeCsum(v.sb.CsumSeed(), ino, slot)
	}
}

// file edits an inode by its path.
func (v *victim) file(path string, edit func(n *ondisk.Inode)) { v.inode(v.ino(path), edit) }

// seed is what the checksums of the blocks of an inode start from.
func (v *victim) seed(ino ondisk.Ino) uint32 {
	return ondisk.InodeSeed(v.sb.CsumSeed(), ino, binary.LittleEndian.Uint32(v.slot(ino)[0x64:]))
}

// meta is the n-th block of metadata of a kind that an inode has.
func (v *victim) meta(ino ondisk.Ino, kind ext4.MetaKind, nr int) ondisk.Block {
	v.t.Helper()
	n, err := v.fs.SystemInode(ino)
	v.must(err)
	for m, err := range n.MetaBlocks() {
		v.must(err)
		if m.Kind == kind {
			if nr == 0 {
				return m.Block
			}
			nr--
		}
	}
	v.t.Fatalf("inode %d has no such %v", ino, kind)
	return 0
}

// dir edits a block of a directory, an index node or a leaf.
func (v *victim) dir(path string, kind ext4.MetaKind, nr int, edit func(b []byte)) {
	ino := v.ino(path)
	b := v.at(v.meta(ino, kind, nr))
	edit(b)
	switch {
	case v.torn || !v.sb.HasROCompat(ondisk.ROCompatMetadataCsum):
	case kind == ext4.DirBlock:
		if _, ok := ondisk.DirTailOf(b); ok {
			ondisk.SetDirTail(v.seed(ino), b)
		}
	case nr == 0:
		ondisk.DxRootNode(b).SetCsum(v.seed(ino))
	}
}

// entry edits the entry of a name in a directory of one block.
func (v *victim) entry(path, name string, edit func(h *ondisk.DirentHeader, name []byte)) {
	v.t.Helper()
	nr := 0
	for {
		found := false
		v.dir(path, ext4.DirBlock, nr, func(b []byte) {
			d, ok, err := ondisk.FindDirent(b, []byte(name))
			v.must(err)
			if found = ok; !ok {
				return
			}
			var h ondisk.DirentHeader
			v.must(h.Decode(b[d.Off:]))
			edit(&h, b[d.Off+ondisk.DirentHeaderSize:][:len(name)])
			h.Encode(b[d.Off:])
		})
		if found {
			return
		}
		nr++
	}
}

// extents edits a node of an extent tree that has a block of its own.
func (v *victim) extents(path string, nr int, edit func(n ondisk.ExtentNode)) {
	ino := v.ino(path)
	n := ondisk.ExtentNode(v.at(v.meta(ino, ext4.ExtentNode, nr)))
	edit(n)
	if !v.torn && v.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		n.SetCsum(v.seed(ino))
	}
}

// root edits the root of an extent tree.
func (v *victim) root(path string, edit func(n ondisk.ExtentNode)) {
	v.file(path, func(n *ondisk.Inode) { edit(n.IBlock[:]) })
}

// xattrs edits a block of xattrs.
func (v *victim) xattrs(path string, edit func(b []byte)) {
	at := v.meta(v.ino(path), ext4.XattrBlock, 0)
	edit(v.at(at))
	if !v.torn && v.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		ondisk.SetXattrBlockCsum(v.sb.CsumSeed(), at, v.at(at))
	}
}

// bitmaps edits both bitmaps of a group.
func (v *victim) bitmaps(g ondisk.Group, edit func(blocks, inodes ondisk.Bitmap)) {
	d := v.group(g)
	blocks, inodes := ondisk.Bitmap(v.at(d.BlockBitmap())), ondisk.Bitmap(v.at(d.InodeBitmap()))
	edit(blocks, inodes)
	if v.torn || !v.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		return
	}
	v.desc(g, func(d *ondisk.GroupDesc) {
		d.SetBlockBitmapCsum(ondisk.BitmapCsum(v.sb.CsumSeed(), blocks, v.sb.ClustersPerGroup))
		d.SetInodeBitmapCsum(ondisk.BitmapCsum(v.sb.CsumSeed(), inodes, v.sb.InodesPerGroup))
	})
}

// freeInode is the first group whose last inode is free.
func (v *victim) freeInode() (g ondisk.Group) {
	for {
		d := v.group(g)
		if n := int(v.sb.InodesPerGroup); !ondisk.Bitmap(v.at(d.InodeBitmap())).Test(n - 1) {
			return g
		}
		g++
	}
}

// dataBlock is where a block of a file's data lies.
func (v *victim) dataBlock(path string, off int64) ondisk.Block {
	n, err := v.fs.SystemInode(v.ino(path))
	v.must(err)
	for m, err := range n.Mappings(off) {
		v.must(err)
		return ondisk.Block(m.Dev / int64(v.sb.BlockSize()))
	}
	v.t.Fatalf("%s has no data at %d", path, off)
	return 0
}

// journal edits the journal's super block.
func (v *victim) journal(edit func(b []byte)) {
	n, err := v.fs.SystemInode(ondisk.JournalIno)
	v.must(err)
	for m, err := range n.Mappings(0) {
		v.must(err)
		edit(v.b[m.Dev:][:ondisk.JournalSuperSize])
		return
	}
}

// system is where the first block of a file of the file system's own is.
func (v *victim) system(ino ondisk.Ino) ondisk.Block {
	v.t.Helper()
	n, err := v.fs.SystemInode(ino)
	v.must(err)
	for m, err := range n.Mappings(0) {
		v.must(err)
		return ondisk.Block(m.Dev / int64(v.sb.BlockSize()))
	}
	v.t.Fatalf("inode %d has no data", ino)
	return 0
}

// orphans edits the first block of the orphan file; its tail is for the edit to damage.
func (v *victim) orphans(edit func(b ondisk.OrphanBlock)) {
	ino := ondisk.Ino(v.sb.OrphanFileInum)
	at := v.system(ino)
	b := ondisk.OrphanBlock(v.at(at))
	before := bytes.Clone(b.TailBytes())
	edit(b)
	if bytes.Equal(before, b.TailBytes()) {
		t := ondisk.OrphanTail{Magic: ondisk.OrphanMagic, Checksum: b.Csum(v.seed(ino), at)}
		t.Encode(b.TailBytes())
	}
}

func (v *victim) quotaBlock() []byte { return v.at(v.system(ondisk.UserQuotaIno)) }

// bodyEntry edits the first xattr in an inode.
func (v *victim) bodyEntry(path string, edit func(e *ondisk.XattrEntry)) {
	v.slotOf(v.ino(path), func(n *ondisk.Inode, slot []byte) {
		b := slot[n.XattrStart(len(slot))+ondisk.XattrBodyHeaderSize:]
		var e ondisk.XattrEntry
		v.must(e.Decode(b))
		edit(&e)
		e.Encode(b)
	})
}

// valueIno is the inode that holds the value of the first xattr in an inode.
func (v *victim) valueIno(path string) ondisk.Ino {
	slot := v.slot(v.ino(path))
	var n ondisk.Inode
	v.must(n.Decode(slot))
	body, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
	v.must(err)
	for x, err := range body.All() {
		v.must(err)
		if x.ValueIno != 0 {
			return x.ValueIno
		}
	}
	v.t.Fatalf("%s has no value in another inode", path)
	return 0
}

// descs edits the descriptor of a group in all copies of the second group's head as well.
func (v *victim) descs(g ondisk.Group, edit func(d *ondisk.GroupDesc)) {
	v.desc(g, edit)
	at, _ := v.sb.DescriptorBlock(g)
	for copied := range v.sb.DescriptorCopies(int(g) / v.sb.DescriptorsPerBlock()) {
		copy(v.at(copied), v.at(at))
	}
}

// body replaces the xattrs in an inode.
func (v *victim) body(path string, list ...ondisk.Xattr) {
	v.slotOf(v.ino(path), func(n *ondisk.Inode, slot []byte) {
		if !ondisk.PutBodyXattrs(slot[n.XattrStart(len(slot)):], list) {
			v.t.Fatal("no room for xattrs")
		}
	})
}

// user is an xattr.
func user(name, value string) ondisk.Xattr {
	return ondisk.Xattr{Index: ondisk.XattrUser, Name: []byte(name), Value: []byte(value), Size: uint32(len(value))}
}
