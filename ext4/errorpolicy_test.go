package ext4_test

import (
	"errors"
	"syscall"
	"testing"

	"extant/ext4"
	"extant/internal/ondisk"
)

// damageSteps meet damage in the extent tree of a file.
var damageSteps = []struct {
	name string
	do   func(n *ext4.Inode) error
}{
	{"read", func(n *ext4.Inode) error { _, err := n.ReadAt(make([]byte, 10), 0); return err }},
	{"write", func(n *ext4.Inode) error { _, err := n.WriteAt([]byte("x"), 5); return err }},
	{"append", func(n *ext4.Inode) error { _, _, err := n.Append(make([]byte, 1024)); return err }},
	{"truncate", func(n *ext4.Inode) error { return n.Truncate(10) }},
	{"punch", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocPunch, 0, 1024) }},
	{"fallocate", func(n *ext4.Inode) error { return n.Fallocate(ext4.FallocAllocate, 0, 4096) }},
	{"seek", func(n *ext4.Inode) error { _, err := n.SeekData(0); return err }},
	{"mappings", func(n *ext4.Inode) error {
		for _, err := range n.Mappings(0) {
			return err
		}
		return nil
	}},
	{"store", func(n *ext4.Inode) error {
		m, err := n.Map(0, 1024, ext4.MapWrite)
		if err != nil {
			return err
		}
		defer m.Close()
		return m.Store(0, 1, 'x')
	}},
}

// newDamaged makes a file system, the file f of which has a tree whose one leaf is damaged.
func newDamaged(t *testing.T, inSuper uint16, policy ext4.ErrorPolicy) *scratch {
	t.Helper()
	s := newScratch(t, 16<<20, "-t ext4 -b 1024", ext4.Options{Errors: policy})
	s.damaged = true
	n := s.file("f")
	for i := range int64(6) {
		_, err := n.WriteAt(make([]byte, 1024), i*2048)
		s.must("write", err)
	}
	s.must("fsync", n.Fsync())
	leaf := int64(0)
	for m, err := range n.MetaBlocks() {
		s.must("walk", err)
		leaf = int64(m.Block) * 1024
	}
	s.unmount()
	raw := make([]byte, 1)
	if inSuper != 0 {
		s.editSuper(func(sb *ondisk.Super) { sb.Errors = inSuper })
	}
	_, err := s.mem.ReadAt(raw, leaf+20)
	s.must("read", err)
	raw[0] ^= 1
	_, err = s.mem.WriteAt(raw, leaf+20)
	s.must("damage", err)
	s.mount()
	return s
}

// TestErrorPolicies meets damage under each policy: it is told and recorded, and what else it leads to is what the policy says.
func TestErrorPolicies(t *testing.T) {
	for _, p := range []struct {
		name    string
		inSuper uint16
		policy  ext4.ErrorPolicy
		goesOn  bool
	}{
		{"continue", 0, ext4.ErrorsContinue, true},
		{"read_only", 0, ext4.ErrorsReadOnly, false},
		{"super_continue", ondisk.ErrorsContinue, ext4.ErrorsDefault, true},
		{"super_read_only", ondisk.ErrorsReadOnly, ext4.ErrorsDefault, false},
		{"super_panic", ondisk.ErrorsPanic, ext4.ErrorsDefault, false},
		{"panic", 0, ext4.ErrorsPanic, false},
	} {
		for _, step := range damageSteps {
			t.Run(p.name+"/"+step.name, func(t *testing.T) {
				s := newDamaged(t, p.inSuper, p.policy)
				n := s.again("f")
				err, panicked := caught(func() error { return step.do(n) })
				var damage *ext4.CorruptError
				if !errors.As(err, &damage) || damage.Ino != n.Ino() || panicked != (p.policy == ext4.ErrorsPanic) {
					t.Errorf("%v, panic: %v", err, panicked)
				}
				_, err = s.root().Create("other", ext4.NewAttr{Mode: 0o644})
				if p.goesOn && err != nil || !p.goesOn && err != syscall.EROFS {
					t.Errorf("a change after it: %v", err)
				}
				s.unmount()
				sb := superOf(t, s.mem)
				if sb.State&ondisk.StateError == 0 || sb.ErrorCount == 0 || sb.FirstErrorIno != uint32(n.Ino()) {
					t.Errorf("state %#x, %d errors, first of inode %d", sb.State, sb.ErrorCount, sb.FirstErrorIno)
				}
			})
		}
	}
}

// caught returns the error of f, or the one that it panics with.
func caught(f func() error) (err error, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			err, panicked = p.(error), true
		}
	}()
	return f(), false
}
