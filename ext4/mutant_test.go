package ext4_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extant/disk"
	"extant/ext4"
	"extant/internal/ondisk"
)

// A victim is a small image whose metadata is damaged in every way a test can think of, with or without its checksums
// made right again afterwards, so that the damage gets past them.
type victim struct {
	name  string
	clean []byte
	dev   *disk.Mem
	sb    ondisk.Super
	meta  []byteRange // of the image, that hold metadata
	owned []ownedBlock
}

type byteRange struct{ off, n int }

// ownedBlock is a block whose checksum depends on an inode.
type ownedBlock struct {
	kind ext4.MetaKind
	at   ondisk.Block
	ino  ondisk.Ino
	file ondisk.FileBlock
}

var victimArgs = []struct{ name, args string }{
	{"csum", "-t ext4 -b 1024 -I 256 -N 96 -O metadata_csum,ea_inode,64bit,^resize_inode,orphan_file,encrypt,verity,project -J size=1"},
	{"inline", "-t ext4 -b 1024 -I 256 -N 96 -O metadata_csum,inline_data,casefold,^has_journal,^resize_inode"},
	{"old", "-t ext2 -b 1024 -I 128 -N 96 -O ^resize_inode"},
	{"bare", "-t ext4 -b 1024 -I 256 -N 96 -O ^metadata_csum,^has_journal,uninit_bg,bigalloc,^resize_inode -C 2048"},
}

