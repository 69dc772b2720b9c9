package ext4_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
)

// shiftSteps are changes of a file that move what it has, or free much of it: of so many extents that one transaction cannot hold them.
var shiftSteps = []struct {
	name string
	do   func(n *ext4.Inode, blocks int64) error
}{
	{"collapse", func(n *ext4.Inode, blocks int64) error { return n.Fallocate(ext4.FallocCollapse, 2048, 6144) }},
	{"insert", func(n *ext4.Inode, blocks int64) error { return n.Fallocate(ext4.FallocInsert, 6144, 7168) }},
	{"collapse_most", func(n *ext4.Inode, blocks int64) error {
		return n.Fallocate(ext4.FallocCollapse, 1024, (blocks-10)*1024)
	}},
	{"punch", func(n *ext4.Inode, blocks int64) error { return n.Fallocate(ext4.FallocPunch, 1024, (blocks-10)*1024) }},
	{"zero", func(n *ext4.Inode, blocks int64) error { return n.Fallocate(ext4.FallocZeroKeep, 0, blocks/4*1024) }},
	{"truncate", func(n *ext4.Inode, blocks int64) error { return n.Truncate(3000) }},
}

// TestShiftCrashes stops the device at each flush while a file of many extents changes. Whatever part of the change is there then, the file system is
// sound, and the file has its blocks in their order, but for those that were to go.
func TestShiftCrashes(t *testing.T) {
	const pieces = 24_000
	s := newScratch(t, 96<<20, "-t ext4 -b 1024 -J size=1", ext4.Options{})
	n := s.file("f")
	block := make([]byte, 1024)
	for i := range int64(pieces) {
		binary.LittleEndian.PutUint64(block, uint64(i)+1)
		_, err := n.WriteAt(block, i*2048)
		s.must("write", err)
	}
	blocks := n.Attr().Size / 1024
	s.unmount()
	steps := shiftSteps
	if testing.Short() {
		steps = steps[:1]
	}
	for i, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			base := s.mem.Snapshot()
			rec := disktest.NewRecorder(base.Snapshot())
			fs, err := ext4.Mount(rec, s.o)
			if err != nil {
				t.Fatal(err)
			}
			if err := step.do(theFile(fs), blocks); err != nil {
				t.Fatal(err)
			}
			if err := fs.Close(); err != nil {
				t.Fatal(err)
			}
			states, cut := 0, base.Snapshot()
			for _, op := range rec.Trace() {
				if op.Kind == disktest.Flush {
					states++
					after := cut.Snapshot()
					inOrder(t, after, s.o, fmt.Sprint("flush ", states))
					checkDevice(t, after, s.tick)
				} else if err := op.Apply(cut); err != nil {
					t.Fatal(err)
				}
				if t.Failed() {
					return
				}
			}
			t.Log(states, "states")
			if i < 2 && states < 9 {
				t.Error("it was all one transaction")
			}
		})
	}
}

// inOrder mounts a device and sees that the blocks of the file that have anything in them follow each other as they were written.
func inOrder(t *testing.T, dev *disk.Mem, o ext4.Options, when string) {
	t.Helper()
	fs, err := ext4.Mount(dev, o)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	all := make([]byte, theFile(fs).Attr().Size)
	if _, err := theFile(fs).ReadAt(all, 0); err != nil && err != io.EOF {
		t.Fatalf("%s: %v", when, err)
	}
	last, have := uint64(0), 0
	for i, p := 0, all; len(p) >= 1024; i, p = i+1, p[1024:] {
		got := binary.LittleEndian.Uint64(p)
		if got == 0 && bytes.Equal(p[:1024], make([]byte, 1024)) {
			continue
		}
		if got <= last || !bytes.Equal(p[8:1024], make([]byte, 1016)) {
			t.Fatalf("%s: block %d holds that of %d behind that of %d", when, i, got, last)
		}
		last, have = got, have+1
	}
	t.Log(when, have, "blocks")
	if err := fs.Close(); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}
