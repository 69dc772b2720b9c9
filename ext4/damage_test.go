package ext4_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"extant/ext4"
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
