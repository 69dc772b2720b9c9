package ondisk_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"extant/internal/ondisk"
)

// walks are the things that can be done with untrusted bytes beyond decoding them. None may panic, or take more steps
// than the bytes pay for.
var walks = []func(t *testing.T, b []byte){
	walkSuper, walkInode, walkExtentNode, walkDirBlock, walkDx, walkXattrs, walkACL, walkInline, walkBitmap, walkBlockMap, walkHash,
	walkJournal, walkOrphans, walkQuota,
}

// FuzzStructures decodes, describes and encodes bytes as every structure there is, or walks them in one of the ways above.
func FuzzStructures(f *testing.F) {
	for i, b := range seeds(f) {
		for kind := range len(layouts()) + len(walks) {
			if i == 0 || kind >= len(layouts()) {
				f.Add(uint8(kind), b)
			}
		}
	}
	all := layouts()
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		b = b[:min(len(b), 1<<16)]
		if k := int(kind) % (len(all) + len(walks)); k < len(all) {
			fuzzLayout(t, all[k], b)
		} else {
			walks[k-len(all)](t, b)
		}
	})
}

func fuzzLayout(t *testing.T, l layout, b []byte) {
	s := l.new()
	if err := s.Decode(b); err != nil {
		return
	}
	into := bytes.Repeat([]byte{0xA5}, len(b))
	checkLossless(t, s, b, into)
}

// seeds are sound structures for the fuzzer to damage.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	super := make([]byte, ondisk.SuperSize)
	soundSuper().Encode(super)
	dx, _ := dxRoot(ondisk.DxFormat{Csum: true, Blocks: 200})
	block := make([]byte, 1024)
	ondisk.PutBlockXattrs(block, someXattrs())
	n := ondisk.Inode{ExtraIsize: 32, Flags: ondisk.InodeInlineData}
	slot := make([]byte, 256)
	ondisk.PutBodyXattrs(slot[160:], []ondisk.Xattr{ondisk.SplitInline(make([]byte, 100), &n.IBlock)})
	n.Encode(slot)
	node := leaf(1024, ondisk.MakeExtent(10, 100, 5, false), ondisk.MakeExtent(20, 200, 1, true))
	return [][]byte{nil, super, slot, node, threeNames(), dx, block, bytes.Repeat([]byte{1, 0, 0, 0}, 3)}
}

// steps fails the test where a walk takes more steps than bytes.
type steps struct {
	t    *testing.T
	left int
}

func newSteps(t *testing.T, b []byte) *steps { return &steps{t, len(b) + 8} }

func (s *steps) one() {
	if s.left--; s.left < 0 {
		s.t.Fatal("endless walk")
	}
}

func walkSuper(t *testing.T, b []byte) {
	var s ondisk.Super
	if s.Decode(b) != nil || s.Check() != nil && s.CheckGeometry() != nil {
		return
	}
	last := ondisk.Group(s.Groups() - 1)
	for _, g := range []ondisk.Group{0, 1, last / 2, last} {
		s.DescriptorBlock(g)
		s.GroupHead(g)
		s.GroupBlocks(g)
		if int64(s.GroupFirstBlock(g)) < 0 {
			t.Errorf("group %d of %d starts at block %d", g, s.Groups(), s.GroupFirstBlock(g))
		}
	}
	n := 0
	for range s.DescriptorCopies(int(s.DescriptorBlocks() - 1)) {
		if n++; n > 100 {
			break
		}
	}
	s.ItableBlocks()
	s.InodeGroup(0)
	s.InodeGroup(ondisk.Ino(s.InodesCount))
	s.BlockGroup(0)
	s.BlockGroup(ondisk.Block(s.Blocks()))
	if err := s.WriteSupport(); err == nil && s.ReadSupport() != nil {
		t.Error("can be written, not read")
	}
	s.CheckSupport()
}

func walkInode(t *testing.T, b []byte) {
	var n ondisk.Inode
	if n.Decode(b) != nil {
		return
	}
	checkLossless(t, &n, b, bytes.Repeat([]byte{0xA5}, len(b)))
	if at := n.XattrStart(len(b)); at < ondisk.InodeSizeMin || at > len(b) {
		t.Errorf("xattrs start at %d of %d", at, len(b))
	}
	ondisk.InodeCsum(1, 2, b)
}

