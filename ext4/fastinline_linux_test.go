package ext4_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"extant/disk"
	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// inlineKinds are file systems with inline files on which the kernel makes fast commits.
var inlineKinds = []struct{ name, args string }{
	{"256", "-t ext4 -O fast_commit,inline_data -J size=8,fast_commit_size=2048 -b 1024 -I 256"},
	{"512", "-t ext4 -O fast_commit,inline_data,^orphan_file -J size=8,fast_commit_size=2048 -b 4096 -I 512"},
	{"no csum", "-t ext4 -O fast_commit,inline_data,^metadata_csum -J size=8,fast_commit_size=2048 -b 2048 -I 1024"},
}

// inlineFast makes changes of inline files that the kernel commits fast, by calls after which it keeps what they wrote. What each file held when it was
// synced is noted.
type inlineFast struct {
	*plant
	synced  map[string][]byte
	spilled map[string]bool // went from the inode to blocks between two fast commits
}

// write writes at an offset in a file, and syncs it.
func (p *inlineFast) write(name string, off int64, b []byte) {
	held, known := p.synced[name]
	if !known {
		held, _ = os.ReadFile(p.at(name)) // of a full commit, or new
	}
	f, err := os.OpenFile(p.at(name), os.O_RDWR|os.O_CREATE, 0o644)
	p.do(err)
	_, err = f.WriteAt(b, off)
	p.do(err)
	p.do(f.Sync())
	p.do(f.Close())
	held = append(held, make([]byte, max(0, int(off)+len(b)-len(held)))...)
	copy(held[off:], b)
	p.synced[name] = held
}

func (p *inlineFast) rename(from, to string) {
	p.do(os.Rename(p.at(from), p.at(to)))
	p.synced[to] = p.synced[from]
	delete(p.synced, from)
}

func (p *inlineFast) remove(name string) {
	p.do(os.Remove(p.at(name)))
	delete(p.synced, name)
}

// many makes the changes.
func (p *inlineFast) many() {
	for i, n := range []int{1, 30, 59, 60, 61, 64, 100, 150, 151, 152, 160, 200, 300, 400, 600, 900, 1100} {
		name := fmt.Sprintf("new %d", n)
		p.write(name, 0, noise(uint64(n), n))
		switch i % 6 {
		case 0:
			p.rename(name, name+" moved")
		case 1:
			p.write(name, int64(n), []byte("grown")) // by appending
			p.write(name, 0, []byte("again"))        // in place
		case 2:
			p.write(name, int64(n), noise(9, 2000)) // out of the inode
			p.spilled[name] = true
		case 3:
			p.rename(name, "old/2") // over another
			p.write("old/2", 3, []byte("over"))
		case 4:
			p.remove(name) // and its number is used again
			p.write("next "+name, 0, noise(7, n/2+1))
		case 5:
			dir := fmt.Sprintf("made %d", n)
			p.dir(dir + "/sub")
			p.write(dir+"/sub/file", 0, noise(5, n))
		}
		p.write(fmt.Sprint("old/", 20+i%3), int64(i*50), noise(uint64(i), 40)) // of blocks, and of a full commit
		p.write("old/0", int64(i), noise(uint64(i), 10))                       // inline, and of a full commit
	}
	for i := range 12 { // out of an inline directory
		p.write(fmt.Sprintf("made 64/%d%s", i, strings.Repeat("x", i*5)), 0, noise(uint64(i), i))
	}
	p.write("last", 0, []byte("last"))
}

// TestFastCommitsOfInlineFiles has the kernel commit changes of inline files fast. What they held when they were synced is there when it is read through
// the fast commits and when they were replayed, and the kernel's replay agrees but for what it loses: the data of files that went to blocks, and
// the size of such directories.
func TestFastCommitsOfInlineFiles(t *testing.T) {
	for _, k := range inlineKinds {
		t.Run(k.name, func(t *testing.T) {
			synced, spilled := map[string][]byte{}, map[string]bool{}
			cut := cutFast(t, k.args, "rw", func(p *plant) { (&inlineFast{p, synced, spilled}).many() })
			through := mountMem(t, disk.NewMemFrom(bytes.Clone(cut)), ext4.Options{})
			before := readTree(t, through)
			wantSynced(t, through, synced)
			inline := 0
			for _, slot := range through.FastSlots() {
				var d ondisk.Inode
				if d.Decode(slot) == nil && d.Type() == ondisk.ModeRegular && d.Inline() {
					inline++
				}
			}
			if t.Logf("%d inline files in fast commits", inline); inline < 8 {
				t.Error("too few")
			}
			dev := disk.NewMemFrom(bytes.Clone(cut))
			fs := mountMem(t, dev, ext4.Options{ReadWrite: true})
			after := readTree(t, fs)
			wantSynced(t, fs, synced)
			if err := fs.Close(); err != nil {
				t.Fatal(err)
			}
			checkDevice(t, dev, time.Now())
			compareTrees(t, after, before, func(name string, n *node) {
				if fastBlocks(name, n); n.Mode&0xF000 == 0x4000 {
					n.Size = 0 // of a directory that got a block with its names
				}
			})

			r, err := fsck.Check(t.Context(), disk.NewMemFrom(bytes.Clone(cut)), fsck.Options{FastCommits: ext4.ApplyFastCommits})
			if err != nil || !r.Clean() {
				t.Errorf("as it was left: %v, %v", r, err)
			}

			im := &image{t, t.TempDir() + "/kernel"}
			writeFile(t, im.path, cut)
			dir, umount := im.kernelMount("rw,noatime")
			want := hostTree(t, dir)
			umount()
			compareTrees(t, after, want, func(name string, n *node) {
				if fastDirs(name, n); n.Mode&0xF000 == 0x4000 {
					n.Size = 0
				}
				if spilled[name] {
					n.Blocks, n.Sum = 0, [32]byte{}
				}
			})
		})
	}
}

// wantSynced wants files to hold this.
func wantSynced(t *testing.T, fs *ext4.FS, synced map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(synced)) {
		n := child(t, fs, strings.Split(name, "/")...)
		got, err := io.ReadAll(io.NewSectionReader(n, 0, n.Attr().Size))
		if err != nil || !bytes.Equal(got, synced[name]) {
			t.Errorf("%s: %d bytes, not the %d that were synced: %v", name, len(got), len(synced[name]), err)
		}
	}
	if len(synced) < 20 {
		t.Errorf("only %d files were synced", len(synced))
	}
}
