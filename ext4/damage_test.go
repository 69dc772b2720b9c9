package ext4_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// TestReadUpToDamage reads a file of which one extent node is damaged: what lies before it is read.
func TestReadUpToDamage(t *testing.T) {
	v := newVictim(t, victimArgs[0].name, victimArgs[0].args)
	fs, err := mountBytes(v.clean, ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := child(t, fs, "fragments")
	want := make([]byte, n.Attr().Size)
	if _, err := n.ReadAt(want, 0); err != nil {
		t.Fatal(err)
	}
	img := bytes.Clone(v.clean)
	node := func(i int) ext4.MetaBlock {
		for m, err := range n.MetaBlocks() {
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind == ext4.ExtentNode {
				if i--; i < 0 {
					return m
				}
			}
		}
		t.Fatal("the tree has too few nodes")
		return ext4.MetaBlock{}
	}
	bad := node(1)
	img[int(bad.Block)*1024] ^= 1
	if fs, err = mountBytes(img, ext4.Options{}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	k, err := child(t, fs, "fragments").ReadAt(got, 0)
	var corrupt *ext4.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Block != bad.Block || corrupt.Ino != n.Ino() {
		t.Errorf("%v, want a *CorruptError for block %d of inode %d", err, bad.Block, n.Ino())
	}
	if k != int(bad.File)*1024 || k == 0 || !bytes.Equal(got[:k], want[:k]) {
		t.Errorf("%d bytes before file block %d", k, bad.File)
	}
}

// TestSharedErrors asks for a damaged inode from many goroutines, which may all get one error.
func TestSharedErrors(t *testing.T) {
	v := newVictim(t, victimArgs[0].name, victimArgs[0].args)
	fs, err := mountBytes(v.clean, ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := child(t, fs, "blocks")
	at, err := fs.InodeSlot(n.Ino())
	if err != nil {
		t.Fatal(err)
	}
	img := bytes.Clone(v.clean)
	img[int(at.Block)*1024+at.Offset+4] ^= 1
	for range 20 {
		if fs, err = mountBytes(img, ext4.Options{}); err != nil {
			t.Fatal(err)
		}
		root := child(t, fs)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := root.Child("blocks")
				var corrupt *ext4.CorruptError
				if !errors.As(err, &corrupt) || corrupt.Ino != n.Ino() || corrupt.Block != at.Block {
					t.Errorf("%v, want a *CorruptError for inode %d", err, n.Ino())
				}
			})
		}
		wg.Wait()
	}
}

// TestChecksumsNotice changes one byte in each structure that has a checksum, one which no other check minds, and wants it noticed
// by whoever reads the structure.
func TestChecksumsNotice(t *testing.T) {
	v := newVictim(t, victimArgs[0].name, victimArgs[0].args)
	kinds := map[ext4.MetaKind]int{}
	for _, o := range v.owned {
		off := map[ext4.MetaKind]int{ext4.ExtentNode: 20, ext4.DirBlock: 6, ext4.IndexBlock: 0x2c, ext4.XattrBlock: 4}[o.kind]
		kinds[o.kind]++
		fs := v.damaged(t, int(o.at)*1024+off)
		n, err := fs.SystemInode(o.ino)
		if err != nil {
			t.Fatal(err)
		}
		if err := readAll(n); !isCorruptAt(err, o.at) {
			t.Errorf("%v in block %d of inode %d: %v, want a *CorruptError", o.kind, o.at, o.ino, err)
		}
	}
	for _, k := range []ext4.MetaKind{ext4.ExtentNode, ext4.DirBlock, ext4.IndexBlock, ext4.XattrBlock} {
		if kinds[k] == 0 {
			t.Errorf("the image has no %v", k)
		}
	}
	b, off := v.sb.DescriptorBlock(0)
	if _, err := v.damaged(t, int(b)*1024+off+0x0c).Group(0); !isCorruptAt(err, b) {
		t.Errorf("group descriptor: %v, want a *CorruptError", err)
	}
	img := bytes.Clone(v.clean)
	img[ondisk.SuperOffset+0x78] ^= 1 // s_volume_name
	var corrupt *ext4.CorruptError
	if _, err := mountBytes(img, ext4.Options{}); !errors.As(err, &corrupt) {
		t.Errorf("super block: %v, want a *CorruptError", err)
	}
	old := newVictim(t, victimArgs[3].name, victimArgs[3].args)
	b, off = old.sb.DescriptorBlock(0)
	if _, err := old.damaged(t, int(b)*1024+off+0x0c).Group(0); !isCorruptAt(err, b) {
		t.Errorf("group descriptor under uninit_bg: %v, want a *CorruptError", err)
	}
}