// newVictim makes an image with an htree, a tree of extents or indirect blocks, xattrs in every place, links and inline data.
func newVictim(t testing.TB, name, args string) *victim {
	t.Helper()
	files := map[string][]byte{"empty": nil, "inline": noise(1, 100), "blocks": noise(2, 30_000), "sub/dir/leaf": noise(3, 5000)}
	for i := range 30 {
		files[fmt.Sprintf("dir/%s%d", strings.Repeat("n", 200), i)] = nil
	}
	src := sourceOf(t, files)
	for i, n := range []int{10, 100} {
		if err := os.Symlink(strings.Repeat("t", n), filepath.Join(src, fmt.Sprintf("link%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	fragment(t, filepath.Join(src, "fragments"))
	im := mke2fs(t, src, "4M", args)
	large := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(large, noise(4, 3000), 0o600); err != nil {
		t.Fatal(err)
	}
	im.debugfs("ea_set /blocks user.small 12345", "ea_set /empty user.medium "+strings.Repeat("v", 300), "ea_set -f "+large+" /inline user.large")
	im.e2fsck("-fyD")
	v := &victim{name: name, clean: im.bytes()}
	v.dev = disk.NewMemFrom(v.clean)
	v.survey(t)
	return v
}

// fragment makes a file with holes between many blocks, for a tree of its own.
func fragment(t testing.TB, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(100) {
		if _, err := f.WriteAt([]byte{1}, i*8192); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// survey finds the metadata of the clean image.
func (v *victim) survey(t testing.TB) {
	t.Helper()
	fs, err := ext4.Mount(v.dev, ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v.sb = fs.Super()
	v.meta = append(v.meta, byteRange{ondisk.SuperOffset, ondisk.SuperSize})
	for g := range ondisk.Group(v.sb.Groups()) {
		b, off := v.sb.DescriptorBlock(g)
		v.meta = append(v.meta, byteRange{int(b)*fs.BlockSize() + off, v.sb.DescriptorSize()})
	}
	for ino := ondisk.Ino(1); uint32(ino) <= v.sb.InodesCount; ino++ {
		n, err := fs.SystemInode(ino)
		if err != nil || n.Attr().Mode == 0 && ino != ondisk.BadBlocksIno {
			continue
		}
		at, err := fs.InodeSlot(ino)
		if err != nil {
			t.Fatal(err)
		}
		v.meta = append(v.meta, byteRange{int(at.Block)*fs.BlockSize() + at.Offset, at.Size})
		for m, err := range n.MetaBlocks() {
			if err != nil {
				t.Fatalf("%s: inode %d: %v", v.name, ino, err)
			}
			v.meta = append(v.meta, byteRange{int(m.Block) * fs.BlockSize(), fs.BlockSize()})
			v.owned = append(v.owned, ownedBlock{m.Kind, m.Block, ino, m.File})
		}
	}
	if err := walkEverything(fs); err != nil {
		t.Fatal(err)
	}
}

// size is the number of bytes of metadata.
func (v *victim) size() (n int) {
	for _, r := range v.meta {
		n += r.n
	}
	return n
}

// at is where the i-th byte of the metadata lies in the image.
func (v *victim) at(i int) int {
	for _, r := range v.meta {
		if i < r.n {
			return r.off + i
		}
		i -= r.n
	}
	panic("no such byte")
}

// try walks the image with edits made to it. It fails only where the walk gets more answers than there can be, or panics.
func (v *victim) try(seal bool, edits map[int]byte) error {
	var dev disk.Device
	if seal {
		img := slices.Clone(v.clean)
		for off, b := range edits {
			img[off] = b
		}
		v.seal(img)
		dev = disk.NewMemFrom(img)
	} else {
		m := v.dev.Snapshot()
		for off, b := range edits {
			if _, err := m.WriteAt([]byte{b}, int64(off)); err != nil {
				return err
			}
		}
		dev = m
	}
	for _, o := range []ext4.Options{{CacheBytes: 1 << 20}, {CacheBytes: 1 << 20, NoLoad: true, Truncated: true}} {
		fs, err := ext4.Mount(dev, o)
		if err != nil {
			continue
		}
		return walkEverything(fs)
	}
	return nil
}

// seal makes the checksums right, for blocks where the clean image has them.
func (v *victim) seal(img []byte) {
	var sb ondisk.Super
	if sb.Decode(img[ondisk.SuperOffset:]) != nil {
		return
	}
	sb.SetCsum()
	sb.Encode(img[ondisk.SuperOffset:])
	if !v.sb.HasROCompat(ondisk.ROCompatMetadataCsum) {
		v.sealDescs(img, func(g ondisk.Group, d []byte) uint16 { return ondisk.GroupDescCRC16(sb.UUID, g, d) })
		return
	}
	seed := sb.CsumSeed()
	v.sealDescs(img, func(g ondisk.Group, d []byte) uint16 { return ondisk.GroupDescCsum(seed, g, d) })
	seeds := v.sealInodes(img, seed)
	bs := v.sb.BlockSize()
	for _, o := range v.owned {
		b := img[int(o.at)*bs:][:bs]
		switch {
		case o.kind == ext4.ExtentNode:
			ondisk.ExtentNode(b).SetCsum(seeds[o.ino])
		case o.kind == ext4.DirBlock:
			ondisk.SetDirTail(seeds[o.ino], b)
		case o.kind == ext4.IndexBlock && o.file == 0:
			ondisk.DxRootNode(b).SetCsum(seeds[o.ino])
		case o.kind == ext4.IndexBlock:
			ondisk.DxInnerNode(b).SetCsum(seeds[o.ino])
		case o.kind == ext4.XattrBlock:
			ondisk.SetXattrBlockCsum(seed, o.at, b)
		}
	}
}

func (v *victim) sealDescs(img []byte, sum func(ondisk.Group, []byte) uint16) {
	for g := range ondisk.Group(v.sb.Groups()) {
		b, off := v.sb.DescriptorBlock(g)
		d := img[int(b)*v.sb.BlockSize()+off:][:v.sb.DescriptorSize()]
		binary.LittleEndian.PutUint16(d[0x1e:], sum(g, d))
	}
}

// sealInodes seals the inodes that the clean image has, and returns the seeds of what they own.
func (v *victim) sealInodes(img []byte, seed uint32) map[ondisk.Ino]uint32 {
	seeds := map[ondisk.Ino]uint32{}
	per := v.sb.InodeBytes()
	for ino := ondisk.Ino(1); uint32(ino) <= v.sb.InodesCount; ino++ {
		g, i := v.sb.InodeGroup(ino)
		b, off := v.sb.DescriptorBlock(g)
		var d ondisk.GroupDesc
		if d.Decode(v.clean[int(b)*v.sb.BlockSize()+off:][:v.sb.DescriptorSize()]) != nil {
			continue
		}
		slot := img[int(d.InodeTable())*v.sb.BlockSize()+int(i)*per:][:per]
		sum := ondisk.InodeCsum(seed, ino, slot)
		binary.LittleEndian.PutUint16(slot[0x7c:], uint16(sum))
		if per > ondisk.InodeSizeMin && binary.LittleEndian.Uint16(slot[0x80:]) >= 4 {
			binary.LittleEndian.PutUint16(slot[0x82:], uint16(sum>>16))
		}
		seeds[ino] = ondisk.InodeSeed(seed, ino, binary.LittleEndian.Uint32(slot[0x64:]))
	}
	return seeds
}