func walkExtentNode(t *testing.T, b []byte) {
	n := ondisk.ExtentNode(b)
	n.SetCsum(1)
	n.CheckCsum(1)
	w := ondisk.ExtentBounds{Depth: -1, End: ondisk.FileBlocksMax, BlockMin: 1, BlockEnd: 1 << 40}
	if n.Check(w) != nil {
		return
	}
	for i := range n.Len() {
		if n.Find(n.First(i)) != i {
			t.Errorf("entry %d is not found by its first block", i)
		}
		if n.Depth() > 0 {
			w.Below(n, i)
		}
	}
	n.Append(ondisk.Extent{})
	n.Remove(0, n.Len())
}

func walkDirBlock(t *testing.T, b []byte) {
	st := newSteps(t, b)
	end := 0
	for d, err := range ondisk.Dirents(b) {
		st.one()
		if err != nil {
			return
		}
		if d.Len < 8 || d.Off+d.Len > len(b) || len(d.Name) > 255 {
			t.Fatalf("%+v in %d bytes", d, len(b))
		}
		d.StoredHash(b)
		end = d.Off + d.Len
	}
	if end != len(b) {
		t.Errorf("entries end at %d of %d", end, len(b))
	}
	tail := 0
	if _, ok := ondisk.DirTailOf(b); ok {
		tail = ondisk.DirTailSize
		ondisk.CheckDirTail(1, b)
	}
	editDirBlock(t, b, tail)
}

// editDirBlock adds a name to a sound directory block and takes it out again.
func editDirBlock(t *testing.T, b []byte, tail int) {
	name := []byte("a name that is hardly there")
	if _, there, _ := ondisk.FindDirent(b, name); there {
		return
	}
	ok, err := ondisk.InsertDirent(b, tail, 5, name, 1)
	if err != nil {
		t.Error(err)
	}
	d, found, err := ondisk.FindDirent(b, name)
	if err != nil || found != ok {
		t.Fatalf("inserted %v, found %v, %v", ok, found, err)
	}
	if found {
		if err := ondisk.RemoveDirent(b, d.Off); err != nil {
			t.Error(err)
		}
	}
	for _, err := range ondisk.Dirents(b) {
		if err != nil {
			t.Error(err)
		}
	}
}

func walkDx(t *testing.T, b []byte) {
	var r ondisk.DxRoot
	if r.Decode(b) == nil {
		r.Check(len(b), true)
	}
	for _, n := range []ondisk.DxNode{ondisk.DxRootNode(b), ondisk.DxInnerNode(b)} {
		n.CheckCsum(1)
		n.SetCsum(1)
		f := ondisk.DxFormat{Csum: true, Blocks: 1 << 20}
		if n.Check(f) != nil {
			continue
		}
		for i := range n.Count() {
			if k := n.Find(n.Hash(i)); n.Hash(k) != n.Hash(i) {
				t.Errorf("entry %d with hash %#x is not found", i, n.Hash(i))
			}
			n.Continues(i, 4)
		}
		n.Append(1<<32-2, 5)
		n.Truncate(1)
	}
}

func walkXattrs(t *testing.T, b []byte) {
	for _, open := range []func([]byte) (ondisk.XattrArea, error){ondisk.BodyXattrs, ondisk.BlockXattrs} {
		a, openErr := open(b)
		st := newSteps(t, b)
		var list []ondisk.Xattr
		bad := openErr != nil
		for x, err := range a.All() {
			st.one()
			bad = bad || err != nil
			ondisk.JoinXattrName(x.Index, x.Name)
			list = append(list, x)
		}
		a.Check()
		a.BlockHash()
		if free := a.Free(); free < 0 || free > len(b) {
			t.Errorf("%d bytes free of %d", free, len(b))
		}
		if bad || len(list) == 0 {
			continue
		}
		again := make([]byte, ondisk.XattrBodyHeaderSize+ondisk.XattrsSize(list))
		if !ondisk.PutBodyXattrs(again, list) {
			t.Errorf("%d xattrs do not fit the bytes they take", len(list))
		}
		if r, err := ondisk.BodyXattrs(again); err != nil || !sameXattrs(r, list) {
			t.Errorf("rebuilt: %v", err)
		}
	}
	ondisk.CheckXattrBlockCsum(1, 2, b)
}

func sameXattrs(a ondisk.XattrArea, list []ondisk.Xattr) bool {
	i := 0
	for x, err := range a.All() {
		if err != nil || i >= len(list) || ondisk.CompareXattrs(x, list[i]) != 0 || !bytes.Equal(x.Value, list[i].Value) {
			return false
		}
		i++
	}
	return i == len(list)
}

