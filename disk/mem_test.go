package disk_test

import (
	"bytes"
	"testing"

	"extant/disk"
)

func TestMemSnapshotsAreIndependent(t *testing.T) {
	m := disk.NewMem(1 << 20)
	write(t, m, 5000, "before")
	s := m.Snapshot()
	write(t, m, 5000, "mother")
	write(t, s, 9000, "child")
	u := s.Snapshot()
	write(t, u, 5000, "gr")

	expect(t, m, 5000, "mother")
	expect(t, m, 9000, "\x00\x00\x00\x00\x00")
	expect(t, s, 5000, "before")
	expect(t, s, 9000, "child")
	expect(t, u, 5000, "grfore")
	expect(t, u, 9000, "child")
}

func write(t *testing.T, d disk.Device, off int64, s string) {
	t.Helper()
	if n, err := d.WriteAt([]byte(s), off); n != len(s) || err != nil {
		t.Fatalf("write %q at %d: %d, %v", s, off, n, err)
	}
}

func expect(t *testing.T, d disk.Device, off int64, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := d.ReadAt(got, off); err != nil {
		t.Fatalf("read at %d: %v", off, err)
	}
	if !bytes.Equal(got, []byte(want)) {
		t.Fatalf("at %d: %q, want %q", off, got, want)
	}
}
