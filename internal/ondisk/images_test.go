package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant/internal/ondisk"
)

// TestMke2fsImages reads every structure of images that e2fsprogs made and filled: all must pass their checks, and every checksum must
// be the one computed here.
func TestMke2fsImages(t *testing.T) {
	source := sourceTree(t)
	for _, c := range []struct {
		options string
		blocks  int
	}{
		{"-b 4096 -O metadata_csum,64bit", 6000},
		{"-b 1024 -O metadata_csum,64bit,^flex_bg,ea_inode", 30000},
		{"-b 1024 -O metadata_csum,^64bit,metadata_csum_seed,ea_inode -I 1024", 30000},
		{"-b 1024 -O metadata_csum,meta_bg,^resize_inode,^flex_bg,large_dir", 30000},
		{"-b 2048 -O metadata_csum,inline_data -I 256", 12000},
		{"-b 1024 -O metadata_csum,64bit -I 128", 30000},
		{"-b 1024 -O ^metadata_csum,uninit_bg,64bit", 30000},
		{"-b 1024 -O metadata_csum,bigalloc,^flex_bg -C 4096", 40000},
		{"-b 1024 -O ^metadata_csum,uninit_bg,^extent,^64bit,^flex_bg -I 128", 30000},
		{"-b 1024 -O ^metadata_csum,^uninit_bg,^extent,^64bit,sparse_super2,^resize_inode", 30000},
		{"-b 65536 -O metadata_csum,64bit", 1000},
	} {
		t.Run(c.options, func(t *testing.T) {
			im := makeImage(t, source, c.options, c.blocks)
			im.checkPlacement()
			im.checkGroups()
			im.checkInodes()
			im.wantSeen(c.options)
		})
	}
}

// sourceTree is a folder with a directory large enough for an index, files large enough for extent trees, and a few of everything else.
func sourceTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "many"), 0o755))
	for i := range 800 {
		must(os.WriteFile(filepath.Join(dir, "many", longName(i)), nil, 0o644))
	}
	must(os.MkdirAll(filepath.Join(dir, "few"), 0o755))
	for i := range 3 {
		must(os.WriteFile(filepath.Join(dir, "few", fmt.Sprintf("small%d", i)), bytes.Repeat([]byte{'s'}, 30+30*i), 0o644))
	}
	must(os.WriteFile(filepath.Join(dir, "block"), bytes.Repeat([]byte{'b'}, 400<<10), 0o644))
	must(os.Symlink("block", filepath.Join(dir, "short")))
	must(os.Symlink(strings.Repeat("long/", 30), filepath.Join(dir, "long")))
	f, err := os.Create(filepath.Join(dir, "sparse"))
	must(err)
	for i := range 400 {
		_, err := f.WriteAt([]byte("island"), int64(i)*128<<10)
		must(err)
	}
	must(f.Close())
	return dir
}

// longName is a name of 200 bytes, so that few of them make a large directory.
func longName(i int) string { return fmt.Sprintf("%0200d", i) }