// damaged mounts the image with one bit changed.
func (v *victim) damaged(t *testing.T, off int) *ext4.FS {
	t.Helper()
	img := bytes.Clone(v.clean)
	img[off] ^= 1
	fs, err := mountBytes(img, ext4.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func isCorruptAt(err error, b ondisk.Block) bool {
	var corrupt *ext4.CorruptError
	return errors.As(err, &corrupt) && corrupt.Block == b
}

// readAll reads all that an inode has and returns the first error.
func readAll(n *ext4.Inode) error {
	if _, err := n.Xattrs(); err != nil {
		return err
	}
	if n.IsDir() {
		for _, err := range n.ReadDir(0) {
			if err != nil {
				return err
			}
		}
	}
	for _, err := range n.Mappings(0) {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestHugeFile reads i_blocks in both its units.
func TestHugeFile(t *testing.T) {
	im := mke2fs(t, sourceOf(t, map[string][]byte{"file": noise(1, 10<<10)}), "8M", "-t ext4 -b 4096")
	if got := child(t, im.mount(ext4.Options{}), "file").Attr().Blocks; got != 24 {
		t.Errorf("%d sectors, want 24", got)
	}
	im.debugfs("set_inode_field /file blocks 3", "set_inode_field /file flags 0xc0000")
	if got := child(t, im.mount(ext4.Options{}), "file").Attr().Blocks; got != 24 {
		t.Errorf("%d sectors where i_blocks counts blocks, want 24", got)
	}
}

// TestDamagedDescriptor reads all files where the descriptor of their group has a wrong checksum, says that no inode was ever used, and
// has its bitmaps nowhere: what it says of the inode table is enough.
func TestDamagedDescriptor(t *testing.T) {
	for _, a := range []int{0, 3} {
		v := newVictim(t, victimArgs[a].name, victimArgs[a].args)
		clean, err := mountBytes(v.clean, ext4.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, off := v.sb.DescriptorBlock(0)
		for name, edit := range map[string]func(desc []byte){
			"checksum":        func(desc []byte) { desc[0x1e] ^= 1 },
			"never used":      func(desc []byte) { desc[0x1c], desc[0x1d] = 96, 0 }, // bg_itable_unused
			"uninitialised":   func(desc []byte) { desc[0x12] |= 1 },                // EXT4_BG_INODE_UNINIT
			"bitmaps nowhere": func(desc []byte) { clear(desc[:8]) },
		} {
			t.Run(v.name+" "+name, func(t *testing.T) {
				img := bytes.Clone(v.clean)
				edit(img[int(b)*1024+off:])
				if name != "checksum" {
					v.seal(img)
				}
				fs, err := mountBytes(img, ext4.Options{})
				if err != nil {
					t.Fatal(err)
				}
				compareTrees(t, readTree(t, fs), readTree(t, clean), nil)
			})
		}
	}
}

// TestRootNotInUse wants a root without links called damage: it is no file that went away.
func TestRootNotInUse(t *testing.T) {
	im := mke2fs(t, "", "4M", "-t ext2")
	im.debugfs("set_inode_field <2> links_count 0")
	var corrupt *ext4.CorruptError
	if _, err := im.mount(ext4.Options{}).Root(); !errors.As(err, &corrupt) || corrupt.Ino != ondisk.RootIno {
		t.Errorf("%v, want a *CorruptError about the root directory", err)
	}
}
