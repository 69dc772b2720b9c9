package ext4_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/fsck"
	"extant/internal/ondisk"
)

// orphanDamage damages an orphan, of three.
var orphanDamage = []struct {
	name, args string
	damage     func(o *orphanVictim)
	lost       bool // the list ends at the damage
}{
	{"extent leaf", "", func(o *orphanVictim) { o.flip(int64(o.meta)*1024 + 20) }, false},
	{"extent", ",^metadata_csum", func(o *orphanVictim) { o.write(int64(o.meta)*1024+12+6, []byte{0xff, 0x7f}) }, false},
	{"extent pointer", "", func(o *orphanVictim) { o.editSlot(func(d *ondisk.Inode) { d.IBlock[16] = 0xff; d.IBlock[19] = 0x7f }) }, false},
	{"map pointer", ",^extent,^64bit", func(o *orphanVictim) { o.write(int64(o.meta)*1024+3*4, []byte{0xff, 0xff, 0xff, 0x7f}) }, false},
	{"map", ",^extent,^64bit", func(o *orphanVictim) { o.editSlot(func(d *ondisk.Inode) { d.IBlock[51] = 0x7f }) }, false},
	{"xattr block", "", func(o *orphanVictim) { o.flip(int64(o.xattrs) * 1024) }, false},
	{"slot", "", func(o *orphanVictim) { o.flip(o.slot + 0x10) }, true},
	{"mode", "", func(o *orphanVictim) { o.editSlot(func(d *ondisk.Inode) { d.Mode = 0 }) }, true},
	{"loop", "", func(o *orphanVictim) { o.editSlot(func(d *ondisk.Inode) { d.DTime = uint32(o.inos[2]) }) }, false},
}

// orphanVictim is a file system with three orphans as a crash leaves it, the second of which is going to be damaged.
type orphanVictim struct {
	*scratch
	inos         []ondisk.Ino
	meta, xattrs ondisk.Block // of the second
	slot         int64
	freeInodes   uint32 // when all are freed
}

func newOrphanVictim(t *testing.T, args string, policy ext4.ErrorPolicy) *orphanVictim {
	t.Helper()
	o := &orphanVictim{scratch: newScratch(t, 16<<20, "-t ext4 -b 1024 "+args, ext4.Options{Errors: policy})}
	o.damaged = true
	o.freeInodes = o.fs.Super().FreeInodesCount
	for i := range 3 {
		name := fmt.Sprint("f", i)
		n := o.file(name)
		for i := range int64(8) {
			_, err := n.WriteAt(make([]byte, 1024), i*20<<10)
			o.must("write", err)
		}
		o.must("setxattr", n.SetXattr("user.x", fmt.Appendf(nil, "%700d", i), 0))
		o.must("fsync", n.Fsync())
		for m, err := range n.MetaBlocks() {
			o.must("walk", err)
			if i == 1 && (m.Kind == ext4.ExtentNode || m.Kind == ext4.IndirectBlock) && o.meta == 0 {
				o.meta = m.Block
			}
		}
		if o.inos = append(o.inos, n.Ino()); i == 1 {
			at, err := o.fs.InodeSlot(n.Ino())
			o.must("slot", err)
			o.slot, o.xattrs = int64(at.Block)*1024+int64(at.Offset), n.XattrBlock()
		}
		o.must("hold", n.Hold())
		o.must("unlink", o.root().Unlink(name, nil))
	}
	o.must("freeze", o.fs.Freeze()) // so that the journal holds nothing that would undo the damage
	o.mem = o.mem.Snapshot()
	o.dev, o.fs = o.mem, nil
	return o
}

func (o *orphanVictim) write(off int64, b []byte) {
	_, err := o.mem.WriteAt(b, off)
	o.must("write", err)
}

func (o *orphanVictim) flip(off int64) {
	b := make([]byte, 1)
	_, err := o.mem.ReadAt(b, off)
	o.must("read", err)
	o.write(off, []byte{b[0] ^ 0x55})
}

// editSlot changes the inode to be damaged, which then has a good checksum.
func (o *orphanVictim) editSlot(change func(d *ondisk.Inode)) {
	sb := superOf(o.t, o.mem)
	slot := make([]byte, sb.InodeBytes())
	_, err := o.mem.ReadAt(slot, o.slot)
	o.must("read", err)
	var d ondisk.Inode
	o.must("decode", d.Decode(slot))
	change(&d)
	d.Encode(slot)
	ondisk.SetInodeCsum(sb.CsumSeed(), o.inos[1], slot)
	o.write(o.slot, slot)
}

