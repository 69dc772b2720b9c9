package disk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"extant/disk"

	"golang.org/x/sys/unix"
)

// TestCloseGivesLockUp closes a file whose descriptor somebody else has too, as a child has while it is being started.
func TestCloseGivesLockUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	writer, err := disk.Create(path, 4096)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(descriptorOf(t, path))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := disk.Open(path, disk.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// descriptorOf finds the descriptor by which this process has a file open.
func descriptorOf(t *testing.T, path string) int {
	t.Helper()
	for fd := range 1024 {
		if to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && to == path {
			return fd
		}
	}
	t.Fatalf("%s is not open", path)
	return 0
}