// makeImage makes an image from source with mke2fs, adds xattrs with debugfs and indexes with e2fsck.
func makeImage(t *testing.T, source, options string, blocks int) *image {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image")
	args := append([]string{"-q", "-F", "-t", "ext4", "-N", "1500", "-d", source}, strings.Fields(options)...)
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "mke2fs", append(args, name, fmt.Sprint(blocks))...)

	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, bytes.Repeat([]byte("large value "), 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	script := "ea_set /block user.first one\nea_set /block trusted.second \"the second value\"\nea_set /few security.x value\n"
	script += "ea_set /block user.gr\u00f6\u00dfe unsigned\nea_set /block user.large " + strings.Repeat("v", 180) + "\n"
	if strings.Contains(options, "ea_inode") {
		script += "ea_set -f " + big + " /block user.big\nea_set -f " + big + " /few user.big\n"
	}
	runScript(t, name, script)
	fsck := exec.Command("e2fsck", "-fyD", name)
	if out, err := fsck.CombinedOutput(); err != nil && fsck.ProcessState.ExitCode() != 1 {
		t.Fatalf("e2fsck: %v\n%s", err, out)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return openImage(t, b)
}

// image walks an image with nothing but this package.
type image struct {
	t    *testing.T
	b    []byte
	s    ondisk.Super
	seed uint32
	csum bool
	seen map[string]int // structures met, by kind

	hashed int // blocks of xattrs with a hash over all entries
}

func openImage(t *testing.T, b []byte) *image {
	t.Helper()
	im := &image{t: t, b: b, seen: map[string]int{}}
	if err := im.s.Decode(b[ondisk.SuperOffset:]); err != nil {
		t.Fatal(err)
	}
	if err := im.s.Check(); err != nil {
		t.Fatal(err)
	}
	if err := im.s.WriteSupport(); err != nil {
		t.Error(err)
	}
	im.seed = im.s.CsumSeed()
	im.csum = im.s.HasROCompat(ondisk.ROCompatMetadataCsum)
	return im
}

func (im *image) block(b ondisk.Block) []byte {
	size := uint64(im.s.BlockSize())
	return im.b[uint64(b)*size : (uint64(b)+1)*size]
}

// ok notes that a structure was met, and fails the test where it is not sound.
func (im *image) ok(kind string, ino ondisk.Ino, b ondisk.Block, err error) {
	im.t.Helper()
	im.seen[kind]++
	if err != nil {
		im.t.Errorf("%s: %v", kind, ondisk.Locate(err, ino, b))
	}
}

// wantSeen makes sure that the walk met what the image was made to have.
func (im *image) wantSeen(options string) {
	im.t.Helper()
	want := []string{"descriptor", "inode", "directory", "entry", "index root", "symlink in the inode"}
	if im.s.InodeBytes() < 1024 {
		want = append(want, "xattr block")
	}
	if im.csum {
		want = append(want, "directory tail", "block bitmap", "inode bitmap", "index tail")
	}
	switch {
	case strings.Contains(options, "^extent"):
		want = append(want, "indirect block")
	case im.s.BlockSize() == 1024:
		want = append(want, "extent leaf", "index node")
	}
	if strings.Contains(options, "ea_inode") {
		want = append(want, "ea inode", "ea entry")
	}
	if strings.Contains(options, "inline_data") {
		want = append(want, "inline file", "inline directory")
	}
	if im.s.InodeBytes() > 128 {
		want = append(want, "xattr in an inode")
	}
	for _, k := range want {
		if im.seen[k] == 0 {
			im.t.Errorf("no %s in the image; met %v", k, im.seen)
		}
	}
}

// checkPlacement looks for the copies of the super block and the descriptors where they ought to be.
func (im *image) checkPlacement() {
	for g := range im.s.BackupGroups() {
		at := int64(im.s.GroupFirstBlock(g)) * int64(im.s.BlockSize())
		if g == 0 {
			at = ondisk.SuperOffset
		}
		var s ondisk.Super
		if err := s.Decode(im.b[at:]); err != nil || s.Check() != nil || ondisk.Group(s.BlockGroupNr) != g {
			im.t.Errorf("no copy of the super block in group %d: %v", g, s.Check())
		}
	}
	for nr := range int(im.s.DescriptorBlocks()) {
		var d ondisk.GroupDesc
		n := 0
		for b := range im.s.DescriptorCopies(nr) {
			g := ondisk.Group(nr * im.s.DescriptorsPerBlock())
			if err := d.Decode(im.block(b)[:im.s.DescriptorSize()]); err != nil || d.InodeTable() != im.desc(g).InodeTable() {
				im.t.Errorf("copy %d of block %d of descriptors, in block %d: inode table in %d", n, nr, b, d.InodeTable())
			}
			n++
		}
	}
	if im.s.HasIncompat(ondisk.IncompatFlexBG) {
		return
	}
	for g := range ondisk.Group(im.s.Groups()) {
		want := im.s.GroupFirstBlock(g) + ondisk.Block(im.s.GroupHead(g))
		if got := im.desc(g).BlockBitmap(); got != want {
			im.t.Errorf("group %d: block bitmap in block %d, want it in %d, after the head", g, got, want)
		}
	}
}

func (im *image) descBytes(g ondisk.Group) []byte {
	b, off := im.s.DescriptorBlock(g)
	return im.block(b)[off : off+im.s.DescriptorSize()]
}

func (im *image) desc(g ondisk.Group) *ondisk.GroupDesc {
	var d ondisk.GroupDesc
	if err := d.Decode(im.descBytes(g)); err != nil {
		im.t.Fatal(err)
	}
	return &d
}

func (im *image) checkGroups() {
	for g := range ondisk.Group(im.s.Groups()) {
		d := im.desc(g)
		var want uint16
		switch {
		case im.csum:
			want = ondisk.GroupDescCsum(im.seed, g, im.descBytes(g))
		case im.s.HasROCompat(ondisk.ROCompatUninitBG):
			want = ondisk.GroupDescCRC16(im.s.UUID, g, im.descBytes(g))
		}
		if d.Checksum != want {
			im.t.Errorf("group %d: checksum %#x, want %#x", g, d.Checksum, want)
		}
		im.seen["descriptor"]++
		im.checkBitmaps(g, d)
	}
}

func (im *image) checkBitmaps(g ondisk.Group, d *ondisk.GroupDesc) {
	size := im.s.DescriptorSize()
	clusters := im.s.BlocksPerGroup / im.s.ClusterRatio()
	if d.Flags&ondisk.GroupBlockUninit == 0 {
		m := ondisk.Bitmap(im.block(d.BlockBitmap()))
		here := int((im.s.GroupBlocks(g) + im.s.ClusterRatio() - 1) / im.s.ClusterRatio())
		if free := here - m.Count(0, here); free != int(d.FreeClusters()) || !m.Padded(here) {
			im.t.Errorf("group %d: %d clusters free of %d, descriptor says %d; padded %v", g, free, here, d.FreeClusters(), m.Padded(here))
		}
		if im.csum {
			im.ok("block bitmap", 0, d.BlockBitmap(), d.CheckBlockBitmap(im.seed, m, clusters, size))
		}
	}
	if d.Flags&ondisk.GroupInodeUninit == 0 {
		m := ondisk.Bitmap(im.block(d.InodeBitmap()))
		n := int(im.s.InodesPerGroup)
		if free := n - m.Count(0, n); free != int(d.FreeInodes()) || !m.Padded(n) {
			im.t.Errorf("group %d: %d inodes free, descriptor says %d; padded %v", g, free, d.FreeInodes(), m.Padded(n))
		}
		if im.csum {
			im.ok("inode bitmap", 0, d.InodeBitmap(), d.CheckInodeBitmap(im.seed, m, im.s.InodesPerGroup, size))
		}
	}
}

func (im *image) checkInodes() {
	for g := range ondisk.Group(im.s.Groups()) {
		d := im.desc(g)
		if d.Flags&ondisk.GroupInodeUninit != 0 {
			continue
		}
		used := ondisk.Bitmap(im.block(d.InodeBitmap()))
		for i := range int(im.s.InodesPerGroup) {
			ino := ondisk.Ino(uint32(g)*im.s.InodesPerGroup + uint32(i) + 1)
			if used.Test(i) {
				im.checkInode(ino, im.slot(ino))
			}
		}
	}
}

func (im *image) slot(ino ondisk.Ino) []byte {
	g, i := im.s.InodeGroup(ino)
	size := uint64(im.s.InodeBytes())
	at := uint64(im.desc(g).InodeTable())*uint64(im.s.BlockSize()) + uint64(i)*size
	return im.b[at : at+size]
}

func (im *image) checkInode(ino ondisk.Ino, slot []byte) {
	var n ondisk.Inode
	if err := n.Decode(slot); err != nil {
		im.t.Fatal(err)
	}
	if n.Mode == 0 && ino < im.s.FirstFreeIno() {
		return // reserved and not in use
	}
	if want := ondisk.InodeCsum(im.seed, ino, slot); im.csum && uint32(n.ChecksumHi)<<16|uint32(n.ChecksumLo) != want {
		im.t.Errorf("inode %d: checksum %#x%04x, want %#x", ino, n.ChecksumHi, n.ChecksumLo, want)
	}
	im.seen["inode"]++
	body, err := ondisk.BodyXattrs(slot[n.XattrStart(len(slot)):])
	im.ok("xattrs in an inode", ino, 0, err)
	im.checkXattrs(ino, "xattr in an inode", body)
	if b := n.FileACL(); b != 0 {
		im.checkXattrBlock(ino, b)
	}
	if n.Has(ondisk.InodeEA) {
		im.checkEAInode(ino, &n)
	}
	switch {
	case n.Inline():
		im.checkInline(ino, &n, body)
	case n.Type() == ondisk.ModeDir:
		im.checkDir(ino, &n, im.blocks(ino, &n))
	case n.Type() == ondisk.ModeSymlink && n.Size() < ondisk.IBlockSize:
		im.seen["symlink in the inode"]++
	case ino == ondisk.ResizeIno: // claims every block there could be
	case n.Type() == ondisk.ModeRegular || n.Type() == ondisk.ModeSymlink:
		im.blocks(ino, &n)
	}
}

func (im *image) checkInline(ino ondisk.Ino, n *ondisk.Inode, body ondisk.XattrArea) {
	d, err := n.InlineData(body)
	im.ok("inline data", ino, 0, err)
	switch {
	case err != nil:
	case n.Type() == ondisk.ModeDir:
		im.ok("inline directory", ino, 0, d.CheckDir(n.Size()))
	default:
		im.seen["inline file"]++
		got := make([]byte, n.Size())
		d.CopyTo(got, 0)
		if n.Type() == ondisk.ModeRegular && bytes.Trim(got, "s") != nil && len(bytes.Trim(got, "s")) > 0 {
			im.t.Errorf("inode %d holds %q", ino, got)
		}
	}
}

// checkXattrs takes the entries of an area to their hashes, and returns how many there are.
func (im *image) checkXattrs(ino ondisk.Ino, kind string, a ondisk.XattrArea) {
	im.t.Helper()
	im.ok("area of xattrs", ino, 0, a.Check())
	for x, err := range a.All() {
		im.ok(kind, ino, 0, err)
		if _, ok := ondisk.JoinXattrName(x.Index, x.Name); !ok && !x.Is(ondisk.XattrSystem, "data") {
			im.t.Errorf("inode %d: no name for index %d, %q", ino, x.Index, x.Name)
		}
		want := ondisk.XattrHash(x.Name, x.Value)
		other := ondisk.XattrHashSigned(x.Name, x.Value)
		if x.ValueIno != 0 {
			im.seen["ea entry"]++
			var n ondisk.Inode
			if err := n.Decode(im.slot(x.ValueIno)); err != nil {
				im.t.Fatal(err)
			}
			want, other = ondisk.XattrInodeHash(x.Name, n.EAHash()), ondisk.XattrInodeHashSigned(x.Name, n.EAHash())
		} else if kind == "xattr in an inode" && x.Hash == 0 {
			continue
		}
		if x.Hash != want && x.Hash != other {
			im.t.Errorf("inode %d: hash of %q is %#x, want %#x or %#x", ino, x.Name, x.Hash, want, other)
		}
	}
}

func (im *image) checkXattrBlock(ino ondisk.Ino, b ondisk.Block) {
	a, err := ondisk.BlockXattrs(im.block(b))
	im.ok("xattr block", ino, b, err)
	im.checkXattrs(ino, "xattr in a block", a)
	var h ondisk.XattrHeader
	if err := h.Decode(im.block(b)); err != nil {
		im.t.Fatal(err)
	}
	// e2fsprogs writes 0, which keeps the kernel from sharing the block.
	if want, err := a.BlockHash(); err != nil || h.Hash != want && h.Hash != 0 {
		im.t.Errorf("inode %d: hash of block %d is %#x, want %#x", ino, b, h.Hash, want)
	}
	if h.Hash != 0 {
		im.hashed++
	}
	if im.csum {
		im.ok("xattr block", ino, b, ondisk.CheckXattrBlockCsum(im.seed, b, im.block(b)))
	}
}

func (im *image) checkEAInode(ino ondisk.Ino, n *ondisk.Inode) {
	im.seen["ea inode"]++
	var value []byte
	for _, b := range im.blocks(ino, n) {
		value = append(value, im.block(b)...)
	}
	value = value[:n.Size()]
	if h := ondisk.EAValueHash(im.seed, value); h != n.EAHash() || n.EARefcount() != 1 {
		im.t.Errorf("value in inode %d: hash %#x, want %#x; %d references, want 1", ino, n.EAHash(), h, n.EARefcount())
	}
}

// blocks walks the map of a file and lists the blocks that hold its data.
func (im *image) blocks(ino ondisk.Ino, n *ondisk.Inode) []ondisk.Block {
	if !n.Has(ondisk.InodeExtents) {
		return im.mapped(ino, n)
	}
	var out []ondisk.Block
	im.walkExtents(ino, n, n.IBlock[:], im.s.RootBounds(), &out)
	return out
}

func (im *image) walkExtents(ino ondisk.Ino, inode *ondisk.Inode, b []byte, w ondisk.ExtentBounds, out *[]ondisk.Block) {
	n := ondisk.ExtentNode(b)
	err := n.Check(w)
	im.ok("extent node", ino, 0, err)
	if err != nil {
		return
	}
	if w.Depth >= 0 {
		im.seen["extent leaf"]++
	}
	if w.Depth >= 0 && im.csum {
		im.ok("extent tail", ino, 0, n.CheckCsum(ondisk.InodeSeed(im.seed, ino, inode.Generation)))
	}
	for i := range n.Len() {
		if n.Find(n.First(i)) != i {
			im.t.Errorf("inode %d: entry %d is not found", ino, i)
		}
		if n.Depth() > 0 {
			im.walkExtents(ino, inode, im.block(n.IndexAt(i).Leaf()), w.Below(n, i), out)
			continue
		}
		e := n.At(i)
		for k := range e.Length() {
			*out = append(*out, e.Start()+ondisk.Block(k))
		}
	}
}

// mapped lists the blocks of a block-mapped file.
func (im *image) mapped(ino ondisk.Ino, n *ondisk.Inode) []ondisk.Block {
	var out []ondisk.Block
	size := uint64(im.s.BlockSize())
	im.ok("block map", ino, 0, ondisk.BlockMap(n.IBlock[:]).Check(im.s.RootBounds()))
	for fb := range (n.Size() + size - 1) / size {
		p, ok := ondisk.PathTo(ondisk.FileBlock(fb), im.s.BlockSize())
		if !ok {
			im.t.Fatalf("inode %d: no path to block %d", ino, fb)
		}
		m := ondisk.BlockMap(n.IBlock[:])
		b := m.At(p.Index[0])
		for d := 1; d <= p.Depth && b != 0; d++ {
			im.seen["indirect block"]++
			b = ondisk.BlockMap(im.block(b)).At(p.Index[d])
		}
		if b != 0 {
			out = append(out, b)
		}
	}
	return out
}

func (im *image) checkDir(ino ondisk.Ino, n *ondisk.Inode, blocks []ondisk.Block) {
	seed := ondisk.InodeSeed(im.seed, ino, n.Generation)
	im.seen["directory"]++
	index := map[ondisk.FileBlock]bool{}
	if n.Has(ondisk.InodeIndex) {
		im.walkIndex(ino, seed, blocks, index)
	}
	for fb, b := range blocks {
		if index[ondisk.FileBlock(fb)] {
			continue
		}
		if im.csum {
			im.ok("directory tail", ino, b, ondisk.CheckDirTail(seed, im.block(b)))
		}
		for d, err := range ondisk.Dirents(im.block(b)) {
			im.ok("entry", ino, b, err)
			if bad := ondisk.CheckName(d.Name); d.Ino != 0 && bad != "" {
				im.t.Errorf("directory %d: %s", ino, bad)
			}
			if d.Ino != 0 && ondisk.ModeOfFileType(d.Type) != binary.LittleEndian.Uint16(im.slot(d.Ino))&ondisk.ModeFmt {
				im.t.Errorf("directory %d: type %d of %q", ino, d.Type, d.Name)
			}
		}
	}
}

// walkIndex checks the index of a directory, and looks up every name in each leaf by its hash.
func (im *image) walkIndex(ino ondisk.Ino, seed uint32, blocks []ondisk.Block, index map[ondisk.FileBlock]bool) {
	var r ondisk.DxRoot
	root := im.block(blocks[0])
	if err := r.Decode(root); err != nil {
		im.t.Fatal(err)
	}
	im.ok("index root", ino, blocks[0], r.Check(len(root), im.s.HasIncompat(ondisk.IncompatLargeDir)))
	f := ondisk.DxFormat{Csum: im.csum, Blocks: uint32(len(blocks))}
	var nodes func(n ondisk.DxNode, at ondisk.FileBlock, level int, lo, hi uint64)
	nodes = func(n ondisk.DxNode, at ondisk.FileBlock, level int, lo, hi uint64) {
		index[at] = true
		err := n.Check(f)
		im.ok("index node at level "+fmt.Sprint(level), ino, blocks[at], err)
		if im.csum {
			im.ok("index tail", ino, blocks[at], n.CheckCsum(seed))
		}
		if err != nil {
			return
		}
		for i := range n.Count() {
			from, to := max(lo, uint64(n.Hash(i))), hi
			if i+1 < n.Count() {
				to = uint64(n.Hash(i + 1))
			}
			if level < int(r.IndirectLevels) {
				im.seen["index node"]++
				nodes(ondisk.DxInnerNode(im.block(blocks[n.Block(i)])), n.Block(i), level+1, from, to)
				continue
			}
			im.checkLeaf(ino, &r, im.block(blocks[n.Block(i)]), from, to)
		}
	}
	nodes(ondisk.DxRootNode(root), 0, 0, 0, 1<<32)
}

// checkLeaf wants the hashes of all names of a leaf within what the index says of it.
func (im *image) checkLeaf(ino ondisk.Ino, r *ondisk.DxRoot, block []byte, from, to uint64) {
	for d, err := range ondisk.Dirents(block) {
		if err != nil || d.Ino == 0 {
			continue
		}
		h, err := ondisk.HashName(im.s.HashVersion(r.HashVersion), im.s.HashSeed, d.Name)
		if err != nil || uint64(h.Major) < from&^1 || uint64(h.Major) > to {
			im.t.Errorf("directory %d: hash %#x of %q is outside %#x to %#x: %v", ino, h.Major, d.Name, from, to, err)
		}
	}
}
