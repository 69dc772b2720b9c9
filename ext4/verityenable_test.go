package ext4_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extant/disk"
	"extant/disk/disktest"
	"extant/ext4"
	"extant/internal/ext4test"
	"extant/internal/ondisk"
)

// TestEnableVerity protects files and wants what fsverity(1) says of the same content, and that nobody changes them any more.
func TestEnableVerity(t *testing.T) {
	for _, c := range []struct {
		args string
		data ext4.DataMode
		size int
		o    ext4.VerityOptions
	}{
		{"-b 4096", ext4.DataOrdered, 0, ext4.VerityOptions{}},
		{"-b 4096", ext4.DataOrdered, 1, ext4.VerityOptions{Salt: []byte("salt")}},
		{"-b 4096 -O inline_data", ext4.DataOrdered, 100, ext4.VerityOptions{}},
		{"-b 4096 -O inline_data", ext4.DataOrdered, 0, ext4.VerityOptions{}},
		{"-b 4096", ext4.DataOrdered, 4096, ext4.VerityOptions{Algorithm: ondisk.VeritySHA512}},
		{"-b 4096", ext4.DataJournal, 700_001, ext4.VerityOptions{Salt: bytes.Repeat([]byte("x"), 32)}},
		{"-b 4096", ext4.DataOrdered, 1_700_001, ext4.VerityOptions{BlockSize: 1024}},
		{"-b 1024", ext4.DataWriteback, 700_001, ext4.VerityOptions{Algorithm: ondisk.VeritySHA512, Salt: []byte("y")}},
		{"-b 1024 -O ^has_journal", ext4.DataOrdered, 3_000_000, ext4.VerityOptions{}},
		{"-b 4096 -O bigalloc -C 16384", ext4.DataOrdered, 9_000_000, ext4.VerityOptions{BlockSize: 2048}},
	} {
		t.Run(fmt.Sprint(c.args, c.data, c.size), func(t *testing.T) {
			s := newScratch(t, 64<<20, "-t ext4 "+verityFeature(c.args), ext4.Options{Data: c.data})
			want := noise(5, c.size)
			n := s.file("file")
			_, err := n.WriteAt(want, 0)
			s.must("write", err)
			s.must("keep", n.Fallocate(ext4.FallocKeepSize, int64(c.size), 300_000))
			s.must("enable", n.EnableVerity(c.o))
			protected(t, n, want)
			alg, digest, err := n.MeasureVerity()
			s.must("measure", err)
			sb := s.fs.Super()
			if got, want := hex.EncodeToString(digest), fsverityDigest(t, want, c.o, sb.BlockSize()); got != want {
				t.Errorf("algorithm %d: %s, fsverity says %s", alg, got, want)
			}
			s.remount()
			protected(t, s.at("file"), want)
			s.must("rename", s.root().Rename("file", s.root(), "other", ext4.RenameOptions{}))
			if c.size > 10_000 {
				s.must("unlink", s.root().Unlink("other", nil))
			}
		})
	}
}

// verityFeature adds the feature to the letters of mke2fs.
func verityFeature(args string) string {
	if strings.Contains(args, "-O ") {
		return strings.Replace(args, "-O ", "-O verity,", 1)
	}
	return args + " -O verity"
}

