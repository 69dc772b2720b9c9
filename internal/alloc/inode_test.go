package alloc_test

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"extant/fsck"
	"extant/internal/alloc"
	"extant/internal/ondisk"
	"extant/mkfs"
)

// TestInodesAgainstModel gives out and takes back inodes at random.
func TestInodesAgainstModel(t *testing.T) {
	eachImage(t, func(t *testing.T, im *image) {
		r := rand.New(rand.NewPCG(11, uint64(len(t.Name()))))
		given := make(map[ondisk.Ino]bool)
		var list []ondisk.Ino
		for step := range 4000 {
			h := im.start()
			if r.IntN(5) < 3 || len(list) == 0 {
				q := alloc.InodeRequest{Parent: ondisk.RootIno, Dir: r.IntN(4) == 0, Hash: r.Uint32()}
				q.TopDir = q.Dir && r.IntN(3) == 0
				if len(list) > 0 && r.IntN(2) == 0 {
					q.Parent = list[r.IntN(len(list))]
				}
				ino, err := im.a.Inode(h, q)
				if err != nil || ino < im.sb.FirstFreeIno() || uint32(ino) > im.sb.InodesCount {
					t.Fatalf("step %d: inode %d: %v", step, ino, err)
				}
				if _, twice := given[ino]; twice {
					t.Fatalf("inode %d given out twice", ino)
				}
				given[ino] = q.Dir
				list = append(list, ino)
			} else {
				i := r.IntN(len(list))
				ino := list[i]
				list[i] = list[len(list)-1]
				list = list[:len(list)-1]
				if err := im.a.FreeInode(h, ino, given[ino]); err != nil {
					t.Fatal(err)
				}
				delete(given, ino)
			}
			stop(t, h)
			if step%1001 == 1000 {
				im.onlyInodes()
				im.mount(step%2 == 0)
			}
		}
		for _, ino := range list {
			h := im.start()
			if err := im.a.FreeInode(h, ino, given[ino]); err != nil {
				t.Fatal(err)
			}
			stop(t, h)
		}
		im.check()
		im.tablesZero()
	})
}

// onlyInodes wants nothing wrong with the image but inodes marked as in use that nothing refers to.
func (im *image) onlyInodes() {
	im.t.Helper()
	for _, f := range im.findings() {
		switch f.Code {
		case fsck.InodeMarked, fsck.GroupFreeInodes, fsck.GroupDirs, fsck.SuperFreeInodes:
		default:
			im.t.Errorf("%v", f)
		}
	}
}

// tablesZero wants zeros in every inode that may ever have been used, but in those of a fresh file system.
func (im *image) tablesZero() {
	im.t.Helper()
	zero := make([]byte, im.sb.InodeBytes())
	b := make([]byte, im.sb.BlockSize())
	per := len(b) / len(zero)
	for g := range ondisk.Group(im.sb.Groups()) {
		d := im.desc(g)
		used := int(im.sb.InodesPerGroup - d.ItableUnused())
		if !im.flagged() || d.Flags&ondisk.GroupInodeUninit != 0 {
			continue
		}
		for i := range used {
			if i%per == 0 {
				im.read(d.InodeTable()+ondisk.Block(i/per), b)
			}
			if g == 0 && i < 16 {
				continue
			}
			if string(b[i%per*len(zero):][:len(zero)]) != string(zero) {
				im.t.Fatalf("group %d, inode %d of the table holds old bytes", g, i)
			}
		}
	}
}

// TestInodesRunOut wants every inode, and then ENOSPC.
func TestInodesRunOut(t *testing.T) {
	im := newImage(t, "", mkfsSmall)
	_, free := im.a.Free()
	for range free {
		h := im.start()
		if _, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno}); err != nil {
			t.Fatal(err)
		}
		stop(t, h)
	}
	if _, free := im.a.Free(); free != 0 {
		t.Errorf("%d inodes free in the end", free)
	}
	h := im.start()
	if ino, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("inode %d, %v, when there are none", ino, err)
	}
	stop(t, h)
	im.onlyInodes()
}

// TestInodePlaces wants files beside their directory, and directories at the top apart.
func TestInodePlaces(t *testing.T) {
	for name, o := range map[string]mkfs.Options{"flex groups of four": mkfsFlex4, "one flex group": {Size: 1 << 30}} {
		t.Run(name, func(t *testing.T) { inodePlaces(t, newImage(t, "", o)) })
	}
}

func inodePlaces(t *testing.T, im *image) {
	h := im.start()
	groups := make(map[ondisk.Group]bool)
	for i := range 6 {
		dir, err := im.a.Inode(h, alloc.InodeRequest{Parent: ondisk.RootIno, Dir: true, TopDir: true, Hash: uint32(i * 977)})
		if err != nil {
			t.Fatal(err)
		}
		g, _ := im.sb.InodeGroup(dir)
		groups[g] = true
		for range 50 {
			file, err := im.a.Inode(h, alloc.InodeRequest{Parent: dir})
			if err != nil {
				t.Fatal(err)
			}
			if fg, _ := im.sb.InodeGroup(file); fg != g {
				t.Errorf("a file in group %d, its directory in group %d", fg, g)
			}
		}
	}
	if len(groups) < 6 {
		t.Errorf("6 directories at the top in %d groups", len(groups))
	}
	stop(t, h)
}