func walkACL(t *testing.T, b []byte) {
	if a, err := ondisk.DecodeACL(b); err == nil {
		if !bytes.Equal(a.Encode(), b) {
			t.Errorf("%x is encoded as %x", b, a.Encode())
		}
		if r, err := ondisk.DecodeXattrACL(a.EncodeXattr()); err != nil || !slices.Equal(r, a) {
			t.Errorf("%x through system calls: %v, %v", b, r, err)
		}
	}
	if a, err := ondisk.DecodeXattrACL(b); err == nil {
		if r, err := ondisk.DecodeACL(a.Encode()); err != nil || !slices.Equal(r, a) {
			t.Errorf("%x through the disk: %v, %v", b, r, err)
		}
	}
}

func walkInline(t *testing.T, b []byte) {
	var n ondisk.Inode
	if n.Decode(b) != nil {
		return
	}
	body, err := ondisk.BodyXattrs(b[n.XattrStart(len(b)):])
	if err != nil {
		return
	}
	d, err := n.InlineData(body)
	if err != nil {
		return
	}
	d.CheckDir(n.Size())
	p := make([]byte, 100)
	for _, off := range []int64{0, 59, 60, 1 << 62} {
		d.CopyTo(p, off)
	}
	if !d.Store(p[:min(100, d.Len())]) {
		t.Error("what fits was not stored")
	}
}

func walkBitmap(t *testing.T, b []byte) {
	m := ondisk.Bitmap(b)
	st := newSteps(t, b)
	st.left += m.Len()
	n := 0
	for i := m.NextSet(0, m.Len()); i < m.Len(); {
		st.one()
		end := m.NextClear(i, m.Len())
		n += end - i
		i = m.NextSet(end, m.Len())
	}
	if n != m.Count(0, m.Len()) {
		t.Errorf("%d bits in runs, %d in all", n, m.Count(0, m.Len()))
	}
	ondisk.BitmapCsum(1, m, 1<<32-1)
}

func walkBlockMap(t *testing.T, b []byte) {
	m := ondisk.BlockMap(b)
	st := newSteps(t, b)
	for i := 0; i < m.Len(); i += m.Run(i, m.Len()) {
		st.one()
	}
	m.Check(ondisk.ExtentBounds{BlockMin: 1, BlockEnd: 1000})
	if len(b) >= 4 {
		fb := ondisk.FileBlock(binary.LittleEndian.Uint32(b))
		for size := 1024; size <= 65536; size *= 2 {
			if _, ok := ondisk.PathTo(fb, size); ok != (uint64(fb) < ondisk.BlockMapMax(size)) && fb != ondisk.FileBlocksMax {
				t.Errorf("block %d of %d bytes: path %v", fb, size, ok)
			}
		}
	}
}

func walkHash(t *testing.T, b []byte) {
	for v := range ondisk.HashVersion(8) {
		h, err := ondisk.HashName(v, [4]uint32{1, 2, 3, 4}, b)
		if (err != nil) != (v >= ondisk.HashSip) || h.Major&1 != 0 || h.Major == 1<<32-2 {
			t.Errorf("%v of %q: %#x, %v", v, b, h, err)
		}
	}
	ondisk.CheckName(b)
	if index, name, ok := ondisk.SplitXattrName(string(b)); ok && !(index == ondisk.XattrSystem && name == "data") {
		if full, ok := ondisk.JoinXattrName(index, []byte(name)); !ok || full != string(b) {
			t.Errorf("%q comes back as %q", b, full)
		}
	}
}

func walkJournal(t *testing.T, b []byte) {
	for _, f := range []ondisk.JournalIncompat{0, tagWide, tagV2, tagV2w, tagV3, tagV3w} {
		st := newSteps(t, b)
		for range f.Tags(b) {
			st.one()
		}
		for range f.Revokes(b) {
			st.one()
		}
	}
	st := newSteps(t, b)
	for range ondisk.FastCommitRecords(b) {
		st.one()
	}
}

func walkOrphans(t *testing.T, b []byte) {
	st := newSteps(t, b)
	for range ondisk.OrphanBlock(b).Orphans() {
		st.one()
	}
	ondisk.OrphanBlock(b).Free()
}

func walkQuota(t *testing.T, b []byte) {
	st := newSteps(t, b)
	for range ondisk.QuotaEntries(bytes.NewReader(b), int64(len(b)), ondisk.QuotaUser) {
		st.one()
	}
}