// protected wants the content of a file, and every change of it refused.
func protected(t *testing.T, n *ext4.Inode, want []byte) {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(n, 0, int64(len(want))+100))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
	_, write := n.WriteAt([]byte("x"), 0)
	_, mapped := n.Map(0, 4096, ext4.MapWrite)
	for what, err := range map[string]error{
		"write": write, "map": mapped, "truncate": n.Truncate(0), "grow": n.Truncate(1 << 20),
		"fallocate": n.Fallocate(ext4.FallocAllocate, 0, 4096), "punch": n.Fallocate(ext4.FallocPunch, 0, 4096),
	} {
		if err != syscall.EPERM {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := n.EnableVerity(ext4.VerityOptions{}); err != syscall.EEXIST {
		t.Errorf("protected again: %v", err)
	}
}

// fsverityDigest is what fsverity(1) says of a file with that content.
func fsverityDigest(t *testing.T, data []byte, o ext4.VerityOptions, blockSize int) string {
	t.Helper()
	path := filepath.Join(ext4test.TempDir(t), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	if o.BlockSize == 0 {
		o.BlockSize = min(blockSize, 4096)
	}
	args := []string{"digest", "--compact", "--block-size", fmt.Sprint(o.BlockSize), path}
	if o.Algorithm == ondisk.VeritySHA512 {
		args = append(args, "--hash-alg", "sha512")
	}
	if len(o.Salt) > 0 {
		args = append(args, "--salt", hex.EncodeToString(o.Salt))
	}
	out, err := exec.Command(tool(t, "fsverity"), args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestVerityRefused wants an error that says why from what cannot be protected.
func TestVerityRefused(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O verity -b 4096", ext4.Options{})
	plain := newScratch(t, 16<<20, "-t ext4 -b 4096", ext4.Options{})
	n := s.file("file")
	append := s.file("append")
	s.must("flag", append.SetFlags(append.Attr().Flags|ondisk.InodeAppend))
	for what, c := range map[string]struct{ got, want error }{
		"no feature": {plain.file("file").EnableVerity(ext4.VerityOptions{}), syscall.EOPNOTSUPP},
		"directory":  {s.root().EnableVerity(ext4.VerityOptions{}), syscall.EISDIR},
		"append":     {append.EnableVerity(ext4.VerityOptions{}), syscall.EPERM},
		"algorithm":  {n.EnableVerity(ext4.VerityOptions{Algorithm: 3}), syscall.EINVAL},
		"block size": {n.EnableVerity(ext4.VerityOptions{BlockSize: 8192}), syscall.EINVAL},
		"salt":       {n.EnableVerity(ext4.VerityOptions{Salt: make([]byte, 33)}), syscall.EMSGSIZE},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	if _, _, err := n.MeasureVerity(); err == nil {
		t.Error("a file without was measured")
	}
}

// TestVerityMapped stores through a mapping that was there before the file was protected, and reads by one what is damaged.
func TestVerityMapped(t *testing.T) {
	s := newScratch(t, 16<<20, "-t ext4 -O verity -b 4096", ext4.Options{})
	n := s.file("file")
	want := noise(6, 20_000)
	_, err := n.WriteAt(want, 0)
	s.must("write", err)
	m, err := n.Map(0, 20_000, ext4.MapWrite)
	s.must("map", err)
	_, err = m.WriteAt([]byte("stored"), 5000)
	s.must("store", err)
	copy(want[5000:], "stored")
	s.must("enable", n.EnableVerity(ext4.VerityOptions{}))
	if _, err := m.WriteAt([]byte("late"), 5000); err != syscall.EPERM {
		t.Errorf("a store to a file that is protected: %v", err)
	}
	s.must("close", m.Close())
	protected(t, n, want)
	for at, err := range n.Mappings(0) {
		s.must("mappings", err)
		if at.Off == 0 {
			damaged := []byte{want[4096] ^ 1}
			_, err = s.dev.WriteAt(damaged, at.Dev+4096)
			s.must("damage", err)
		}
	}
	s.remount()
	n = s.at("file")
	m, err = n.Map(0, 20_000, 0)
	s.must("map", err)
	var corrupt *ext4.CorruptError
	for what, r := range map[string]io.ReaderAt{"file": n, "mapping": m} {
		p := make([]byte, 4096)
		if _, err := r.ReadAt(p, 4096); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v, want a *CorruptError", what, err)
		}
		if _, err := r.ReadAt(p, 8192); err != nil || !bytes.Equal(p, want[8192:][:4096]) {
			t.Errorf("%s: %v where nothing is damaged", what, err)
		}
	}
	s.must("close", m.Close())
}

// TestVerityNoSpace protects files where there is no room: they are as they were, and can be written.
func TestVerityNoSpace(t *testing.T) {
	for _, args := range []string{"-t ext4 -O verity,^has_journal -b 1024", "-t ext4 -O verity -b 1024"} {
		s := newScratch(t, 4<<20, args, ext4.Options{})
		want := noise(7, 300_000)
		var files []*ext4.Inode
		for err := error(nil); err == nil; {
			n := s.file(fmt.Sprint(len(files)))
			files = append(files, n)
			_, err = n.WriteAt(want, 0)
		}
		s.must("sync", s.fs.Sync())
		n := files[0]
		if err := n.EnableVerity(ext4.VerityOptions{}); err != syscall.ENOSPC {
			t.Fatalf("protected where no room is left: %v", err)
		}
		_, err := n.WriteAt(want[:10], 100)
		s.must("write", err)
		copy(want[100:], want[:10])
		s.must("unlink", s.root().Unlink("1", nil))
		s.must("enable", n.EnableVerity(ext4.VerityOptions{}))
		protected(t, n, want)
	}
}

// TestVerityFaults makes each operation of the device fail in turn while a file is protected.
func TestVerityFaults(t *testing.T) {
	base := filledImage(t, "-t ext4 -O verity,inline_data -b 1024")
	run := func(dev disk.Device, n int) int {
		f := disktest.NewFaulty(dev, disktest.Nth(n, disktest.Fail(syscall.EIO)))
		fs, err := ext4.Mount(f, raceOptions(ext4.Options{}))
		if err != nil {
			return f.Ops()
		}
		defer fs.Close()
		root, err := fs.Root()
		if err != nil {
			return f.Ops()
		}
		file, err := root.Child("f")
		if err != nil {
			return f.Ops()
		}
		if _, err := file.WriteAt(noise(9, 60_000), 0); err != nil {
			return f.Ops()
		}
		err = file.EnableVerity(ext4.VerityOptions{})
		if protected := file.Attr().Flags&ondisk.InodeVerity != 0; protected != (err == nil) {
			t.Errorf("operation %d: protected %v, %v", n, protected, err)
		}
		return f.Ops()
	}
	ops := run(base.Snapshot(), 1<<30)
	for n := 1; n <= ops; n++ {
		dev := base.Snapshot()
		run(dev, n)
		recovered(t, dev, fmt.Sprint("operation ", n, " of ", ops))
	}
}

// TestVerityHalf cuts the power when all is there that protects a file but the flag: it is as it was.
func TestVerityHalf(t *testing.T) {
	for _, args := range []string{"-t ext4 -O verity -b 1024", "-t ext4 -O verity,^orphan_file -b 1024"} {
		s := newScratch(t, 4<<20, args, ext4.Options{})
		want := noise(10, 100_000)
		n := s.file("file")
		_, err := n.WriteAt(want, 0)
		s.must("write", err)
		s.must("protect", n.HalfProtect())
		s.fs.Shutdown(ext4.ShutdownNoLogFlush)
		s.remount()
		n = s.at("file")
		got, err := io.ReadAll(io.NewSectionReader(n, 0, 1<<20))
		if a := n.Attr(); err != nil || !bytes.Equal(got, want) || a.Flags&ondisk.InodeVerity != 0 || a.Blocks > 2*101 {
			t.Errorf("%d bytes, %v; flags %#x, %d blocks", len(got), err, a.Flags, a.Blocks)
		}
	}
}

// TestVerityCrash stops the device after each write while a file is protected: afterwards it is, or is as it was.
func TestVerityCrash(t *testing.T) {
	want := noise(8, 70_000)
	for _, m := range raceModes {
		t.Run(m.name, func(t *testing.T) {
			s := newScratch(t, 4<<20, verityFeature(m.args), raceOptions(m.o))
			_, err := s.file("f").WriteAt(want, 0)
			s.must("write", err)
			s.unmount()
			base := s.mem.Snapshot()
			rec := disktest.NewRecorder(base.Snapshot())
			fs, err := ext4.Mount(rec, raceOptions(m.o))
			s.must("mount", err)
			n := child(t, fs, "f")
			s.must("enable", n.EnableVerity(ext4.VerityOptions{}))
			s.must("sync", n.Fsync())
			synced := len(rec.Trace())
			s.must("unmount", fs.Close())
			trace := rec.Trace()
			seen := map[bool]int{}
			for end := range len(trace) + 1 {
				dev := base.Snapshot()
				for _, op := range trace[:end] {
					s.must("replay", op.Apply(dev))
				}
				fs, err := ext4.Mount(dev, raceOptions(m.o))
				s.must("mount", err)
				n := child(t, fs, "f")
				_, err = n.Verity()
				seen[err == nil]++
				if err != nil && (end >= synced || n.Attr().Flags&ondisk.InodeVerity != 0) {
					t.Fatalf("after %d of %d operations: %v", end, len(trace), err)
				}
				got, err := io.ReadAll(io.NewSectionReader(n, 0, 1<<20))
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("after %d operations: %d bytes, %v", end, len(got), err)
				}
				s.must("unmount", fs.Close())
				if m.name != "no_journal" {
					ownCheck(t, dev, s.tick)
				}
			}
			if seen[false] == 0 || seen[true] == 0 {
				t.Errorf("%d times protected, %d not: the test shows nothing", seen[true], seen[false])
			}
		})
	}
}
