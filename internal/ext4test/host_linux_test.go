package ext4test_test

import (
	"os"
	"testing"

	"extant/internal/ext4test"
)

// TestDirectory makes a directory of a rich tree and reads it back: description and snapshot agree in all that a host has.
func TestDirectory(t *testing.T) {
	if os.Geteuid() != 0 {
		ext4test.Lacking(t, "owners and devices need root")
	}
	s := ext4test.Rich(ext4test.Room{Block: 4096})
	dir := ext4test.TempDir(t)
	if err := s.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ext4test.ReadHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	ext4test.Same(t, got, s.Tree(), ext4test.Losses{Block: 64 << 10, ATimes: true})
}
