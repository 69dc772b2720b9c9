package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
)

func TestOneWriterOrManyReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	holder := map[string]func() (*disk.File, error){
		"writer":        func() (*disk.File, error) { return disk.Open(path, disk.ReadWrite) },
		"reader":        func() (*disk.File, error) { return disk.Open(path, disk.ReadOnly) },
		"shared reader": func() (*disk.File, error) { return disk.Open(path, disk.ReadOnly|disk.Shared) },
		"creator":       func() (*disk.File, error) { return disk.Create(path, 4096) },
	}
	for _, c := range []struct{ first, second, refusal string }{
		{"writer", "writer", "in use by another writer"},
		{"writer", "creator", "in use by another writer"},
		{"creator", "writer", "in use by another writer"},
		{"writer", "reader", "in use by a writer"},
		{"writer", "shared reader", ""},
		{"reader", "writer", "in use by a reader"},
		{"reader", "creator", "in use by a reader"},
		{"reader", "reader", ""},
		{"reader", "shared reader", ""},
		{"shared reader", "writer", ""},
	} {
		os.WriteFile(path, []byte("precious"), 0o666)
		first, err := holder[c.first]()
		if err != nil {
			t.Fatalf("%s: %v", c.first, err)
		}
		second, err := holder[c.second]()
		switch {
		case c.refusal == "" && err != nil:
			t.Errorf("%s after %s: %v", c.second, c.first, err)
		case c.refusal != "" && (err == nil || !errors.Is(err, syscall.EBUSY) || !strings.HasPrefix(err.Error(), path+" is "+c.refusal)):
			t.Errorf("%s after %s: %v, want %s", c.second, c.first, err, c.refusal)
		}
		if b, _ := os.ReadFile(path); c.first != "creator" && string(b) != "precious" {
			t.Errorf("%s after %s: the content is gone", c.second, c.first)
		}
		if err == nil {
			second.Close()
		}
		first.Close()
		if third, err := holder["writer"](); err != nil {
			t.Errorf("writer after %s has closed: %v", c.first, err)
		} else {
			third.Close()
		}
	}
}

func TestReadOnlyRefusesChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := disk.Open(path, disk.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), path) {
		t.Errorf("write: %v", err)
	}
	if err := f.Discard(0, 1); !errors.Is(err, syscall.EROFS) {
		t.Errorf("discard: %v", err)
	}
	if _, err := f.CopyFrom(0, os.Stdin, 0, 1); !errors.Is(err, syscall.EROFS) {
		t.Errorf("copy: %v", err)
	}
	if err := f.Flush(); err != nil {
		t.Errorf("flush: %v", err)
	}
	expect(t, f, 0, "content")
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]error{
		dir:                           syscall.EISDIR,
		filepath.Join(dir, "missing"): fs.ErrNotExist,
		os.DevNull:                    syscall.EINVAL,
	} {
		var pe *fs.PathError
		if _, err := disk.Open(path, disk.ReadWrite); !errors.Is(err, want) || !errors.As(err, &pe) || pe.Path != path {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	path := filepath.Join(dir, "disk.img")
	os.WriteFile(path, nil, 0o666)
	for _, flags := range []disk.Flag{disk.ReadWrite | disk.Shared, disk.NoReplace, 1 << 20} {
		if _, err := disk.Open(path, flags); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("flags %d: %v, want EINVAL", flags, err)
		}
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, []byte("what was there before"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Create(path, 10, disk.NoReplace); !errors.Is(err, fs.ErrExist) {
		t.Errorf("no replace: %v", err)
	}
	f, err := disk.Create(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, f, 0, strings.Repeat("\x00", 10))
	f.Close()

	fresh := filepath.Join(t.TempDir(), "fresh.img")
	for _, size := range []int64{-1, 1<<63 - 1} {
		if f, err := disk.Create(fresh, size); err == nil {
			f.Close() // a file system that can
			os.Remove(fresh)
		}
		if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("size %d: left a file behind: %v", size, err)
		}
	}
}

// A reader that asked to share an image sees a clear error when it shrinks.
func TestFileCutShort(t *testing.T) {
	f := newFile(t, 8192)
	if err := os.Truncate(f.Name(), 5000); err != nil {
		t.Fatal(err)
	}
	n, err := f.ReadAt(make([]byte, 8192), 0)
	if n != 5000 || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), f.Name()) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestFileHoles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the size of holes is known on Linux's file systems only")
	}
	f := newFile(t, 64<<20)
	if n, err := f.Allocated(); n != 0 || err != nil {
		t.Errorf("a new file takes %d bytes, %v", n, err)
	}
	if _, _, err := f.NextData(0); err != io.EOF {
		t.Errorf("a new file has data: %v", err)
	}
	write(t, f, 32<<20, strings.Repeat("data", 1<<20))
	if start, end, err := f.NextData(5); start != 32<<20 || end != 36<<20 || err != nil {
		t.Errorf("data from %d to %d, %v", start, end, err)
	}
	if err := f.Discard(33<<20-1, 2<<20); err != nil {
		t.Fatal(err)
	}
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Allocated(); n < 2<<20 || n > 2<<20+65536 || err != nil {
		t.Errorf("with a hole the file takes %d bytes, %v", n, err)
	}
	expect(t, f, 33<<20-3, "at\x00\x00")
	expect(t, f, 35<<20-2, "\x00adat")
}

func TestCopyFrom(t *testing.T) {
	src, err := os.Create(filepath.Join(t.TempDir(), "src"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.WriteAt([]byte(strings.Repeat("0123456789", 100_000)), 0); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]disk.Device{
		"file": newFile(t, 1<<20), "mem": disk.NewMem(1 << 20), "window": window(t, newFile(t, 2<<20), 77, 1<<20),
	} {
		if n, err := disk.CopyFrom(d, 5, src, 3, 700_000); n != 700_000 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		expect(t, d, 4, "\x003456")
		expect(t, d, 5+699_995, "89012\x00")
		if n, err := disk.CopyFrom(d, 0, src, 999_990, 50); n != 10 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: beyond the end of the source: %d, %v", name, n, err)
		}
		if n, err := disk.CopyFrom(d, 1<<20-5, src, 0, 6); n != 0 || !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: beyond the end of the device: %d, %v", name, n, err)
		}
	}
}
