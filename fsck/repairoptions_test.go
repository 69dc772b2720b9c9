package fsck_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/fsck"
	"extant/internal/ondisk"
)

// twice is an image with a block that two files claim, and its damage.
func twice(t *testing.T) (sound []byte, v *victim) {
	t.Helper()
	v = victimOf(t, "main", 0)
	sound = bytes.Clone(v.b)
	v.root(leaf, func(n ondisk.ExtentNode) { e := n.At(0); e.SetStart(v.dataBlock(large, 5000)); n.Set(0, e) })
	return sound, v
}

// TestRepairNothing wants nothing to be written where nothing is wrong, or nothing is to be repaired.
func TestRepairNothing(t *testing.T) {
	sound, v := twice(t)
	for _, c := range []struct {
		image []byte
		o     fsck.RepairOptions
		exit  int
	}{
		{sound, fsck.RepairOptions{Policy: fsck.Yes}, 0},
		{sound, fsck.RepairOptions{Policy: fsck.Preen}, 0},
		{v.b, fsck.RepairOptions{}, 4},
		{v.b, fsck.RepairOptions{Policy: fsck.Ask}, 4},
	} {
		rec := disktest.NewRecorder(disk.NewMemFrom(c.image))
		r, err := fsck.Repair(context.Background(), rec, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Trace()) != 0 || r.Changed() || r.ExitCode() != c.exit {
			t.Errorf("policy %v: %d operations, exit code %d, not %d", c.o.Policy, len(rec.Trace()), r.ExitCode(), c.exit)
		}
	}
}

// TestRepairAsks wants every finding to be asked about once, and the answers to be obeyed.
func TestRepairAsks(t *testing.T) {
	_, v := twice(t)
	v.file("many", func(n *ondisk.Inode) { n.LinksCount = 9 })
	asked := make(map[string]int)
	r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Ask, Ask: func(f fsck.Finding) bool {
		asked[fmt.Sprint(f.Code, f.Place)]++
		return f.Code != fsck.LinkCount
	}})
	for what, n := range asked {
		if n != 1 {
			t.Errorf("asked %d times about %s", n, what)
		}
	}
	if len(asked) < 4 {
		t.Errorf("asked about %v only", asked)
	}
	if left := check(t, after); len(left.Counts) != 1 || !left.Has(fsck.LinkCount) || r.ExitCode() != 4 {
		t.Errorf("left %v, exit code %d", left.Findings, r.ExitCode())
	}
	for _, d := range r.Did {
		if (d.Code == fsck.LinkCount) != (d.Outcome == fsck.Declined) {
			t.Errorf("%v: %v", d.Finding, d.Outcome)
		}
	}
}

// TestRepairDeletes wants one of two files that claim a block to go where that was asked for, and the other to be as it was.
func TestRepairDeletes(t *testing.T) {
	sound, v := twice(t)
	_, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes, Shared: fsck.Delete})
	wantClean(t, after)
	was, is := holdingsOf(sound), holdingsOf(after)
	_, kept := is["/"+leaf]
	_, whole := is["/"+large]
	if kept == whole {
		t.Errorf("leaf is there: %v, large: %v", kept, whole)
	}
	if whole && is["/"+large] != was["/"+large] {
		t.Error("large is not as it was")
	}
}

// TestRepairOptimises wants directories to be sorted and packed, with all that is in them as it was, in any kind of file system.
func TestRepairOptimises(t *testing.T) {
	for name := range victimKinds {
		if name == "mmp" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			v := victimOf(t, name, 0)
			image := v.b
			many, before := v.ino("htree"), holdingsOf(image)
			size := func(b []byte) uint64 {
				var n ondisk.Inode
				if err := n.Decode((&victim{t: t, b: b, sb: v.sb}).slot(many)); err != nil {
					t.Fatal(err)
				}
				return n.Size()
			}
			r, after := repaired(t, image, fsck.RepairOptions{Policy: fsck.Yes, Optimise: true})
			wantClean(t, after)
			if code, out, _ := e2fsck(t, after); code != 0 {
				t.Errorf("e2fsck exits with %d\n%s", code, out)
			}
			if !maps.Equal(before, holdingsOf(after)) {
				t.Error("what is in the file system is not what was")
			}
			if !r.Changed() || size(after) > size(image)+uint64(4*v.sb.BlockSize()) {
				t.Errorf("%d bytes written; htree had %d bytes and has %d", r.Written, size(image), size(after))
			}
		})
	}
}

// TestRepairConnects takes the names of 400 files, and wants all of them in lost+found.
func TestRepairConnects(t *testing.T) {
	for _, kind := range []string{"main", "old", "inline", "big"} {
		v := victimOf(t, kind, 0)
		v.inode(v.ino("htree"), func(n *ondisk.Inode) { n.Mode, n.LinksCount, n.DTime = 0, 0, 1<<30 })
		_, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes})
		wantClean(t, after)
		if code, out, _ := e2fsck(t, after); code != 0 {
			t.Errorf("%s: e2fsck exits with %d\n%s", kind, code, out)
		}
		n := 0
		for p := range holdingsOf(after) {
			if strings.HasPrefix(p, "/lost+found/#") {
				n++
			}
		}
		if n != 400 {
			t.Errorf("%s: %d files in lost+found", kind, n)
		}
	}
}

// TestRepairKeepsLimits wants a quota file that is written anew to have the limits of the old one.
func TestRepairKeepsLimits(t *testing.T) {
	v := victimOf(t, "quota", 0)
	file := ondisk.QuotaFile(ondisk.QuotaUser, []ondisk.QuotaEntry{{ID: 0, BlocksHard: 777}, {ID: 1, InodesSoft: 5}})
	n, err := v.fs.SystemInode(ondisk.UserQuotaIno)
	v.must(err)
	for m, err := range n.Mappings(0) {
		v.must(err)
		copy(v.b[m.Dev:][:m.Len], file[min(m.Off, int64(len(file))):])
	}
	v.inode(ondisk.UserQuotaIno, func(n *ondisk.Inode) { n.SetSize(uint64(len(file))) })
	r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes})
	wantClean(t, after)
	if !r.Before.Has(fsck.QuotaUsage) {
		t.Errorf("found %v", r.Before.Findings)
	}
	n, err = newVictim(t, after).fs.SystemInode(ondisk.UserQuotaIno)
	v.must(err)
	limits := make(map[uint32]ondisk.QuotaEntry)
	for e, err := range ondisk.QuotaEntries(n, n.Attr().Size, ondisk.QuotaUser) {
		v.must(err)
		limits[e.ID] = e
	}
	if limits[0].BlocksHard != 777 || limits[0].Inodes < 400 || limits[1].InodesSoft != 5 {
		t.Errorf("quotas are %v", limits)
	}
}

// TestRepairByCopy wants the copy of the super block that the options name to be taken, and to become the primary.
func TestRepairByCopy(t *testing.T) {
	_, v := twice(t)
	v.super(func(s *ondisk.Super) { s.FreeBlocksLo = 0; copy(s.VolumeName[:], "wrong") })
	r, after := repaired(t, v.b, fsck.RepairOptions{Policy: fsck.Yes, Options: fsck.Options{Backup: v.sb.GroupFirstBlock(1), BlockSize: 1024}})
	if wantClean(t, after); r.After.Super.Label() != "" || r.Before.Backup == nil {
		t.Errorf("label %q", r.After.Super.Label())
	}
}