// TestDamagedOrphans mounts file systems to write of which one orphan is damaged: that is told as any damage is, and the others are freed.
func TestDamagedOrphans(t *testing.T) {
	for _, where := range []string{"-O ^orphan_file", "-O orphan_file"} {
		for _, c := range orphanDamage {
			if c.name == "loop" && where == "-O orphan_file" {
				continue
			}
			t.Run(c.name+where, func(t *testing.T) {
				o := newOrphanVictim(t, where+c.args, ext4.ErrorsContinue)
				c.damage(o)
				o.mount()
				sb := o.fs.Super()
				if sb.State&ondisk.StateError == 0 || sb.ErrorCount == 0 || sb.FirstErrorIno != uint32(o.inos[1]) && c.name != "loop" {
					t.Errorf("state %#x, %d errors, first of inode %d, not %d", sb.State, sb.ErrorCount, sb.FirstErrorIno, o.inos[1])
				}
				left := uint32(1)
				if c.lost && where == "-O ^orphan_file" {
					left = 2
				}
				if sb.FreeInodesCount != o.freeInodes-left {
					t.Errorf("%d inodes are free, of %d that were", sb.FreeInodesCount, o.freeInodes)
				}
				_, err := o.root().Create("new", ext4.NewAttr{Mode: 0o644})
				o.must("create", err)
				o.remount()
				o.unmount()
				if sb := superOf(t, o.mem); where == "-O orphan_file" && !sb.HasROCompat(ondisk.ROCompatOrphanPresent) ||
					where != "-O orphan_file" && c.name != "loop" && sb.LastOrphan != uint32(o.inos[1]) {
					t.Errorf("the damaged inode is no orphan any more: first orphan %d", sb.LastOrphan)
				}
				o.mended()
			})
		}
	}
}

// mended has our checker and e2fsck mend copies of what there is, and wants a file system with one file and no orphans.
func (o *orphanVictim) mended() {
	o.t.Helper()
	dev := o.mem.Snapshot()
	_, err := fsck.Repair(context.Background(), dev, fsck.RepairOptions{Policy: fsck.Yes})
	o.must("repair", err)
	checkDevice(o.t, dev, o.tick)
}

// TestDamagedOrphansReadOnly is TestDamagedOrphans where damage makes the file system read-only: it is mounted, and reads.
func TestDamagedOrphansReadOnly(t *testing.T) {
	for _, where := range []string{"-O ^orphan_file", "-O orphan_file"} {
		for _, c := range orphanDamage[:3] {
			o := newOrphanVictim(t, where+c.args, ext4.ErrorsReadOnly)
			c.damage(o)
			o.mount()
			if _, err := o.root().Create("new", ext4.NewAttr{Mode: 0o644}); err != syscall.EROFS {
				t.Errorf("%s %s: a change: %v", c.name, where, err)
			}
			_, err := o.root().Child("lost+found")
			o.must("read", err)
			o.unmount()
			if sb := superOf(t, o.mem); sb.State&ondisk.StateError == 0 || sb.FirstErrorIno != uint32(o.inos[1]) {
				t.Errorf("%s %s: state %#x, first error of inode %d", c.name, where, sb.State, sb.FirstErrorIno)
			}
			o.mended()
		}
	}
}

// TestDamagedOrphanFile mounts a file system of whose orphan file a block is damaged: it is left alone, and new orphans are in the list.
func TestDamagedOrphanFile(t *testing.T) {
	o := newOrphanVictim(t, "-O orphan_file", ext4.ErrorsContinue)
	sb := superOf(t, o.mem)
	file := o.fileBlocks(ondisk.Ino(sb.OrphanFileInum))
	for _, b := range file {
		o.flip(int64(b)*1024 + 512)
	}
	o.mount()
	n, err := o.root().Tmpfile(ext4.NewAttr{Mode: 0o600})
	o.must("tmpfile", err)
	if sb := o.fs.Super(); sb.LastOrphan != uint32(n.Ino()) || sb.ErrorCount != uint32(len(file)) {
		t.Errorf("first orphan %d, %d errors", sb.LastOrphan, sb.ErrorCount)
	}
	o.unmount()
	if sb := superOf(t, o.mem); sb.LastOrphan != 0 || !sb.HasROCompat(ondisk.ROCompatOrphanPresent) || sb.State&ondisk.StateError == 0 {
		t.Errorf("first orphan %d, orphan file said to be empty: %v, state %#x", sb.LastOrphan, !sb.HasROCompat(ondisk.ROCompatOrphanPresent), sb.State)
	}
	o.mended()
}

// fileBlocks are the blocks of an inode of the device, which is not mounted.
func (o *orphanVictim) fileBlocks(ino ondisk.Ino) (list []ondisk.Block) {
	fs, err := ext4.Mount(o.mem, ext4.Options{NoLoad: true})
	o.must("mount", err)
	n, err := fs.SystemInode(ino)
	o.must("inode", err)
	for m, err := range n.Mappings(0) {
		o.must("map", err)
		for off := int64(0); off < m.Len; off += 1024 {
			list = append(list, ondisk.Block((m.Dev+off)/1024))
		}
	}
	return list
}
