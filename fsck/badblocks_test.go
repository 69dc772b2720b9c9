package fsck_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extant/disk"
	"extant/fsck"
	"extant/internal/ondisk"
)

// listed is the list of bad blocks, by dumpe2fs.
func listed(t *testing.T, image []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool(t, "dumpe2fs"), "-b", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// TestBadBlocks lists blocks that are free, that files have, and more than fit an inode; files keep their content.
func TestBadBlocks(t *testing.T) {
	for _, args := range []string{
		"-t ext4 -b 1024 -O metadata_csum,64bit -J size=1", "-t ext2 -b 1024 -I 128", "-t ext4 -b 1024 -O metadata_csum,inline_data,^has_journal",
	} {
		v := newVictim(t, mke2fs(t, source(t), "16M", args))
		n, err := v.fs.Root()
		v.must(err)
		n, err = n.Child(large)
		v.must(err)
		var bad []ondisk.Block
		for m, err := range n.Mappings(0) {
			v.must(err)
			if m.Dev > 0 {
				bad = append(bad, ondisk.Block(m.Dev/1024))
			}
		}
		bad = append(bad[:min(len(bad), 2)], 9001, 9000)
		for b := ondisk.Block(15000); b < 15400; b++ {
			bad = append(bad, b)
		}
		o := fsck.RepairOptions{Policy: fsck.Yes, BadBlocks: bad}
		dev := disk.NewMemFrom(bytes.Clone(v.b))
		rep, err := fsck.Repair(context.Background(), dev, o)
		if err != nil || !rep.Clean() {
			t.Fatalf("%s: %v, %+v", args, err, rep)
		}
		after := make([]byte, dev.Size())
		if _, err := dev.ReadAt(after, 0); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := e2fsck(t, after); code != 0 {
			t.Errorf("%s: e2fsck: %s", args, out)
		}
		got := listed(t, after)
		for _, b := range bad {
			if !strings.Contains(" "+got+" ", fmt.Sprintf(" %d ", b)) {
				t.Fatalf("%s: %d is not in the list %s", args, b, got)
			}
		}
		w := newVictim(t, after)
		if !bytes.Equal(w.content(t, large), v.content(t, large)) {
			t.Errorf("%s: a file that had bad blocks has other content", args)
		}

		// Another list adds to it, or replaces it.
		for _, c := range []struct {
			only bool
			want int
		}{{false, len(bad) + 1}, {true, 1}} {
			dev := disk.NewMemFrom(bytes.Clone(after))
			o.BadBlocks, o.BadBlocksOnly = []ondisk.Block{8900}, c.only
			if rep, err := fsck.Repair(context.Background(), dev, o); err != nil || !rep.Clean() {
				t.Fatalf("%s: %v, %+v", args, err, rep)
			}
			again := make([]byte, dev.Size())
			if _, err := dev.ReadAt(again, 0); err != nil {
				t.Fatal(err)
			}
			if code, out, _ := e2fsck(t, again); code != 0 {
				t.Errorf("%s: e2fsck: %s", args, out)
			}
			if got := len(strings.Fields(listed(t, again))); got != c.want {
				t.Errorf("%s: %d blocks in the list, want %d", args, got, c.want)
			}
		}
	}
}

// TestBadBlocksRefused wants nothing written where the list cannot be.
func TestBadBlocksRefused(t *testing.T) {
	image := mke2fs(t, "", "16M", "-t ext4 -b 1024")
	for _, c := range []struct {
		bad    ondisk.Block
		policy fsck.Policy
		want   string
	}{
		{1, fsck.Yes, "bad block 1 holds"}, {1 << 20, fsck.Yes, "no block that can be listed"}, {9000, fsck.Preen, "policy yes"},
	} {
		dev := disk.NewMemFrom(bytes.Clone(image))
		_, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: c.policy, BadBlocks: []ondisk.Block{c.bad}})
		after := make([]byte, dev.Size())
		if _, err := dev.ReadAt(after, 0); err != nil {
			t.Fatal(err)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !bytes.Equal(after, image) {
			t.Errorf("block %d: %v", c.bad, err)
		}
	}
}

// content is all of a file.
func (v *victim) content(t *testing.T, path string) []byte {
	t.Helper()
	n, err := v.fs.Root()
	v.must(err)
	n, err = n.Child(path)
	v.must(err)
	b := make([]byte, n.Attr().Size)
	if _, err := n.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
