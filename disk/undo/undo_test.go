package undo_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/disk/undo"
)

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

func content(t *testing.T, dev disk.Device) []byte {
	t.Helper()
	b := make([]byte, dev.Size())
	if _, err := dev.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scribble writes here and there, and flushes now and then.
func scribble(t *testing.T, dev disk.Device, seed uint64, writes int) error {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	for i := range writes {
		b := noise(rnd.Uint64(), 1+rnd.IntN(9000))
		if _, err := dev.WriteAt(b, rnd.Int64N(dev.Size()-int64(len(b)))); err != nil {
			return err
		}
		if i%7 == 6 {
			if err := dev.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// restored reads the undo file and applies it to a copy of image.
func restored(t *testing.T, path string, image []byte) []byte {
	t.Helper()
	u, err := undo.Read(path)
	must(t, err)
	defer u.Close()
	dev := disk.NewMemFrom(bytes.Clone(image))
	must(t, u.Check(dev))
	must(t, u.Restore(dev))
	must(t, u.Check(dev)) // again: a restore may have been stopped on the way
	return content(t, dev)
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	disktest.TestDevice(t, func(size int64) disk.Device {
		f, err := os.CreateTemp(dir, "undo")
		must(t, err)
		f.Close()
		must(t, os.Remove(f.Name()))
		dev, err := undo.Open(f.Name(), disk.NewMem(size), "")
		must(t, err)
		return dev
	})
}

func TestRestore(t *testing.T) {
	for _, size := range []int{5000, 1 << 20, 12<<20 + 77} {
		image := noise(1, size)
		path := filepath.Join(t.TempDir(), "undo")
		dev := disk.NewMemFrom(bytes.Clone(image))
		d, err := undo.Open(path, dev, "about it")
		must(t, err)
		if size > 9000 {
			must(t, scribble(t, d, 2, 1500)) // more than waits in memory
		} else {
			_, err = d.WriteAt([]byte("changed"), 4990)
			must(t, err)
		}
		seen := content(t, d)
		must(t, d.Close())
		if !bytes.Equal(seen, content(t, dev)) || bytes.Equal(seen, image) {
			t.Fatalf("%d bytes: what was written is not what is on the device", size)
		}
		if got := restored(t, path, seen); !bytes.Equal(got, image) {
			t.Errorf("%d bytes: not what it was", size)
		}
		u, err := undo.Read(path)
		must(t, err)
		if !u.Finished() || u.About() != "about it" || u.Size() != int64(size) || u.Saved() == 0 {
			t.Errorf("finished %v, about %q, %d bytes, %d saved", u.Finished(), u.About(), u.Size(), u.Saved())
		}
		must(t, u.Close())
	}
}

// watched calls before ahead of every write, and fails from write number stop on.
type watched struct {
	disk.Device
	before func()
	stop   int
}

var errStop = errors.New("stopped")

func (w *watched) WriteAt(p []byte, off int64) (int, error) {
	w.before()
	if w.stop--; w.stop < 0 {
		n, _ := w.Device.WriteAt(p[:len(p)/2], off) // torn
		return n, errStop
	}
	return w.Device.WriteAt(p, off)
}

// TestEveryMoment wants the undo file to lead back from whatever the device holds when it is about to be written.
func TestEveryMoment(t *testing.T) {
	image := noise(3, 1<<20)
	path := filepath.Join(t.TempDir(), "undo")
	dev := disk.NewMemFrom(bytes.Clone(image))
	moments := 0
	w := &watched{Device: dev, stop: 1 << 30, before: func() {
		if moments++; moments%10 == 1 && !bytes.Equal(restored(t, path, content(t, dev)), image) {
			t.Errorf("ahead of write %d: the file does not lead back", moments)
		}
	}}
	d, err := undo.Open(path, w, "")
	must(t, err)
	must(t, scribble(t, d, 4, 60))
	must(t, d.Close())
	if moments < 100 {
		t.Errorf("%d writes seen", moments)
	}
}

// TestInterrupted stops at a write, goes on with the same file, and goes back to the beginning.
func TestInterrupted(t *testing.T) {
	image := noise(5, 1<<20)
	for stop := range 12 {
		path := filepath.Join(t.TempDir(), "undo")
		dev := disk.NewMemFrom(bytes.Clone(image))
		d, err := undo.Open(path, &watched{dev, func() {}, stop * 9}, "")
		must(t, err)
		if err := scribble(t, d, uint64(stop), 100); !errors.Is(err, errStop) {
			t.Fatal(err)
		}
		if !bytes.Equal(restored(t, path, content(t, dev)), image) {
			t.Errorf("stopped at write %d: the file does not lead back", stop*9)
		}
		d, err = undo.Open(path, dev, "")
		must(t, err)
		must(t, scribble(t, d, uint64(stop)+100, 30))
		must(t, d.Close())
		if !bytes.Equal(restored(t, path, content(t, dev)), image) {
			t.Errorf("stopped at write %d and gone on with: the file does not lead back", stop*9)
		}
		if _, err := undo.Open(path, dev, ""); !errors.Is(err, os.ErrExist) {
			t.Errorf("a finished file was gone on with: %v", err)
		}
	}
}

// made is an undo file of several batches, and the device that it belongs to.
func made(t *testing.T) (path string, image []byte, dev *disk.Mem) {
	image = noise(6, 1<<20)
	path = filepath.Join(t.TempDir(), "undo")
	dev = disk.NewMemFrom(bytes.Clone(image))
	d, err := undo.Open(path, dev, "")
	must(t, err)
	must(t, scribble(t, d, 7, 20))
	must(t, d.Close())
	return path, image, dev
}

// TestTorn cuts the file off, and damages it, everywhere: it leads back, or is refused, and never leads anywhere else.
func TestTorn(t *testing.T) {
	path, image, dev := made(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	now := content(t, dev)
	refused := 0
	try := func(what string, at int, b []byte) {
		must(t, os.WriteFile(path, b, 0o600))
		u, err := undo.Read(path)
		if err != nil {
			var format *undo.FormatError
			if !errors.As(err, &format) {
				t.Fatalf("%s %d: %v", what, at, err)
			}
			refused++
			return
		}
		defer u.Close()
		d := disk.NewMemFrom(bytes.Clone(now))
		if err := u.Check(d); err != nil {
			refused++
			return
		}
		must(t, u.Restore(d))
		if !bytes.Equal(content(t, d), image) {
			t.Errorf("%s %d: it led elsewhere", what, at)
		}
	}
	for at := 0; at < len(whole); at += 1000 {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		try("bit changed at", at, b)
	}
	if want := len(whole) / 2000; refused < want {
		t.Errorf("%d of the damaged files were refused, under %d", refused, want)
	}
	for at := 0; at < len(whole); at += 1000 {
		try("cut at", at, whole[:at])
	}
}

func TestForeign(t *testing.T) {
	path, _, dev := made(t)
	u, err := undo.Read(path)
	must(t, err)
	defer u.Close()
	now := content(t, dev)
	foreign := func(what string, b []byte) {
		var e *undo.ForeignError
		if err := u.Check(disk.NewMemFrom(b)); !errors.As(err, &e) {
			t.Errorf("%s: %v", what, err)
		}
	}
	foreign("another", noise(9, len(now)))
	foreign("longer", append(bytes.Clone(now), 0))
	// What was changed since is found in what was saved, and in what was not but is a sample: here that is all.
	for at := 0; at < len(now); at += 4096 {
		b := bytes.Clone(now)
		b[at+9]++
		foreign("changed since", b)
	}
	must(t, u.Check(dev))
}

func TestNothingChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo")
	dev := disk.NewMem(1 << 20)
	d, err := undo.Open(path, dev, "")
	must(t, err)
	must(t, d.Close())
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

// unreadable cannot be read from its second MiB on.
type unreadable struct{ *disk.Mem }

func (u unreadable) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > 1<<20 {
		return 0, errStop
	}
	return u.Mem.ReadAt(p, off)
}

// TestUnsaved wants a device unchanged where its old content cannot be saved.
func TestUnsaved(t *testing.T) {
	dev := disk.NewMemFrom(noise(8, 2<<20))
	before := content(t, dev)
	d, err := undo.Open(filepath.Join(t.TempDir(), "undo"), unreadable{dev}, "")
	must(t, err)
	if _, err := d.WriteAt([]byte("new"), 1<<20+5); !errors.Is(err, errStop) {
		t.Errorf("written without being saved: %v", err)
	}
	must(t, d.Close())
	if !bytes.Equal(content(t, dev), before) {
		t.Error("the device was changed")
	}
}

// TestNoUndo wants files that are no undo files left alone.
func TestNoUndo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	var format *undo.FormatError
	if _, err := undo.Open(path, disk.NewMem(1<<20), ""); !errors.As(err, &format) {
		t.Error(err)
	}
	if b, err := os.ReadFile(path); string(b) != "mine" {
		t.Error(b, err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	if _, err := undo.Read("/dev/full"); !errors.As(err, &format) {
		t.Error(err)
	}
}
